"""Accounts of all three clouds through heartbeats, with the real SDKs, while the simulated clouds fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts import registry
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.credentials.vault import store
from cloudaccounts.health.heartbeats import run_round
from cloudaccounts.models import CloudAccount, Notice, ProviderReach
from cloudaccounts.providers.gcp import client
from sandbox.control import Control
from sandbox.rig import Rig
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
CLOUDS = ("aws", "azure", "gcp")
PARTITIONS = {"aws": "aws", "azure": "public", "gcp": "gcp"}
REGIONS = {"aws": ["us-east-1"], "azure": ["westeurope"], "gcp": ["europe-west1"]}
SIGN_IN = {"aws": "sts.*", "azure": "login.*", "gcp": "oauth2.*"}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@pytest.fixture
def control(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    for name, value in rig.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "RETRY_SECONDS", 0.5)
    rig.control.clear_faults()
    rig.control.clear_journal()
    yield rig.control
    rig.control.clear_faults()


@dataclass
class Fleet:
    """One account of each cloud, onboarded with what the scenarios hold, and not due for its full report."""

    accounts: dict[str, CloudAccount]

    def seen(self) -> dict[str, tuple[str, str, str]]:
        rows = CloudAccount.objects.values_list("provider", "status", "health", "last_check_code")
        return {row[0]: row[1:] for row in rows}

    def run_round(self) -> dict[str, tuple[str, str, str]]:
        CloudAccount.objects.exclude(status="suspended").update(next_check_at=timezone.now())
        run_round()
        return self.seen()


@pytest.fixture
def fleet(alice: User, rig: Rig, control: Control) -> Fleet:
    accounts = {}
    for cloud in CLOUDS:
        scenario = rig.scenario("Everything granted", cloud)
        provider = registry.get(cloud)
        credentials = provider.clean_credentials(
            scenario["method"], scenario["fields"], account_id=scenario["account_id"], partition=PARTITIONS[cloud]
        )
        account = CloudAccount(
            id=uuid4(), owner=str(alice.pk), provider=cloud, account_id=scenario["account_id"], name=f"my {cloud}",
            regions=REGIONS[cloud], partition=PARTITIONS[cloud], auth_method=scenario["method"], status="active",
            health="ok", health_since=timezone.now(), next_report_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip
        account.save(force_insert=True)
        store(account=account, credentials=credentials, facts=provider.describe(credentials), since=None, actor=SYSTEM)
        accounts[cloud] = account
    return Fleet(accounts)


def everywhere(*state: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(CLOUDS, state)


def test_all_three_are_well_and_the_full_report_proves_their_permissions(fleet: Fleet, control: Control) -> None:
    assert fleet.run_round() == everywhere("active", "ok", "")
    assert not any(call["action"].startswith("Simulate") for call in control.calls("aws"))
    CloudAccount.objects.update(next_report_at=timezone.now())
    assert fleet.run_round() == everywhere("active", "ok", "")
    for account in CloudAccount.objects.all():
        assert account.report is not None
        assert len(account.proven_permissions) == account.report.count("granted") > 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "throttle"}, "throttled"),
        ({"kind": "error", "status": 503}, ""),
        ({"kind": "delay", "seconds": 3}, ""),
    ],
    ids=["throttled", "5xx", "timeout"],
)
def test_what_passes_by_itself_degrades_all_three_and_is_over_with_the_next_answer(
    fleet: Fleet, control: Control, fault: dict[str, Any], code: str, settings: Settings
) -> None:
    assert fleet.run_round() == everywhere(
        "active", "ok", ""
    )  # the simulated Google Cloud loads itself with its first call
    settings.CONNECTION_TIMEOUT_SECONDS = 2
    control.fault(**fault)
    seen = fleet.run_round()
    assert {state[:2] for state in seen.values()} == {("active", "degraded")}
    assert all(state[2] for state in seen.values())
    if code:
        assert {state[2] for state in seen.values()} == {code}
    control.clear_faults()
    assert fleet.run_round() == everywhere("active", "ok", "")
    assert not Notice.objects.exists()


def test_the_egress_being_down_fails_accounts_only_after_the_threshold(
    fleet: Fleet, control: Control, settings: Settings
) -> None:
    settings.HEARTBEAT_FAILURES = 3
    for host in SIGN_IN.values():
        control.fault("unreachable", host=host)
    for _ in range(2):
        assert {state[:2] for state in fleet.run_round().values()} == {("active", "degraded")}
    assert {state[:2] for state in fleet.run_round().values()} == {("failed", "broken")}
    assert Notice.objects.filter(kind="account.failed").count() == 3
    control.clear_faults()
    assert fleet.run_round() == everywhere("active", "ok", "")
    assert Notice.objects.filter(kind="account.recovered").count() == 3


def test_a_revoked_key_fails_the_account_at_once_and_its_return_is_noticed(
    fleet: Fleet, control: Control, rig: Rig
) -> None:
    key = rig.scenario("Everything granted")["fields"]["access_key_id"]
    app = rig.scenario("Everything granted", "azure")["fields"]["client_id"]
    control.set_key_status(key, "Inactive")
    control.set_app(app, enabled=False)
    fault = control.fault("deny", action="GetProject")
    seen = fleet.run_round()
    assert {state[:2] for state in seen.values()} == {("failed", "broken")}
    assert seen["aws"][2] == "access_key_refused"
    control.set_key_status(key, "Active")
    control.set_app(app, enabled=True)
    control.clear_faults(fault)
    assert fleet.run_round() == everywhere("active", "ok", "")
    assert Notice.objects.filter(kind="account.recovered").count() == 3


def test_a_whole_provider_out_of_reach_makes_the_product_suspect_itself_and_no_other_cloud(
    fleet: Fleet, control: Control, alice: User, settings: Settings
) -> None:
    settings.HEARTBEAT_FAILURES = 2
    first = fleet.accounts["aws"]
    for number, fields in enumerate(control.seed_accounts(5)):
        account = CloudAccount.objects.get(pk=first.pk)
        account.pk, account.account_id, account.name = uuid4(), fields["account_id"], f"fleet {number}"
        account.save(force_insert=True)
        credentials = registry.get("aws").clean_credentials(
            "access_keys", fields, account_id=fields["account_id"], partition="aws"
        )
        facts = registry.get("aws").describe(credentials)
        store(account=account, credentials=credentials, facts=facts, since=None, actor=SYSTEM)
    control.fault("error", service="sts", status=500)
    for _ in range(3):
        fleet.run_round()
    rows = set(CloudAccount.objects.values_list("provider", "status", "health"))
    assert rows == {("aws", "active", "degraded"), ("azure", "active", "ok"), ("gcp", "active", "ok")}
    assert Notice.objects.get().kind == "system"
    assert list(ProviderReach.objects.exclude(suspected_since=None).values_list("provider", flat=True)) == ["aws"]
