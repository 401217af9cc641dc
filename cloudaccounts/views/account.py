"""The account's page, put together from panels that also answer by themselves, to be refreshed alone."""

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

# Sent when a check that a page was watching has ended: the panels that tell its outcome load themselves again.
CHANGED = "account-changed"


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check of a report that still grows: ``state`` is its status, else ``running`` or ``waiting``."""

    title: str
    state: str
    detail: str = ""


@require_safe
def account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    found = account_or_404(request, account_id)
    context = {"account": found}
    for panel in PANELS.values():
        context |= panel(found)
    return render(request, "cloudaccounts/account.html", context)


@require_safe
def account_panel(request: HttpRequest, account_id: UUID, name: str) -> HttpResponse:
    if name not in PANELS:
        raise Http404
    found = account_or_404(request, account_id)
    context = PANELS[name](found)
    response = render(request, f"cloudaccounts/panels/{name}.html", {"account": found, **context})
    if "watching" in request.GET and not context.get("under_way"):
        response["HX-Trigger"] = CHANGED
    return response


@require_safe
def account_history(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """A page of the trail; within the account's page only its rows."""
    found = account_or_404(request, account_id)
    events, more = account_queries.history(found, before=_moment(request.GET.get("before", "")))
    within = getattr(request, "htmx", False)
    template = "cloudaccounts/parts/events.html" if within else "cloudaccounts/account_history.html"
    return render(request, template, {"account": found, "events": events, "more": more})


def _status(account: CloudAccount) -> dict[str, Any]:
    return {"groups": group_queries.of_account(account)}


def _proof(account: CloudAccount) -> dict[str, Any]:
    """The last proof of access, or the check that is under way, with what keeps it from moving."""
    check = account_queries.latest_check(account)
    under_way = account_queries.is_under_way(check)
    context: dict[str, Any] = {"check": check, "under_way": under_way, "report": account.report}
    if check is not None and under_way:
        context["rows"] = check_rows(account, CloudValidationResult.from_dict(check.report))
        context["done"] = sum(row.state not in {"running", "waiting"} for row in context["rows"])
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
    if error := confirm_key():
        context["unreadable"] = {"cause": error.cause, "remedy": error.remedy}
    elif account.last_check_code in account_queries.UNREADABLE_CODES:
        report = account.report
        cause = account.last_check_cause.removeprefix(UNREADABLE)  # the panel says that itself
        context["unreadable"] = {"cause": cause, "remedy": report.remedy if report else ""}
    return context


def _regions(account: CloudAccount) -> dict[str, Any]:
    report = account.report
    told = {region.name: region for region in report.regions} if report else {}
    return {"regions": [{"name": name, "told": told.get(name)} for name in account.regions]}


def _history(account: CloudAccount) -> dict[str, Any]:
    events, more = account_queries.history(account)
    return {"events": events, "more": more}


PANELS: dict[str, Callable[[CloudAccount], dict[str, Any]]] = {
    "status": _status,
    "proof": _proof,
    "permissions": _permissions,
    "health": _health,
    "credential": _credential,
    "regions": _regions,
    "history": _history,
}


def check_rows(account: CloudAccount, report: CloudValidationResult) -> list[CheckRow]:
    """What is done, what runs and what waits, in the order of the provider's plan."""
    done = {check.name: check for check in report.checks}
    rows = [CheckRow(check.title, check.status, check.cause or check.detail) for check in report.checks]
    try:
        plan = account.spec.plan(account.auth_method)
    except (UnknownProviderError, KeyError):
        return rows
    ahead = [planned for planned in plan if planned.name not in done]
    return rows + [CheckRow(p.title, "running" if p.name == report.running else "waiting") for p in ahead]


def _moment(text: str) -> datetime | None:
    """In UTC, as a database compares it; None for what is no moment, or lies outside the calendar there."""
    try:
        found = parse_datetime(text)
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
