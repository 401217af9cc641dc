"""Standing secrets: who is still opened with a key, for how long, why, and what would need none.

A number to be driven to zero. Members of an organization hold nothing, but where the account that it is read with holds
a key, that key opens them: they are counted apart, not among those that need none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.contract.identity import AuthMethod
from cloudaccounts.credentials.age import CredentialAge, age_of
from cloudaccounts.models import CloudAccount, RotationPolicy, RotationSetting
from cloudaccounts.models.account import CloudAccountQuerySet
from cloudaccounts.models.automatic_rotation import UNUSED_DAYS
from cloudaccounts.rotation.automatic.requests import obstacle_to, wish_of
from cloudaccounts.rotation.unused import unused_days
from teams.scope import Scope

CHUNK = 500  # accounts a round of queries
COLUMNS = (
    "name", "provider", "account_id", "owner", "auth_method", "method", "age_days", "credential_since", "why",
    "better_method", "opens", "unused_days", "id",
)  # fmt: skip
# By code, as it stands in exports. The first that holds is said.
WHY = {
    "no_alternative": "The provider offers no method without a secret.",
    "connects_organization": "It opens the members of an organization as well: they all move with it.",
    "replaces_itself": "It is rotated automatically, so it does not grow old.",
    "before_policy": "It is older than the team's policy against new keys.",
    "chosen": "The method was chosen when the credential was given.",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """The accounts of one method that hold a secret."""

    provider: str
    method: str
    label: str
    number: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    total: int
    holding: int  # a secret of their own
    through: int  # members that another account's secret opens
    kinds: tuple[Kind, ...]

    @property
    def free(self) -> int:
        return self.total - self.holding - self.through


@dataclass(frozen=True, slots=True)
class Holder:
    account: CloudAccount
    age: CredentialAge
    why: str  # a key of `WHY`
    better: AuthMethod | None
    opens: int  # members, as far as the scope shows them
    unused_days: int  # since a check or a scan of ours used it last
    is_unused: bool  # for as long as its team allows

    @property
    def reason(self) -> str:
        return WHY[self.why]


def figures(scope: Scope | None) -> Figures:
    """In four queries, however many accounts. ``scope`` None: of all teams, for operators."""
    accounts = _accounts(scope).order_by()
    numbers = accounts.aggregate(total=Count("id"), holding=Count("id", filter=Q(credential_secretless=False)))
    members = _members(accounts.filter(connection__isnull=False))
    # By the connecting account itself, whether or not the scope shows it: what is said is about the members.
    keyed = CloudAccount.objects.filter(pk__in=list(members), credential_secretless=False).values_list("pk", flat=True)
    kinds = (
        accounts.filter(credential_secretless=False)
        .values("provider", "auth_method")
        .annotate(number=Count("id"), oldest=Min("credential_since"))
    )
    return Figures(
        total=numbers["total"],
        holding=numbers["holding"],
        through=sum(members[key] for key in keyed),
        kinds=tuple(
            sorted(
                (
                    Kind(
                        row["provider"],
                        row["auth_method"],
                        _label(row["provider"], row["auth_method"]),
                        row["number"],
                        row["oldest"],
                    )
                    for row in kinds
                ),
                key=lambda kind: (-kind.number, kind.provider, kind.method),
            )
        ),
    )


def holding(scope: Scope | None, *, provider: str = "", method: str = "") -> CloudAccountQuerySet:
    """The accounts that hold a secret, the oldest first."""
    accounts = _accounts(scope).filter(credential_secretless=False)
    if provider:
        accounts = accounts.filter(provider=provider)
    if method:
        accounts = accounts.filter(auth_method=method)
    # In the order of the index `account_owner_ages`.
    return accounts.defer("last_check", "coverage_gaps").order_by("credential_secretless", "credential_since", "id")


def described(accounts: Sequence[CloudAccount], scope: Scope | None) -> list[Holder]:
    """What is said of each, in three queries."""
    keys = [account.pk for account in accounts]
    members = _members(_accounts(scope).order_by().filter(connection__in=keys))
    settings = RotationSetting.objects.in_bulk(keys)
    policies = RotationPolicy.objects.in_bulk(list({account.owner for account in accounts}))
    return [
        _described(account, members.get(account.pk, 0), settings.get(account.pk), policies.get(account.owner))
        for account in accounts
    ]


def rows(scope: Scope | None) -> Iterator[dict[str, Any]]:
    """A mapping of `COLUMNS` for each account that holds a secret."""
    accounts_left = holding(scope).iterator(chunk_size=CHUNK)
    while accounts := list(islice(accounts_left, CHUNK)):
        yield from map(row_of, described(accounts, scope))


def row_of(holder: Holder) -> dict[str, Any]:
    """A mapping of `COLUMNS`."""
    account = holder.account
    return {
        "name": account.name,
        "provider": account.provider,
        "account_id": account.account_id,
        "owner": account.owner,
        "auth_method": account.auth_method,
        "method": _label(account.provider, account.auth_method),
        "age_days": holder.age.days,
        "credential_since": account.credential_since,
        "why": holder.why,
        "better_method": holder.better.key if holder.better else "",
        "opens": holder.opens,
        "unused_days": holder.unused_days,
        "id": str(account.pk),
    }


def better_method(account: CloudAccount) -> AuthMethod | None:
    """The provider's first method without a secret, which is its best; None where the account uses such a one."""
    if account.credential_secretless:
        return None
    try:
        methods = registry.get(account.provider).methods
    except registry.UnknownProviderError:
        return None
    return next((method for method in methods if method.secretless), None)


def _described(
    account: CloudAccount, members: int, setting: RotationSetting | None, policy: RotationPolicy | None
) -> Holder:
    better = better_method(account)
    if better is None:
        why = "no_alternative"
    elif members:
        why = "connects_organization"
    elif wish_of(setting, policy).automatic and obstacle_to(account) is None:
        why = "replaces_itself"
    elif policy is not None and policy.keys_forbidden:
        why = "before_policy"
    else:
        why = "chosen"
    now = timezone.now()
    unused, limit = unused_days(account, now=now), policy.unused_days if policy is not None else UNUSED_DAYS
    return Holder(account, age_of(account, now=now), why, better, members, unused, unused >= limit)


def _accounts(scope: Scope | None) -> CloudAccountQuerySet:
    return CloudAccount.objects.all() if scope is None else visible_accounts(scope)


def _members(accounts: CloudAccountQuerySet) -> dict[UUID, int]:
    rows = accounts.values("connection").annotate(number=Count("id"))
    return {row["connection"]: row["number"] for row in rows if row["connection"] is not None}


def _label(provider: str, method: str) -> str:
    try:
        return registry.get(provider).method(method).label
    except (registry.UnknownProviderError, KeyError):
        return method
