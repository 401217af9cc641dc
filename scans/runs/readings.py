"""What an account's unit records say of its coverage: which readings succeeded, which are gaps, which are too old."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from cloudaccounts import registry
from cloudaccounts.accounts.coverage import Gap, GapKind, Readings
from cloudaccounts.provider_kit.check_results import join_names
from scans.models import ScanEvery, ScanSchedule, ScanUnitRecord

GLOBAL = "global"
NOT_ENABLED = "region_not_enabled"  # a chosen region that the account has not enabled: nothing is there to be read
STALE_AFTER = 2  # periods of the schedule
PERIODS = {ScanEvery.DAILY: timedelta(days=1), ScanEvery.WEEKLY: timedelta(days=7)}
UNSCHEDULED = timedelta(days=7)  # counts as the period of an account that is scanned only when somebody asks
NAMED = 4


def readings_of(account_id: UUID, provider: str, *, now: datetime) -> Readings:
    """Two queries: the schedule and the account's records."""
    records = list(ScanUnitRecord.objects.filter(account=account_id).order_by("service", "region"))
    return summarize(records, limit=stale_after(account_id), checks=_checks_by_service(provider), now=now)


def stale_after(account_id: UUID) -> timedelta:
    """Twice the schedule. The default schedule is daily."""
    every = ScanSchedule.objects.filter(account=account_id).values_list("every", flat=True).first()
    return stale_period(every or "")


def stale_period(every: str) -> timedelta:
    """Twice the period of a schedule; the default schedule, without a row, is daily."""
    return STALE_AFTER * PERIODS.get(ScanEvery(every or ScanEvery.DAILY), UNSCHEDULED)


def summarize(
    records: Sequence[ScanUnitRecord], *, limit: timedelta, checks: Mapping[str, int], now: datetime
) -> Readings:
    """Pure. ``limit`` is the age at which a reading becomes stale, ``checks`` the number of checks by service."""
    # In a region that is not enabled nothing can be: it is neither a reading nor a gap (docs/coverage.md).
    units = [record for record in records if record.gap_code != NOT_ENABLED]
    read = [record for record in units if record.gap_since is None and record.covered_at is not None]
    stale = [record for record in read if _ends(record, limit) <= now]
    current = [record for record in read if _ends(record, limit) > now]
    gaps = [_failed(record, checks) for record in units if record.gap_since is not None]
    if stale:
        gaps.append(_old(stale, limit))
    return Readings(
        total=len(units),
        read=len(read),
        stale=len(stale),
        regions=tuple(dict.fromkeys(name for record in read for name in _regions(record))),
        services=tuple(dict.fromkeys(record.service for record in units if record.region != GLOBAL or record.also)),
        gaps=tuple(gaps),
        # When the next of them is too old: `summaries.renew_due_coverage` then assesses the account anew, without a
        # scan.
        due_at=min((_ends(record, limit) for record in current), default=None),
    )


def _regions(record: ScanUnitRecord) -> list[str]:
    return [*record.also, *([] if record.region == GLOBAL else [record.region])]


def _ends(record: ScanUnitRecord, limit: timedelta) -> datetime:
    # Callers pass readings that succeeded, which have it.
    assert record.covered_at is not None
    return record.covered_at + limit


def _failed(record: ScanUnitRecord, checks: Mapping[str, int]) -> Gap:
    number = checks.get(record.service, 0)
    evaluated = f", and {number} check{'' if number == 1 else 's'} of it" if number else ""
    where = f" in {record.region}" if record.region != GLOBAL else ""
    assert record.gap_since is not None
    return Gap(
        GapKind.UNIT, str(record), record.gap_cause, f"Resources of {record.service}{where}{evaluated}.",
        record.gap_since.isoformat(),
    )  # fmt: skip


def _old(stale: Sequence[ScanUnitRecord], limit: timedelta) -> Gap:
    """One gap for all of them: an account that nobody scans has hundreds, for one reason."""
    services = list(dict.fromkeys(record.service for record in stale))
    more = f" and {len(services) - NAMED} more services" if len(services) > NAMED else ""
    since = min(_ends(record, limit) for record in stale)
    days = limit.days
    return Gap(
        GapKind.UNIT, "Stale readings",
        f"{len(stale)} reading{'' if len(stale) == 1 else 's'} older than {days} days, twice the schedule.",
        f"What has changed since in {join_names(services[:NAMED])}{more}.", since.isoformat(),
    )  # fmt: skip


def _checks_by_service(provider: str) -> Counter[str]:
    try:
        return Counter(check.service for check in registry.get(provider).posture_checks())
    except registry.UnknownProviderError:
        return Counter()
