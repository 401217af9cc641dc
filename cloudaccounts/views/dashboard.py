"""The dashboard. Panels of scans and findings are asked for by htmx, as they belong to another app."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.coverage import coverage_numbers
from cloudaccounts.credentials.age import Limits, age_of, cause_of
from cloudaccounts.health import queries as health_queries
from cloudaccounts.models import CloudAccount
from cloudaccounts.views.charts import age as chart_age
from cloudaccounts.views.common import owner_of

HIDDEN = "Its page says what that hides."
ATTENTION = 8  # rows; the rest is a click away


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    numbers = account_queries.overview(owner)
    context: dict[str, Any] = {"numbers": numbers}
    # Without accounts the page shows the way to the first one, and none of these queries is needed.
    if numbers.total:
        attention = _attention(owner, blinded=numbers.blinded)
        context |= {
            "attention": attention,
            "attention_more": max(0, numbers.failed + numbers.due + numbers.overdue + numbers.blinded - len(attention)),
            # Said beside the others: accounts of which nothing is known are neither covered nor blind.
            "coverage_unknown": numbers.total - numbers.covered - numbers.blinded,
            "chart": chart_age.age_chart(numbers.ages),
            "limits": Limits.current(),
            "silent": health_queries.silent_providers(owner),
        }
    return render(request, "cloudaccounts/dashboard.html", context)


def _attention(owner: str, *, blinded: int) -> list[dict[str, Any]]:
    """Failed accounts, then credentials that are due, then accounts with gaps: each with its cause and remediation."""
    # The worst first, and asked for only while there is room: on a bad day the failed ones alone fill it.
    rows = [_failed_row(account) for account in account_queries.failed(owner, ATTENTION)]
    if len(rows) < ATTENTION:
        rows += [_due_row(account) for account in account_queries.due(owner, ATTENTION - len(rows))]
    # The number is known already, so on a good day this query is not made.
    if blinded and len(rows) < ATTENTION:
        rows += [_blinded_row(account) for account in account_queries.blinded(owner, ATTENTION - len(rows))]
    return rows


def _failed_row(account: CloudAccount) -> dict[str, Any]:
    remedy = account.last_check_remedy or str(account.last_check.get("remedy", ""))
    return {"account": account, "age": None, "cause": account.last_check_cause, "remedy": remedy}


def _due_row(account: CloudAccount) -> dict[str, Any]:
    age = age_of(account)
    return {
        "account": account,
        "age": age,
        "cause": cause_of(age),
        "remedy": "Replace it: the new one is tested before it takes over.",
    }


def _blinded_row(account: CloudAccount) -> dict[str, Any]:
    numbers = coverage_numbers(account)
    regions, units, denied = numbers["regions"], numbers["units"], numbers["permissions"]["denied"]
    unscanned = (regions["enabled"] or 0) - regions["read"]
    failed, stale = units["total"] - units["read"], units["stale"]
    parts = [
        _counted(unscanned, "enabled region is", "enabled regions are", "not read"),
        _counted(failed, "reading", "readings", "failed"),
        _counted(stale, "reading is", "readings are", "stale"),
        _counted(denied, "permission is", "permissions are", "denied"),
    ]
    cause = f"{account.coverage_percent} % is read: {', '.join(part for part in parts if part)}."
    return {
        "account": account,
        "age": None,
        "covered": True,
        "cause": cause,
        "remedy": "Its page says what that hides.",
    }


def _counted(number: int, singular: str, plural: str, what: str) -> str:
    return f"{number} {singular if number == 1 else plural} {what}" if number > 0 else ""
