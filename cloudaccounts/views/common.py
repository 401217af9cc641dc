from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest

from cloudaccounts import selectors
from cloudaccounts.models import CloudAccount


def owner_of(request: HttpRequest) -> str:
    return str(request.user.pk)


def account_or_404(request: HttpRequest, account_id: UUID) -> CloudAccount:
    """Somebody else's account is not there: not even its existence is told."""
    found = selectors.find(owner_of(request), account_id)
    if found is None:
        raise Http404
    return found
