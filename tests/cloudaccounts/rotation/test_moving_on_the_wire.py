"""From a standing secret to none, in each cloud, by the real SDKs: both live until the new one is proven."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.credentials import vault
from cloudaccounts.health.heartbeats import run_round
from cloudaccounts.models import AuditEvent, CloudAccount, CredentialRotation
from cloudaccounts.providers.gcp.permissions import PERMISSIONS as GCP_PERMISSIONS
from cloudaccounts.rotation.requests import rollback_credential, stage_credential, start_rotation
from cloudaccounts.rotation.standing import holding
from cloudaccounts.rotation.verify import run_rotation
from sandbox.rig import Rig
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
ACCOUNT = "123400000031"
MARK = "cloud-accounts-external-id"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@dataclass
class Move:
    """``finish`` is what the cloud's administrator has left to do for the new one; ``undone`` how its lack is told."""

    provider: str
    account_id: str
    partition: str
    old: Credentials
    new: Credentials
    undone: str
    finish: Callable[[], object]
    keys: Callable[[], int]  # how many of the old kind live at the cloud


def _aws(rig: Rig, external_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Move:
    rig.control.put_account(ACCOUNT, "moving")
    user = rig.control.put_user(ACCOUNT, "moving")
    arn = rig.control.put_role(ACCOUNT, "moving")  # its trust policy asks for no external ID yet
    old = {name: user[name] for name in ("access_key_id", "secret_access_key")}
    deleted = "iam:DeleteAccessKey", "iam:UpdateAccessKey"
    return Move(
        "aws", ACCOUNT, "aws", Credentials("access_keys", old), Credentials("cross_account_role", {"role_arn": arn}),
        "confused_deputy", lambda: rig.control.put_role(ACCOUNT, "moving", external_id=external_id),
        lambda: 1 - sum(call["permission"] in deleted for call in rig.control.calls("aws")),
    )  # fmt: skip


def _azure(rig: Rig, external_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Move:
    place = next(one["id"] for one in rig.control.subscriptions() if one["name"] == "legacy-reporting")
    rig.control.put_tag(place, MARK, None)
    token = folder / "token"
    token.write_text(rig.control.server_token())
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(token))
    secret = rig.control.put_app(place, "moving-secret")
    made = rig.control.put_app(place, "moving-federated", federated={})
    new = {name: made[name] for name in ("tenant_id", "client_id")}
    return Move(
        "azure", place, "public", Credentials("client_secret", secret), Credentials("federated", new),
        "external_id_missing", lambda: rig.control.put_tag(place, MARK, external_id),
        lambda: len([key for key in rig.control.app_keys(secret["client_id"]) if key["kind"] == "secret"]),
    )  # fmt: skip


def _gcp(rig: Rig, external_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Move:
    project = "moving-project"
    admin = rig.control.gcp
    admin.put_project(project)
    admin.set_label(project, MARK, external_id)
    names = [permission.name for permission in GCP_PERMISSIONS]
    key = admin.put_key(admin.put_service_account(project, "moving-key", permissions=names))
    email = admin.put_service_account(project, "moving", permissions=names)
    values = {"service_account_json": key}
    old = registry.get("gcp").clean_credentials("service_account_key", values, account_id=project, partition="gcp")
    return Move(
        "gcp", project, "gcp", old, Credentials("impersonation", {"service_account_email": email}),
        "impersonation_denied", lambda: admin.let_in(email),
        lambda: 1 - sum(call["action"] == "DeleteServiceAccountKey" for call in rig.control.calls("gcp")),
    )  # fmt: skip


def _gcp_workload(rig: Rig, external_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Move:
    """To workload identity federation: a token of this server's issuer, and no identity of Google's."""
    move, admin = _gcp(rig, external_id, folder, monkeypatch), rig.control.gcp
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    email = move.new["service_account_email"]
    audience = admin.put_pool(move.account_id)  # its identities may not act as the service account yet
    values = {"audience": audience, "service_account_email": email}
    return replace(
        move, new=Credentials("workload_identity", values), undone="impersonation_denied",
        finish=lambda: admin.put_pool(move.account_id, email=email),
    )  # fmt: skip


def test_each_method_without_a_secret_is_moved_to() -> None:
    offered = {
        (provider.key, method.key) for provider in registry.all_providers() for method in provider.methods
        if method.secretless and provider.key != "toy"
    }  # fmt: skip
    assert offered == {
        ("aws", "cross_account_role"), ("azure", "federated"), ("gcp", "impersonation"), ("gcp", "workload_identity"),
    }  # fmt: skip


@pytest.mark.parametrize("move_of", [_aws, _azure, _gcp, _gcp_workload])
def test_an_account_moves_to_what_keeps_no_secret(
    alice: User, rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, move_of: Callable[..., Move]
) -> None:
    for name, value in rig.env.items():
        monkeypatch.setenv(name, value)
    move = move_of(rig, external_id_for(str(alice.pk)), tmp_path, monkeypatch)
    account = _connect(alice, move)
    assert holding(None).filter(pk=account.pk).exists()
    assert works(account), "by the old one"

    # The cloud is not ready for the new one: nothing changes, and the account works as before.
    rotation = _tested(stage_credential(account, actor=SYSTEM, credentials=move.new))
    assert (rotation.state, rotation.swapped, rotation.code) == ("finished", False, move.undone)
    assert in_use(account) == move.old
    assert works(account)

    # Now it is: tested again without being entered again, and put into use.
    move.finish()
    rotation = _tested(start_rotation(account, actor=SYSTEM))
    assert (rotation.swapped, rotation.code) == (True, "")
    assert in_use(account) == move.new
    assert account_of(account).auth_method == move.new.method
    assert works(account), "by the new one"
    assert move.keys() == 1, "the old one lives on at the cloud until its owner takes it away"
    assert not holding(None).filter(pk=account.pk).exists(), "no standing secret any more"
    assert registry.get(move.provider).describe(move.new).secretless

    # And back, while it is kept: tested as any other.
    rotation = _tested(rollback_credential(account_of(account), actor=SYSTEM))
    assert (rotation.swapped, in_use(account)) == (True, move.old)
    assert works(account)
    told = AuditEvent.objects.filter(account=account.pk).values_list("action", flat=True)
    assert list(told).count("credential.replaced") == 2


def account_of(account: CloudAccount) -> CloudAccount:
    return CloudAccount.objects.get(pk=account.pk)


def in_use(account: CloudAccount) -> Credentials:
    return vault.open_credentials(account=account_of(account), actor=SYSTEM, purpose="test")


def works(account: CloudAccount) -> bool:
    """By a heartbeat, whichever credential is in use."""
    CloudAccount.objects.update(next_check_at=timezone.now())
    before = timezone.now()
    run_round()
    row = account_of(account)
    return row.last_checked_at is not None and row.last_checked_at >= before and not row.last_check_code


def _tested(rotation: CredentialRotation) -> CredentialRotation:
    if rotation.state == "staged":
        rotation = start_rotation(account_by(rotation), actor=SYSTEM)
    run_rotation(rotation.pk)
    rotation.refresh_from_db()
    return rotation


def account_by(rotation: CredentialRotation) -> CloudAccount:
    return CloudAccount.objects.get(pk=rotation.account)


def _connect(owner: User, move: Move) -> CloudAccount:
    provider = registry.get(move.provider)
    values: dict[str, Any] = {
        "regions": [provider.regions(move.partition)[0].name], "partition": move.partition, "status": "active",
        "health": "ok", "health_since": timezone.now(), "auth_method": move.old.method,
    }  # fmt: skip
    account = CloudAccount(
        id=uuid4(), owner=str(owner.pk), provider=move.provider, account_id=move.account_id, name="moving", **values
    )
    account.save(force_insert=True)
    facts = provider.describe(move.old)
    vault.store(account=account, credentials=move.old, facts=facts, since=None, actor=SYSTEM)
    return account
