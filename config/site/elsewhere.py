"""An account that a mail leads to, and that belongs to another of its reader's teams than the present one."""

from __future__ import annotations

from django.http import HttpRequest

from cloudaccounts.group_scope import within
from cloudaccounts.models import CloudAccount
from teams.models import Membership, Team
from teams.present import known_scope


def team_of_address(request: HttpRequest) -> Team | None:
    """The team whose account this address names, where the reader is a member of it and may see that account.

    Strangers' accounts and such that do not exist look alike: None, after the same two queries.
    """
    account = request.resolver_match.kwargs.get("account_id") if request.resolver_match else None
    user = getattr(request, "user", None)
    if request.method != "GET" or account is None or user is None or not user.is_authenticated:
        return None
    row = CloudAccount.objects.filter(pk=account)
    owner = row.values_list("owner", flat=True).first() or ""
    own = Membership.objects.filter(user_id=user.pk, team_id=owner).select_related("team").first()
    present = known_scope(request)
    if own is None or (present is not None and present.owner == own.team_id):
        return None
    return own.team if within(row, own.scope, account="pk").exists() else None
