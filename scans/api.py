"""What the calls about scans, findings and assets share."""

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from pydantic import BaseModel, Field

from cloudaccounts import registry
from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.api.accounts import account_or_404
from cloudaccounts.api.paging import refuse_unknown
from cloudaccounts.api.schemas import Page
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import find_groups
from cloudaccounts.models import CloudAccount
from scans.console_links import link_of_finding, link_of_row
from scans.models import Asset, Finding

GroupName = Annotated[str, Field(max_length=200, description="A group of yours by name or id, nested ones included.")]


class AccountQuery(Page):
    """What each of these lists can be narrowed to."""

    account: UUID | None = None
    group: GroupName = ""
    provider: Annotated[str, Field(max_length=40)] = ""


def asked_account(request: HttpRequest, wanted: AccountQuery) -> CloudAccount | None:
    """The account that is asked for. Raises `InputError`, and Http404 where it is not the caller's."""
    refuse_unknown(request, type(wanted))
    if wanted.provider and wanted.provider not in dict(registry.choices()):
        raise InputError({"provider": f"Choose one of {', '.join(dict(registry.choices()))}."})
    return account_or_404(request, wanted.account) if wanted.account else None


def filter_values(owner: str, wanted: AccountQuery) -> dict[str, Any]:
    """As the filters of pages take them. Raises `InputError` for a group that is not the caller's."""
    values = wanted.model_dump(exclude={"limit", "offset"})
    group = values.pop("group")
    return {**values, "group": find_groups(owner, [group], field="group")[0] if group else None}


def fields_of(row: Any, shape: type[BaseModel], *but: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.model_fields if name not in but}


def with_links(owner: str, rows: Iterable[Any], told: Any) -> list[dict[str, Any]]:
    found = list(rows)
    accounts = account_lookup(owner, (row.account for row in found))
    return [{**told(row), "console_link": _link(row, accounts.get(row.account))} for row in found]


def _link(row: Asset | Finding, account: CloudAccount | None) -> str:
    return link_of_row(row, account) if isinstance(row, Asset) else link_of_finding(row, account)
