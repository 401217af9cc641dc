"""A round of heartbeats over a fleet, against a raw thread pool that asks the same with boto3 and writes nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
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


def fleet(rig: Rig) -> Iterator[Result]:
    """Both ask the same of each account, 16 at a time; ours opens sealed credentials and writes what it saw.

    First of accounts without a report, whom STS is asked about alone, then with the probe of permissions. By processor
    time of this process: the simulated cloud has a process of its own, and its time is no time of the product.
    """
    accounts = rig.control.seed_accounts(FLEET)
    _onboard(accounts)
    for probed in (False, True):
        CloudAccount.objects.update(proven_permissions=bare.ACTIONS if probed else [])
        wall: dict[str, list[float]] = {"ours": [], "raw": []}
        cpu: dict[str, list[float]] = {"ours": [], "raw": []}
        for _ in range(TURNS):
            rounds: dict[str, Callable[[], None]] = {
                "raw": partial(_raw_round, accounts, probed=probed),
                "ours": _our_round,
            }
            for who, round_of in rounds.items():
                began, used = time.perf_counter(), time.process_time()
                round_of()
                wall[who].append(FLEET / (time.perf_counter() - began))
                cpu[who].append(FLEET / (time.process_time() - used))
        name = (
            f"heartbeats of {FLEET:,} accounts{', with the probe of permissions' if probed else ''} / raw thread pool"
        )
        note = f"by the clock {max(wall['ours']):.0f} and {max(wall['raw']):.0f} accounts/s"
        yield Result(name, max(cpu["ours"]), "accounts/s of processor", "higher", max(cpu["raw"]), "≥ 0.9", note)


def _our_round() -> None:
    CloudAccount.objects.update(next_check_at=timezone.now())
    before = HealthRecord.objects.count()
    counts = run_round()
    if counts.passed != FLEET or HealthRecord.objects.count() - before != FLEET:
        raise RuntimeError(f"not every heartbeat passed: {counts}")


def _raw_round(accounts: list[dict[str, str]], *, probed: bool) -> None:
    shared = bare.LockedSession()

    def check(fields: Mapping[str, str]) -> None:
        client = bare.client_maker(fields, shared)
        answer = client("sts").get_caller_identity()
        if answer["Account"] != fields["account_id"]:
            raise RuntimeError("another account answered")
        if probed:
            asked = {"PolicySourceArn": answer["Arn"], "ActionNames": bare.ACTIONS, "MaxItems": 1000}
            results = client("iam").simulate_principal_policy(**asked)["EvaluationResults"]
            if any(result["EvalDecision"] != "allowed" for result in results):
                raise RuntimeError("a permission is missing")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(check, accounts))


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
