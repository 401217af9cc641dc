"""The smallest grant for an account's checks, as a download."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from cloudaccounts.accounts.smallest_grant import smallest_grant, text_of
from cloudaccounts.views.common import account_or_404


@require_safe
def account_policy(request: HttpRequest, account_id: UUID) -> HttpResponse:
    smallest = smallest_grant(account_or_404(request, account_id))
    if smallest is None:
        raise Http404("This provider does not say what its checks need.")
    disposition = f'attachment; filename="{smallest.filename}"'
    return HttpResponse(
        text_of(smallest), content_type="application/json", headers={"Content-Disposition": disposition}
    )
