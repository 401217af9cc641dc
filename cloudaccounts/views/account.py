"""The account's page, composed of panels.

Each panel also has an address of its own, which htmx asks: a check that ends refreshes what it changed and nothing
else, so that a person who reads further down, or has unfolded a table, is not thrown back to the top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.coverage import Gap, GapKind, coverage_numbers, stored_gaps
from cloudaccounts.contract.report import CloudValidationResult, PermissionStatus
from cloudaccounts.credentials.age import age_of
from cloudaccounts.errors import UNREADABLE
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.health import queries as health_queries
from cloudaccounts.models import CloudAccount
from cloudaccounts.models.check import CheckState
from cloudaccounts.operations.workers import confirm_key, worker_state
from cloudaccounts.registry import UnknownProviderError
from cloudaccounts.views.charts import age as chart_age
from cloudaccounts.views.charts.health_strip import MOST, health_strip
from cloudaccounts.views.common import account_or_404

# An event of htmx, sent in the header HX-Trigger when a check that the page was watching has ended. Panels that show
# its outcome listen for it on the body and load themselves again.
CHANGED = "account-changed"


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check of a report that still grows. ``state`` is its status once done, else ``running`` or ``waiting``."""

    title: str
    state: str
    detail: str = ""


@require_safe
def account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    context: dict[str, Any] = {"account": account}
    # All panels of this app are in the first answer: no flicker, no request each, and nothing missing without scripts.
    for panel in PANELS.values():
        context |= panel(account)
    return render(request, "cloudaccounts/account.html", context)


@require_safe
def account_panel(request: HttpRequest, account_id: UUID, name: str) -> HttpResponse:
    if name not in PANELS:
        raise Http404
    account = account_or_404(request, account_id)
    context = PANELS[name](account)
    # The name comes from the address and is a key of PANELS by now: no path can be built of it.
    response = render(request, f"cloudaccounts/panels/{name}.html", {"account": account, **context})
    # Only a panel that polls sends ``watching``: without it, the panels that reload would set off each other for ever.
    if "watching" in request.GET and not context.get("under_way"):
        response["HX-Trigger"] = CHANGED
    return response


@require_safe
def account_history(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Earlier events. For htmx on the account's page it answers with the rows alone, to be appended to the list."""
    account = account_or_404(request, account_id)
    events, more = account_queries.history(account, before=_moment(request.GET.get("before", "")))
    is_fragment = getattr(request, "htmx", False)
    template = "cloudaccounts/parts/events.html" if is_fragment else "cloudaccounts/account_history.html"
    return render(request, template, {"account": account, "events": events, "more": more})


def _status(account: CloudAccount) -> dict[str, Any]:
    return {"groups": group_queries.of_account(account)}


def _proof(account: CloudAccount) -> dict[str, Any]:
    """The last validation, or the check that is under way; then also whether a worker is there to do it."""
    check = account_queries.latest_check(account)
    under_way = account_queries.is_under_way(check)
    context: dict[str, Any] = {"check": check, "under_way": under_way, "report": account.report}
    if check is not None and under_way:
        context["rows"] = check_rows(account, CloudValidationResult.from_dict(check.report))
        context["done"] = sum(row.state not in {"running", "waiting"} for row in context["rows"])
        # Whether somebody is there to do it: a page must not turn a spinner for ever (docs/decisions/0004).
        context["worker"] = worker_state("checks")
    context["abandoned"] = check is not None and check.state == CheckState.ABANDONED
    return context


def _health(account: CloudAccount) -> dict[str, Any]:
    checks = health_queries.last_checks(account, MOST)
    return {"strip": health_strip(checks), "checks": checks}


def _permissions(account: CloudAccount) -> dict[str, Any]:
    report = account.report
    gaps = 0 if report is None else len(report.permissions) - report.count(PermissionStatus.GRANTED)
    return {"report": report, "gaps": gaps}


def _credential(account: CloudAccount) -> dict[str, Any]:
    age = age_of(account)
    context: dict[str, Any] = {"credential": account_queries.credential_of(account), "age": age}
    if account.connection is not None:
        context["connection"] = account_queries.find(account.owner, account.connection)
    if age.days is not None:
        context["bar"] = chart_age.age_bar(age.days)
    # The installation's key first: where it does not fit, no credential opens, and the account is not at fault.
    if error := confirm_key():
        context["unreadable"] = {"cause": error.cause, "remedy": error.remedy}
    elif account.last_check_code in account_queries.UNREADABLE_CODES:
        report = account.report
        cause = account.last_check_cause.removeprefix(UNREADABLE)  # the panel's heading says that already
        context["unreadable"] = {"cause": cause, "remedy": report.remedy if report else ""}
    return context


def _regions(account: CloudAccount) -> dict[str, Any]:
    report = account.report
    # Regions that were added since the last report have no result in it yet.
    reported = {region.name: region for region in report.regions} if report else {}
    try:
        all_regions_help = account.spec.all_regions_help
    except UnknownProviderError:
        all_regions_help = ""
    return {
        "regions": [{"name": name, "report": reported.get(name)} for name in account.regions],
        "unscanned": [name for name in account.enabled_regions or () if name not in account.regions],
        "all_regions_help": all_regions_help,
    }


def _coverage(account: CloudAccount) -> dict[str, Any]:
    gaps = stored_gaps(account)
    groups = []
    for kind, title in GAP_TITLES.items():
        if own := [gap for gap in gaps if gap.kind == kind]:
            as_tags = kind == GapKind.REGION
            groups.append({"title": title, "count": len(own), "causes": _by_cause(own), "as_tags": as_tags})
    return {"numbers": coverage_numbers(account), "gap_groups": groups, "score": _score(account)}


def _score(account: CloudAccount) -> str:
    """Never without what it rests on: the score of what is seen says nothing of the rest."""
    if not account.posture:
        return ""
    score, percent = account.posture.get("score"), account.coverage_percent
    if score is None:
        return "nothing was evaluated"
    return f"{score} of 100" + (f", of the {percent} % that is seen" if percent not in (None, 100) else "")


def _by_cause(gaps: list[Gap]) -> list[dict[str, Any]]:
    """Each cause once, with what it hides: one policy may deny thirty readings."""
    causes: dict[str, list[Gap]] = {}
    for gap in gaps:
        causes.setdefault(gap.why, []).append(gap)
    return [
        {
            "why": why,
            "since": min(gap.since for gap in own),
            "gaps": own[:GAPS_SHOWN],
            "more": max(0, len(own) - GAPS_SHOWN),
            "blinds": own[0].blinds if len(own) == 1 else "Nothing that is in them is seen.",
        }
        for why, own in causes.items()
    ]


def _history(account: CloudAccount) -> dict[str, Any]:
    events, more = account_queries.history(account)
    return {"events": events, "more": more}


GAPS_SHOWN = 40
GAP_TITLES = {
    GapKind.UNIT: "Readings that failed",
    GapKind.PERMISSION: "Permissions that are denied",
    GapKind.REGION: "Unscanned regions",
}
PANELS: dict[str, Callable[[CloudAccount], dict[str, Any]]] = {
    "status": _status,
    "coverage": _coverage,
    "proof": _proof,
    "permissions": _permissions,
    "health": _health,
    "credential": _credential,
    "regions": _regions,
    "history": _history,
}


def check_rows(account: CloudAccount, report: CloudValidationResult) -> list[CheckRow]:
    """Checks that are done, running and waiting, in the order of the provider's plan."""
    done = {check.name: check for check in report.checks}
    rows = [CheckRow(check.title, check.status, check.cause or check.detail) for check in report.checks]
    try:
        # The plan is known before the first result, so that a page can show how much is still to come.
        plan = account.spec.plan(account.auth_method)
    except (UnknownProviderError, KeyError):
        return rows
    remaining = [planned for planned in plan if planned.name not in done]
    return rows + [CheckRow(p.title, "running" if p.name == report.running else "waiting") for p in remaining]


def _moment(text: str) -> datetime | None:
    """The time in UTC; None for text that is no time, or one that the calendar does not have in UTC."""
    try:
        at = parse_datetime(text)
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
