"""The dashboard. Panels of scans and findings are asked for by htmx, as they belong to another app."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.credentials.age import Limits, age_of, cause_of
from cloudaccounts.health import queries as health_queries
from cloudaccounts.models import CloudAccount
from cloudaccounts.views.charts import age as chart_age
from cloudaccounts.views.common import owner_of

ATTENTION = 8  # rows; the rest is a click away


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    numbers = account_queries.overview(owner)
    context: dict[str, Any] = {"numbers": numbers}
    # Without accounts the page shows the way to the first one, and none of these queries is needed.
    if numbers.total:
        attention = _attention(owner)
        context |= {
            "attention": attention,
            "attention_more": max(0, numbers.failed + numbers.due + numbers.overdue - len(attention)),
            "chart": chart_age.age_chart(numbers.ages),
            "limits": Limits.current(),
            "silent": health_queries.silent_providers(owner),
        }
    return render(request, "cloudaccounts/dashboard.html", context)


def _attention(owner: str) -> list[dict[str, Any]]:
    """Failed accounts first, then credentials that are due: each with its cause and remediation."""
    rows = [_failed_row(account) for account in account_queries.failed(owner, ATTENTION)]
    if len(rows) < ATTENTION:
        rows += [_due_row(account) for account in account_queries.due(owner, ATTENTION - len(rows))]
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
