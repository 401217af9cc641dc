"""Writes what `cloudaccounts.health.state_machine` says: the one place that changes an account's status and health.

Each write is conditional on what the decision was made from; where somebody was quicker, it is made again. A notice,
an event of the audit and a row of the history come in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.dates import moment
from cloudaccounts.health import provider_outage, state_machine
from cloudaccounts.health.permission_loss import compare, notify_permission_losses
from cloudaccounts.health.state_machine import Event, Limits, Seen, Standing
from cloudaccounts.models import AccountHealth, CloudAccount, CloudAccountStatus, HealthRecord
from cloudaccounts.models.health import CheckKind
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.work.databases import SECURITY

TRIES = 5
PURGE_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Checked:
    """One finished check. ``claim`` is the heartbeat round's; a person's check has none and needs none."""

    account: CloudAccount
    seen: Seen
    kind: CheckKind
    duration_ms: int
    report: CloudValidationResult | None = None
    claim: UUID | None = None
    counted: bool = True  # False while the product suspects itself


def settle(checked: Checked) -> bool:
    """Writes the outcome of a check.

    False where the account is gone or suspended, another round has it by now, or its credential was replaced.
    """
    account, generation = checked.account, checked.account.credential_generation
    for _ in range(TRIES):
        with transaction.atomic(using=SECURITY):
            if _settle_once(account, checked):
                if checked.seen.ok and checked.claim is None:  # a round tells it once for all of its own
                    provider_outage.note_answer(account.provider)
                return True
        found = CloudAccount.objects.filter(pk=account.pk).first()
        if found is None or found.status == CloudAccountStatus.SUSPENDED:
            return False
        if checked.claim is not None and found.check_claim != checked.claim:
            return False
        if found.credential_generation != generation:
            # What was found with a credential that was replaced meanwhile says nothing of the new one: look again.
            mine = CloudAccount.objects.filter(pk=account.pk, check_claim=checked.claim)
            mine.update(check_claim=None, next_check_at=timezone.now())
            return False
        account = found
    return False


def settle_quiet(checks: Sequence[Checked], *, limits: Limits) -> None:
    """For many light checks that passed and change nothing, of one round: two queries in all, however many."""
    if not checks:
        return
    now = timezone.now()
    keys = [checked.account.pk for checked in checks]
    same = CloudAccount.objects.filter(
        pk__in=keys, check_claim=checks[0].claim, status=CloudAccountStatus.ACTIVE, health=AccountHealth.OK, failures=0
    )
    with transaction.atomic(using=SECURITY):
        written = same.update(
            last_checked_at=now, check_claim=None, next_check_at=now + state_machine.with_jitter(limits.interval)
        )
        done = set(keys)
        if written != len(keys):  # one of them was suspended, deleted or checked by a person meanwhile
            done = set(CloudAccount.objects.filter(pk__in=keys, last_checked_at=now).values_list("pk", flat=True))
        HealthRecord.objects.bulk_create(
            HealthRecord(
                account=c.account.pk, at=now, kind=c.kind, ok=True, duration_ms=c.duration_ms, status=c.account.status
            )
            for c in checks
            if c.account.pk in done
        )
    for checked in checks:
        if checked.account.pk not in done:
            settle(checked)


def suspend(account: CloudAccount) -> bool:
    """True where that changed something."""
    return _move(account, state_machine.suspended(Standing.of(account), now=timezone.now()))


def resume(account: CloudAccount) -> bool:
    """Back as pending, due at once. True where it was suspended."""
    return _move(account, state_machine.resumed(Standing.of(account), now=timezone.now()))


def proven_fields(report: CloudValidationResult, *, now: datetime) -> dict[str, Any]:
    """How an account begins that was proven before it was stored."""
    limits = Limits.current()
    standing = state_machine.after(Standing(CloudAccountStatus.PENDING), Seen(), now=now, limits=limits)
    return _standing_fields(standing) | {
        "last_checked_at": now,
        "last_check": report.to_dict(),
        "reported_at": now,
        "proven_permissions": compare([], [], report, now=now).proven,
        "next_check_at": state_machine.next_check(standing, now=now, limits=limits),
        "next_report_at": now + state_machine.with_jitter(_report_interval()),
    }


def unproven_fields(account: CloudAccount) -> dict[str, Any]:
    """How an account stands that changed hands: pending, since what was proven counts no more; looked at soon."""
    now = timezone.now()
    return _standing_fields(state_machine.unproven(Standing.of(account), now=now)) | {
        "next_check_at": now + Limits.current().interval, "next_report_at": now, "check_claim": None,
    }  # fmt: skip


def purge_health_history() -> int:
    """Deletes what is past its age, in chunks, so that no lock is held for long. The number of rows."""
    now, gone = timezone.now(), 0
    for notable, days in ((False, settings.HEALTH_ROUTINE_DAYS), (True, settings.HEALTH_HISTORY_DAYS)):
        old = HealthRecord.objects.filter(notable=notable, at__lt=now - timedelta(days=days))
        while keys := list(old.values_list("pk", flat=True)[:PURGE_CHUNK]):
            gone += HealthRecord.objects.filter(pk__in=keys).delete()[0]
    return gone


def _settle_once(account: CloudAccount, checked: Checked) -> bool:
    now, limits, seen = timezone.now(), Limits.current(), checked.seen
    before = Standing.of(account)
    after = state_machine.after(before, seen, now=now, limits=limits, counted=checked.counted)
    fields = _standing_fields(after) | {
        "last_checked_at": now,
        "next_check_at": state_machine.next_check(after, now=now, limits=limits),
        "updated_at": now,
    }
    # Why it failed stays told until it is proven again: an account that is refused may also be out of reach.
    if seen.event in (Event.PROVEN, Event.REFUSED) or before.status != CloudAccountStatus.FAILED:
        fields |= {"last_check_code": seen.code, "last_check_cause": seen.cause, "last_check_remedy": seen.remedy}
    losses = None
    if checked.report is not None:
        losses = compare(_proven_before(account), account.lost_permissions, checked.report, now=now)
        fields |= _report_fields(checked, losses.proven, losses.lost, now)
    if checked.claim is not None:
        fields["check_claim"] = None
    if not _unchanged(account, checked.claim).update(**fields):
        return False
    changed = (before.status, before.health) != (after.status, after.health)
    HealthRecord.objects.create(
        account=account.pk, at=now, kind=checked.kind, ok=seen.ok, code=seen.code, cause=seen.cause,
        duration_ms=checked.duration_ms, status=after.status,
        notable=changed or not seen.ok or checked.kind == CheckKind.FULL,
    )  # fmt: skip
    if changed:
        _tell(account, before, after, seen)
    if losses is not None and losses.new:
        notify_permission_losses(account, losses.new, now=now)
    return True


def _tell(account: CloudAccount, before: Standing, after: Standing, seen: Seen) -> None:
    since = f"{after.since:%Y%m%d%H%M%S}" if after.since else ""
    key = f"{account.pk}:{since}"
    if after.status == CloudAccountStatus.FAILED != before.status:
        text = f"{account.name} ({account.account_id}) has failed: {seen.cause}"
        notify(NoticeKind.ACCOUNT_FAILED, key=key, text=text, remedy=seen.remedy, account=account)
        _record(account, "account.failed", f"Failed: {seen.cause}", code=seen.code, failures=after.failures)
    elif before.status == CloudAccountStatus.FAILED and after.status == CloudAccountStatus.ACTIVE:
        text = f"{account.name} ({account.account_id}) works again."
        notify(NoticeKind.ACCOUNT_RECOVERED, key=key, text=text, account=account)
        _record(account, "account.recovered", "Works again: access is validated")
    elif after.health == AccountHealth.DEGRADED:
        _record(account, "account.degraded", f"Degraded: {seen.cause}", code=seen.code)
    elif before.health == AccountHealth.DEGRADED and after.health == AccountHealth.OK:
        _record(account, "account.recovered", "No longer degraded: access is validated")


def _move(account: CloudAccount, after: Standing) -> bool:
    """Suspends or resumes, whatever a check writes at the same time."""
    for _ in range(TRIES):
        if after.status == account.status:
            return False
        now = timezone.now()
        due = None if after.status == CloudAccountStatus.SUSPENDED else now
        fields = _standing_fields(after) | {"next_check_at": due, "next_report_at": now, "check_claim": None}
        if CloudAccount.objects.filter(pk=account.pk, status=account.status).update(**fields, updated_at=now):
            account.status, account.health = after.status, after.health
            account.health_since, account.failures = after.since, after.failures
            return True
        found = CloudAccount.objects.filter(pk=account.pk).first()
        if found is None:
            return False
        wanted = after.status
        account.status = found.status
        step = state_machine.suspended if wanted == CloudAccountStatus.SUSPENDED else state_machine.resumed
        after = step(Standing.of(found), now=now)
    return False


def _unchanged(account: CloudAccount, claim: UUID | None) -> Any:
    rows = CloudAccount.objects.filter(
        pk=account.pk,
        status=account.status,
        health=account.health,
        failures=account.failures,
        credential_generation=account.credential_generation,
    ).exclude(status=CloudAccountStatus.SUSPENDED)
    return rows if claim is None else rows.filter(check_claim=claim)


def _standing_fields(standing: Standing) -> dict[str, Any]:
    return {
        "status": standing.status,
        "health": standing.health,
        "health_since": standing.since,
        "failures": standing.failures,
    }


def _report_fields(checked: Checked, proven: list[str], lost: list[dict[str, str]], now: datetime) -> dict[str, Any]:
    report, event = checked.report, checked.seen.event
    assert report is not None
    fields: dict[str, Any] = {"proven_permissions": proven, "lost_permissions": lost}
    decided = event in (Event.PROVEN, Event.REFUSED)
    if decided or checked.claim is None:  # a heartbeat that could not ask leaves the last good report to be read
        fields |= {"last_check": report.to_dict(), "reported_at": now}
    fields["next_report_at"] = now + state_machine.with_jitter(_report_interval()) if decided else now
    if report.credential_created_at:
        fields["credential_since"] = moment(report.credential_created_at)
    if report.credential_expires_at:
        fields["credential_expires_at"] = moment(report.credential_expires_at)
    return fields


def _proven_before(account: CloudAccount) -> list[str]:
    """Accounts from before there was such a list have their last report."""
    if account.proven_permissions or (report := account.report) is None:
        return list(account.proven_permissions)
    return [p.permission for p in report.permissions if p.status == "granted"]


def _report_interval() -> timedelta:
    return timedelta(hours=settings.HEARTBEAT_REPORT_HOURS)


def _record(account: CloudAccount, action: str, text: str, **detail: Any) -> None:
    record_event(
        actor=SYSTEM, owner=account.owner, action=action, text=text, account=account.pk, label=account.name, **detail
    )
