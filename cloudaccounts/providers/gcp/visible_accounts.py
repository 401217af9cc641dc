"""The other projects that a credential can see, so that they can be connected together. No Django."""

from __future__ import annotations

from collections.abc import Iterator

from google.cloud.resourcemanager_v3 import SearchProjectsRequest

from cloudaccounts.contract.identity import Credentials, Target, VisibleAccount
from cloudaccounts.providers.gcp import check_results
from cloudaccounts.providers.gcp.client import short_retry
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain
from cloudaccounts.providers.gcp.identifiers import PROJECT_ID
from cloudaccounts.providers.gcp.identity import sign_in
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY
from cloudaccounts.providers.gcp.project import require_usable

_SEARCH_PAGE = 500  # the most that SearchProjects returns


def visible_accounts(credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
    """Active projects, without the target's own. Raises `ProviderError`.

    Without a key only those that carry the owner's external ID: the others may be another customer's, who lets this
    server's identity in as well.
    """
    identity = sign_in(credentials, target)
    by_key = credentials.method == SERVICE_ACCOUNT_KEY
    request = SearchProjectsRequest(query="state:ACTIVE", page_size=_SEARCH_PAGE)
    try:
        if not by_key:
            require_usable(credentials, target, identity)
        for project in identity.connection.projects.search_projects(
            request=request, retry=short_retry(), timeout=target.timeout
        ):
            label_error = check_results.external_id_error(dict(project.labels), project.project_id, target.external_id)
            is_own = by_key or label_error is None
            # Projects of the old form with a domain (example.com:name) are not supported.
            if is_own and project.project_id != target.account_id and PROJECT_ID.fullmatch(project.project_id):
                enabled = project.state.name == "ACTIVE"
                yield VisibleAccount(project.project_id, project.display_name, enabled=enabled)
    except SDK_ERRORS as error:
        raise explain(error, permission="resourcemanager.projects.get") from None
    finally:
        identity.connection.close()
