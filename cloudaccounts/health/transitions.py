"""Writes what `cloudaccounts.health.state_machine` says: the one place that changes an account's status and health.

Each UPDATE is conditional on what the decision was made from, because neither a lock nor a transaction holds the row on
every database (docs/decisions/0001); where another writer was first, the decision is made again from the new row. A
notice, an audit event and a row of the history are written in the same transaction.
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

from cloudaccounts.accounts.coverage import enabled_names
from cloudaccounts.accounts.enabled_checks import unneeded_permissions
from cloudaccounts.accounts.summaries import write_summary
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.dates import parse_aware
from cloudaccounts.health import provider_outage, state_machine
from cloudaccounts.health.permission_loss import compare, notify_permission_changes
from cloudaccounts.health.state_machine import Event, HealthState, Limits, Observation
from cloudaccounts.models import AccountHealth, CloudAccount, CloudAccountStatus, HealthRecord
from cloudaccounts.models.health import CheckKind
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.work.databases import SECURITY

TRIES = 5  # each lost one means that another writer got through, so this many losses in a row do not happen
PURGE_CHUNK = 1000  # rows deleted at a time: a lock is held for milliseconds


@dataclass(frozen=True, slots=True)
class FinishedCheck:
    """One finished check. ``claim`` is the heartbeat round's; a check that a person asked for has none."""

    account: CloudAccount
    observation: Observation
    kind: CheckKind
    duration_ms: int
    report: CloudValidationResult | None = None
    claim: UUID | None = None
    counted: bool = True  # False while an outage of the provider is suspected


def apply_check(check: FinishedCheck) -> bool:
    """Writes the outcome of a check.

    False where the account is deleted or suspended, another round has it by now, or its credential was replaced.
    """
    # The generation of when the check began: what it observed is about that credential and no other.
    account, generation = check.account, check.account.credential_generation
    for _ in range(TRIES):
        with transaction.atomic(using=SECURITY):
            # A transaction for each try, so that the losing one leaves neither history nor notice behind.
            if _apply_once(account, check):
                if check.observation.ok and check.claim is None:  # a round records it once for all of its accounts
                    provider_outage.record_answer(account.provider)
                return True
        current = CloudAccount.objects.filter(pk=account.pk).first()
        if current is None or current.status == CloudAccountStatus.SUSPENDED:
            return False
        if check.claim is not None and current.check_claim != check.claim:
            return False
        if current.credential_generation != generation:
            # A check with a credential that was replaced meanwhile says nothing of the new one: due again at once.
            claimed = CloudAccount.objects.filter(pk=account.pk, check_claim=check.claim)
            claimed.update(check_claim=None, next_check_at=timezone.now())
            return False
        account = current
    return False


def apply_routine_checks(checks: Sequence[FinishedCheck], *, limits: Limits) -> None:
    """For many heartbeats of one round that passed and change nothing: two queries in all, however many.

    A fleet of thousands is healthy nearly always; row by row, its writes would take longer than its checks.
    """
    if not checks:
        return
    now = timezone.now()
    keys = [check.account.pk for check in checks]
    # Conditional on each being as it was when the round claimed it.
    unchanged = CloudAccount.objects.filter(
        pk__in=keys, check_claim=checks[0].claim, status=CloudAccountStatus.ACTIVE, health=AccountHealth.OK, failures=0
    )
    with transaction.atomic(using=SECURITY):
        # One jitter for the whole batch: these accounts were due together and stay so, as half a page.
        written = unchanged.update(
            last_checked_at=now, check_claim=None, next_check_at=now + state_machine.with_jitter(limits.interval)
        )
        done = set(keys)
        if written != len(keys):  # one of them was suspended, deleted or checked by a person meanwhile
            # By the moment that was just written: what another writer did has another.
            done = set(CloudAccount.objects.filter(pk__in=keys, last_checked_at=now).values_list("pk", flat=True))
        HealthRecord.objects.bulk_create(
            HealthRecord(
                account=check.account.pk, at=now, kind=check.kind, ok=True, duration_ms=check.duration_ms,
                status=check.account.status,
            )
            for check in checks
            if check.account.pk in done
        )  # fmt: skip
    for check in checks:
        if check.account.pk not in done:
            # Row by row for the few that were changed meanwhile: each is decided from what it is now.
            apply_check(check)


def suspend(account: CloudAccount) -> bool:
    """True where that changed something."""
    return _move(account, state_machine.suspended(HealthState.of(account), now=timezone.now()))


def resume(account: CloudAccount) -> bool:
    """Back as pending, due at once. True where it was suspended."""
    return _move(account, state_machine.resumed(HealthState.of(account), now=timezone.now()))


def proven_fields(report: CloudValidationResult, *, now: datetime) -> dict[str, Any]:
    """The columns of an account that was proven before it was stored."""
    limits = Limits.current()
    state = state_machine.after(HealthState(CloudAccountStatus.PENDING), Observation(), now=now, limits=limits)
    return _state_fields(state) | {
        "last_checked_at": now,
        "last_check": report.to_dict(),
        "reported_at": now,
        "proven_permissions": compare([], [], report, now=now).proven,
        "next_check_at": state_machine.next_check(state, now=now, limits=limits),
        "next_report_at": now + state_machine.with_jitter(_report_interval()),
    }


def unproven_fields(account: CloudAccount) -> dict[str, Any]:
    """The columns of a transferred account whose proof does not count any more: pending, and checked soon."""
    now = timezone.now()
    return _state_fields(state_machine.unproven(HealthState.of(account), now=now)) | {
        # Due after a whole interval: the new owner has to set the external ID at the provider first.
        "next_check_at": now + Limits.current().interval, "next_report_at": now, "check_claim": None,
    }  # fmt: skip


def purge_health_history() -> int:
    """Deletes rows past their age, those that changed nothing earlier than the others. The number of rows."""
    now, deleted = timezone.now(), 0
    for notable, days in ((False, settings.HEALTH_ROUTINE_DAYS), (True, settings.HEALTH_HISTORY_DAYS)):
        old = HealthRecord.objects.filter(notable=notable, at__lt=now - timedelta(days=days))
        while keys := list(old.values_list("pk", flat=True)[:PURGE_CHUNK]):
            deleted += HealthRecord.objects.filter(pk__in=keys).delete()[0]
    return deleted


def _apply_once(account: CloudAccount, check: FinishedCheck) -> bool:
    """False where the row is not any more what ``account`` was read from; then nothing is written."""
    now, limits, observation = timezone.now(), Limits.current(), check.observation
    before = HealthState.of(account)
    after = state_machine.after(before, observation, now=now, limits=limits, counted=check.counted)
    fields = _state_fields(after) | {
        "last_checked_at": now,
        "next_check_at": state_machine.next_check(after, now=now, limits=limits),
        # An UPDATE of a queryset does not set `auto_now` columns.
        "updated_at": now,
    }
    # Why it failed stays shown until it is proven again: an account that is refused may also be out of reach.
    if observation.event in (Event.PROVEN, Event.REFUSED) or before.status != CloudAccountStatus.FAILED:
        fields |= {
            "last_check_code": observation.code,
            "last_check_cause": observation.cause,
            "last_check_remedy": observation.remedy,
        }
    permissions = None
    if check.report is not None:
        permissions = compare(
            proven_before(account), account.lost_permissions, check.report, now=now,
            unneeded=unneeded_permissions(account),
        )  # fmt: skip
        fields |= _report_fields(check, permissions.proven, permissions.lost, now)
    if check.claim is not None:
        fields["check_claim"] = None
    # First the conditional write: only the one that gets through goes on to history, notice and audit.
    if not _unchanged(account, check.claim).update(**fields):
        return False
    changed = (before.status, before.health) != (after.status, after.health)
    HealthRecord.objects.create(
        account=account.pk, at=now, kind=check.kind, ok=observation.ok, code=observation.code, cause=observation.cause,
        duration_ms=check.duration_ms, status=after.status,
        # These stay HEALTH_HISTORY_DAYS; what passed as the one before goes after HEALTH_ROUTINE_DAYS.
        notable=changed or not observation.ok or check.kind == CheckKind.FULL,
    )  # fmt: skip
    if changed:
        _notify(account, before, after, observation)
    if permissions is not None:
        notify_permission_changes(account, permissions, now=now)
    if check.report is not None:
        write_summary(account.pk)  # the permissions may cover less, or more, and so may the regions
    return True


def _notify(account: CloudAccount, before: HealthState, after: HealthState, observation: Observation) -> None:
    # The date is part of the notice's key: written again after a kill it is the same notice, the next failure another.
    since = f"{after.since:%Y%m%d%H%M%S}" if after.since else ""
    key = f"{account.pk}:{since}"
    if after.status == CloudAccountStatus.FAILED != before.status:
        text = f"{account.name} ({account.account_id}) has failed: {observation.cause}"
        notify(NoticeKind.ACCOUNT_FAILED, key=key, text=text, remedy=observation.remedy, account=account)
        _record(
            account, "account.failed", f"Failed: {observation.cause}", code=observation.code, failures=after.failures
        )
    elif before.status == CloudAccountStatus.FAILED and after.status == CloudAccountStatus.ACTIVE:
        text = f"{account.name} ({account.account_id}) works again."
        notify(NoticeKind.ACCOUNT_RECOVERED, key=key, text=text, account=account)
        _record(account, "account.recovered", "Works again: access is validated")
    elif after.health == AccountHealth.DEGRADED:
        _record(account, "account.degraded", f"Degraded: {observation.cause}", code=observation.code)
    elif before.health == AccountHealth.DEGRADED and after.health == AccountHealth.OK:
        _record(account, "account.recovered", "No longer degraded: access is validated")


def _move(account: CloudAccount, after: HealthState) -> bool:
    """Suspends or resumes, whatever a check writes at the same time: decided again until the row is as it was read."""
    for _ in range(TRIES):
        if after.status == account.status:
            return False
        now = timezone.now()
        due = None if after.status == CloudAccountStatus.SUSPENDED else now
        # The claim goes as well: a round that has the account writes nothing over what a person decided.
        fields = _state_fields(after) | {"next_check_at": due, "next_report_at": now, "check_claim": None}
        # On the status alone: a check that changes health or failures meanwhile does not come in between.
        if CloudAccount.objects.filter(pk=account.pk, status=account.status).update(**fields, updated_at=now):
            account.status, account.health = after.status, after.health
            account.health_since, account.failures = after.since, after.failures
            return True
        current = CloudAccount.objects.filter(pk=account.pk).first()
        if current is None:
            return False
        account.status = current.status
        is_suspending = after.status == CloudAccountStatus.SUSPENDED
        decide = state_machine.suspended if is_suspending else state_machine.resumed
        after = decide(HealthState.of(current), now=now)
    return False


def _unchanged(account: CloudAccount, claim: UUID | None) -> Any:
    """The row, where it still holds all that a decision was made from; with a claim, where the round still has it."""
    rows = CloudAccount.objects.filter(
        pk=account.pk,
        status=account.status,
        health=account.health,
        failures=account.failures,
        credential_generation=account.credential_generation,
    ).exclude(status=CloudAccountStatus.SUSPENDED)
    return rows if claim is None else rows.filter(check_claim=claim)


def _state_fields(state: HealthState) -> dict[str, Any]:
    return {
        "status": state.status,
        "health": state.health,
        "health_since": state.since,
        "failures": state.failures,
    }


def _report_fields(
    check: FinishedCheck, proven: list[str], lost: list[dict[str, str]], now: datetime
) -> dict[str, Any]:
    report, event = check.report, check.observation.event
    assert report is not None
    fields: dict[str, Any] = {"proven_permissions": proven, "lost_permissions": lost}
    decided = event in (Event.PROVEN, Event.REFUSED)
    if decided or check.claim is None:  # a heartbeat that could not ask leaves the last good report to be read
        fields |= {"last_check": report.to_dict(), "reported_at": now}
        # A report that could not ask for regions says nothing of them: what was known stays.
        if (enabled := enabled_names(report)) is not None:
            fields["enabled_regions"] = enabled
    fields["next_report_at"] = now + state_machine.with_jitter(_report_interval()) if decided else now
    # The cloud's own date goes before ours; one that it does not tell leaves the stored one.
    if report.credential_created_at:
        fields["credential_since"] = parse_aware(report.credential_created_at)
    if report.credential_expires_at:
        fields["credential_expires_at"] = parse_aware(report.credential_expires_at)
    return fields


def proven_before(account: CloudAccount) -> list[str]:
    """The permissions that were granted when they were asked about last.

    Accounts from before there was such a list have their last report.
    """
    if account.proven_permissions or (report := account.report) is None:
        return list(account.proven_permissions)
    return [p.permission for p in report.permissions if p.status == "granted"]


def _report_interval() -> timedelta:
    return timedelta(hours=settings.HEARTBEAT_REPORT_HOURS)


def _record(account: CloudAccount, action: str, text: str, **detail: Any) -> None:
    record_event(
        actor=SYSTEM, owner=account.owner, action=action, text=text, account=account.pk, label=account.name, **detail
    )
