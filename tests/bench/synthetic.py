"""An account of many resources through the real engine, without a network: rates, and the memory that it takes.

Each size runs in a process of its own (`python -m tests.bench.synthetic 100000`), so that the peak of its memory is its
own and no other benchmark's.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from unittest import mock
from uuid import uuid4

import django

from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.report import RegionResult
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity, Verdict
from cloudaccounts.contract.sessions import KnownAssets
from tests.bench.result import Result

RESOURCES, TENTH = 100_000, 10_000
UNITS = 50
KINDS = ("instance", "volume", "snapshot", "security_group")


class SyntheticSession:
    """An account of many resources that costs no network: what is left is the engine."""

    def __init__(self, resources: int) -> None:
        self._each = resources // UNITS

    def regions(self) -> tuple[RegionResult, ...]:
        return (RegionResult("eu-west-1", True),)

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        return [ScanUnit(f"service-{number}", "eu-west-1") for number in range(UNITS)]

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        for number in range(self._each):
            kind = KINDS[number % len(KINDS)]
            yield Asset(
                f"aws.ec2.{kind}", unit.service, "eu-west-1",
                f"arn:aws:ec2:eu-west-1:111122223333:{kind}/{unit.service}-{number:06d}", f"{kind}-{number:06d}",
                {"team": f"team-{number % 20}", "env": "production"},
                {"encrypted": bool(number % 10), "size": number, "rules": [{"port": 22, "from": "10.0.0.0/8"}] * 3},
            )  # fmt: skip

    def unchanged(
        self, units: Sequence[ScanUnit], since: datetime, known: KnownAssets | None = None
    ) -> frozenset[ScanUnit]:
        return frozenset(units)

    def close(self) -> None:
        """Nothing is open."""


def _checks() -> tuple[PostureCheck, ...]:
    """Three a type; one asset in ten fails one of them."""

    def judge(asset: Asset) -> Evaluation:
        return Evaluation(Verdict.PASS if asset.properties["encrypted"] else Verdict.FAIL, f"{asset.name} is open.")

    def fine(asset: Asset) -> Evaluation:
        return Evaluation(Verdict.PASS)

    return tuple(
        PostureCheck(
            f"bench_{kind}_{number}", f"{kind}s are as they should be ({number})", Severity.HIGH, "ec2",
            f"aws.ec2.{kind}", "", "", "", (), judge if number == 0 else fine,
        )
        for kind in KINDS
        for number in range(3)
    )  # fmt: skip


def synthetic() -> Iterator[Result]:
    """The reference is an account of a tenth as many: what does not scale shows."""
    few, many = _in_own_process(TENTH), _in_own_process(RESOURCES)
    name = f"account of {RESOURCES:,} resources"
    rate, reference = RESOURCES / many["first"], TENTH / few["first"]
    yield Result(f"{name}, first scan / {TENTH:,}", rate, "assets/s", "higher", reference, "≥ 0.85")
    # SQLite works in this process, so the processor's time is all of the work, whatever else the machine does.
    rate, reference = RESOURCES / many["first_cpu"], TENTH / few["first_cpu"]
    unit = "assets/s of processor"
    yield Result(f"{name}, first scan / {TENTH:,}, by processor", rate, unit, "higher", reference, "≥ 0.85")
    yield Result(f"{name}, second scan / first", many["second"], "s", "lower", many["first"], "≤ 1")
    yield Result(f"{name}, incremental, unchanged / full", many["incremental"], "s", "lower", many["second"], "≤ 0.2")
    yield Result(f"{name}, peak memory / {TENTH:,}", many["peak"], "MB", "lower", few["peak"], "≤ 1.2")


def _in_own_process(resources: int) -> dict[str, float]:
    """Seconds of the first scan, of the second that finds all as it was, of an incremental one; the peak in MB."""
    command = [sys.executable, "-m", "tests.bench.synthetic", str(resources)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    numbers: dict[str, float] = json.loads(output.splitlines()[-1])
    return numbers


def _measured(resources: int) -> dict[str, float]:
    from django.contrib.auth.models import User

    from tests.bench import scans

    account = scans.account_of(User.objects.create_user(f"synthetic-{uuid4().hex[:8]}", password="not-used-here"))
    session = mock.patch("scans.runs.execution.account_session", return_value=SyntheticSession(resources))
    with session, mock.patch("cloudaccounts.providers.aws.provider.PROVIDER.posture_checks", _checks):
        used = time.process_time()
        first = scans.scan(account, "full")
        used, peak = time.process_time() - used, _peak()
        return {
            "first": first, "first_cpu": used, "peak": peak, "second": scans.scan(account, "full"),
            "incremental": scans.scan(account, "incremental"),
        }  # fmt: skip


def _peak() -> float:
    """MB. Where there is no /proc, the kernel's number, which begins with the peak of the process that started this."""
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1024


if __name__ == "__main__":
    from tests.bench.__main__ import migrate, own_databases

    with own_databases():
        django.setup()
        migrate()
        print(json.dumps(_measured(int(sys.argv[1]))))
