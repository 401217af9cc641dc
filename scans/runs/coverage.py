"""Which units an incremental scan skips: covered before, and unchanged since by the cloud's own log.

Why whole units, and what each cloud's log can say: docs/decisions/0007.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset as CollectedAsset
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.contract.sessions import KnownAssets, Session
from cloudaccounts.provider_kit.deadlines import within_asking
from scans.assets.writer import CHUNK, to_collected
from scans.batching import batched
from scans.models import Asset, ScanRun, ScanType, ScanUnitRecord

LOG_SECONDS = 600.0  # for reading what changed: everything is read afterwards where that does not suffice
_NO_GAP = {"gap_since": None, "gap_code": "", "gap_cause": ""}


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """What a run does with each unit."""

    collect: tuple[ScanUnit, ...]
    unchanged: tuple[ScanUnit, ...] = ()
    done: tuple[ScanUnit, ...] = ()  # by an earlier try of this run, whose worker died
    notes: tuple[str, ...] = field(default=())  # sentences for people


class Coverage:
    """The unit records of one account.

    A record says that everything in a unit was collected, evaluated by ``version`` of the checks, and marked as gone
    where it was missing. ``started_at`` is the start of this try.
    """

    def __init__(self, run: ScanRun, version: str, started_at: datetime) -> None:
        self._run = run
        self._version = version
        self._started_at = started_at
        self._known: dict[tuple[str, str], ScanUnitRecord] = {}
        self._collected: list[ScanUnit] = []  # their records are not written yet

    def plan(self, session: Session, units: Sequence[ScanUnit]) -> ScanPlan:
        """Asks the cloud, in an incremental scan. Whatever is not known to be unchanged is collected."""
        self._known = records = self._records()
        covered = {unit: record for unit in units if (record := self._valid(records, unit)) is not None}
        done = {unit for unit, record in covered.items() if self._is_of_this_run(record)}
        remaining = [unit for unit in units if unit not in done]
        covered_before = {unit: record for unit, record in covered.items() if unit not in done}
        unchanged: frozenset[ScanUnit] = frozenset()
        notes: list[str] = []
        if self._run.scan_type == ScanType.INCREMENTAL:
            if covered_before:
                unchanged, notes = self._unchanged(session, covered_before)
            elif remaining:
                notes.append("Nothing was covered by an earlier scan with these checks, so everything was looked at.")
        return ScanPlan(
            collect=tuple(unit for unit in remaining if unit not in unchanged),
            unchanged=tuple(unit for unit in remaining if unit in unchanged),
            done=tuple(unit for unit in units if unit in done),
            notes=tuple(notes),
        )

    def _unchanged(
        self, session: Session, records: dict[ScanUnit, ScanUnitRecord]
    ) -> tuple[frozenset[ScanUnit], list[str]]:
        # The oldest moment for all: one reading of the log answers for every unit. How late a log may be written, its
        # provider knows and subtracts.
        since = min(record.covered_at for record in records.values() if record.covered_at is not None)

        def stored(unit: ScanUnit) -> Iterable[CollectedAsset]:
            return list(self._stored_assets(unit))

        def ask(known: KnownAssets) -> frozenset[ScanUnit]:
            return session.unchanged(list(records), since, known)

        try:
            # Only units that were asked about: a provider's answer cannot cover a unit that has no record.
            unchanged = within_asking(LOG_SECONDS, "The cloud's log of changes", ask, stored)
            return unchanged & frozenset(records), []
        except ProviderError as error:
            cause = f"{error.cause} {error.remedy}".strip()
            return frozenset(), [f"The cloud's log of changes could not be read, so everything was looked at. {cause}"]

    def _stored_assets(self, unit: ScanUnit) -> Iterator[CollectedAsset]:
        """All assets of a unit: one that has a record was collected completely."""
        rows = Asset.objects.filter(
            account=self._run.account, service=unit.service, unit_region=unit.region, gone_at=None
        )
        return map(to_collected, rows.iterator(chunk_size=CHUNK))

    def record_collected(self, unit: ScanUnit) -> None:
        """Call it after what is missing in the unit was marked as gone: a record promises that, too.

        Written by the next `flush`.
        """
        self._collected.append(unit)

    def flush(self) -> None:
        """Writes the records of what was collected, with a handful of statements however many units these are.

        A worker that dies before leaves units without a record: the next try reads them again.
        """
        waiting, self._collected = self._collected, []
        groups: dict[tuple[str, ...], list[ScanUnit]] = {}
        for unit in waiting:
            groups.setdefault(tuple(sorted(unit.also)), []).append(unit)
        for also, units in groups.items():
            # The start of this try, not this moment: what changes while a unit is read may be in no page of it.
            values = self._values(list(also), looked_at=self._started_at, covered_at=self._started_at)
            known = [record.pk for unit in units if (record := self._known.get((unit.service, unit.region)))]
            for keys in batched(known):
                self._rows().filter(pk__in=keys).update(**values)
            new = [
                ScanUnitRecord(account=self._run.account, service=unit.service, region=unit.region, **values)
                for unit in units
                if (unit.service, unit.region) not in self._known
            ]
            ScanUnitRecord.objects.bulk_create(new)
            self._known |= {(record.service, record.region): record for record in new}

    def record_unchanged(self, unit: ScanUnit) -> None:
        self._write(unit, covered_at=self._started_at)

    def record_gap(self, unit: ScanUnit, error: ProviderError) -> None:
        """Without a version, so that the next scan collects the unit, whatever the log says.

        A gap keeps the ``since`` that it had.
        """
        before = self._known.get((unit.service, unit.region))
        since = before.gap_since if before is not None else None
        self._write(
            unit, version="", gap_since=since or self._started_at, gap_code=error.code, gap_cause=error.cause[:500]
        )

    def forget_others(self, units: Sequence[ScanUnit]) -> None:
        """After a scan of the whole account: units that it does not consist of any more are no part of its coverage."""
        planned = {(unit.service, unit.region) for unit in units}
        gone = [record.pk for place, record in self._records().items() if place not in planned]
        for keys in batched(gone):
            self._rows().filter(pk__in=keys).delete()

    def forget_services(self, services: Collection[str]) -> None:
        """Readings that no enabled check needs are no part of the coverage."""
        if services:
            self._rows().filter(service__in=sorted(services)).delete()

    def _write(self, unit: ScanUnit, **changes: Any) -> None:
        values = self._values(sorted(unit.also), **changes)
        # Update, else create: one worker holds the account's run, and MongoDB's backend has no upsert.
        if not self._rows().filter(service=unit.service, region=unit.region).update(**values):
            ScanUnitRecord.objects.create(
                account=self._run.account, service=unit.service, region=unit.region, **values
            )  # fmt: skip

    def _values(self, also: list[str], **changes: Any) -> dict[str, Any]:
        # Each write ends the gap that stood there, unless it is a gap's own (`record_gap`).
        return {"also": also, "version": self._version, **_NO_GAP, **changes}

    def _records(self) -> dict[tuple[str, str], ScanUnitRecord]:
        return {(record.service, record.region): record for record in self._rows()}

    def _valid(self, records: dict[tuple[str, str], ScanUnitRecord], unit: ScanUnit) -> ScanUnitRecord | None:
        """The unit's record, unless other checks or collectors wrote it, or it covers other regions than the unit."""
        record = records.get((unit.service, unit.region))
        fits = record is not None and record.version == self._version and record.also == sorted(unit.also)
        return record if fits else None

    def _is_of_this_run(self, record: ScanUnitRecord) -> bool:
        # Only a later try can find records that this run wrote: those units are not collected a second time.
        at = record.covered_at
        return self._run.attempts > 1 and at is not None and at >= self._run.requested_at

    def _rows(self) -> QuerySet[ScanUnitRecord]:
        return ScanUnitRecord.objects.filter(account=self._run.account)
