"""The API's calls about assets. Imported only when the API is called.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.api.auth import scope_of
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of
from cloudaccounts.api.schemas import Listed
from scans.api_common import AccountQuery, filter_values, requested_account, row_fields, rows_with_links
from scans.assets import queries as asset_queries
from scans.assets.queries import AssetFilter
from scans.models import Asset

assets = Router(tags=["Assets"])


class AssetRow(BaseModel):
    id: UUID
    account: UUID
    account_name: str
    provider: str
    type: str
    service: str
    region: str
    native_id: str
    name: str
    first_seen_at: datetime
    last_seen_at: datetime
    changed_at: datetime
    gone_at: datetime | None
    console_link: str


class AssetPage(Listed):
    items: list[AssetRow]


class AssetQuery(AccountQuery):
    q: Annotated[str, Field(max_length=200)] = ""
    type: Annotated[str, Field(max_length=80)] = ""
    region: Annotated[str, Field(max_length=60)] = ""
    gone: Annotated[bool, Field(description="What is not there any more, instead of what is.")] = False


@assets.get("/", summary="List assets", **answers({200: AssetPage}, 404, 422))
def list_assets(request: HttpRequest, query: Query[AssetQuery]) -> HttpResponse:
    account = requested_account(request, query)
    scope = scope_of(request)
    filters = AssetFilter(**filter_values(scope, query))
    rows = asset_queries.assets(scope, filters, account)
    constant = asset_queries.constant_of(filters)
    if query.cursor is None:
        rows = asset_queries.in_index_order(rows, filters)
    return page_of(rows, query, lambda page: rows_with_links(scope, page, _asset), constant=constant)


def _asset(row: Asset) -> dict[str, Any]:
    return row_fields(row, AssetRow, "console_link")
