"""The API's calls about checks, and which of them a team has switched off.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field, StrictBool, StrictStr

from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import refuse_unknown, slice_of
from cloudaccounts.api.schemas import Input, Listed, WholePage
from scans.findings.checks import find_check
from scans.muting.check_list import CheckRow, check_rows
from scans.muting.switches import switch_off, switch_on

checks = Router(tags=["Checks"])


class SwitchedOff(BaseModel):
    by: str
    at: datetime
    reason: str


class CheckAnswer(BaseModel):
    check_id: Annotated[str, Field(examples=["aws_s3_bucket_mfa_delete"])]
    title: str
    severity: str
    provider: str
    service: str
    enabled: bool
    switched_off: SwitchedOff | None


class CheckPage(Listed):
    items: list[CheckAnswer]


class CheckQuery(WholePage):
    provider: Annotated[str, Field(max_length=40)] = ""
    state: Literal["", "on", "off"] = ""
    q: Annotated[str, Field(max_length=200, description="Part of the title, the id or the service.")] = ""


class Switch(Input):
    enabled: StrictBool
    reason: Annotated[StrictStr, Field(max_length=500, description="Needed where it is switched off.")] = ""


@checks.get("/", summary="List checks", **answers({200: CheckPage}, 422))
def list_checks(request: HttpRequest, query: Query[CheckQuery]) -> HttpResponse:
    """By cloud and title, with those that the team has switched off."""
    refuse_unknown(request, CheckQuery)
    rows = check_rows(scope_of(request).owner, provider=query.provider, state=query.state, text=query.q)
    return slice_of(rows, query, lambda part: [_row(row) for row in part])


@checks.get("/{check_id}", summary="One check", **answers({200: CheckAnswer}, 404))
def get_check(request: HttpRequest, check_id: str) -> HttpResponse:
    row = _check_or_404(request, check_id)
    return tagged(reply(_row(row)), _state(row))


@checks.put(
    "/{check_id}",
    summary="Switch a check on or off",
    **answers(
        {200: CheckAnswer},
        404,
        body=True,
        matched=True,
        examples={
            "Off, with why": {"enabled": False, "reason": "Data of ours is public"},
            "On again": {"enabled": True},
        },
    ),
)
@one_at_a_time
def switch(request: HttpRequest, check_id: str, body: Switch) -> HttpResponse:
    """Off: its open findings are closed as not checked, and scans leave it out. On: from the next scan on."""
    check_match(request, _state(_check_or_404(request, check_id)))
    owner, actor = scope_of(request).owner, actor_of(request)
    if body.enabled:
        switch_on(owner, [check_id], actor=actor)
    else:
        switch_off(owner, [check_id], actor=actor, reason=body.reason)
    row = _check_or_404(request, check_id)
    return tagged(reply(_row(row)), _state(row))


def _check_or_404(request: HttpRequest, check_id: str) -> CheckRow:
    if find_check(check_id) is None:
        raise Http404
    (row,) = [row for row in check_rows(scope_of(request).owner) if row.check.id == check_id]
    return row


def _state(row: CheckRow) -> list[Any]:
    """What callers may change: not its title or severity, which an update of the product may."""
    return [row.check.id, [row.off.author, row.off.created_at, row.off.reason] if row.off else None]


def _row(row: CheckRow) -> dict[str, Any]:
    off = row.off
    return {
        "check_id": row.check.id, "title": row.check.title, "severity": row.check.severity.value,
        "provider": row.provider, "service": row.check.service, "enabled": off is None,
        "switched_off": {"by": off.author, "at": off.created_at, "reason": off.reason} if off else None,
    }  # fmt: skip
