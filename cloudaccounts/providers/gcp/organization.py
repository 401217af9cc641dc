"""A Google Cloud organization or folder: its folders and projects. No Django.

https://cloud.google.com/resource-manager/reference/rpc/google.cloud.resourcemanager.v3: lists are per parent, and need
resourcemanager.folders.list and resourcemanager.projects.list there (roles/browser holds both).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from google.cloud.resourcemanager_v3 import ListFoldersRequest, ListProjectsRequest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.organizations import MemberPage, NodeKind, NodeState, OrganizationNode
from cloudaccounts.provider_kit.tree_walk import retry_temporary, walk
from cloudaccounts.providers.gcp.client import short_retry
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain, facts_of
from cloudaccounts.providers.gcp.identifiers import PROJECT_ID
from cloudaccounts.providers.gcp.identity import Identity, sign_in
from cloudaccounts.providers.gcp.organization_setup import bind_commands, clean_root
from cloudaccounts.providers.gcp.project import project_facts

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
        root = None if cursor else listing.root(clean_root(options.get("root", "")))
        yield from walk(root, listing.page, lists=2, cursor=cursor)
    finally:
        identity.connection.close()


class _Listing:
    def __init__(self, identity: Identity, target: Target) -> None:
        self.identity = identity
        self.connection = identity.connection
        self.target = target

    def root(self, name: str) -> OrganizationNode:
        """The named organization or folder; else the highest one above the connecting project that may be read."""
        if name:
            return self._with_parent(name)[0]
        place = project_facts(self.identity, self.target).parent
        highest: OrganizationNode | None = None
        # Bounded, since the parents come from answers.
        for _ in range(MOST_LEVELS):
            if not place.startswith(("folders/", "organizations/")):
                break
            try:
                highest, place = self._with_parent(place)
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
        nodes = [_project(project, parent) for project in answer.projects if PROJECT_ID.fullmatch(project.project_id)]
        return nodes, str(answer.next_page_token)

    def _one_page(self, call: Callable[..., Any], request: Any) -> Any:
        """One page. Iterating over the SDK's pager itself would fetch all that follow."""
        retry = short_retry()
        return next(iter(call(request=request, retry=retry, timeout=self.target.timeout).pages))

    def _with_parent(self, name: str) -> tuple[OrganizationNode, str]:
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


def _folder(folder: Any, parent: str) -> OrganizationNode:
    return OrganizationNode(str(folder.name), parent, str(folder.display_name), NodeKind.CONTAINER)


def _project(project: Any, parent: str) -> OrganizationNode:
    # Google knows only one other state that is listed: marked for deletion.
    state = NodeState.ACTIVE if project.state.name == "ACTIVE" else NodeState.CLOSED
    name, project_id = str(project.display_name or project.project_id), str(project.project_id)
    return OrganizationNode(str(project.name), parent, name, NodeKind.ACCOUNT, project_id, state)
