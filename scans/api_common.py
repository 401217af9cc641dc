"""Parameters and answers that the API's calls about scans, findings and assets share."""

from collections.abc import Callable, Iterable
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
from scans.console_links import asset_row_link, finding_link
from scans.models import Asset, Finding
from teams.scope import Scope

GroupName = Annotated[str, Field(max_length=200, description="A group of yours by name or id, nested ones included.")]


class AccountFilter(BaseModel):
    """What each of these lists is filtered by."""

    account: UUID | None = None
    group: GroupName = ""
    provider: Annotated[str, Field(max_length=40)] = ""


class AccountQuery(AccountFilter, Page):
    """Parameters of each of these lists."""


def requested_account(request: HttpRequest, query: AccountFilter) -> CloudAccount | None:
    """The account that the query names; None where it names none.

    Raises `InputError` for an unknown parameter or provider, Http404 for an account that is not the caller's.
    """
    # A misspelt parameter would answer with everything, which scripts take for the filtered list.
    refuse_unknown(request, type(query))
    require_provider(query)
    return account_or_404(request, query.account) if query.account else None


def require_provider(query: AccountFilter) -> None:
    """Raises `InputError` for a provider that there is not."""
    if query.provider and query.provider not in dict(registry.choices()):
        raise InputError({"provider": f"Choose one of {', '.join(dict(registry.choices()))}."})


def filter_values(scope: Scope, query: AccountFilter) -> dict[str, Any]:
    """The query as fields of a filter (`AssetFilter`). Raises `InputError` for a group that is not the caller's."""
    values = query.model_dump(exclude={"limit", "offset", "cursor"})
    group = values.pop("group")
    return {**values, "group": find_groups(scope, [group], field="group")[0] if group else None}


def row_fields(row: Any, schema: type[BaseModel], *omitted: str) -> dict[str, Any]:
    """The columns of a row that a schema names, without ``omitted``."""
    # By the schema: an answer has what its description promises, no column more.
    return {name: getattr(row, name) for name in schema.model_fields if name not in omitted}


def rows_with_links(
    scope: Scope, rows: Iterable[Any], to_dict: Callable[[Any], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Each asset or finding as ``to_dict`` shows it, with its console link. Accounts are read in one query."""
    listed = list(rows)
    accounts = account_lookup(scope, (row.account for row in listed))
    return [{**to_dict(row), "console_link": _link(row, accounts.get(row.account))} for row in listed]


def _link(row: Asset | Finding, account: CloudAccount | None) -> str:
    return asset_row_link(row, account) if isinstance(row, Asset) else finding_link(row, account)
