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
from cloudaccounts.providers.gcp import validation
from cloudaccounts.providers.gcp.client import patient
from cloudaccounts.providers.gcp.errors import explain, facts_of
from cloudaccounts.providers.gcp.identifiers import PROJECT_ID
from cloudaccounts.providers.gcp.identity import Identity, sign_in
from cloudaccounts.providers.gcp.organization_setup import bind_commands, clean_root

T = TypeVar("T")
PAGE = 300  # the most that both lists give
MOST_LEVELS = 20  # Google allows ten folders below one another


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

    def root(self, wanted: str) -> OrganizationNode:
        """What was asked for; else the highest place above the connecting project that may be read."""
        if wanted:
            return self._with_parent(wanted)[0]
        place = validation.project_facts(self.identity, self.target).parent
        found: OrganizationNode | None = None
        for _ in range(MOST_LEVELS):
            if not place.startswith(("folders/", "organizations/")):
                break
            try:
                found, place = self._with_parent(place)
            except ProviderError as error:
                if found is None or error.code != "organization_denied":
                    raise
                break
        if found is None:
            raise ProviderError(
                "organization_missing",
                f"The project {self.target.account_id} lies in no organization or folder.",
                "Connect a project of the organization, or name a folder of it.",
            )
        return found

    def page(self, parent: str, number: int, token: str) -> tuple[Sequence[OrganizationNode], str]:
        if number == 0:
            folders = ListFoldersRequest(parent=parent, page_size=PAGE, page_token=token)
            call = partial(self._one_page, self.connection.folders.list_folders, folders)
            answer = self._asked(call, "resourcemanager.folders.list", parent, follows=bool(token))
            return [_folder(one, parent) for one in answer.folders], str(answer.next_page_token)
        projects = ListProjectsRequest(parent=parent, page_size=PAGE, page_token=token, show_deleted=True)
        call = partial(self._one_page, self.connection.projects.list_projects, projects)
        answer = self._asked(call, "resourcemanager.projects.list", parent, follows=bool(token))
        nodes = [_project(one, parent) for one in answer.projects if PROJECT_ID.fullmatch(one.project_id)]
        return nodes, str(answer.next_page_token)

    def _one_page(self, call: Callable[..., Any], request: Any) -> Any:
        """One page as Google gave it: left alone, the SDK's pager asks for all that follow."""
        retry = patient(validation.RETRY_SECONDS)
        return next(iter(call(request=request, retry=retry, timeout=self.target.timeout).pages))

    def _with_parent(self, name: str) -> tuple[OrganizationNode, str]:
        call: Callable[..., Any] = self.connection.folders.get_folder
        doing = "resourcemanager.folders.get"
        if name.startswith("organizations/"):
            call, doing = self.connection.organizations.get_organization, "resourcemanager.organizations.get"
        retry = patient(validation.RETRY_SECONDS)
        found: Any = self._asked(partial(call, name=name, retry=retry, timeout=self.target.timeout), doing, name)
        node = OrganizationNode(name, "", str(found.display_name), NodeKind.CONTAINER)
        return node, str(getattr(found, "parent", ""))

    def _asked(self, call: Callable[[], T], doing: str, place: str, *, follows: bool = False) -> T:
        """Raises `ProviderError`, after patience with what can pass by itself."""

        def once() -> T:
            try:
                return call()
            except validation.SDK_ERRORS as error:
                told = explain(error, doing=doing)
                if follows and facts_of(error).status == "INVALID_ARGUMENT":
                    raise ProviderError(
                        "cursor_expired", "Google does not go on with this list.", "Start again.",
                        sdk_error=told.sdk_error,
                    ) from None  # fmt: skip
                if told.code == "permission_denied":
                    raise ProviderError(
                        "organization_denied",
                        f"Google denies {self.identity.email} the permission {doing} on {place}.",
                        f"Grant it roles/browser there: {bind_commands(place, self.identity.email)}",
                        sdk_error=told.sdk_error,
                    ) from None
                raise told from None

        return retry_temporary(once)


def _folder(one: Any, parent: str) -> OrganizationNode:
    return OrganizationNode(str(one.name), parent, str(one.display_name), NodeKind.CONTAINER)


def _project(one: Any, parent: str) -> OrganizationNode:
    state = NodeState.ACTIVE if one.state.name == "ACTIVE" else NodeState.CLOSED
    return OrganizationNode(
        str(one.name), parent, str(one.display_name or one.project_id), NodeKind.ACCOUNT, str(one.project_id), state
    )
