"""A Google Cloud organization or folder: its folders and projects. No Django.

https://cloud.google.com/resource-manager/reference/rpc/google.cloud.resourcemanager.v3: lists are per parent, and need
resourcemanager.folders.list and resourcemanager.projects.list there (roles/browser holds both).

Without a key it is this server's identity that lists, whoever asks, and neither folders nor organizations can bear a
label. So only projects with the owner's label are shown, and the folders above them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from google.cloud.resourcemanager_v3 import ListFoldersRequest, ListProjectsRequest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.organizations import MemberPage, NodeKind, NodeState, OrganizationNode
from cloudaccounts.provider_kit.tree_walk import retry_temporary, walk
from cloudaccounts.providers.gcp.check_results import external_id_of, label_command
from cloudaccounts.providers.gcp.client import short_retry
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain, facts_of
from cloudaccounts.providers.gcp.identifiers import PROJECT_ID
from cloudaccounts.providers.gcp.identity import Identity, sign_in
from cloudaccounts.providers.gcp.organization_setup import bind_commands, clean_root
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY
from cloudaccounts.providers.gcp.project import project_facts, require_usable

T = TypeVar("T")
PAGE = 300  # the most that both lists return
MOST_LEVELS = 20  # Google allows ten levels of folders


def organization_pages(
    credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str
) -> Iterator[MemberPage]:
    """See `Provider.organization_pages`."""
    identity = sign_in(credentials, target)
    listing = _Listing(identity, target)
    try:
        if credentials.method == SERVICE_ACCOUNT_KEY:
            # A walk that goes on has its folders in the cursor, and the root is not asked again.
            root = None if cursor else listing.root(clean_root(options.get("root", "")))
            yield from walk(root, listing.page, lists=2, cursor=cursor)
            return
        require_usable(credentials, target, identity)
        root = listing.root(clean_root(options.get("root", "")))
        marked = _Marked(listing, root)
        yield from walk(root, listing.page, lists=2, cursor=cursor, shown=marked.of)
        # With a cursor the marked projects may have been on the pages before.
        if not (marked.any or cursor):
            raise _nothing_marked(target)
    finally:
        identity.connection.close()


class _Listing:
    def __init__(self, identity: Identity, target: Target) -> None:
        self.identity = identity
        self.connection = identity.connection
        self.target = target
        self.marked: set[str] = set()  # names of projects with the owner's label, of all pages that were listed

    def root(self, name: str) -> OrganizationNode:
        """The named organization or folder; else the highest one above the connecting project that may be read."""
        if name:
            return self.with_parent(name)[0]
        place = project_facts(self.identity, self.target).parent
        highest: OrganizationNode | None = None
        # Bounded, since the parents come from answers.
        for _ in range(MOST_LEVELS):
            if not place.startswith(("folders/", "organizations/")):
                break
            try:
                highest, place = self.with_parent(place)
            except ProviderError as error:
                # Folders above may be closed to us: then the tree begins below them.
                if highest is None or error.code != "organization_denied":
                    raise
                break
        if highest is None:
            raise ProviderError(
                "organization_missing",
                f"The project {self.target.account_id} lies in no organization or folder.",
                "Connect a project of the organization, or name a folder of it.",
            )
        return highest

    def page(self, parent: str, number: int, token: str) -> tuple[Sequence[OrganizationNode], str]:
        if number == 0:
            folders = ListFoldersRequest(parent=parent, page_size=PAGE, page_token=token)
            call = partial(self._one_page, self.connection.folders.list_folders, folders)
            answer = self._call(call, "resourcemanager.folders.list", parent, follows=bool(token))
            return [_folder(folder, parent) for folder in answer.folders], str(answer.next_page_token)
        projects = ListProjectsRequest(parent=parent, page_size=PAGE, page_token=token, show_deleted=True)
        call = partial(self._one_page, self.connection.projects.list_projects, projects)
        answer = self._call(call, "resourcemanager.projects.list", parent, follows=bool(token))
        # Projects of the old form with a domain cannot be connected (`identifiers.clean_project_id`), so they are
        # left out.
        projects_here = [project for project in answer.projects if PROJECT_ID.fullmatch(project.project_id)]
        # By name and before anything is shown: a page's projects are the only place where their labels stand.
        self.marked.update(
            str(project.name) for project in projects_here if self.target.is_owners(external_id_of(project.labels))
        )
        return [_project(project, parent) for project in projects_here], str(answer.next_page_token)

    def _one_page(self, call: Callable[..., Any], request: Any) -> Any:
        """One page. Iterating over the SDK's pager itself would fetch all that follow."""
        retry = short_retry()
        return next(iter(call(request=request, retry=retry, timeout=self.target.timeout).pages))

    def with_parent(self, name: str) -> tuple[OrganizationNode, str]:
        call: Callable[..., Any] = self.connection.folders.get_folder
        permission = "resourcemanager.folders.get"
        if name.startswith("organizations/"):
            call, permission = self.connection.organizations.get_organization, "resourcemanager.organizations.get"
        retry = short_retry()
        attempt = partial(call, name=name, retry=retry, timeout=self.target.timeout)
        answer: Any = self._call(attempt, permission, name)
        node = OrganizationNode(name, "", str(answer.display_name), NodeKind.CONTAINER)
        return node, str(getattr(answer, "parent", ""))  # an organization has none

    def _call(self, call: Callable[[], T], permission: str, place: str, *, follows: bool = False) -> T:
        """Tries temporary errors again (see `retry_temporary`). Raises `ProviderError`."""

        def attempt() -> T:
            try:
                return call()
            except SDK_ERRORS as error:
                explained = explain(error, permission=permission)
                if follows and facts_of(error).status == "INVALID_ARGUMENT":
                    raise ProviderError(
                        "cursor_expired", "Google does not go on with this list.", "Start again.",
                        sdk_error=explained.sdk_error,
                    ) from None  # fmt: skip
                if explained.code == "permission_denied":
                    raise ProviderError(
                        "organization_denied",
                        f"Google denies {self.identity.email} the permission {permission} on {place}.",
                        f"Grant it roles/browser there: {bind_commands(place, self.identity.email)}",
                        sdk_error=explained.sdk_error,
                    ) from None
                raise explained from None

        return retry_temporary(attempt)


class _Marked:
    """What may be shown of each page: projects with the owner's label, and what lies between them and the root."""

    def __init__(self, listing: _Listing, root: OrganizationNode) -> None:
        self._listing = listing
        self._root = root
        self._shown: set[str] = set()
        self._containers = {root.node_id: root}
        self.any = False

    def of(self, nodes: Sequence[OrganizationNode]) -> list[OrganizationNode]:
        """Folders come with the first of their projects, so some come after what is in them."""
        self._containers |= {node.node_id: node for node in nodes if node.kind == NodeKind.CONTAINER}
        projects = [node for node in nodes if node.node_id in self._listing.marked]
        self.any = self.any or bool(projects)
        return [*self._above(projects), *projects]

    def _above(self, projects: Sequence[OrganizationNode]) -> list[OrganizationNode]:
        fresh = []
        for project in projects:
            place = project.parent_id
            while place and place not in self._shown:
                self._shown.add(place)
                node = self._container(place)
                if not node.parent_id and node != self._root:
                    break  # moved out of the tree since it was listed
                fresh.append(node)
                place = node.parent_id
        return fresh

    def _container(self, place: str) -> OrganizationNode:
        if (node := self._containers.get(place)) is not None:
            return node
        # A walk that goes on from a cursor has listed it before.
        node, parent = self._listing.with_parent(place)
        return replace(node, parent_id=parent)


def _nothing_marked(target: Target) -> ProviderError:
    return ProviderError(
        "organization_not_marked",
        "No project there has your external ID in its label. It is this server's identity that lists them, so only "
        "those that mean you are shown.",
        "Run the set-up script with --label, as an administrator of the organization; or set the label on each "
        f"project: {label_command('PROJECT', target.external_id)}",
    )


def _folder(folder: Any, parent: str) -> OrganizationNode:
    return OrganizationNode(str(folder.name), parent, str(folder.display_name), NodeKind.CONTAINER)


def _project(project: Any, parent: str) -> OrganizationNode:
    # Google knows only one other state that is listed: marked for deletion.
    state = NodeState.ACTIVE if project.state.name == "ACTIVE" else NodeState.CLOSED
    name, project_id = str(project.display_name or project.project_id), str(project.project_id)
    return OrganizationNode(str(project.name), parent, name, NodeKind.ACCOUNT, project_id, state)
