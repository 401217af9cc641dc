"""A permission taken away between two reports: noticed by the next heartbeat, decided by the report in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.credentials.vault import store
from cloudaccounts.health.heartbeats import run_round
from cloudaccounts.models import AuditEvent, CloudAccount, HealthRecord, Notice
from cloudaccounts.providers.gcp.permissions import PERMISSIONS as GCP_PERMISSIONS
from sandbox.rig import Rig
from tests.cloudaccounts.conftest import Clock
from tests.cloudaccounts.health.heartbeats.rounds import Healthy, fresh
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import STATE, State, ToyProvider

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
ACCOUNT = "123400000007"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[KnownPermissions]:
    """Lets the toy cloud probe, and tells what it was given."""
    given: list[KnownPermissions] = []

    def probe(self: ToyProvider, credentials: Credentials, target: Target, known: KnownPermissions) -> frozenset[str]:
        self.check_connection(credentials, target)
        given.append(known)
        denied = frozenset(STATE.denied)
        return known.changed(granted=frozenset({"boxes:Open"}) - denied, denied=denied)

    monkeypatch.setattr(ToyProvider, "probe_access", probe)
    return given


def kinds() -> list[str]:
    return list(HealthRecord.objects.order_by("at").values_list("kind", flat=True))


def test_the_next_heartbeat_tells_a_loss_and_the_one_after_its_return(
    healthy: Healthy, toycloud: State, clock: Clock, seen: list[KnownPermissions]
) -> None:
    [account] = healthy(proven_permissions=["boxes:Open"])
    for denied in ([], ["boxes:Open"], ["boxes:Open"], [], []):
        toycloud.denied = denied
        run_round()
        clock.forward(minutes=20)
    assert kinds() == ["light", "full", "light", "full", "light"]
    assert list(Notice.objects.order_by("created_at").values_list("kind", flat=True)) == [
        "permission.lost",
        "permission.back",
    ]
    assert "has boxes:Open again" in Notice.objects.get(kind="permission.back").text
    assert AuditEvent.objects.get(action="permission.back").detail["permissions"] == ["boxes:Open"]
    account = fresh(account)
    assert (account.status, account.health, account.lost_permissions) == ("active", "ok", [])
    assert [known.lost for known in seen] == [frozenset()] * 2 + [frozenset({"boxes:Open"})] * 2 + [frozenset()]
    assert [known.turn - seen[0].turn for known in seen] == [0, 1, 2, 4, 5]


def test_what_the_report_does_not_confirm_is_told_to_nobody(
    healthy: Healthy, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    [account] = healthy(proven_permissions=["boxes:Open"])
    monkeypatch.setattr(ToyProvider, "probe_access", lambda *_: frozenset({"boxes:Open"}))
    run_round()
    assert kinds() == ["full"]
    assert not Notice.objects.exists()
    assert fresh(account).proven_permissions == ["boxes:Open"]


def test_a_provider_without_a_probe_is_asked_as_before(healthy: Healthy, toycloud: State, clock: Clock) -> None:
    healthy(proven_permissions=["boxes:Open"])
    toycloud.denied = ["boxes:Open"]
    run_round()
    assert kinds() == ["light"]


def test_accounts_without_a_report_are_not_probed(healthy: Healthy, clock: Clock, seen: list[KnownPermissions]) -> None:
    healthy(2)
    run_round()
    assert seen == []


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@dataclass
class Place:
    """An account of one cloud, and how its administrator takes one permission from the product and gives it back."""

    provider: str
    account_id: str
    partition: str
    method: str
    fields: dict[str, Any]
    takes: Callable[[bool], object]
    lost: str  # as the report and the notice name it
    blinds: tuple[str, ...]  # how the ids of checks begin that need it
    controls: str


def _aws(rig: Rig) -> Place:
    denial = {"Effect": "Deny", "Action": "s3:GetBucketAcl", "Resource": "*"}
    rig.control.put_account(ACCOUNT, "probed")
    keys = rig.control.put_user(ACCOUNT, "probed")
    return Place(
        "aws", ACCOUNT, "aws", "access_keys", {name: keys[name] for name in ("access_key_id", "secret_access_key")},
        lambda taken: rig.control.put_user(ACCOUNT, "probed", inline={"denial": [denial]} if taken else {}),
        "s3:GetBucketAcl", ("aws_s3_", "aws_cloudtrail_"), "CIS AWS 7.0: ",
    )  # fmt: skip


def _azure(rig: Rig) -> Place:
    place = next(one["id"] for one in rig.control.subscriptions() if one["name"] == "data-platform")
    lost = "Microsoft.Storage/storageAccounts/read"
    made = rig.control.put_app(place, "probed", actions=["*/read"])

    def take(taken: bool) -> object:
        return rig.control.put_app(place, "probed", actions=["*/read"], not_actions=[lost] if taken else [])

    return Place("azure", place, "public", "client_secret", made, take, lost, ("azure_storage_",), "CIS Azure 6.0: ")


def _gcp(rig: Rig) -> Place:
    project, lost = "probed-project", "compute.networks.getEffectiveFirewalls"
    rig.control.gcp.put_project(project)
    names = [permission.name for permission in GCP_PERMISSIONS]

    def take(taken: bool) -> str:
        left = [name for name in names if not taken or name != lost]
        return rig.control.gcp.put_service_account(project, "probed", permissions=left)

    key = rig.control.gcp.put_key(take(False))
    return Place(
        "gcp", project, "gcp", "service_account_key", {"service_account_json": key}, take, lost, ("gcp_",),
        "CIS GCP 5.0: ",
    )  # fmt: skip


@pytest.mark.parametrize("place_of", [_aws, _azure, _gcp])
def test_on_the_wire_a_loss_and_its_return_are_told_by_the_next_heartbeats(
    alice: User, rig: Rig, monkeypatch: pytest.MonkeyPatch, place_of: Callable[[Rig], Place]
) -> None:
    for name, value in rig.env.items():
        monkeypatch.setenv(name, value)
    place = place_of(rig)
    account = _connect(alice, place)
    _beat()
    assert place.lost in fresh(account).proven_permissions
    _beat()
    assert HealthRecord.objects.latest("at").kind == "light", "no report is due: what follows is the probe's doing"
    place.takes(True)
    _beat()
    notice = Notice.objects.get()
    assert notice.kind == "permission.lost"
    assert notice.account == account.pk
    assert f"{account.name} ({place.account_id}) lost {place.lost}: scans no longer see all of " in notice.text
    event = AuditEvent.objects.get(action="permission.lost")
    assert event.detail["checks"]
    assert all(check.startswith(place.blinds) for check in event.detail["checks"])
    assert any(name.startswith(place.controls) for name in event.detail["controls"])
    assert f"It blinds {len(event.detail['checks'])} check" in notice.text
    assert f"{len(event.detail['controls'])} control" in notice.text
    assert fresh(account).lost_permissions
    _beat()
    assert Notice.objects.count() == 1, "told once"
    place.takes(False)
    _beat()
    back = Notice.objects.latest("created_at")
    assert (Notice.objects.count(), back.kind) == (2, "permission.back")
    assert f"has {place.lost} again" in back.text
    assert "It was needed by" in back.text
    assert fresh(account).lost_permissions == []


def _beat() -> None:
    CloudAccount.objects.update(next_check_at=timezone.now())
    run_round()


def _connect(owner: User, place: Place) -> CloudAccount:
    provider = registry.get(place.provider)
    credentials = provider.clean_credentials(
        place.method, place.fields, account_id=place.account_id, partition=place.partition
    )
    account = CloudAccount(
        id=uuid4(), owner=str(owner.pk), provider=place.provider, account_id=place.account_id, name="probed",
        regions=[provider.regions(place.partition)[0].name], partition=place.partition, auth_method=place.method,
        status="active", health="ok", health_since=timezone.now(), next_report_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    account.save(force_insert=True)
    store(account=account, credentials=credentials, facts=provider.describe(credentials), since=None, actor=SYSTEM)
    return account
