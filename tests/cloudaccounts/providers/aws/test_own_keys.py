"""An IAM user's keys replace themselves, on the wire; the simulated AWS keeps a record of each made and deleted."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, ServerIdentity
from cloudaccounts.contract.own_keys import Origin, OwnKey
from cloudaccounts.contract.setup import SetupContext
from cloudaccounts.credentials import vault
from cloudaccounts.lifecycle.onboarding import check_now
from cloudaccounts.models import CloudAccount, RotationRun, RotationSetting
from cloudaccounts.models.automatic_rotation import RunPurpose
from cloudaccounts.providers.aws.own_key_texts import ACTIONS, policy
from cloudaccounts.providers.aws.provider import PROVIDER
from cloudaccounts.rotation.automatic import retiring
from cloudaccounts.rotation.automatic.requests import ask_for, set_rotation
from cloudaccounts.rotation.automatic.runner import run_automatic_rotation
from tests.cloudaccounts.providers.aws.conftest import ACCOUNT, Cloud, make_target
from tests.cloudaccounts.providers.aws.test_rotation import connect, wired
from tests.cloudaccounts.rotation.automatic.driving import drive, latest, turn
from tests.cloudaccounts.rotation.automatic.scene import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(datetime.now(UTC))
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


def user(cloud: Cloud, *, granted: tuple[str, ...] = ACTIONS, boundless: bool = False) -> tuple[str, Credentials]:
    """A user that may read, and these of the actions on its own keys."""
    name = f"own-{uuid4().hex[:8]}"
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    statement = {**json.loads(policy("*" if boundless else arn))["Statement"][0], "Action": list(granted)}
    return arn, cloud.keys(name, inline={"own-keys": [statement]} if granted else {})


def key_in_use(account: CloudAccount) -> str:
    return vault.open_credentials(account=account, actor=SYSTEM, purpose="test")["access_key_id"]


def record(cloud: Cloud, arn: str) -> list[tuple[str, str]]:
    return [(entry["action"], entry["key"]) for entry in cloud.control.keys_record(arn)]


@wired
def test_a_key_is_made_tested_watched_deactivated_and_deleted(cloud: Cloud, alice: User, clock: Clock) -> None:
    arn, credentials = user(cloud)
    account = connect(alice, credentials)
    old = credentials["access_key_id"]
    assert drive(account, clock, "watching").state == "watching"
    new = key_in_use(account)
    assert new != old
    assert drive(account, clock, "grace").deactivated_at is not None
    assert drive(account, clock).state == "finished"
    assert record(cloud, arn) == [
        ("CreateAccessKey", new),
        ("UpdateAccessKey:Inactive", old),
        ("DeleteAccessKey", old),
    ]
    assert check_now(account, actor=SYSTEM).ok


@wired
@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_missing_is_named_before_anything_is_made(cloud: Cloud, alice: User, clock: Clock, action: str) -> None:
    arn, credentials = user(cloud, granted=tuple(one for one in ACTIONS if one != action))
    # SecurityAudit lets it list keys and read their last use, as AWS's own policy does.
    if action in ("iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"):
        cloud.control.fault("deny", permission="iam:SimulatePrincipalPolicy", key=credentials["access_key_id"])
        action = "iam:SimulatePrincipalPolicy"
    account = connect(alice, credentials)
    run = drive(account, clock)
    assert (run.state, run.code) == ("failed", "rotation_not_permitted")
    assert action in run.cause
    assert record(cloud, arn) == []


@wired
def test_turning_it_on_proves_the_permission(cloud: Cloud, alice: User, clock: Clock) -> None:
    _, credentials = user(cloud)
    account = connect(alice, credentials)
    set_rotation(account, automatic=True, max_age_days=30, actor=SYSTEM)
    run_automatic_rotation(latest(account).pk)
    setting = RotationSetting.objects.get(account=account.pk)
    assert (setting.ready, setting.missing, latest(account).state) == (True, [], "finished")
    cloud.control.put_user(ACCOUNT, latest_user(credentials, cloud), inline={})
    clock.forward(hours=1)
    run_automatic_rotation(ask_for(account, purpose=RunPurpose.PROVE).pk)
    setting.refresh_from_db()
    assert (setting.ready, "iam:CreateAccessKey" in setting.missing) == (False, True)


def latest_user(credentials: Credentials, cloud: Cloud) -> str:
    identity = PROVIDER.own_keys(credentials, make_target())
    identity.close()
    return str(identity._user)  # type: ignore[attr-defined]


@wired
def test_a_person_s_second_key_is_named_and_stays(cloud: Cloud, alice: User, clock: Clock) -> None:
    arn, credentials = user(cloud)
    account = connect(alice, credentials)
    person = PROVIDER.own_keys(credentials, make_target())
    theirs = person.create(person.prepare("theirs")).id
    run = drive(account, clock)
    assert (run.state, run.code) == ("failed", "no_free_key")
    assert theirs in run.cause
    assert record(cloud, arn) == [("CreateAccessKey", theirs)]


@wired
def test_a_key_whose_answer_was_lost_is_found_by_cloudtrail_and_deleted(
    cloud: Cloud, alice: User, clock: Clock
) -> None:
    """As after kill -9 between the call and its record: the key is there, and nobody has its secret."""
    arn, credentials = user(cloud)
    account = connect(alice, credentials)
    ask_for(account)
    original = type(PROVIDER.own_keys(credentials, make_target())).create
    lost = []

    def answers_too_late(self: object, request: object) -> object:
        new = original(self, request)  # type: ignore[arg-type]
        lost.append(new.id)
        raise ProviderError("read_timeout", "No answer.", permanent=False)

    with pytest.MonkeyPatch.context() as patch:
        # What is patched is our own method behind the call that was made on the wire.
        patch.setattr("cloudaccounts.providers.aws.own_keys.AwsOwnKeys.create", answers_too_late)
        turn(account, clock)
    assert (latest(account).state, latest(account).code) == ("creating", "read_timeout")
    assert drive(account, clock, "watching").state == "watching"
    made = key_in_use(account)
    assert record(cloud, arn) == [
        ("CreateAccessKey", lost[0]),
        ("DeleteAccessKey", lost[0]),
        ("CreateAccessKey", made),
    ]


@wired
def test_a_key_that_somebody_else_made_meanwhile_is_not_ours(cloud: Cloud) -> None:
    _, credentials = user(cloud)
    own = PROVIDER.own_keys(credentials, make_target())
    since = datetime.now(UTC)
    ours = own.create(own.prepare("run"))
    assert own.origin(OwnKey(ours.id, since), mark="run", since=since) is Origin.OURS
    assert own.origin(OwnKey("AKIAUNKNOWNTOCLOUDTR", since), mark="run", since=since) is Origin.UNKNOWN
    earlier = OwnKey("AKIAFROMLONGAGO00000", since - timedelta(days=1))
    assert own.origin(earlier, mark="run", since=since) is Origin.NOT_OURS
    # The person's client asked with another key of the same user.
    other = PROVIDER.own_keys(credentials, make_target())
    other._key_id = "AKIASOMEBODYELSES000"  # type: ignore[attr-defined]
    assert other.origin(OwnKey(ours.id, since), mark="run", since=since) is Origin.NOT_OURS


@wired
def test_a_use_of_the_old_key_by_others_holds_it_up(
    cloud: Cloud, alice: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn, credentials = user(cloud)
    account = connect(alice, credentials)
    drive(account, clock, "watching")
    monkeypatch.setattr(retiring, "OUR_OWN_USE", timedelta(0))
    # As if the swap had been this moment by the cloud's clock, which is not turned.
    RotationRun.objects.update(swapped_at=datetime.now(UTC), clock_offset=0)
    time.sleep(1.1)  # uses are dated by the second
    latest_user(credentials, cloud)  # somebody signs in with the old key
    run = turn(account, clock)
    assert (run.code, run.held) == ("still_used", True)
    assert "for sts in us-east-1" in run.cause
    assert [action for action, _ in record(cloud, arn)] == ["CreateAccessKey"]


@wired
@pytest.mark.parametrize(
    ("kind", "action"),
    [("throttle", "ListAccessKeys"), ("error", "UpdateAccessKey"), ("deny", "DeleteAccessKey"),
     ("deny", "GetAccessKeyLastUsed")],
)  # fmt: skip
def test_a_cloud_that_fails_for_a_while_only_costs_time(
    cloud: Cloud, alice: User, clock: Clock, kind: str, action: str
) -> None:
    arn, credentials = user(cloud)
    account = connect(alice, credentials)
    if action == "ListAccessKeys":
        drive(account, clock, "watching")
    cloud.control.fault(kind, service="iam", action=action, account=ACCOUNT, times=4)
    assert drive(account, clock).state == "finished"
    assert [done for done, _ in record(cloud, arn)] == [
        "CreateAccessKey", "UpdateAccessKey:Inactive", "DeleteAccessKey",
    ]  # fmt: skip


@wired
def test_temporary_keys_cannot_rotate_themselves(cloud: Cloud) -> None:
    with pytest.raises(ProviderError, match="temporary key"):
        PROVIDER.own_keys(cloud.scenario("Temporary credentials"), make_target())


def test_the_guide_grants_it_on_the_user_alone() -> None:
    context = SetupContext(
        account_id=ACCOUNT, partition="aws-us-gov", regions=(), external_id="ca-1", server=ServerIdentity(),
        identity=f"arn:aws-us-gov:iam::{ACCOUNT}:user/teams/o'hara".replace("'", "."),
    )  # fmt: skip
    guide = PROVIDER.own_key_guide("access_keys", context)
    assert guide is not None
    assert f'"Resource": "arn:aws-us-gov:iam::{ACCOUNT}:user/teams/o.hara"' in guide.snippets[1].body
    assert PROVIDER.own_key_guide("cross_account_role", context) is None
