"""Accounts that are due for a heartbeat: claimed a page at a time, and asked one by one in a round's threads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from cloudaccounts.accounts.details import details_of
from cloudaccounts.accounts.external_id import external_ids_of
from cloudaccounts.accounts.external_id_change import formers_of
from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.report import CloudValidationResult, ValidationProgress
from cloudaccounts.credentials import vault
from cloudaccounts.health.former_external_id import ask_both, validate_with_both
from cloudaccounts.health.validation import refusal_report, target_for
from cloudaccounts.models import AccountHealth, CloudAccount, CloudAccountStatus
from cloudaccounts.models.health import CheckKind
from cloudaccounts.work.leases import LEASE

PAGE_SIZE = 200  # accounts claimed at a time
REPORT_FIELDS = ("last_check",)  # large, needed by few, loaded by those


@dataclass(slots=True)
class DueAccount:
    """One account in a round. ``opener`` is exchanged where its credential was replaced while the check ran."""

    account: CloudAccount
    claim: UUID
    target: Target
    opener: vault.Opener
    kind: CheckKind
    known: KnownPermissions
    is_second_try: bool = False
    used_former: bool = False  # what the last question was answered with: the team's former external ID

    @property
    def is_routine(self) -> bool:
        """A heartbeat that passes would change nothing."""
        account = self.account
        is_healthy = account.status == CloudAccountStatus.ACTIVE and account.health == AccountHealth.OK
        return is_healthy and not account.failures and self.kind == CheckKind.LIGHT


def claim_page(provider: Provider, *, besides: Collection[str] = ()) -> list[DueAccount] | None:
    """The next accounts that are due, now this round's; None where there are none. Five queries, or six.

    Not those of the owners ``besides``.
    """
    now, claim = timezone.now(), uuid4()
    due = CloudAccount.objects.filter(provider=provider.key, next_check_at__lte=now)
    due = due.exclude(status=CloudAccountStatus.SUSPENDED)
    if besides:
        due = due.exclude(owner__in=list(besides))
    # Keys first, then an UPDATE that asks again whether they are due: MongoDB updates no slice, and two rounds that
    # read the same keys then share them, because each row is moved ahead by one of them only.
    keys = list(due.order_by("next_check_at").values_list("pk", flat=True)[:PAGE_SIZE])
    if not keys:
        return None
    if not due.filter(pk__in=keys).update(check_claim=claim, next_check_at=now + LEASE):
        return []  # all of them went to another round just now
    # Only those that carry this claim: of the keys some may have gone to another round.
    accounts = list(CloudAccount.objects.filter(pk__in=keys, check_claim=claim).defer(*REPORT_FIELDS))
    turn = int(now.timestamp() // (60 * settings.HEARTBEAT_INTERVAL_MINUTES))
    # For the whole page at once, and still encrypted: the threads that use them ask no database.
    openers, externals = vault.openers(accounts), external_ids_of(account.owner for account in accounts)
    formers = formers_of(accounts)
    return [
        DueAccount(
            account, claim,
            target_for(
                account.owner, details_of(account), external_id=externals[account.owner],
                former_external_id=formers.get(account.pk, ""),
            ),
            openers[account.pk], _kind(account), _known(account, turn),
        )
        for account in accounts
    ]  # fmt: skip


def _kind(account: CloudAccount) -> CheckKind:
    """The full report once a day, and for what was never proven."""
    due = account.next_report_at is None or account.next_report_at <= timezone.now()
    unproven = account.status == CloudAccountStatus.PENDING
    failed = account.status == CloudAccountStatus.FAILED  # begins with the heartbeat's small check, see `ask`
    return CheckKind.FULL if unproven or (due and not failed) else CheckKind.LIGHT


def _known(account: CloudAccount, turn: int) -> KnownPermissions:
    lost = frozenset(item["permission"] for item in account.lost_permissions)
    return KnownPermissions(frozenset(account.proven_permissions), lost, turn)


def ask(provider: Provider, due: DueAccount) -> CloudValidationResult | None:
    """The full report, or None for a small check that passed. Raises `ProviderError`.

    A failed account that can be reached again is not believed before its full report says so too. Neither is a probe
    that finds a permission changed: the report that follows in the same check decides, and has the time of one.
    """
    credentials = due.opener.open()
    if due.kind == CheckKind.LIGHT:
        small = due.account.status == CloudAccountStatus.FAILED or not due.known

        def look(target: Target) -> frozenset[str]:
            if small:
                provider.check_connection(credentials, target)
                return frozenset()
            return provider.probe_access(credentials, target, due.known)

        changed, due.used_former = ask_both(due.target, look)
        if due.account.status != CloudAccountStatus.FAILED and not changed:
            return None
        due.kind = CheckKind.FULL

    def validate(target: Target) -> CloudValidationResult:
        # No listener: nobody watches a heartbeat, and the thread must not write to a database.
        progress = ValidationProgress()
        try:
            return provider.validate(credentials, target, progress)
        except ProviderError as error:
            return refusal_report(progress, error)

    report, due.used_former = validate_with_both(due.target, validate)
    return report
