"""The panel about assets on an account's page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.views.common import account_or_404, scope_of
from scans.assets.queries import account_assets
from scans.runs.queries import latest_of_account


@require_safe
def account_assets_panel(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    run = latest_of_account(scope_of(request), account.pk)
    context = {
        "account": account,
        "summary": account_assets(account),
        "scanning": run is not None and run.is_active,
        "run": run,
    }
    return render(request, "scans/panels/assets.html", context)
