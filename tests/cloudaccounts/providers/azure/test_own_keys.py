"""An app's secrets and certificates replace themselves, on the wire, with a record of each made and removed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, ServerIdentity
from cloudaccounts.contract.setup import SetupContext
from cloudaccounts.credentials import vault
from cloudaccounts.lifecycle.onboarding import check_now
from cloudaccounts.models import CloudAccount
from cloudaccounts.providers.azure import own_keys
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.conftest import EXTERNAL_ID, REGIONS, Cloud, Pem, make_pem
from tests.cloudaccounts.providers.azure.test_rotation import connect, wired
from tests.cloudaccounts.rotation.automatic.driving import drive, latest
from tests.cloudaccounts.rotation.automatic.scene import Clock

OWNED = "Application.ReadWrite.OwnedBy"
METHODS = ["client_secret", "certificate"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(datetime.now(UTC))
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


def app(cloud: Cloud, method: str, pem: Pem, **more: Any) -> Credentials:
    settings = {"graph": [OWNED], "owns_itself": True, **more}
    if method == "client_secret":
        return cloud.app(**settings)
    made = cloud.app(certificate_pem=pem.public, **settings)
    values = {name: made[name] for name in ("tenant_id", "client_id")}
    return Credentials("certificate", {**values, "certificate_pem": pem.both})


def record(cloud: Cloud, credentials: Credentials) -> list[str]:
    return [entry["action"] for entry in cloud.control.keys_record(credentials["client_id"])]


def in_use(account: CloudAccount) -> Credentials:
    return vault.open_credentials(account=account, actor=SYSTEM, purpose="test")


@wired
@pytest.mark.parametrize("method", METHODS)
def test_it_is_made_tested_watched_and_removed_after_the_grace_time(
    cloud: Cloud, alice: User, clock: Clock, pem: Pem, method: str
) -> None:
    credentials = app(cloud, method, pem)
    before = cloud.control.app_keys(credentials["client_id"])
    account = connect(cloud, alice, credentials)
    run = drive(account, clock, "watching")
    assert (run.state, in_use(account)["key_id"]) == ("watching", run.new_key)
    grace = drive(account, clock, "grace")
    # Neither can be deactivated at Azure: the old one goes on working until it is removed.
    assert (grace.deactivated_at, grace.use_unknown != "") == (None, True)
    assert [key for key in before if key in cloud.control.app_keys(credentials["client_id"])] == before
    run = drive(account, clock)
    assert run.state == "finished"
    kind = "secret" if method == "client_secret" else "certificate"
    left = [key["key_id"] for key in cloud.control.app_keys(credentials["client_id"]) if key["kind"] == kind]
    assert left == [run.new_key]
    words = ["addPassword", "removePassword"] if kind == "secret" else ["addKey", "removeKey"]
    assert record(cloud, credentials) == words
    assert check_now(account, actor=SYSTEM).ok
    account.refresh_from_db()
    assert account.credential_expires_at is not None
    assert (account.credential_expires_at - datetime.now(UTC)).days in range(178, 182)
    # And once more with the one that we have made ourselves.
    assert drive(account, clock).state == "finished"


@wired
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("settings", "named"), [({"graph": []}, OWNED), ({"owns_itself": False}, "owner of itself")])
def test_what_is_missing_is_named_before_anything_is_made(
    cloud: Cloud, alice: User, clock: Clock, pem: Pem, method: str, settings: dict[str, Any], named: str
) -> None:
    credentials = app(cloud, method, pem, **settings)
    run = drive(connect(cloud, alice, credentials), clock)
    assert (run.state, run.code) == ("failed", "rotation_not_permitted")
    assert named in run.cause
    assert record(cloud, credentials) == []


@wired
@pytest.mark.parametrize("method", METHODS)
def test_one_whose_answer_was_lost_is_found_by_its_mark_and_removed(
    cloud: Cloud, alice: User, clock: Clock, pem: Pem, method: str
) -> None:
    credentials = app(cloud, method, pem)
    account = connect(cloud, alice, credentials)
    adds, removes = ("addPassword", "removePassword") if method == "client_secret" else ("addKey", "removeKey")
    cloud.control.fault("lost", cloud="azure", action=adds, times=1)
    run = drive(account, clock, "watching")
    assert run.state == "watching"
    assert record(cloud, credentials) == [adds, removes, adds]
    assert cloud.control.keys_record(credentials["client_id"])[-1]["key"] == run.new_key


@wired
def test_a_lost_permission_holds_up_the_removal_for_a_while(cloud: Cloud, alice: User, clock: Clock, pem: Pem) -> None:
    credentials = app(cloud, "client_secret", pem)
    account = connect(cloud, alice, credentials)
    drive(account, clock, "grace")
    cloud.control.fault("deny", cloud="azure", action="removePassword", times=4)
    assert drive(account, clock).state == "finished"
    assert record(cloud, credentials) == ["addPassword", "removePassword"]
    assert not latest(account).held


@wired
def test_two_secrets_that_begin_alike_are_not_told_apart(cloud: Cloud, pem: Pem) -> None:
    credentials = app(cloud, "client_secret", pem)
    keys = own_keys.open_own_keys(credentials, cloud.target())
    try:
        assert keys.in_use() != ""
        application = {"passwordCredentials": [{"hint": credentials["client_secret"][:3], "keyId": n} for n in "ab"]}
        assert keys._own_id(application) == ""  # type: ignore[attr-defined]
    finally:
        keys.close()


@wired
def test_an_expired_certificate_cannot_sign_the_proof(cloud: Cloud, pem: Pem) -> None:
    credentials = app(cloud, "certificate", pem)
    keys = own_keys.open_own_keys(credentials, cloud.target())
    try:
        old = make_pem(days=-1, since=30)
        values = {**credentials.values, "certificate_pem": old.both}
        keys._credentials = Credentials("certificate", values)  # type: ignore[attr-defined]
        with pytest.raises(ProviderError, match="expired"):
            keys.create(keys.prepare("run"))
    finally:
        keys.close()


@pytest.mark.parametrize("method", METHODS)
def test_the_guide_makes_the_app_an_owner_of_itself_alone(method: str) -> None:
    client = "0f0f0f0f-1111-4222-8333-444444444444"
    context = SetupContext("x", "china", REGIONS, EXTERNAL_ID, ServerIdentity(), identity=f"app {client} of a tenant")
    guide = PROVIDER.own_key_guide(method, context)
    assert guide is not None
    assert f"app='{client}'" in guide.snippets[0].body
    assert "microsoftgraph.chinacloudapi.cn" in guide.snippets[0].body
    assert PROVIDER.own_key_guide("federated", context) is None
