"""What happens to credentials by date: reminders of their age, and the end of what is kept for a while."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain

from django.db import transaction
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.credentials import staging
from cloudaccounts.credentials.age import CredentialAge, Limits, RotationState, age_of, cause_of, in_state
from cloudaccounts.models import CloudAccount, CloudAccountStatus, CloudCredential, Notice, RotationRun
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.rotation.requests import discard_staged
from cloudaccounts.rotation.swap import notify_retired
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.reading import row_batches

STAGED_FOR = timedelta(days=1)  # a new credential that nobody puts into use is not kept longer
CHUNK = 500  # accounts read at a time
MAX_PER_RUN = 20_000  # notices, or rows; the next run does the rest
_REMEDY = "Make a new one at the provider and replace it on the account's page: it is tested before it takes over."

Fact = tuple[NoticeKind, str, str, CloudAccount]


def notify_credential_ages(*, now: datetime | None = None) -> int:
    """Writes a notice for each credential that is due, overdue or expiring, once. Counts the new ones.

    Suspended accounts are left alone, and what holds no secret has no age. Memory stays flat however many there are.
    """
    now = now or timezone.now()
    late = in_state(RotationState.WARNING, now=now) | in_state(RotationState.CRITICAL, now=now)
    accounts = CloudAccount.objects.filter(late).exclude(status=CloudAccountStatus.SUSPENDED).order_by("pk")
    accounts = accounts.only(
        "owner", "name", "credential_since", "credential_expires_at", "credential_secretless", "credential_generation"
    )
    notified = 0
    for chunk in row_batches(accounts, CHUNK):
        if notified >= MAX_PER_RUN:
            break
        facts = [fact for account in chunk for fact in facts_of(account, age_of(account, now=now))]
        names = [f"{kind.value}:{key}" for kind, key, _, _ in facts]
        # Asked for a chunk at once: the unique key would refuse a second one as well, with a query for each.
        known = set(Notice.objects.filter(key__in=names).values_list("key", flat=True))
        with transaction.atomic(using=SECURITY):
            for name, (kind, key, text, account) in zip(names, facts, strict=True):
                if name not in known:
                    notified += notify(kind, key=key, text=text, remedy=_REMEDY, account=account)
    return notified


def facts_of(account: CloudAccount, age: CredentialAge) -> Iterator[Fact]:
    """The notices due for a credential of this age. A key names the account, the credential and its date.

    So a credential that is replaced, or whose date becomes known, is a new fact; the same one is never notified twice.
    """
    if age.days is None or account.credential_since is None:
        return
    limits, credential_key = Limits.current(), f"{account.pk}:{account.credential_generation}"
    since = f"{credential_key}:{account.credential_since:%Y%m%d}"
    # One of the two: who hears that it is overdue need not hear that it is due as well.
    if age.days >= limits.critical:
        text = f"{account.name}: the credential is {age.days} days old; its limit is {limits.critical}."
        yield NoticeKind.ROTATION_CRITICAL, since, text, account
    elif age.days >= limits.warning:
        text = f"{account.name}: the credential is {age.days} days old, and overdue at {limits.critical}."
        yield NoticeKind.ROTATION_WARNING, since, text, account
    if (age.expired or age.expires_soon) and (ends := account.credential_expires_at) is not None:
        text = f"{account.name}: {cause_of(age)} Its date is {ends:%d %B %Y, %H:%M} UTC."
        yield (
            NoticeKind.CREDENTIAL_EXPIRING,
            f"{credential_key}:{ends:%Y%m%d}{':ended' if age.expired else ''}",
            text,
            account,
        )


def destroy_expired_credentials(*, now: datetime | None = None) -> int:
    """Destroys previous credentials whose grace time is over, with the reminder to delete them at the provider, and
    staged ones that nobody put into use. Counts both."""
    now = now or timezone.now()
    return _destroy_previous(now) + _destroy_staged(now)


def _destroy_previous(now: datetime) -> int:
    destroyed = 0
    rows = CloudCredential.objects.filter(previous_until__lte=now).order_by("previous_until")
    batches = row_batches(rows.defer("payload", "staged", "previous")[:MAX_PER_RUN], CHUNK)
    for row in chain.from_iterable(batches):
        # Without an account nobody can be notified; such a row is removed by `credentials.orphans`.
        account = CloudAccount.objects.filter(pk=row.pk).only("owner", "name").first()
        if account is None:
            continue
        with transaction.atomic(using=SECURITY):
            # Notified first: where there are no transactions, a kill between the two repeats both, and the notice's key
            # keeps it one. The other way round the reminder to delete it at the provider would be lost.
            # Nobody is to delete by hand what automatic rotation still watches, and then deletes itself.
            if not RotationRun.objects.filter(active_account=row.pk).exists():
                notify_retired(account, row)
            destroyed += staging.destroy_previous(account=account, generation=row.generation, actor=SYSTEM)
    return destroyed


def _destroy_staged(now: datetime) -> int:
    destroyed = 0
    rows = CloudCredential.objects.filter(staged_at__lte=now - STAGED_FOR).order_by("staged_at")
    for key in list(rows.values_list("pk", flat=True)[:MAX_PER_RUN]):
        if (account := CloudAccount.objects.filter(pk=key).only("owner", "name").first()) is not None:
            # Through the service, since the rotation that staged it has to end as well.
            destroyed += discard_staged(account, actor=SYSTEM)
    return destroyed
