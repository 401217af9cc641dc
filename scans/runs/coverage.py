"""What an incremental scan need not look at: units covered before, where the cloud says that nothing was changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.contract.sessions import Session
from scans.assets.writer import CHUNK, as_found
from scans.models import Asset, ScanRun, ScanType, ScanUnitRecord


@dataclass(frozen=True, slots=True)
class Look:
    """What a run does with each unit."""

    collect: tuple[ScanUnit, ...]
    unchanged: tuple[ScanUnit, ...] = ()
    done: tuple[ScanUnit, ...] = ()  # by this run itself, before its worker died
    notes: tuple[str, ...] = field(default=())


class Coverage:
    """The records of one account. What is recorded here was looked at, swept and judged by ``version``."""

    def __init__(self, run: ScanRun, version: str, began: datetime) -> None:
        self._run = run
        self._version = version
        self._began = began

    def plan(self, session: Session, units: Sequence[ScanUnit]) -> Look:
        """Asks the cloud, in an incremental scan. Everything that is not known to be unchanged is looked at."""
        records = self._records()
        covered = {unit: record for unit in units if (record := self._valid(records, unit)) is not None}
        done = {unit for unit, record in covered.items() if self._is_of_this_run(record)}
        left = [unit for unit in units if unit not in done]
        before = {unit: record for unit, record in covered.items() if unit not in done}
        unchanged: frozenset[ScanUnit] = frozenset()
        notes: list[str] = []
        if self._run.scan_type == ScanType.INCREMENTAL:
            if before:
                unchanged, notes = self._ask(session, before)
            elif left:
                notes.append("Nothing was covered by an earlier scan with these checks, so everything was looked at.")
        return Look(
            collect=tuple(unit for unit in left if unit not in unchanged),
            unchanged=tuple(unit for unit in left if unit in unchanged),
            done=tuple(unit for unit in units if unit in done),
            notes=tuple(notes),
        )

    def _ask(self, session: Session, before: dict[ScanUnit, ScanUnitRecord]) -> tuple[frozenset[ScanUnit], list[str]]:
        since = min(record.covered_at for record in before.values())  # how late a log may be, its provider knows
        try:
            return session.unchanged(list(before), since, self._known) & frozenset(before), []
        except ProviderError as error:
            cause = f"{error.cause} {error.remedy}".strip()
            return frozenset(), [f"The cloud's log of changes could not be read, so everything was looked at. {cause}"]

    def _known(self, unit: ScanUnit) -> Iterator[Found]:
        """Complete, because a unit has a record only after all of it was looked at and swept."""
        rows = Asset.objects.filter(
            account=self._run.account, service=unit.service, unit_region=unit.region, gone_at=None
        )
        return map(as_found, rows.iterator(chunk_size=CHUNK))

    def looked_at(self, unit: ScanUnit) -> None:
        """After its sweep."""
        self._write(unit, looked_at=self._began, covered_at=self._began)

    def kept(self, unit: ScanUnit) -> None:
        self._write(unit, covered_at=self._began)

    def failed(self, unit: ScanUnit) -> None:
        """A gap is not covered: the next scan looks there, whatever the log says."""
        self._rows().filter(service=unit.service, region=unit.region).delete()

    def _write(self, unit: ScanUnit, **moments: datetime) -> None:
        values = {"also": sorted(unit.also), "version": self._version, **moments}
        if not self._rows().filter(service=unit.service, region=unit.region).update(**values):
            ScanUnitRecord.objects.create(
                account=self._run.account, service=unit.service, region=unit.region,
                **{"looked_at": self._began, **values},
            )  # fmt: skip

    def _records(self) -> dict[tuple[str, str], ScanUnitRecord]:
        return {(record.service, record.region): record for record in self._rows()}

    def _valid(self, records: dict[tuple[str, str], ScanUnitRecord], unit: ScanUnit) -> ScanUnitRecord | None:
        record = records.get((unit.service, unit.region))
        fits = record is not None and record.version == self._version and record.also == sorted(unit.also)
        return record if fits else None

    def _is_of_this_run(self, record: ScanUnitRecord) -> bool:
        return self._run.attempts > 1 and record.covered_at >= self._run.requested_at

    def _rows(self) -> QuerySet[ScanUnitRecord]:
        return ScanUnitRecord.objects.filter(account=self._run.account)
