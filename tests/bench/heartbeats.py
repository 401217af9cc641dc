"""A round of heartbeats over a fleet, against a raw thread pool that only asks who it is."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.vault import store
from cloudaccounts.health.heartbeats import run_round
from cloudaccounts.models import CloudAccount, HealthRecord
from sandbox.rig import Rig
from tests.bench import bare
from tests.bench.result import Result

FLEET = int(os.environ.get("BENCH_HEARTBEATS", "2000"))
THREADS = 16
TURNS = 3


def fleet(rig: Rig) -> Result:
    """Both ask STS once for each account, 16 at a time; ours opens sealed credentials and writes what it saw."""
    accounts = rig.control.seed_accounts(FLEET)
    _onboard(accounts)
    ours, raw = [], []
    for _ in range(TURNS):
        raw.append(_raw_rate(accounts))
        ours.append(_our_rate())
    name = f"heartbeats of {FLEET:,} accounts / raw thread pool"
    return Result(name, max(ours), "accounts/s", "higher", max(raw), "≥ 0.8")


def _our_rate() -> float:
    CloudAccount.objects.update(next_check_at=timezone.now())
    before = HealthRecord.objects.count()
    began = time.perf_counter()
    counts = run_round()
    rate = FLEET / (time.perf_counter() - began)
    if counts.passed != FLEET or HealthRecord.objects.count() - before != FLEET:
        raise RuntimeError(f"not every heartbeat passed: {counts}")
    return rate


def _raw_rate(accounts: list[dict[str, str]]) -> float:
    shared = bare.LockedSession()

    def check(fields: Mapping[str, str]) -> None:
        answer = bare.client_maker(fields, shared)("sts").get_caller_identity()
        if answer["Account"] != fields["account_id"]:
            raise RuntimeError("another account answered")

    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(check, accounts))
    return len(accounts) / (time.perf_counter() - began)


def _onboard(accounts: list[dict[str, str]]) -> None:
    now = timezone.now()
    CloudAccount.objects.all().delete()  # of the benchmarks before
    rows = [
        CloudAccount(
            id=uuid4(), owner="1", provider="aws", partition="aws", account_id=fields["account_id"],
            name=f"fleet {number}", regions=["us-east-1"], auth_method="access_keys", status="active", health="ok",
            health_since=now, credential_since=now, next_report_at=now + timedelta(days=1),
        )
        for number, fields in enumerate(accounts)
    ]  # fmt: skip
    CloudAccount.objects.bulk_create(rows)  # in bulk: no signal, and so no scan, which is not what is measured here
    for row, fields in zip(rows, accounts, strict=True):
        keys = {name: fields[name] for name in ("access_key_id", "secret_access_key")}
        store(
            account=row, credentials=Credentials("access_keys", keys), facts=CredentialFacts("Access key"), since=now,
            actor=SYSTEM,
        )  # fmt: skip
