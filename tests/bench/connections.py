"""Connection tests: one account at a time, and a fleet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import boto3

from cloudaccounts.contract import Credentials, Target, ValidationProgress
from cloudaccounts.providers.aws.provider import PROVIDER
from config.sandbox.rig import Rig
from tests.bench import bare
from tests.bench.result import Result, interleaved

FLEET = 200
THREADS = 16


def ours(account_id: str, fields: Mapping[str, str]) -> None:
    target = Target(account_id, "aws", ("us-east-1", "eu-west-1"), "ca-bench", timeout=15.0)
    report = PROVIDER.validate(Credentials("access_keys", fields), target, ValidationProgress())
    if not report.ok or report.count("granted") == 0:
        raise RuntimeError(f"the connection test failed: {report.code} {report.cause}")


def single(rig: Rig) -> Result:
    scenario = rig.scenario("Everything granted")
    fields = scenario["fields"]
    rig.control.clear_journal()
    ours(scenario["account_id"], fields)
    mine = [call["action"] for call in rig.control.calls()]
    rig.control.clear_journal()
    bare.connection_test(fields)
    theirs = [call["action"] for call in rig.control.calls()]
    if sorted(mine) != sorted(theirs):
        raise RuntimeError(f"not the same calls: {mine} and {theirs}")
    value, reference = interleaved(
        lambda: ours(scenario["account_id"], fields), lambda: bare.connection_test(fields), times=15
    )
    return Result("AWS connection test / bare boto3", value * 1000, "ms", "lower", reference * 1000, "≤ 1.2")


def fleet(rig: Rig) -> Result:
    """A raw thread pool with one session shared by all is the reference: its models are loaded once."""
    accounts = rig.control.seed_accounts(FLEET)
    session, lock = boto3.session.Session(), threading.Lock()

    class LockedSession:
        """Creating clients in one session from several threads is not safe in boto3; using them is."""

        def client(self, *args: object, **kwargs: object) -> object:
            with lock:
                return session.client(*args, **kwargs)  # type: ignore[call-overload]  # passes on what bare gives

    shared = LockedSession()

    def raw(account: Mapping[str, str]) -> None:
        bare.connection_test(account, shared)

    def product(account: Mapping[str, str]) -> None:
        ours(account["account_id"], account)

    rates: dict[str, list[float]] = {"ours": [], "raw": []}
    for _ in range(2):
        rates["raw"].append(_rate(raw, accounts))
        rates["ours"].append(_rate(product, accounts))
    name = f"{FLEET} accounts revalidated / raw thread pool"
    return Result(name, max(rates["ours"]), "accounts/s", "higher", max(rates["raw"]), "≥ 0.8")


def _rate(check: Callable[[Mapping[str, str]], None], accounts: list[dict[str, str]]) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(check, accounts))
    return len(accounts) / (time.perf_counter() - began)
