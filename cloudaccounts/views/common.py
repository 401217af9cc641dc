from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http import Http404, HttpRequest

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.models import CloudAccount


def owner_of(request: HttpRequest) -> str:
    return str(request.user.pk)


def account_or_404(request: HttpRequest, account_id: UUID) -> CloudAccount:
    """Somebody else's account is not there: not even its existence is told."""
    found = account_queries.find(owner_of(request), account_id)
    if found is None:
        raise Http404
    return found


@contextmanager
def gone_is_404() -> Iterator[None]:
    """For views that act: an account deleted in another tab, just now, was not there to act on."""
    try:
        yield
    except CloudAccount.DoesNotExist:
        raise Http404 from None
