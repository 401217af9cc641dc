"""The operator's webhook: signed, within its time, to a real receiver on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from cloudaccounts.models import NoticeDigest
from cloudaccounts.notifications.channels.webhook import transport as webhook_transport
from cloudaccounts.notifications.delivery import deliver_notices
from tests.cloudaccounts.notifications.test_delivery import fail, make_due
from tests.conftest import ALL_DATABASES, SECRET, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
HOOK_SECRET = "signed-with-this-secret"


class Receiver(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.status = 204
        self.location = ""
        self.drips = 0.0  # seconds between the bytes of its answer
        self.calls: list[tuple[dict[str, str], bytes]] = []


class _Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((dict(self.headers), body))
        if self.server.drips:
            for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100:
                time.sleep(self.server.drips)
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    return
            return
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 # the name that http.server looks for

    def log_message(self, *_: Any) -> None:
        """In silence."""


@pytest.fixture
def hook(settings: Settings) -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        settings.NOTIFY_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/hook"
        settings.NOTIFY_WEBHOOK_SECRET = HOOK_SECRET
        settings.NOTIFY_DIGEST_MINUTES = 0
        yield server
        server.shutdown()
        thread.join()


def test_the_webhook_gets_signed_json(hook: Receiver, alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice, name="größe")
    fail(account)
    deliver_notices()
    ((headers, body),) = hook.calls
    message = headers["X-Cloud-Accounts-Timestamp"].encode() + b"." + body
    expected = hmac.new(HOOK_SECRET.encode(), message, hashlib.sha256).hexdigest()
    assert headers["X-Cloud-Accounts-Signature"] == f"sha256={expected}"
    content = json.loads(body)
    digest = NoticeDigest.objects.get(channel="webhook")
    assert content["id"] == headers["X-Cloud-Accounts-Delivery"] == str(digest.pk)
    (notice,) = content["notices"]
    assert (notice["kind"], notice["account"], notice["account_name"]) == ("account.failed", str(account.pk), "größe")
    assert digest.state == "sent"
    assert SECRET not in body.decode()


def test_a_webhook_that_answers_500_is_called_again_with_the_same_id(
    hook: Receiver, alice: User, make_account: MakeAccount
) -> None:
    hook.status = 500
    fail(make_account(alice))
    deliver_notices()
    assert NoticeDigest.objects.get(channel="webhook").error == "The webhook answered 500."
    deliver_notices()
    assert len(hook.calls) == 1  # not before its time
    hook.status = 200
    make_due()
    deliver_notices()
    first, second = (headers["X-Cloud-Accounts-Delivery"] for headers, _ in hook.calls)
    assert first == second
    assert NoticeDigest.objects.get(channel="webhook").state == "sent"


def test_the_webhook_follows_no_redirect(hook: Receiver, alice: User, make_account: MakeAccount) -> None:
    hook.status, hook.location = 307, "/elsewhere"
    fail(make_account(alice))
    deliver_notices()
    assert len(hook.calls) == 1
    assert NoticeDigest.objects.get(channel="webhook").error == "The webhook answered 307."


@pytest.mark.parametrize(
    ("url", "secret", "wrong"),
    [
        ("https://hooks.example.com/x", HOOK_SECRET, ""),
        ("http://127.0.0.1:9/x", HOOK_SECRET, ""),
        ("http://[::1]/x", HOOK_SECRET, ""),
        ("http://hooks.example.com/x", HOOK_SECRET, "must be https"),
        ("http://169.254.169.254/x", HOOK_SECRET, "must be https"),
        ("ftp://hooks.example.com/x", HOOK_SECRET, "must look like"),
        ("https://user:word@hooks.example.com/x", HOOK_SECRET, "no user name"),
        ("https://hooks.example.com/x", "short", "16 characters"),
    ],
)
def test_a_webhook_is_https_and_signed(url: str, secret: str, wrong: str) -> None:
    message = webhook_transport.problem(url, secret)
    assert wrong in message
    assert bool(message) == bool(wrong)


def test_a_webhook_without_a_secret_is_never_called(
    hook: Receiver, alice: User, make_account: MakeAccount, settings: Settings
) -> None:
    settings.NOTIFY_WEBHOOK_SECRET = ""
    fail(make_account(alice))
    deliver_notices()
    assert hook.calls == []


def test_a_webhook_that_answers_byte_by_byte_is_left(
    hook: Receiver, alice: User, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_transport, "OVERALL_TIMEOUT", 0.3)
    hook.drips = 0.02
    fail(make_account(alice))
    began = time.monotonic()
    deliver_notices()
    assert time.monotonic() - began < 1.5
    digest = NoticeDigest.objects.get(channel="webhook")
    assert (digest.state, digest.error) == ("ready", "The webhook did not answer within 0 seconds.")
