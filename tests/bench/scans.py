"""Scans: a seeded account in full and again, an account of 100,000 resources, and the pages about so many."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from unittest import mock
from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.actors import SYSTEM
from cloudaccounts.contract import (
    Asset,
    CredentialFacts,
    Credentials,
    Judgement,
    PostureCheck,
    ScanUnit,
    Severity,
    Verdict,
)
from cloudaccounts.models import CloudAccount
from cloudaccounts.vault import store
from config.sandbox.rig import Rig
from scans.keys import id_key_of, key_of
from scans.models import RANKS, Finding, ScanRun, ScanSchedule
from scans.models import Asset as StoredAsset
from scans.services import request_scan, run_scan
from tests.bench.result import Result, interleaved

RESOURCES, FEW = 100_000, 1_000
UNITS = 50
KINDS = ("instance", "volume", "snapshot", "security_group")


def _account(user: User, **fields: object) -> CloudAccount:
    values = {
        "provider": "aws", "partition": "aws", "auth_method": "access_keys", "status": "active",
        "regions": ["eu-west-1"], "account_id": f"{uuid4().int % 10**12:012d}", "name": "benchmark", **fields,
    }  # fmt: skip
    account = CloudAccount(owner=str(user.pk), **values)
    account.save(force_insert=True)
    ScanRun.objects.filter(account=account.pk).delete()  # the first scan that its signal asks for
    ScanSchedule.objects.filter(account=account.pk).delete()
    return account


def _scan(account: CloudAccount, scan_type: str) -> tuple[ScanRun, float]:
    run = request_scan(account, actor=SYSTEM, scan_type=scan_type)
    began = time.perf_counter()
    run_scan(run.run_id)
    taken = time.perf_counter() - began
    run.refresh_from_db()
    if run.status != "completed":
        raise RuntimeError(f"the scan is {run.status}: {run.error}")
    return run, taken


def seeded(rig: Rig) -> Iterator[Result]:
    """The simulated company's account: calls and seconds of a full scan, and of an incremental one right after it."""
    scenario = rig.scenario("Everything granted")
    user = User.objects.create_user("owner-of-seeded", password="not-used-here")
    account = _account(user, account_id=scenario["account_id"], regions=["us-east-1", "eu-west-1"])
    credentials = Credentials("access_keys", scenario["fields"])
    store(
        account=account, credentials=credentials, facts=CredentialFacts(kind="Access key"), since=timezone.now(),
        actor=SYSTEM,
    )  # fmt: skip
    calls: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for scan_type in ("full", "incremental"):
        rig.control.clear_journal()
        _, seconds[scan_type] = _scan(account, scan_type)
        calls[scan_type] = len(rig.control.calls("aws"))
    yield Result(
        "incremental scan of the unchanged account / full, calls", calls["incremental"], "calls", "lower",
        calls["full"], "≤ 0.2",
    )  # fmt: skip
    yield Result(
        "incremental scan of the unchanged account / full", seconds["incremental"], "s", "lower", seconds["full"], ""
    )


class SyntheticSession:
    """An account of many resources that costs no network: what is left is the engine."""

    def __init__(self, resources: int) -> None:
        self._each = resources // UNITS

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

    def unchanged(self, units: Sequence[ScanUnit], since: datetime) -> frozenset[ScanUnit]:
        return frozenset(units)

    def close(self) -> None:
        """Nothing is open."""


def _checks() -> tuple[PostureCheck, ...]:
    """Three a type; one asset in ten fails one of them."""

    def judge(asset: Asset) -> Judgement:
        return Judgement(Verdict.PASS if asset.properties["encrypted"] else Verdict.FAIL, f"{asset.name} is open.")

    def fine(asset: Asset) -> Judgement:
        return Judgement(Verdict.PASS)

    return tuple(
        PostureCheck(
            f"bench_{kind}_{number}", f"{kind}s are as they should be ({number})", Severity.HIGH, "ec2",
            f"aws.ec2.{kind}", "", "", "", (), judge if number == 0 else fine,
        )
        for kind in KINDS
        for number in range(3)
    )  # fmt: skip


def synthetic(resources: int = RESOURCES) -> Iterator[Result]:
    """Through the real engine: the first scan, the second that finds all of it as it was, and the memory of a third.

    The reference of the rates is the first scan of a tenth as many: what does not scale shows.
    """
    user = User.objects.create_user("owner-of-synthetic", password="not-used-here")
    small, large = _account(user), _account(user)
    with mock.patch("cloudaccounts.providers.aws.provider.PROVIDER.posture_checks", _checks):
        before, few = _peak(), _synthetic_scan(small, resources // 10, "full")
        after_few = _peak()
        many = _synthetic_scan(large, resources, "full")
        after_many = _peak()
        again = _synthetic_scan(large, resources, "full")
        skipped = _synthetic_scan(large, resources, "incremental")
    if before > after_many:
        raise RuntimeError("the peak of memory fell")
    name = f"account of {resources:,} resources"
    yield Result(f"{name}, first scan / a tenth", resources / many, "assets/s", "higher", resources / 10 / few, "≥ 0.8")
    yield Result(f"{name}, second scan / first", again, "s", "lower", many, "≤ 1")
    yield Result(f"{name}, incremental, unchanged / full", skipped, "s", "lower", again, "≤ 0.2")
    yield Result(f"{name}, peak memory / a tenth", after_many, "MB", "lower", after_few, "≤ 1.2")


def _synthetic_scan(account: CloudAccount, resources: int, scan_type: str) -> float:
    with mock.patch("scans.services.running.account_session", return_value=SyntheticSession(resources)):
        return _scan(account, scan_type)[1]


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pages() -> Iterator[Result]:
    """Findings and assets at 100,000 rows and at 1,000, as they open and as people narrow them."""
    many, few = _owner_of(RESOURCES), _owner_of(FEW)
    addresses = {
        "findings page": "/findings/",
        "findings page, filtered": "/findings/?severity=medium&service=ec2&region=eu-west-1",
        "findings page, rare region": "/findings/?region=us-gov-east-1",
        "findings page, searched": "/findings/?q=web-0000",
        "assets page": "/assets/",
        "assets page, searched": "/assets/?q=web-0000",
        "findings panel": "/findings/panels/severity/",
    }
    for name, address in addresses.items():
        times: list[float] = []

        def get(client: Client, address: str = address, times: list[float] | None = None) -> None:
            began = time.perf_counter()
            answer = client.get(address)
            if times is not None:
                times.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"{address} answered {answer.status_code}")

        value, reference = interleaved(
            lambda times=times: get(many, times=times),
            lambda: get(few),
            times=25,  # type: ignore[misc]
        )
        late = statistics.quantiles(times, n=20)[-1] * 1000
        yield Result(
            f"{name} at {RESOURCES:,} rows / {FEW:,} (p95 {late:.0f} ms)", value * 1000, "ms", "lower",
            reference * 1000, "≤ 1.3",
        )  # fmt: skip


def _owner_of(count: int) -> Client:
    """A hundredth of an account each ten; severities, services and regions as they are spread in life."""
    user = User.objects.create_user(f"owner-of-{count}-rows", password="not-used-here")
    accounts = [_account(user, name=f"account {number}") for number in range(20)]
    now, severities = timezone.now(), list(RANKS)
    regions = ["eu-west-1", "us-east-1", "global", "ap-south-1"]
    for first in range(0, count, 5_000):
        numbers = range(first, min(first + 5_000, count))
        assets = [_row(accounts[number % 20], number, regions[number % 4], now) for number in numbers]
        StoredAsset.objects.bulk_create(assets)
        Finding.objects.bulk_create(
            Finding(
                account=asset.account, check_id=f"check_{number % 40}", asset_key=asset.asset_key, owner=asset.owner,
                account_name=asset.account_name, provider="aws", title=f"Rule {number % 40} holds",
                severity=severities[number % 4], severity_rank=number % 4, service=asset.service, region=asset.region,
                asset=asset.pk, asset_type=asset.type, asset_name=asset.name, native_id=asset.native_id,
                name_key=asset.name_key, id_key=asset.id_key, reason="It does not.", first_seen=now, last_seen=now,
                open_since=now, last_run=asset.last_run, changed_run=asset.last_run,
            )
            for number, asset in zip(numbers, assets, strict=True)
        )  # fmt: skip
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    return client


def _row(account: CloudAccount, number: int, region: str, now: datetime) -> StoredAsset:
    name = f"web-{number:06d}"
    native_id = f"arn:aws:ec2:{region}:{account.account_id}:instance/i-{number:017x}"
    return StoredAsset(
        account=account.pk, asset_key=uuid4().hex, owner=account.owner, account_name=account.name, provider="aws",
        type=f"aws.ec2.{KINDS[number % 4]}", service=["ec2", "s3", "iam", "rds", "kms"][number % 5], region=region,
        unit_region=region, native_id=native_id, name=name, name_key=key_of(name), id_key=id_key_of(native_id),
        tags={"team": "a"}, properties={"encrypted": True, "rules": [{"port": 22}] * 5}, fingerprint="f",
        first_seen_at=now, last_seen_at=now, changed_at=now, last_run=uuid4(),
    )  # fmt: skip
