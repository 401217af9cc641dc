"""What all views use: the owner of a request, and accounts as that owner sees them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http import Http404, HttpRequest

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.models import CloudAccount
from teams import present
from teams.scope import Scope


def owner_of(request: HttpRequest) -> str:
    """The present team's key, as rows name their owner (docs/decisions/0003)."""
    return scope_of(request).owner


def scope_of(request: HttpRequest) -> Scope:
    """What the signed-in person may see and do in the present team."""
    return present.scope_of(request)


def account_or_404(request: HttpRequest, account_id: UUID) -> CloudAccount:
    """The owner's account. Raises `Http404` for somebody else's too: 403 would reveal that it exists."""
    account = account_queries.find(scope_of(request), account_id)
    if account is None:
        raise Http404
    return account


@contextmanager
def gone_is_404() -> Iterator[None]:
    """Turns `CloudAccount.DoesNotExist` into 404, for views whose account is deleted in another tab meanwhile."""
    try:
        yield
    except CloudAccount.DoesNotExist:
        raise Http404 from None
