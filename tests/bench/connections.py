"""Connection tests: one account at a time, and a fleet."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.report import ValidationProgress
from cloudaccounts.providers.aws.provider import PROVIDER
from sandbox.rig import Rig
from tests.bench import bare
from tests.bench.result import Result, interleaved

FLEET = 200
THREADS = 16


def validated(provider: Provider, credentials: Credentials, target: Target) -> None:
    report = provider.validate(credentials, target, ValidationProgress())
    if not report.ok or report.count("granted") == 0:
        raise RuntimeError(f"the connection test failed: {report.code} {report.cause}")


def ours(account_id: str, fields: Mapping[str, str]) -> None:
    target = Target(account_id, "aws", ("us-east-1", "eu-west-1"), "ca-bench", timeout=15.0)
    validated(PROVIDER, Credentials("access_keys", fields), target)


def compared(rig: Rig, cloud: str, name: str, mine: Callable[[], None], theirs: Callable[[], None]) -> Result:
    """Raises RuntimeError where the two do not ask the same of the cloud, in whatever order."""
    calls = []
    for call in (mine, theirs):
        rig.control.clear_journal()
        call()
        calls.append(sorted((call["action"], call.get("resource", "")) for call in rig.control.calls(cloud)))
    if calls[0] != calls[1]:
        raise RuntimeError(f"not the same calls: {calls[0]} and {calls[1]}")
    value, reference = interleaved(mine, theirs, times=15)
    return Result(name, value * 1000, "ms", "lower", reference * 1000, "≤ 1.2")


def single(rig: Rig) -> Result:
    scenario = rig.scenario("Everything granted")
    account_id, fields = scenario["account_id"], scenario["fields"]
    return compared(
        rig,
        "aws",
        "AWS connection test / bare boto3",
        lambda: ours(account_id, fields),
        lambda: bare.connection_test(fields),
    )


def azure(rig: Rig) -> Result:
    from cloudaccounts.providers.azure import provider
    from tests.bench import bare_azure

    scenario = rig.scenario("Everything granted", "azure")
    account_id, method, fields = scenario["account_id"], scenario["method"], scenario["fields"]
    target = Target(account_id, "public", ("westeurope", "northeurope"), "ca-bench", timeout=15.0)
    return compared(
        rig,
        "azure",
        "Azure connection test / bare SDK",
        lambda: validated(provider.PROVIDER, Credentials(method, fields), target),
        lambda: bare_azure.connection_test(fields, account_id),
    )


def google(rig: Rig) -> Result:
    from cloudaccounts.providers.gcp import provider
    from tests.bench import bare_gcp

    scenario = rig.scenario("Everything granted", "gcp")
    account_id, method, fields = scenario["account_id"], scenario["method"], scenario["fields"]
    target = Target(account_id, "gcp", ("europe-west1", "us-central1"), "ca-bench", timeout=15.0)
    # As it is stored: reading the file that a person gives is no part of a connection test.
    cleaned = provider.PROVIDER.clean_credentials(method, fields, account_id=account_id, partition="gcp").values
    return compared(
        rig,
        "gcp",
        "Google Cloud connection test / bare SDK",
        lambda: validated(provider.PROVIDER, Credentials(method, cleaned), target),
        lambda: bare_gcp.connection_test(fields["service_account_json"], account_id),
    )


def fleet(rig: Rig) -> Result:
    """A raw thread pool with one session shared by all is the reference: its models are loaded once."""
    accounts = rig.control.seed_accounts(FLEET)
    shared = bare.LockedSession()

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
