"""A service account's keys replace themselves, on the wire, with a record of each uploaded, disabled and deleted."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials, ServerIdentity
from cloudaccounts.contract.setup import SetupContext
from cloudaccounts.lifecycle.onboarding import check_now
from cloudaccounts.models import RotationRun
from cloudaccounts.providers.gcp.own_key_texts import PERMISSIONS, key_id
from cloudaccounts.providers.gcp.provider import PROVIDER
from cloudaccounts.rotation.automatic import retiring
from tests.cloudaccounts.providers.gcp.conftest import Cloud
from tests.cloudaccounts.providers.gcp.test_rotation import connect, wired
from tests.cloudaccounts.rotation.automatic.driving import drive, latest, turn
from tests.cloudaccounts.rotation.automatic.scene import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(datetime.now(UTC))
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


def email(cloud: Cloud) -> str:
    return f"own-keys@{cloud.project}.iam.gserviceaccount.com"


def key(cloud: Cloud, permissions: list[str] | None = None) -> Credentials:
    credentials = cloud.key("own-keys")
    cloud.admin.let_own_keys(email(cloud), permissions)
    return credentials


def record(cloud: Cloud) -> list[str]:
    return [entry["action"] for entry in cloud.control.keys_record(email(cloud))]


@wired
def test_a_key_is_uploaded_tested_watched_disabled_and_deleted(cloud: Cloud, alice: User, clock: Clock) -> None:
    credentials = key(cloud)
    account = connect(cloud, alice, credentials)
    run = drive(account, clock, "watching")
    assert (run.state, run.old_key, run.use_unknown) == ("watching", key_id(credentials), "")
    assert drive(account, clock, "grace").deactivated_at is not None
    assert drive(account, clock).state == "finished"
    assert record(cloud) == ["upload", "disable", "delete"]
    assert check_now(account, actor=SYSTEM).ok


@wired
@pytest.mark.parametrize("permission", ["iam.serviceAccountKeys.create", "iam.serviceAccountKeys.disable"])
def test_what_is_missing_is_named_before_anything_is_made(
    cloud: Cloud, alice: User, clock: Clock, permission: str
) -> None:
    account = connect(cloud, alice, key(cloud, [name for name in PERMISSIONS if name != permission]))
    run = drive(account, clock)
    assert (run.state, run.code) == ("failed", "rotation_not_permitted")
    assert permission in run.cause
    assert record(cloud) == []


@wired
def test_a_policy_against_new_keys_is_said(cloud: Cloud, alice: User, clock: Clock) -> None:
    account = connect(cloud, alice, key(cloud))
    cloud.admin.set_policy(cloud.project, "iam.disableServiceAccountKeyUpload", True)
    run = drive(account, clock, turns=80)
    assert run.state == "failed"
    assert "iam.disableServiceAccountKeyUpload" in run.cause
    assert record(cloud) == []


@wired
def test_ten_keys_leave_no_place(cloud: Cloud, alice: User, clock: Clock) -> None:
    account = connect(cloud, alice, key(cloud))
    for _ in range(9):
        cloud.admin.put_key(email(cloud))
    run = drive(account, clock)
    assert (run.code, record(cloud)) == ("no_free_key", [])


@wired
def test_a_key_whose_answer_was_lost_is_found_by_its_public_half(cloud: Cloud, alice: User, clock: Clock) -> None:
    account = connect(cloud, alice, key(cloud))
    cloud.control.fault("lost", cloud="gcp", action="projects.serviceAccounts.keys.upload", times=1)
    assert drive(account, clock, "watching").state == "watching"
    assert record(cloud) == ["upload", "delete", "upload"]


@wired
def test_a_use_by_others_is_told_by_monitoring(
    cloud: Cloud, alice: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = key(cloud)
    account = connect(cloud, alice, credentials)
    drive(account, clock, "watching")
    monkeypatch.setattr(retiring, "OUR_OWN_USE", timedelta(0))
    RotationRun.objects.update(swapped_at=datetime.now(UTC))
    time.sleep(1.1)
    PROVIDER.own_keys(credentials, cloud.target()).close()
    run = turn(account, clock)
    assert (run.code, run.held) == ("still_used", True)


@wired
def test_without_monitoring_it_says_that_the_last_use_is_not_known(cloud: Cloud, alice: User, clock: Clock) -> None:
    account = connect(cloud, alice, key(cloud))
    cloud.admin.set_api(cloud.project, "monitoring.googleapis.com", False)
    drive(account, clock, "grace")
    assert "monitoring.googleapis.com is not enabled" in latest(account).use_unknown
    assert drive(account, clock).state == "finished"


@wired
@pytest.mark.parametrize(("kind", "action"), [("throttle", "list"), ("error", "disable"), ("deny", "delete")])
def test_a_cloud_that_fails_for_a_while_only_costs_time(
    cloud: Cloud, alice: User, clock: Clock, kind: str, action: str
) -> None:
    account = connect(cloud, alice, key(cloud))
    drive(account, clock, "watching")
    cloud.control.fault(kind, cloud="gcp", action=f"projects.serviceAccounts.keys.{action}", times=4)
    assert drive(account, clock).state == "finished"
    assert record(cloud) == ["upload", "disable", "delete"]


def test_the_guide_binds_the_role_on_the_account_itself() -> None:
    identity = "reader@meadowlark-data-prod.iam.gserviceaccount.com"
    context = SetupContext("meadowlark-data-prod", "gcp", (), "ca-1", ServerIdentity(), identity=identity)
    guide = PROVIDER.own_key_guide("service_account_key", context)
    assert guide is not None
    assert "gcloud iam service-accounts add-iam-policy-binding" in guide.snippets[0].body
    assert all(name in guide.snippets[0].body for name in PERMISSIONS)
    assert PROVIDER.own_key_guide("impersonation", context) is None
