"""What a run leaves for compliance: one row per check of the account, and one per framework for the course over time.

Counted from what is stored, like the rest of a run's summary, so that a later try is right too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.models import CloudAccount
from cloudaccounts.work.databases import SECURITY
from scans.compliance.account_totals import renew_account_totals
from scans.compliance.evaluation import evaluate_framework, totals
from scans.compliance.facts import read_facts
from scans.compliance.own.catalogue import frameworks_of
from scans.compliance.queries import rules_named_by
from scans.compliance.scope import ReportScope
from scans.models import (
    SHOWN_OR_NOT,
    Asset,
    CheckTotal,
    ComplianceDay,
    Finding,
    FindingStatus,
    ScanRun,
    ScanUnitRecord,
)
from scans.runs.readings import NOT_ENABLED
from teams.scope import Scope

Reading = tuple[ScanUnit, datetime | None]

PLACES = 8  # readings named in `CheckTotal.unread_places`
_COUNTED = ["owner", "passed", "failed", "unknown", "inapplicable", "unread", "unread_places"]
_NUMBERS = [*_COUNTED, "read_at", "run", "at"]


def record_totals(
    run: ScanRun,
    account: CloudAccount,
    checks: Sequence[PostureCheck],
    units: Iterable[ScanUnit],
    unknowns: Mapping[tuple[str, str], int],
) -> None:
    """Writes the totals of each check, and deletes those of checks that exist no more.

    ``units`` are all readings that the account consists of, whatever this run was asked for; ``unknowns`` counts
    undecided checks by id and reason.
    """
    now = timezone.now()
    rows = _counted(run, checks, list(units), unknowns, now)
    # Read, then updated or created, since MongoDB's backend has no upsert. Nobody writes in between: one worker holds
    # the run.
    stored = {row.check_id: row for row in CheckTotal.objects.filter(account=account.pk)}
    for row in rows:
        if row.check_id in stored:
            row.pk = stored[row.check_id].pk
    with transaction.atomic(using=SECURITY):
        CheckTotal.objects.bulk_create([row for row in rows if row.check_id not in stored])
        _update(rows, stored)
        retired = set(stored) - {row.check_id for row in rows}
        if retired:
            CheckTotal.objects.filter(account=account.pk, check_id__in=retired).delete()
        renew_account_totals(account.pk, run.owner, run.provider)
    # After the totals, because it evaluates the frameworks by what is stored of them.
    record_compliance_day(account, checks, now)


def _update(rows: Sequence[CheckTotal], stored: Mapping[str, CheckTotal]) -> None:
    """Mostly the numbers are as they were, and one statement dates all of them anew."""
    changed: list[CheckTotal] = []
    same: dict[tuple[datetime | None, datetime], list[CheckTotal]] = {}
    for row in rows:
        before = stored.get(row.check_id)
        if before is None:
            continue
        if all(getattr(row, name) == getattr(before, name) for name in _COUNTED):
            same.setdefault((row.read_at, row.at), []).append(row)
        else:
            changed.append(row)
    CheckTotal.objects.bulk_update(changed, _NUMBERS)
    for (read_at, at), group in same.items():
        keys = [row.pk for row in group]
        CheckTotal.objects.filter(pk__in=keys).update(read_at=read_at, at=at, run=group[0].run)


def record_compliance_day(account: CloudAccount, checks: Sequence[PostureCheck], now: datetime) -> None:
    """Stores the account's numbers of controls for today, by framework. A later scan of the day overwrites them."""
    chosen = [each for each in frameworks_of(account.owner).values() if each.provider in {"", account.provider}]
    # Rules of other clouds get none: they are about no account of this scope.
    known = {check.id: account.provider for check in checks}
    providers = {rule: known.get(rule, "") for rule in rules_named_by(chosen)}
    facts = read_facts(ReportScope(Scope(account.owner), (account,), account), providers)
    day = f"{now:%Y-%m-%d}"
    rows = []
    for framework in chosen:
        # Without answers of people, which are of the whole framework and no account.
        numbers = totals(evaluate_framework(framework, facts, {}, providers, now))
        decided = {name: numbers[name] for name in ("passed", "failed", "unknown", "muted")}
        rows.append(
            ComplianceDay(owner=account.owner, account=account.pk, framework=framework.slug, day=day, **decided)
        )
    with transaction.atomic(using=SECURITY):
        # Without transactions (MongoDB) a kill may come between the two. The run has not ended then, and its next try
        # writes them.
        ComplianceDay.objects.filter(account=account.pk, day=day).delete()
        ComplianceDay.objects.bulk_create(rows)


def _counted(
    run: ScanRun,
    checks: Sequence[PostureCheck],
    units: list[ScanUnit],
    unknowns: Mapping[tuple[str, str], int],
    now: datetime,
) -> list[CheckTotal]:
    undecided: Counter[str] = Counter()
    for (check_id, _), number in unknowns.items():
        undecided[check_id] += number
    failed = _open_findings(run)
    assets, services, inapplicable = _assets(run)
    readings = _readings_by_service(run, units)
    rows = []
    for check in checks:
        needed = _needed(check, services.get(check.asset_type, set()), readings)
        missing = [unit for unit, read_at in needed if read_at is None]
        decided = assets[check.asset_type] - inapplicable[check.id] - undecided[check.id] - failed[check.id]
        rows.append(
            CheckTotal(
                account=run.account,
                owner=run.owner,
                check_id=check.id,
                # Not below 0: a finding whose check cannot be decided any more stays open, and counts in both.
                passed=max(decided, 0),
                failed=failed[check.id],
                unknown=undecided[check.id],
                inapplicable=inapplicable[check.id],
                unread=len(missing),
                unread_places=[unit.label for unit in missing[:PLACES]],
                read_at=min((read_at for _, read_at in needed if read_at is not None), default=None),
                run=run.run_id,
                at=now,
            )
        )
    return rows


def _open_findings(run: ScanRun) -> Counter[str]:
    rows = Finding.objects.filter(account=run.account, status=FindingStatus.OPEN, **SHOWN_OR_NOT)
    counts = rows.order_by().values("check_id").annotate(number=Count("*"))
    return Counter({row["check_id"]: row["number"] for row in counts})


def _assets(run: ScanRun) -> tuple[Counter[str], dict[str, set[str]], Counter[str]]:
    """Present assets by type, the services that they were read by, and by check how many it does not apply to."""
    rows = Asset.objects.filter(account=run.account, gone_at=None)
    # Grouped by the text as it is: the combinations are few, however many assets there are.
    counts = rows.order_by().values("type", "service", "inapplicable").annotate(number=Count("*"))
    assets: Counter[str] = Counter()
    services: dict[str, set[str]] = {}
    inapplicable: Counter[str] = Counter()
    for row in counts:
        assets[row["type"]] += row["number"]
        services.setdefault(row["type"], set()).add(row["service"])
        for check in row["inapplicable"].split():
            inapplicable[check] += row["number"]
    return assets, services, inapplicable


def _readings_by_service(run: ScanRun, units: list[ScanUnit]) -> dict[str, list[Reading]]:
    """Each reading of a service with the moment as of which it is known; None where no scan has completed it.

    A region that is not enabled counts as read: nothing can be there.
    """
    known: dict[tuple[str, str], datetime] = {}
    for record in ScanUnitRecord.objects.filter(account=run.account):
        at = record.looked_at or record.gap_since if record.gap_code == NOT_ENABLED else record.covered_at
        # A record without a version is a gap: what an earlier scan read there may be out of date, and counts as unread.
        if at is not None and (record.version or record.gap_code == NOT_ENABLED):
            known[record.service, record.region] = at
    readings: dict[str, list[Reading]] = {}
    for unit in units:
        readings.setdefault(unit.service, []).append((unit, known.get((unit.service, unit.region))))
    return readings


def _needed(check: PostureCheck, services: set[str], readings: Mapping[str, list[Reading]]) -> list[Reading]:
    """The readings that the check needs.

    Which service reads a type of asset, the assets say. Where there are none, it is the check's own service, and where
    no reading is called so, any of them may be it.
    """
    own = services or ({check.service} if check.service in readings else set(readings))
    return [reading for service in sorted(own) for reading in readings.get(service, [])]
