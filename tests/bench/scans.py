"""Scans: a seeded account in full and again, an account of 100,000 resources, and the pages about so many."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from unittest import mock
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connections, transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from cloudaccounts.actors import SYSTEM
from cloudaccounts.contract import (
    Asset,
    CredentialFacts,
    Credentials,
    Judgement,
    Known,
    PostureCheck,
    ScanUnit,
    Severity,
    Verdict,
)
from cloudaccounts.dispatch import SECURITY
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

    def unchanged(self, units: Sequence[ScanUnit], since: datetime, known: Known | None = None) -> frozenset[ScanUnit]:
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
        value, reference = interleaved(partial(_get, many, address, times), partial(_get, few, address, []), times=25)
        late = statistics.quantiles(times, n=20)[-1] * 1000
        yield Result(
            f"{name} at {RESOURCES:,} rows / {FEW:,} (p95 {late:.0f} ms)", value * 1000, "ms", "lower",
            reference * 1000, "≤ 1.3",
        )  # fmt: skip


def _get(client: Client, address: str, times: list[float]) -> None:
    began = time.perf_counter()
    answer = client.get(address)
    times.append(time.perf_counter() - began)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")


def _owner_of(count: int) -> Client:
    """Twenty accounts; severities, services and regions take turns."""
    user = User.objects.create_user(f"owner-of-{count}-rows", password="not-used-here")
    accounts = [_account(user, name=f"account {number}") for number in range(20)]
    _insert(StoredAsset, (_asset_values(accounts[number % 20], number) for number in range(count)))
    _insert(Finding, (_finding_values(accounts[number % 20], number) for number in range(count)))
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    return client


def _insert(model: type[Model], rows: Iterator[dict[str, object]]) -> None:
    """Past the ORM, whose objects would take most of the time."""
    connection = connections[SECURITY]
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    template = model()
    usual = {field.attname: field.get_db_prep_save(field.pre_save(template, True), connection) for field in fields}

    def prepared() -> Iterator[list[Any]]:
        for row in rows:
            yield [
                field.get_db_prep_save(row[field.attname], connection) if field.attname in row else usual[field.attname]
                for field in fields
            ]

    table = connection.ops.quote_name(model._meta.db_table)
    with transaction.atomic(using=SECURITY), connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(prepared()))  # noqa: S608


NOW = timezone.now()
REGIONS = ("eu-west-1", "us-east-1", "global", "ap-south-1")
SERVICES = ("ec2", "s3", "iam", "rds", "kms")


def _common(account: CloudAccount, number: int) -> dict[str, object]:
    region, name = REGIONS[number % 4], f"web-{number:06d}"
    native_id = f"arn:aws:ec2:{region}:{account.account_id}:instance/i-{number:017x}"
    return {
        "id": uuid4(), "account": account.pk, "asset_key": f"{number:064x}", "owner": account.owner,
        "account_name": account.name, "provider": "aws", "service": SERVICES[number % 5], "region": region,
        "native_id": native_id, "name_key": key_of(name), "id_key": id_key_of(native_id), "last_run": account.pk,
    }  # fmt: skip


def _asset_values(account: CloudAccount, number: int) -> dict[str, object]:
    return {
        **_common(account, number), "type": f"aws.ec2.{KINDS[number % 4]}", "unit_region": REGIONS[number % 4],
        "name": f"web-{number:06d}", "properties": {"encrypted": True, "rules": [{"port": 22}] * 5},
        "fingerprint": "f", "first_seen_at": NOW, "last_seen_at": NOW, "changed_at": NOW,
    }  # fmt: skip


def _finding_values(account: CloudAccount, number: int) -> dict[str, object]:
    severity = list(RANKS)[number % 4]
    return {
        **_common(account, number), "check_id": f"check_{number % 40}", "title": f"Rule {number % 40} holds",
        "severity": severity, "severity_rank": RANKS[severity], "asset": uuid4(), "asset_type": "aws.ec2.instance",
        "asset_name": f"web-{number:06d}", "reason": "It does not.", "first_seen": NOW, "last_seen": NOW,
        "open_since": NOW, "changed_run": account.pk,
    }  # fmt: skip
