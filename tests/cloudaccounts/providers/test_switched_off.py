"""What only switched-off checks need is not asked of the clouds, and the smallest grant is without it: on the wire."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from cloudaccounts import registry
from cloudaccounts.accounts.coverage import Readings, assess
from cloudaccounts.accounts.enabled_checks import enabled_checks, unneeded_permissions, unneeded_readings
from cloudaccounts.accounts.smallest_grant import smallest_grant
from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.report import CloudValidationResult, PermissionResult, PermissionStatus
from cloudaccounts.health.permission_loss import compare
from cloudaccounts.models import CloudAccount, SwitchedOffCheck
from sandbox.rig import Rig
from tests.conftest import ALL_DATABASES, MakeAccount

NOW = datetime(2026, 11, 30, tzinfo=UTC)
REGIONS = {"aws": ("us-east-1",), "azure": ("westeurope",), "gcp": ("europe-west1",)}
# By cloud: readings all of whose checks are switched off, and a call of theirs that then has to stop.
OFF = {
    "aws": ({"kms", "sqs", "credential-report"}, "kms:ListKeys"),
    "azure": ({"monitoring", "authorization"}, "Microsoft.Authorization/roleAssignments/read"),
    "gcp": ({"compute"}, "compute.networks.getEffectiveFirewalls"),
}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def switched_off(cloud: str) -> frozenset[str]:
    provider = registry.get(cloud)
    return frozenset(check.id for check in provider.posture_checks() if provider.reading_of(check) in OFF[cloud][0])


def asked(rig: Rig, session: Any, cloud: str, off: frozenset[str]) -> set[str]:
    """The permissions of all calls with which a scan reads the account."""
    skipped = unneeded_readings(registry.get(cloud), off)
    rig.control.clear_journal()
    for unit in session.units(REGIONS[cloud]):
        if unit.service not in skipped:
            list(session.collect(unit))
    return {call["permission"] for call in rig.control.calls(cloud)}


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_what_is_switched_off_is_not_called(rig: Rig, monkeypatch: pytest.MonkeyPatch, cloud: str) -> None:
    for name, value in rig.env.items():
        monkeypatch.setenv(name, value)
    provider, off = registry.get(cloud), switched_off(cloud)
    found = rig.scenario("Everything granted", cloud)
    credentials = provider.clean_credentials(
        found["method"], found["fields"], account_id=found["account_id"], partition=found.get("partition", "")
    )
    partition = provider.partitions()[0].value
    target = Target(account_id=found["account_id"], partition=partition, regions=REGIONS[cloud], external_id="",
                    timeout=15.0, deadline=60.0)  # fmt: skip
    smallest = provider.least_privilege(enabled_checks(provider, off))
    whole = provider.least_privilege(provider.posture_checks())
    assert smallest is not None
    assert whole is not None
    session = provider.open_session(credentials, target)
    call = OFF[cloud][1]
    try:
        assert call in asked(rig, session, cloud, frozenset())
    finally:
        session.close()
    # Another session: what a scan reads once, whichever reading asks first, it would have already.
    session = provider.open_session(credentials, target)
    try:
        calls = asked(rig, session, cloud, off)
    finally:
        session.close()
    assert call in set(whole.permissions) - set(smallest.permissions)
    assert not calls & (set(whole.permissions) - set(smallest.permissions))


@pytest.mark.django_db(databases=ALL_DATABASES)
@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_without_the_permission_nothing_is_lost_and_nothing_is_a_gap(
    make_account: MakeAccount, alice: User, cloud: str
) -> None:
    account: CloudAccount = make_account(alice, provider=cloud)
    whole, (_, call) = smallest_grant(account), OFF[cloud]
    assert whole is not None
    assert unneeded_permissions(account) == frozenset()
    SwitchedOffCheck.objects.bulk_create(
        SwitchedOffCheck(owner=account.owner, check_id=check, reason="x", author="a", created_at=NOW)
        for check in switched_off(cloud)
    )
    unneeded, smallest = unneeded_permissions(account), smallest_grant(account)
    assert smallest is not None
    assert call in unneeded
    assert set(smallest.permissions) == set(whole.permissions) - unneeded

    report = CloudValidationResult(permissions=(PermissionResult("any", call, PermissionStatus.DENIED),))
    account.last_check, account.reported_at = report.to_dict(), NOW
    lost = [{"service": "any", "permission": call, "since": NOW.isoformat()}]
    for before in ([], lost):
        changes = compare([call], before, report, now=NOW, unneeded=unneeded)
        assert (changes.newly_lost, changes.lost, changes.returned) == ([], [], [])
    assert [gap.what for gap in assess(account, Readings(), now=NOW).gaps if gap.kind == "permission"] == [call]
    assert assess(account, Readings(), now=NOW, unneeded=unneeded).gaps == ()
