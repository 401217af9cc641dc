"""The people of the organization, as far as an optional step of set-up lets the service account read them.

Cloud Identity keeps them, and no role of a project reads it. A service account can hold an administrator's role itself,
without delegation of the domain (https://cloud.google.com/identity/docs/how-to/setup), and needs the customer's ID,
which the organization tells (https://cloud.google.com/resource-manager/reference/rest/v3/organizations). Of whoever has
not taken the step nothing is asked, and the checks are unknown with that reason; where the organization is told and its
people cannot be listed, that is a gap. Counts only: no name or address of a person is stored.

https://developers.google.com/workspace/admin/directory/reference/rest/v1/users/list
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import with_unreadable
from cloudaccounts.providers.gcp.client import Connection, retry_for
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain, is_denied
from cloudaccounts.providers.gcp.inventory.resources import PROJECT_TYPE
from cloudaccounts.providers.gcp.regions import GLOBAL

SERVICE = "cloudidentity"
CUSTOMER = "gcp.cloudidentity.customer"
NOT_GRANTED = "grant_not_given"
ELSEWHERE = "organization_not_seen"  # it sees another organization than the project's, whose people are not meant
COUNTS = (
    *("all", "without_second_factor", "second_factor_untold", "role_untold", "super_administrators"),
    *("super_administrators_without_second_factor", "super_administrators_second_factor_untold"),
)
# The API is off, or the role was not given: the step was begun and not ended, which is no failure.
_NOT_DONE = frozenset({"permission_denied", "api_disabled"})


def collect(connection: Connection, project: str, *, patience: float) -> Iterator[Asset]:
    """One asset, whatever could be read. Raises `ProviderError` after it where people could not be listed."""
    properties: dict[str, Any] = {"people": None}
    name, code, failed = f"Organization of {project}", "", None
    try:
        customers = dict(_customers(connection, patience))
        # Asked only of whoever has taken the step.
        organization = _organization(connection, project, patience) if customers else ""
        customer = customers.get(organization, "")
        code = "" if customer else ELSEWHERE if customers else NOT_GRANTED
        if customer:
            name = f"Customer {customer}"
            properties["people"] = _counted(retry_for(patience)(_listed)(connection, customer))
    except SDK_ERRORS as error:
        explained = explain(error, permission="admin.directory.users.list")
        if is_denied(error):
            code = NOT_GRANTED
        else:
            code, failed = explained.code, None if explained.code in _NOT_DONE else explained
    yield Asset(
        type=CUSTOMER,
        service=SERVICE,
        region=GLOBAL,
        # By the project: which customer it is may be told at one scan and not at the next.
        native_id=f"//cloudidentity.googleapis.com/projects/{project}",
        name=name,
        properties=with_unreadable(properties, {"people": code} if code else {}),
    )
    if isinstance(failed, ProviderError):
        raise failed


def _organization(connection: Connection, project: str, patience: float) -> str:
    """``organizations/…`` above the project, empty for a project without one. A service account may see another one,
    whose people would be counted as this project's.

    Cloud Asset tells all that lies above, without a permission on any folder:
    https://cloud.google.com/asset-inventory/docs/reference/rest/v1/Asset (ancestors)
    """
    found = connection.assets.list_assets(
        request={
            "parent": f"projects/{project}",
            "asset_types": [PROJECT_TYPE],
            "content_type": "RESOURCE",
            "page_size": 1,
        },
        retry=retry_for(patience),
        timeout=connection.timeout,
    )
    above = (name for asset in found for name in asset.ancestors)
    return next((name for name in above if name.startswith("organizations/")), "")


def _customers(connection: Connection, patience: float) -> Iterator[tuple[str, str]]:
    """Of the organizations that the service account may see, by name: without a role on one there is none."""
    found = connection.organizations.search_organizations(
        request={}, retry=retry_for(patience), timeout=connection.timeout
    )
    for organization in found:
        if organization.directory_customer_id:
            yield organization.name, organization.directory_customer_id


def _listed(connection: Connection, customer: str) -> list[Mapping[str, Any]]:
    return list(connection.people(customer))


def _counted(people: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Of those who can sign in, not suspended or archived. What is not told of a person is counted as that."""
    counts: Counter[str] = Counter()
    for person in people:
        if person.get("suspended") is True or person.get("archived") is True:
            continue
        enrolled, administrator = person.get("isEnrolledIn2Sv"), person.get("isAdmin")
        counts["all"] += 1
        counts["without_second_factor"] += enrolled is False
        counts["second_factor_untold"] += not isinstance(enrolled, bool)
        counts["role_untold"] += not isinstance(administrator, bool)
        if administrator is True:
            counts["super_administrators"] += 1
            counts["super_administrators_without_second_factor"] += enrolled is False
            counts["super_administrators_second_factor_untold"] += not isinstance(enrolled, bool)
    return {name: counts[name] for name in COUNTS}
