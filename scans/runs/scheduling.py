"""Scheduled scans: each account has a row that says when its next scan is due."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from scans.batching import key_batches
from scans.models import ScanEvery, ScanSchedule, ScanType, ScanUnitRecord
from scans.runs.cron import read_cron
from scans.runs.readings import PERIODS
from scans.runs.requests import request_scan, selectable_regions
from scans.runs.summaries import renew_coverage

# Whatever the clouds' logs of changes say (docs/decisions/0007).
FULL_EVERY = timedelta(days=7)
JITTER = 0.1  # of the period, at random: accounts that were connected together do not stay together for ever
SLACK = timedelta(hours=6)  # a full scan that is due within it is made now: the next chance is a day later
BATCH = 200


def ensure_schedule(account: CloudAccount) -> None:
    """Creates the default schedule where there is none: daily, and a full scan every week, as the first one was."""
    if ScanSchedule.objects.filter(account=account.pk).exists():
        return
    now = timezone.now()
    try:
        ScanSchedule.objects.create(
            account=account.pk, owner=account.owner, next_at=_next(ScanEvery.DAILY, now), full_at=now + FULL_EVERY
        )
    except IntegrityError:
        return  # another process wrote it at the same moment


def set_schedule(
    account: CloudAccount,
    *,
    actor: Actor,
    every: str,
    cron: str = "",
    services: Sequence[str] = (),
    regions: Sequence[str] = (),
) -> ScanSchedule:
    """Raises `InputError`, and `CloudAccount.DoesNotExist` where the account was deleted meanwhile.

    ``cron`` counts with ``every`` cron alone. No services and no regions mean all of them.
    """
    if every not in ScanEvery.values:
        raise InputError({"every": "Choose one of the schedules offered."})
    cron = " ".join(cron.split()) if every == ScanEvery.CRON else ""
    if every == ScanEvery.CRON:
        read_cron(cron)
    if unknown := set(services) - known_services(account):
        raise InputError({"services": f"No scan of this account reads {min(unknown)[:60]!r}."})
    if not set(regions) <= selectable_regions(account):
        raise InputError({"regions": "Choose among the regions of this account."})
    owner = CloudAccount.objects.only("owner").get(pk=account.pk).owner
    now = timezone.now()
    chosen = {"services": sorted(set(services)), "regions": sorted(set(regions))}
    schedule, _ = ScanSchedule.objects.update_or_create(
        account=account.pk,
        defaults={
            "owner": owner, "every": every, "cron": cron, "next_at": _next(every, now, cron),
            "full_at": now + FULL_EVERY, **chosen,
        },
    )  # fmt: skip
    renew_coverage(account)
    record_event(
        actor=actor, owner=owner, action="scan.schedule_changed", account=account.pk, label=account.name,
        text=f"Scheduled scans: {schedule.get_every_display().lower()} {cron}".rstrip(), every=every, cron=cron,
        **chosen,
    )  # fmt: skip
    return schedule


def known_services(account: CloudAccount) -> set[str]:
    """Services that scans of this account read, or that checks of its cloud are about."""
    read = ScanUnitRecord.objects.filter(account=account.pk).values_list("service", flat=True).distinct()
    return {check.service for check in account.spec.posture_checks()} | set(read)


def start_due_scans(*, now: datetime | None = None) -> int:
    """Requests the scans that are due, each once however many schedulers run. Answers with their number."""
    now = now or timezone.now()
    _add_missing_schedules()
    started = 0
    for schedule in list(ScanSchedule.objects.filter(next_at__lte=now).order_by("next_at")[:BATCH]):
        # With a weekly schedule each scan is a full one, because a full one is due each week anyhow.
        full = schedule.every == ScanEvery.WEEKLY or schedule.full_at <= now + SLACK
        # Moving `next_at` on is the claim: one scheduler's UPDATE matches. Before the request, because a kill between
        # the two skips one scan; the other way round it would start a second.
        claimed = ScanSchedule.objects.filter(account=schedule.account, next_at=schedule.next_at)
        if not claimed.update(next_at=_next(schedule.every, now, schedule.cron)):
            continue  # another scheduler has it, or a person changed the schedule
        started += _start(schedule, full=full, now=now)
    return started


def _start(schedule: ScanSchedule, *, full: bool, now: datetime) -> bool:
    account = CloudAccount.objects.filter(pk=schedule.account).first()
    if account is None:
        ScanSchedule.objects.filter(account=schedule.account).delete()
        return False
    if account.status != CloudAccountStatus.ACTIVE:
        return False  # suspended accounts are not scanned, and scans of failed ones would fail for the same reason
    # Those that the account has still: a region that was taken off it meanwhile must not end its schedule.
    regions = sorted(set(schedule.regions) & selectable_regions(account))
    if schedule.regions and not regions:
        return False  # none of them is left, and to read all in their place nobody asked for
    try:
        run = request_scan(
            account, actor=SYSTEM, scan_type=ScanType.FULL if full else ScanType.INCREMENTAL, scheduled=True,
            regions=regions, services=schedule.services,
        )  # fmt: skip
    except (ProviderError, CloudAccount.DoesNotExist):
        return False  # suspended or deleted since it was read
    # An incremental scan of somebody else may be under way instead of ours: then the full one is still due.
    if full and run.scan_type == ScanType.FULL:
        ScanSchedule.objects.filter(account=schedule.account).update(full_at=now + FULL_EVERY)
    return run.scheduled and run.requested_at >= now


def _add_missing_schedules() -> None:
    """Gives a schedule to accounts that have none, and deletes those of accounts that do not exist.

    Accounts that were written in bulk, or by a version without schedules, sent no signal.
    """
    # Two counts a minute; the rest only where something is missing.
    if CloudAccount.objects.count() == ScanSchedule.objects.count():
        return
    for keys in key_batches(ScanSchedule.objects, "account", BATCH):
        existing = set(CloudAccount.objects.filter(pk__in=keys).values_list("pk", flat=True))
        ScanSchedule.objects.filter(account__in=set(keys) - existing).delete()
    added = 0
    for keys in key_batches(CloudAccount.objects, "id", BATCH):
        scheduled = set(ScanSchedule.objects.filter(account__in=keys).values_list("account", flat=True))
        for account in CloudAccount.objects.filter(pk__in=set(keys) - scheduled).only("owner"):
            ensure_schedule(account)
            added += 1
        if added >= BATCH:
            return  # the others a minute later: scans that are due must not wait for all of them


def _next(every: str, now: datetime, cron: str = "") -> datetime | None:
    if every == ScanEvery.CRON:
        return read_cron(cron).next_after(now)  # to the minute: its owner has spread the load, or wants it together
    period = PERIODS.get(ScanEvery(every))
    if period is None:
        return None
    return now + period * (1 + random.uniform(-JITTER, JITTER))  # noqa: S311 # spreads load, guards nothing
