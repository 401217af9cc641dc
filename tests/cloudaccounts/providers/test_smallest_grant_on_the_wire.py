"""A scan with exactly the smallest grant for the checks that a team has left on reads all and is refused nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from cloudaccounts import registry
from cloudaccounts.accounts.enabled_checks import enabled_checks
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.inventory import UNREADABLE
from cloudaccounts.contract.least_privilege import LeastPrivilege
from cloudaccounts.contract.report import ValidationProgress
from sandbox.rig import Rig
from tests.cloudaccounts.providers.test_switched_off import OFF, REGIONS

pytestmark = pytest.mark.slow  # two scans of an account each
METHODS = {"aws": "access_keys", "azure": "client_secret", "gcp": "service_account_key"}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def _aws(rig: Rig, account_id: str, grant: LeastPrivilege) -> dict[str, Any]:
    inline = {"smallest": grant.document["Statement"]}
    made = rig.control.put_user(account_id, "smallest", policies=[], inline=inline)
    return {name: made[name] for name in ("access_key_id", "secret_access_key")}


def _azure(rig: Rig, account_id: str, grant: LeastPrivilege) -> dict[str, Any]:
    return rig.control.put_app(account_id, "smallest", actions=grant.document["Actions"])


def _gcp(rig: Rig, account_id: str, grant: LeastPrivilege) -> dict[str, Any]:
    permissions = grant.document["custom_role"]["includedPermissions"]
    email = rig.control.gcp.put_service_account(account_id, "smallest", permissions=permissions)
    return {"service_account_json": rig.control.gcp.put_key(email)}


GRANT: dict[str, Callable[[Rig, str, LeastPrivilege], dict[str, Any]]] = {"aws": _aws, "azure": _azure, "gcp": _gcp}


def all_but(cloud: str, left: str) -> frozenset[str]:
    return frozenset(check.id for check in registry.get(cloud).posture_checks() if check.id != left)


def of_readings(cloud: str) -> frozenset[str]:
    provider = registry.get(cloud)
    return frozenset(check.id for check in provider.posture_checks() if provider.reading_of(check) in OFF[cloud][0])


def read(credentials: Credentials, target: Target, cloud: str, needed: set[str]) -> tuple[set[str], list[str]]:
    """All assets, with what of each could not be read, and the readings that failed."""
    session = registry.get(cloud).open_session(credentials, target)
    found, refused = set(), []
    try:
        for unit in session.units(REGIONS[cloud]):
            if unit.service not in needed:
                continue
            try:
                for asset in session.collect(unit):
                    found.add(f"{asset.type} {asset.native_id} {sorted(asset.properties.get(UNREADABLE, {}))}")
            except ProviderError as error:
                refused.append(f"{unit.service}: {error.cause}")
    finally:
        session.close()
    return found, refused


def refusals(rig: Rig, cloud: str) -> set[str]:
    calls = rig.control.calls(cloud)
    refused = [call for call in calls if call["status"] in (401, 403) or "DENIED" in str(call["code"]).upper()]
    return {call["permission"] for call in refused}


@pytest.mark.parametrize("off_of", [of_readings, *("first", "middle")])
@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_scan_with_it_reads_what_one_with_everything_reads(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, cloud: str, off_of: Any
) -> None:
    for name, value in rig.env.items():
        monkeypatch.setenv(name, value)
    provider, place = registry.get(cloud), rig.scenario("Everything granted", cloud)
    checks = provider.posture_checks()
    if isinstance(off_of, str):
        off = all_but(cloud, checks[{"first": 0, "middle": len(checks) // 2}[off_of]].id)
    else:
        off = off_of(cloud)
    account_id, partition = place["account_id"], provider.partitions()[0].value
    # Only AWS's grants know regions.
    regions = REGIONS[cloud] if cloud == "aws" else ()
    on = enabled_checks(provider, off)
    grant = provider.least_privilege(on, account_id=account_id, method=METHODS[cloud], regions=regions)
    whole = provider.least_privilege(checks, account_id=account_id, method=METHODS[cloud])
    assert grant is not None
    assert whole is not None
    assert set(grant.permissions) < set(whole.permissions)
    target = Target(account_id=account_id, partition=partition, regions=REGIONS[cloud], external_id="",
                    timeout=15.0, deadline=60.0)  # fmt: skip

    def clean(method: str, fields: dict[str, Any]) -> Credentials:
        return provider.clean_credentials(method, fields, account_id=account_id, partition=partition)

    # What no check is about is not listed with it, as the page says that gives it out.
    needed = {provider.reading_of(check) for check in on}
    rig.control.clear_journal()
    expected, _ = read(clean(place["method"], place["fields"]), target, cloud, needed)
    optional = refusals(rig, cloud)  # by steps of their own, and above the account: absent without complaint
    smallest = clean(METHODS[cloud], GRANT[cloud](rig, account_id, grant))
    rig.control.clear_journal()
    found, refused = read(smallest, target, cloud, needed)
    assert rig.control.calls(cloud)
    assert (refused, refusals(rig, cloud) - optional) == ([], set())
    # What was made for the test is an asset of the account as well; Entra is read by a grant of Graph, not by a role.
    assert {one for one in expected - found if "smallest" not in one and "azure.entra." not in one} == set()
    report = provider.validate(smallest, target, ValidationProgress())
    lost = [r.permission for r in report.permissions if r.status == "denied" and r.permission in grant.permissions]
    assert (report.ok, lost) == (True, [])
