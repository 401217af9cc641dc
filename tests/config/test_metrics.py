from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.health.connection_checks import request_check
from cloudaccounts.metrics import observe_check, observe_scan
from cloudaccounts.models import CredentialRotation, NoticeDigest, Organization
from cloudaccounts.operations.workers import record_worker_heartbeat
from tests.conftest import ALL_DATABASES, MakeAccount
from wizard.models import WizardSession

# What Prometheus sends: https://github.com/prometheus/prometheus/blob/main/scrape/scrape.go.
SCRAPER = {
    "Host": "localhost:8000",
    "User-Agent": "Prometheus/3.1.0",
    "Accept": "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Accept-Encoding": "gzip",
    "X-Prometheus-Scrape-Timeout-Seconds": "10",
}
pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def told(client: Client) -> dict[str, float]:
    text = client.get("/metrics", headers=SCRAPER).content.decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_queues_accounts_and_workers_are_told(client: Client, alice: User, make_account: MakeAccount) -> None:
    request_check(make_account(alice), actor=SYSTEM)
    record_worker_heartbeat("worker@test", ["checks"])
    numbers = told(client)
    assert numbers['cloud_accounts_queue_depth{queue="checks"}'] == 1
    assert numbers['cloud_accounts_accounts{provider="aws",status="active"}'] == 1
    assert numbers['cloud_accounts_worker_alive{queue="checks"}'] == 1
    assert numbers['cloud_accounts_worker_alive{queue="scans"}'] == 0


def test_what_was_measured_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 999_999)  # a process whose files nobody has forgotten
    name = 'cloud_accounts_checks_total{code="throttled",kind="heartbeat",provider="metrics-test"}'
    observe_check(provider="metrics-test", kind="heartbeat", seconds=0.3, code="throttled")
    observe_check(provider="metrics-test", kind="heartbeat", seconds=0.2, code="throttled")
    observe_scan(
        provider="metrics-test", scan_type="full", status="completed",
        started_at=timezone.now() - timedelta(seconds=3), assets=70,
    )  # fmt: skip
    numbers = told(client)
    assert numbers[name] == 2
    assert numbers['cloud_accounts_check_seconds_sum{kind="heartbeat",provider="metrics-test"}'] == pytest.approx(0.5)
    assert numbers['cloud_accounts_scanned_assets_total{provider="metrics-test"}'] == 70
    bucket = 'cloud_accounts_scan_seconds_bucket{le="5.0",provider="metrics-test",scan_type="full",status="completed"}'
    assert numbers[bucket] == 1


def test_strangers_are_told_nothing(client: Client, settings: Settings) -> None:
    assert client.get("/metrics", headers=SCRAPER, REMOTE_ADDR="203.0.113.7").status_code == 404
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer ", REMOTE_ADDR="203.0.113.7").status_code == 404
    settings.METRICS_TOKEN = "scrape-me"
    for given, status in {"Bearer scrape-me": 200, "Bearer wrong": 404, "scrape-me": 404, "": 404}.items():
        answer = client.get("/metrics", HTTP_AUTHORIZATION=given, REMOTE_ADDR="203.0.113.7")
        assert answer.status_code == status, given


def test_a_proxy_that_is_not_trusted_does_not_make_its_visitors_local(client: Client) -> None:
    assert client.get("/metrics", headers=SCRAPER, HTTP_X_FORWARDED_FOR="203.0.113.7").status_code == 404


@pytest.mark.parametrize("trusted", [[], ["127.0.0.1"], ["unix"]])
@pytest.mark.parametrize(
    "header",
    [
        "X-Real-IP", "Forwarded", "Via", "X-Client-IP", "CF-Connecting-IP", "CF-Ray", "CDN-Loop", "X-Forwarded-Server",
        "X-Forwarded-Ssl", "X-Forwarded-Scheme", "X-Forwarded-Prefix", "X-Forwarded-By", "X-Scheme", "X-Original-URI",
        "X-Azure-ClientIP", "X-Azure-FDID", "Fastly-Client-IP", "Fly-Client-IP", "X-Remote-IP", "WL-Proxy-Client-IP",
        "X-Varnish", "X-Amzn-Trace-Id", "X-Request-Id", "X-Envoy-Attempt-Count", "Traceparent",
        "X-One-That-Nobody-Has-Invented-Yet",
    ],
)  # fmt: skip
def test_nor_does_one_that_sends_other_headers(settings: Settings, header: str, trusted: list[str]) -> None:
    settings.TRUSTED_PROXIES = trusted
    for value in ("203.0.113.7", "127.0.0.1", ""):
        assert Client().get("/metrics", headers={**SCRAPER, header: value}).status_code == 404


@pytest.mark.parametrize("host", ["cam.example", "127.0.0.1.example", "localhost.example", "10.0.0.1:8000", "[::2]"])
def test_nor_does_one_that_passes_its_own_host_on(client: Client, settings: Settings, host: str) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert client.get("/metrics", headers={**SCRAPER, "Host": host}).status_code == 404


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000"])
def test_a_scraper_of_this_machine_is_answered(client: Client, host: str) -> None:
    assert client.get("/metrics", headers={**SCRAPER, "Host": host}).status_code == 200


def test_who_comes_by_a_unix_socket_is_not_this_machine(client: Client) -> None:
    assert client.get("/metrics", headers=SCRAPER, REMOTE_ADDR="").status_code == 404


@pytest.mark.parametrize("told", ["127.0.0.1", "::1", "nonsense", ""])
def test_nor_does_a_trusted_one(client: Client, settings: Settings, told: str) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert Client().get("/metrics", headers=SCRAPER, HTTP_X_FORWARDED_FOR=told).status_code == 404
    assert Client().get("/metrics", headers=SCRAPER, HTTP_X_FORWARDED_PROTO="https").status_code == 404


def test_all_that_waits_is_told(client: Client, alice: User, toy_account: MakeAccount) -> None:
    owner, since = str(alice.pk), timezone.now() - timedelta(minutes=2)
    account = toy_account(alice)
    Organization.objects.create(
        owner=owner, provider="toy", connection=account.pk, sync_state="queued", requested_at=since
    )
    NoticeDigest.objects.create(channel="mail", recipient="1", created_at=since, due_at=since)
    WizardSession.objects.create(owner=owner, validation="queued", requested_at=since, expires_at=timezone.now())
    CredentialRotation.objects.create(
        account=account.pk, owner=owner, method="token", state="queued", requested_at=since
    )
    numbers = told(client)
    for name in ("organizations", "digests", "validations", "rotations"):
        assert numbers[f'cloud_accounts_queue_depth{{queue="{name}"}}'] == 1, name
        assert 119 < numbers[f'cloud_accounts_queue_oldest_seconds{{queue="{name}"}}'] < 200, name
        assert numbers[f'cloud_accounts_running{{queue="{name}"}}'] == 0, name
