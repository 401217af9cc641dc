"""The toy cloud as worker processes of their own see it: slow when told to, and each visit leaves a line in a file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.report import CloudValidationResult, ValidationProgress
from tests.toycloud.provider import ToyProvider, ToySession

FOLDER = "TOY_CLOUD_FOLDER"  # of the journal and of the file that holds visitors up
JOURNAL, HOLD = "journal", "hold"
UNIT = 0.05  # seconds that the toy cloud takes to list one unit


def _visit(what: str, account_id: str) -> None:
    """One write of one line: processes never mix theirs. Then waits for as long as such visitors are held up."""
    folder = Path(os.environ[FOLDER])
    with (folder / JOURNAL).open("a") as journal:
        journal.write(f"{what} {account_id} {os.getpid()}\n")
    holds = [folder / name for name in (HOLD, f"{HOLD}-{what}", f"{HOLD}-{account_id}")]
    while any(hold.exists() for hold in holds):
        time.sleep(0.05)


class SlowSession(ToySession):
    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        _visit(f"collect:{unit.service}:{unit.region}", self._account_id)
        time.sleep(UNIT)
        name = f"{unit.service}-{unit.region}"
        yield Asset(f"toy.{unit.service}.thing", unit.service, unit.region, f"toy:{name}", name, {}, {})


class SlowProvider(ToyProvider):
    def validate(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
        _visit("validate", target.account_id)
        report = super().validate(credentials, target, progress)
        _visit("validated", target.account_id)
        return report

    def check_connection(self, credentials: Credentials, target: Target) -> None:
        _visit("light", target.account_id)
        super().check_connection(credentials, target)

    def open_session(self, credentials: Credentials, target: Target) -> SlowSession:
        super().open_session(credentials, target)
        _visit("scan", target.account_id)
        return SlowSession(target.account_id)


PROVIDER = SlowProvider()
