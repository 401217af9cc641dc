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

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.coverage import Gap, GapKind, coverage_numbers, stored_gaps
from cloudaccounts.accounts.enabled_checks import off_checks, switched_off, unneeded_permissions
from cloudaccounts.accounts.smallest_grant import smallest_grant, text_of
from cloudaccounts.contract.report import CloudValidationResult, PermissionStatus
from cloudaccounts.credentials.age import age_of
from cloudaccounts.errors import UNREADABLE
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.health import queries as health_queries
from cloudaccounts.models import CloudAccount
from cloudaccounts.models.check import CheckState
from cloudaccounts.operations.workers import confirm_key, worker_state
from cloudaccounts.registry import UnknownProviderError
from cloudaccounts.rotation.automatic.queries import rotation_of
from cloudaccounts.views.charts import age as chart_age
from cloudaccounts.views.charts.health_strip import MOST, health_strip
from cloudaccounts.views.common import account_or_404, scope_of
from teams.roles import Right
from teams.scope import Scope

# An event of htmx, sent in the header HX-Trigger when a check that the page was watching has ended. Panels that show
# its outcome listen for it on the body and load themselves again.
CHANGED = "account-changed"


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check of a report that still grows. ``state`` is its status once done, else ``running`` or ``waiting``."""

    title: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of an account: ``panels`` are those of this app that stand on it, others come by htmx."""

    label: str
    url_name: str
    panels: tuple[str, ...]
    right: Right = Right.READ


ACCESS = ("permissions", "policy", "proof", "credential", "automatic", "health", "regions")
TABS = {
    "overview": Tab("Overview", "account", ("coverage", "proof")),
    "findings": Tab("Findings", "account-findings", ()),
    "assets": Tab("Assets", "account-assets", ()),
    "access": Tab("Access", "account-access", ACCESS),
    "scans": Tab("Scans", "account-scans", ()),
    "history": Tab("History", "account-history", ("history",), Right.AUDIT),
}


@require_safe
def account(request: HttpRequest, account_id: UUID, tab: str = "overview") -> HttpResponse:
    account, scope = account_or_404(request, account_id), scope_of(request)
    context = {"account": account, **_frame(scope, account, tab)}
    # All panels of this app are in the first answer: no flicker, no request each, and nothing missing without scripts.
    for name in TABS[tab].panels:
        context |= PANELS[name](scope, account)
    return render(request, f"cloudaccounts/account/{tab}.html", context)


def _frame(scope: Scope, account: CloudAccount, tab: str) -> dict[str, Any]:
    """What stands on each of an account's pages: its state in six numbers, and the tabs."""
    numbers, score = coverage_numbers(account), account.posture.get("score")
    percent = account.coverage_percent
    return {
        **_status(scope, account),
        "tab": tab,
        "tabs": [(name, page) for name, page in TABS.items() if scope.has(page.right)],
        "age": age_of(account),
        "numbers": numbers,
        # Of the whole account, what passed and what failed: the rest was not evaluated.
        "passed": None if score is None else score * (percent or 0) / 100,
        "failed": None if score is None else (100 - score) * (percent or 0) / 100,
        "gap_count": len(account.coverage_gaps),
    }


@require_safe
def account_panel(request: HttpRequest, account_id: UUID, name: str) -> HttpResponse:
    if name not in PANELS:
        raise Http404
    account, scope = account_or_404(request, account_id), scope_of(request)
    # A panel takes what its tab does: one address serves all of them, and the history is the audit's.
    if not scope.has(next((tab.right for tab in TABS.values() if name in tab.panels), Right.READ)):
        raise PermissionDenied
    context = PANELS[name](scope, account)
    # The name comes from the address and is a key of PANELS by now: no path can be built of it.
    response = render(request, f"cloudaccounts/panels/{name}.html", {"account": account, **context})
    # Only a panel that polls sends ``watching``: without it, the panels that reload would set off each other for ever.
    if "watching" in request.GET and not context.get("under_way"):
        response["HX-Trigger"] = CHANGED
    return response


@require_safe
def account_history(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """What happened to it. For htmx it answers with earlier events alone, to be appended to the list."""
    before = _moment(request.GET.get("before", ""))
    if before is None and not getattr(request, "htmx", False):
        return account(request, account_id, tab="history")
    shown, scope = account_or_404(request, account_id), scope_of(request)
    events, more = account_queries.history(scope, shown, before=before)
    context: dict[str, Any] = {"account": shown, "events": events, "more": more}
    if getattr(request, "htmx", False):
        return render(request, "cloudaccounts/parts/events.html", context)
    return render(request, "cloudaccounts/account/history.html", {**_frame(scope, shown, "history"), **context})


def _status(scope: Scope, account: CloudAccount) -> dict[str, Any]:
    return {"groups": group_queries.of_account(scope, account)}


def _proof(scope: Scope, account: CloudAccount) -> dict[str, Any]:
    """The last validation, or the check that is under way; then also whether a worker is there to do it."""
    check = account_queries.latest_check(account)
    under_way = account_queries.is_under_way(check)
    context: dict[str, Any] = {"check": check, "under_way": under_way, "report": account.report}
    if check is not None and under_way:
        context["rows"] = check_rows(account, CloudValidationResult.from_dict(check.report))
        context["done"] = sum(row.state not in {"running", "waiting"} for row in context["rows"])
        # Whether somebody is there to do it: a page must not turn a spinner for ever (docs/decisions/0004).
        context["worker"] = worker_state("checks", check)
    context["abandoned"] = check is not None and check.state == CheckState.ABANDONED
    return context


def _health(scope: Scope, account: CloudAccount) -> dict[str, Any]:
    checks = health_queries.last_checks(account, MOST)
    return {"strip": health_strip(checks), "checks": checks}


def _switched_off(account: CloudAccount) -> frozenset[str]:
    """Asked for once, however many panels of a page want it: each request reads a row of its own."""
    kept: dict[str, frozenset[str]] = account.__dict__
    if "_switched_off" not in kept:
        kept["_switched_off"] = switched_off(account.owner)
    return kept["_switched_off"]


def _permissions(scope: Scope, account: CloudAccount) -> dict[str, Any]:
    """The report; what is granted without a gap in its service is one row, and so only counted here."""
    report = account.report
    if report is None:
        return {"report": None, "gaps": 0}
    unneeded = unneeded_permissions(account, _switched_off(account))
    needed = [item for item in report.permissions if item.permission not in unneeded]
    with_gaps = {item.service for item in needed if item.status != PermissionStatus.GRANTED}
    elsewhere = [item for item in needed if item.service not in with_gaps]
    return {
        "report": report,
        "gaps": sum(item.status != PermissionStatus.GRANTED for item in needed),
        "granted_services": len({item.service for item in elsewhere}),
        "granted_elsewhere": len(elsewhere),
    }


def _policy(scope: Scope, account: CloudAccount) -> dict[str, Any]:
    """What is granted beyond need by the last report (None: not known), and the smallest grant."""
    report, smallest = account.report, smallest_grant(account, _switched_off(account))
    return {
        "beyond": report.beyond if report is not None else None,
        "smallest": smallest,
        "document": text_of(smallest) if smallest is not None else "",
    }


def _credential(scope: Scope, account: CloudAccount) -> dict[str, Any]:
    age = age_of(account)
    context: dict[str, Any] = {"credential": account_queries.credential_of(account), "age": age}
    if account.connection is not None:
        context["connection"] = account_queries.find(scope, account.connection)
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


def _automatic(scope: Scope, account: CloudAccount) -> dict[str, Any]:
    return {"rotation": rotation_of(account)}


def _regions(scope: Scope, account: CloudAccount) -> dict[str, Any]:
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


def _coverage(scope: Scope, account: CloudAccount) -> dict[str, Any]:
    gaps = stored_gaps(account)
    groups = []
    for kind, title in GAP_TITLES.items():
        if own := [gap for gap in gaps if gap.kind == kind]:
            as_tags = kind == GapKind.REGION
            groups.append({"title": title, "count": len(own), "causes": _by_cause(own), "as_tags": as_tags})
    return {
        "numbers": coverage_numbers(account),
        "gap_groups": groups,
        "score": _score(account),
        "switched_off": len(off_checks(account, _switched_off(account))),
    }


def _score(account: CloudAccount) -> str:
    """Never without what it rests on: the score of what is seen says nothing of the rest."""
    if not account.posture:
        return ""
    score, percent = account.posture.get("score"), account.coverage_percent
    if score is None:
        return "nothing was evaluated"
    return f"{score} of 100" + (f", of the {percent}% that is seen" if percent not in (None, 100) else "")


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


def _history(scope: Scope, account: CloudAccount) -> dict[str, Any]:
    events, more = account_queries.history(scope, account)
    return {"events": events, "more": more}


GAPS_SHOWN = 40
GAP_TITLES = {
    GapKind.UNIT: "Readings that failed",
    GapKind.PERMISSION: "Permissions that are denied",
    GapKind.REGION: "Unscanned regions",
}
PANELS: dict[str, Callable[[Scope, CloudAccount], dict[str, Any]]] = {
    "status": _status,
    "coverage": _coverage,
    "proof": _proof,
    "permissions": _permissions,
    "policy": _policy,
    "health": _health,
    "credential": _credential,
    "automatic": _automatic,
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
