"""Many at once, over real sockets."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.servers.basehttp import WSGIServer
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from cloudaccounts.models import ApiToken, CloudAccount, CloudCredential
from scans.models import ScanRun
from tests.api.conftest import MakeCaller
from tests.conftest import ALL_DATABASES

pytestmark = [pytest.mark.django_db(transaction=True, databases=ALL_DATABASES), pytest.mark.slow]
AT_ONCE = 200
WSGIServer.request_queue_size = 2 * AT_ONCE  # of connections that wait to be accepted: Django's ten would be reset


@pytest.fixture(autouse=True)
def no_limit_a_minute(settings: Any) -> None:
    """Those who are asked to wait call again, and there are 200 of them."""
    settings.API_CALLS_PER_MINUTE = 100_000


def post(server: LiveServer, token: str, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection(server.thread.host, server.thread.port, timeout=90)
    try:
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
        connection.request("POST", f"/api/v1/{path}", json.dumps(body), sent)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def all_at_once(server: LiveServer, token: str, path: str, body: Any, **headers: str) -> list[tuple[int, Any]]:
    # This server has a thread for each call, and each thread its connections; PostgreSQL takes a hundred in all.
    together = 25 if connections["cloud_security"].vendor == "postgresql" else AT_ONCE

    def until_taken(_: int) -> tuple[int, Any]:
        """As a good client does: an owner has `TEAM_CALLS_IN_FLIGHT` calls at once, and waits for the rest."""
        deadline = time.monotonic() + 150
        while True:
            status, data = post(server, token, path, body, **headers)
            if status != 429 or data["code"] != "team_limit_reached" or time.monotonic() > deadline:
                return status, data
            time.sleep(0.5)

    with ThreadPoolExecutor(together) as pool:
        return list(pool.map(until_taken, range(AT_ONCE)))


def test_two_hundred_adds_of_one_account_make_one(
    live_server: LiveServer, alice: User, caller_of: MakeCaller, toybox: dict[str, Any]
) -> None:
    calls = caller_of(alice)
    answers = all_at_once(live_server, calls.text, "cloud-accounts/", toybox)
    assert Counter(status for status, _ in answers) == {201: 1, 409: AT_ONCE - 1}
    assert {data["code"] for status, data in answers if status == 409} == {"account_exists"}
    assert (CloudAccount.objects.count(), CloudCredential.objects.count(), ScanRun.objects.count()) == (1, 1, 1)
    assert ApiToken.objects.get().uses >= AT_ONCE


def test_many_scans_asked_for_at_once_are_one(
    live_server: LiveServer, alice: User, caller_of: MakeCaller, toybox: dict[str, Any]
) -> None:
    calls = caller_of(alice)
    account = post(live_server, calls.text, "cloud-accounts/", toybox)[1]["id"]
    run = ScanRun.objects.get()
    ScanRun.objects.update(status="completed", active_account=None)
    answers = all_at_once(live_server, calls.text, f"cloud-accounts/{account}/scans", {})
    assert Counter(status for status, _ in answers) == {202: 1, 409: AT_ONCE - 1}
    named = {data["scan_run_id"] for _, data in answers}
    assert named == {str(ScanRun.objects.exclude(pk=run.pk).get().pk)}


def test_one_key_sent_by_many_is_one_call(
    live_server: LiveServer, alice: User, caller_of: MakeCaller, toybox: dict[str, Any]
) -> None:
    calls = caller_of(alice)
    answers = all_at_once(live_server, calls.text, "cloud-accounts/", toybox, **{"Idempotency-Key": "once"})
    made = {data["id"] for status, data in answers if status == 201}
    assert len(made) == CloudAccount.objects.count() == 1
    assert {data["code"] for status, data in answers if status != 201} <= {"idempotency_key_busy"}
