"""Scans that start by themselves: each account has a row that says when the next is due."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Manager
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from scans.models import ScanEvery, ScanSchedule, ScanType
from scans.runs.requests import request_scan

PERIODS = {ScanEvery.DAILY: timedelta(days=1), ScanEvery.WEEKLY: timedelta(days=7)}
FULL_EVERY = timedelta(days=7)
JITTER = 0.1  # of the period, so that accounts connected together do not ask their cloud together for ever
SLACK = timedelta(hours=6)  # a full scan that is due this soon is made now, not a day late
BATCH = 200


def ensure_schedule(account: CloudAccount) -> None:
    """The usual schedule, where there is none yet: daily, and in full every week. The first scan was a full one."""
    if ScanSchedule.objects.filter(account=account.pk).exists():
        return
    now = timezone.now()
    try:
        ScanSchedule.objects.create(
            account=account.pk, owner=account.owner, next_at=_next(ScanEvery.DAILY, now), full_at=now + FULL_EVERY
        )
    except IntegrityError:
        return  # written by somebody else just now


def set_schedule(account: CloudAccount, *, actor: Actor, every: str) -> ScanSchedule:
    """Raises `InputError`, and `CloudAccount.DoesNotExist` where the account was deleted meanwhile."""
    if every not in ScanEvery.values:
        raise InputError({"every": "Choose one of the schedules offered."})
    owner = CloudAccount.objects.only("owner").get(pk=account.pk).owner
    now = timezone.now()
    schedule, _ = ScanSchedule.objects.update_or_create(
        account=account.pk,
        defaults={"owner": owner, "every": every, "next_at": _next(every, now), "full_at": now + FULL_EVERY},
    )
    record_event(
        actor=actor, owner=owner, action="scan.schedule_changed", account=account.pk, label=account.name,
        text=f"Scans by themselves: {schedule.get_every_display().lower()}", every=every,
    )  # fmt: skip
    return schedule


def start_due_scans(*, now: datetime | None = None) -> int:
    """Requests the scans that are due, each once however many schedulers run. Counts them."""
    now = now or timezone.now()
    _complete_the_rows()
    started = 0
    for schedule in list(ScanSchedule.objects.filter(next_at__lte=now).order_by("next_at")[:BATCH]):
        full = schedule.every == ScanEvery.WEEKLY or schedule.full_at <= now + SLACK
        mine = ScanSchedule.objects.filter(account=schedule.account, next_at=schedule.next_at)
        if not mine.update(next_at=_next(schedule.every, now)):
            continue  # somebody else has it, or a person changed it
        started += _start(schedule, full=full, now=now)
    return started


def _start(schedule: ScanSchedule, *, full: bool, now: datetime) -> bool:
    account = CloudAccount.objects.filter(pk=schedule.account).first()
    if account is None:
        ScanSchedule.objects.filter(account=schedule.account).delete()
        return False
    if account.status != CloudAccountStatus.ACTIVE:
        return False  # suspended ones never; the others' scans would only fail for what their status says already
    try:
        run = request_scan(
            account, actor=SYSTEM, scan_type=ScanType.FULL if full else ScanType.INCREMENTAL, scheduled=True
        )
    except (ProviderError, CloudAccount.DoesNotExist):
        return False  # suspended or deleted since our look
    if full and run.scan_type == ScanType.FULL:
        ScanSchedule.objects.filter(account=schedule.account).update(full_at=now + FULL_EVERY)
    return run.scheduled and run.requested_at >= now


def _complete_the_rows() -> None:
    """Accounts that were written without our signal (in bulk, before this version) get a schedule as well."""
    if CloudAccount.objects.count() == ScanSchedule.objects.count():
        return
    for keys in _in_chunks(ScanSchedule.objects, "account"):
        there = set(CloudAccount.objects.filter(pk__in=keys).values_list("pk", flat=True))
        ScanSchedule.objects.filter(account__in=set(keys) - there).delete()
    made = 0
    for keys in _in_chunks(CloudAccount.objects, "id"):
        known = set(ScanSchedule.objects.filter(account__in=keys).values_list("account", flat=True))
        for account in CloudAccount.objects.filter(pk__in=set(keys) - known).only("owner"):
            ensure_schedule(account)
            made += 1
        if made >= BATCH:
            return  # the others the next time


def _in_chunks(rows: Manager[Any], column: str) -> Iterator[list[UUID]]:
    """A column of UUIDs, `BATCH` at a time, in its order: memory stays flat, and rows may come and go meanwhile."""
    last = UUID(int=0)
    while keys := list(rows.filter(**{f"{column}__gt": last}).order_by(column).values_list(column, flat=True)[:BATCH]):
        yield keys
        last = keys[-1]


def _next(every: str, now: datetime) -> datetime | None:
    period = PERIODS.get(ScanEvery(every))
    if period is None:
        return None
    return now + period * (1 + random.uniform(-JITTER, JITTER))  # noqa: S311 # spreads load, guards nothing
