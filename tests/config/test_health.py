from __future__ import annotations

import os
import threading
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as project_settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.credentials.vault import open_credentials
from cloudaccounts.crypto.fields import newest_key_fingerprint
from cloudaccounts.errors import CredentialsUnreadableError
from cloudaccounts.models import CloudCredential, ConnectionCheck
from cloudaccounts.operations import key_at_start
from cloudaccounts.operations.workers import confirm_key, record_worker_heartbeat
from config import health
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.stack import wait_for

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def test_healthz_answers_without_a_login(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


def test_readyz_is_ready_when_everything_answers(client: Client) -> None:
    record_worker_heartbeat("worker@test", ["checks"])
    record_worker_heartbeat("scanner@test", ["scans"])
    record_worker_heartbeat("fleet@test", ["fleet", "heartbeats"])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


def test_readyz_names_a_queue_that_nobody_serves(client: Client) -> None:
    record_worker_heartbeat("worker@test", ["checks"])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "No worker serves the queue 'scans'" in answer.json()["checks"]["worker scans"]
    assert answer.json()["checks"]["worker checks"] == "ok"


def test_readyz_says_that_the_key_is_missing(client: Client, settings: Settings) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "encryption key is missing" in answer.json()["checks"]["encryption key"]


def test_readyz_says_that_the_key_is_wrong(client: Client, settings: Settings) -> None:
    assert confirm_key() is None
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert "No encryption key of this server opens" in client.get("/readyz").json()["checks"]["encryption key"]


def test_a_wrong_key_never_becomes_the_witness_of_a_restored_database(
    alice: User, make_account: object, settings: Settings
) -> None:
    assert callable(make_account)
    make_account(alice)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    wrong = confirm_key()
    assert wrong is not None
    assert wrong.code == "encryption_key_wrong"


def test_the_log_says_at_start_that_the_key_does_not_fit(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    assert confirm_key() is None
    key_at_start.look()
    assert not caplog.records
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    key_at_start.look()
    (line,) = [vars(record) for record in caplog.records]
    assert (line["message"], line["levelname"], line["code"]) == (
        "encryption.key_does_not_fit", "ERROR", "encryption_key_wrong",
    )  # fmt: skip
    assert "Put the key back" in line["do"]


def test_a_key_of_a_later_restart_is_told_as_such(alice: User, make_account: MakeAccount, settings: Settings) -> None:
    account = make_account(alice)
    assert confirm_key() is None
    (old,) = settings.CREDENTIAL_ENCRYPTION_KEYS
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), old]
    # What `rotate_encryption_keys --regardless` does while this process has not been restarted.
    row = CloudCredential.objects.get()
    assert row.payload is not None
    renewed = row.payload.renewed(bound_to=account.pk, column="payload", generation=row.generation)
    CloudCredential.objects.update(payload=renewed, key_fingerprint=newest_key_fingerprint())
    settings.CREDENTIAL_ENCRYPTION_KEYS = [old]
    assert confirm_key() is None
    with pytest.raises(CredentialsUnreadableError, match="that this process does not have") as caught:
        open_credentials(account=account, actor=SYSTEM, purpose="a test")
    assert caught.value.code == "encryption_key_unknown"
    assert not caught.value.permanent


def test_a_broker_that_is_down_is_told(client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from celery import current_app

    monkeypatch.setitem(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    assert "broker cannot be reached" in client.get("/readyz").json()["checks"]["broker"]


def test_the_system_check_tells_a_missing_key(settings: Settings) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    with pytest.raises(SystemCheckError, match="encryption key is missing"):
        call_command("check")


def test_the_database_check_tells_a_wrong_key(settings: Settings) -> None:
    assert confirm_key() is None
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(SystemCheckError, match="No encryption key of this server opens"):
        call_command("check", databases=["cloud_security"])


def test_the_system_check_tells_limits_in_the_wrong_order(settings: Settings) -> None:
    settings.CREDENTIAL_ROTATION_WARNING_DAYS = 90
    with pytest.raises(SystemCheckError, match="must be smaller"):
        call_command("check")


@pytest.mark.parametrize("is_file", [True, False], ids=["a-file-in-its-place", "gone"])
def test_readyz_says_that_the_brokers_folder_takes_no_message(
    client: Client, settings: Settings, tmp_path: Path, is_file: bool
) -> None:
    folder = tmp_path / "broker"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
        "data_folder_out": str(folder),
    }
    if is_file:
        folder.touch()
    assert "cannot be reached" in client.get("/readyz").json()["checks"]["broker"]
    folder.unlink(missing_ok=True)
    folder.mkdir()
    cache.clear()
    assert client.get("/readyz").json()["checks"]["broker"] == "ok"
    assert list(folder.iterdir()) == []


@pytest.mark.django_db(transaction=True, databases=ALL_DATABASES)  # servers are asked by other connections
def test_readyz_says_that_nobody_has_migrated(client: Client) -> None:
    migrations = MigrationRecorder.Migration.objects.using("cloud_asset_discovery")
    there = list(migrations)
    migrations.delete()
    try:
        answer = client.get("/readyz")
    finally:
        migrations.bulk_create(there)  # MongoDB rolls nothing back, and the next test finds the same database
    assert answer.status_code == 503
    state = answer.json()["checks"]["database cloud_asset_discovery"]
    assert state == "Its tables are missing: run manage.py migrate --database cloud_asset_discovery."
    assert answer.json()["checks"]["database default"] == "ok"


@pytest.fixture
def all_workers() -> None:
    record_worker_heartbeat("all@test", ["checks", "scans", "fleet", "heartbeats"])


@pytest.mark.usefixtures("all_workers")
@pytest.mark.parametrize(
    ("waits", "under_way", "ready"), [(30, False, True), (90, False, False), (90, True, True), (3600, True, True)]
)
def test_a_queue_whose_workers_do_not_keep_up_is_not_ready_and_one_owners_own_long_queue_is(
    waits: int, under_way: bool, ready: bool, client: Client
) -> None:
    """Seconds that a check has waited, and whether its owner has another one under way."""
    asked = timezone.now() - timedelta(seconds=waits)
    for state in ["queued", *(["running"] if under_way else [])]:
        ConnectionCheck.objects.create(
            account=uuid4(), owner="7", trigger="person", requested_at=asked, state=state, active_account=uuid4()
        )
    answer = client.get("/readyz")
    assert (answer.json()["ready"], answer.status_code) == (ready, 200 if ready else 503)
    assert ("The first of the checks waits since" in answer.json()["checks"]["worker checks"]) is not ready


@pytest.mark.usefixtures("all_workers")
@pytest.mark.parametrize(
    ("late", "status", "ready"), [(5, "active", True), (15, "active", False), (15, "suspended", True)]
)
def test_heartbeats_that_are_late_are_not_ready(
    late: int, status: str, ready: bool, client: Client, alice: User, make_account: MakeAccount
) -> None:
    """Minutes since an account was due."""
    make_account(alice, provider="aws", status=status, next_check_at=timezone.now() - timedelta(minutes=late))
    answer = client.get("/readyz")
    assert answer.json()["ready"] is ready
    assert ("heartbeats" in answer.json()["checks"]["worker heartbeats"]) is not ready


@pytest.mark.usefixtures("all_workers")
def test_who_asks_regularly_waits_for_no_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of a moment ago is given while another one is made."""
    assert client.get("/readyz").status_code == 200
    made_at, report = cache.get("readyz")
    cache.set("readyz", (made_at - 2 * health.FRESH, report), timeout=health.STALE)
    begun, gate = threading.Event(), threading.Event()

    def slow() -> dict[str, str]:
        begun.set()
        gate.wait(20)
        return {"anything": "is wrong"}

    monkeypatch.setattr(health, "_report", slow)
    assert client.get("/readyz").status_code == 200
    assert begun.wait(20)
    assert client.get("/readyz").status_code == 200
    gate.set()
    wait_for(lambda: client.get("/readyz").status_code == 503, seconds=20, what="the next report")


def test_readyz_notices_a_full_disk(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").json()["checks"]["disk"] == "ok"
    cache.clear()
    full = os.statvfs_result((4096, 4096, 1_000_000, 2_000, 1_000, 1000, 1000, 1000, 0, 255))  # 4 MB
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    response = client.get("/readyz")
    assert response.status_code == 503
    state = response.json()["checks"]["disk"]
    assert state.startswith("The disk is full: 4 MB are free")
    assert str(project_settings.DATA_DIR) not in state
