"""A digest as a signed call: JSON to the one address that the operator has set.

The receiver verifies ``X-Cloud-Accounts-Signature``: ``sha256=`` and the HMAC-SHA256, in hex, of the timestamp of
``X-Cloud-Accounts-Timestamp``, a full stop and the body as it came, under ``NOTIFY_WEBHOOK_SECRET``. It should refuse
timestamps that are minutes old, and ignore a ``X-Cloud-Accounts-Delivery`` that it has seen.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from cloudaccounts.models import Notice, NoticeDigest
from cloudaccounts.notifications.channels.webhook.kind import signature as standard_signature

CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 10.0  # seconds, of each wait
OVERALL_TIMEOUT = 30.0  # seconds, of the whole call: a receiver that sends a byte at a time must not hold a worker


class NotConfiguredError(Exception):
    """The operator has removed the webhook."""


class WebhookError(Exception):
    all_of_it = True  # there is only one webhook: the next call in this round would fail as well

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


def problem(url: str, secret: str) -> str:
    """Why this webhook cannot be used, as a sentence; empty where it can."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        return "NOTIFY_WEBHOOK_URL must look like https://hooks.example.com/cloud-accounts."
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        return "NOTIFY_WEBHOOK_URL must be https: only this machine itself may be called by http."
    if parts.username or parts.password:
        return "NOTIFY_WEBHOOK_URL must hold no user name or password: calls are signed."
    if len(secret) < 16:
        return "NOTIFY_WEBHOOK_SECRET must have 16 characters at least: calls are signed with it."
    return ""


def is_configured() -> bool:
    # A setting that cannot be used is reported by a system check, and sends nothing until it is corrected.
    return bool(settings.NOTIFY_WEBHOOK_URL) and not problem(
        settings.NOTIFY_WEBHOOK_URL, settings.NOTIFY_WEBHOOK_SECRET
    )


def call(digest: NoticeDigest, notices: list[Notice]) -> None:
    """Raises `NotConfiguredError` and `WebhookError`. Asks the network."""
    if not is_configured():
        raise NotConfiguredError("No webhook is set any more.")
    # Encoded once: the signature must be of the very bytes that are sent.
    body = json.dumps(content(digest, notices), ensure_ascii=False).encode()
    # Part of what is signed: a receiver can refuse a call that somebody recorded and sends again.
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "CloudAccounts",
        "X-Cloud-Accounts-Delivery": str(digest.pk),
        "X-Cloud-Accounts-Timestamp": timestamp,
        "X-Cloud-Accounts-Signature": signature(settings.NOTIFY_WEBHOOK_SECRET, timestamp, body),
        # The same by the standard's names, so that a library of theirs verifies it; ours of before stay.
        "webhook-id": str(digest.pk),
        "webhook-timestamp": timestamp,
        "webhook-signature": standard_signature(
            settings.NOTIFY_WEBHOOK_SECRET.encode(), str(digest.pk), int(timestamp), body
        ),
    }
    status = _within(OVERALL_TIMEOUT, lambda: _post(body, headers))
    if not 200 <= status < 300:
        raise WebhookError(f"The webhook answered {status}.")


def _post(body: bytes, headers: dict[str, str]) -> int:
    """The answer's status. Raises `WebhookError`."""
    import requests  # only workers make calls: a web process never loads it

    try:
        with requests.post(
            settings.NOTIFY_WEBHOOK_URL,
            data=body,
            headers=headers,
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            allow_redirects=False,  # the signed body goes to the operator's address and nowhere else
            stream=True,  # the body is not read, however long it is
        ) as answer:
            return answer.status_code
    except requests.RequestException as error:
        raise WebhookError(f"The webhook cannot be reached: {type(error).__name__}.") from None


def _within(seconds: float, ask: Callable[[], int]) -> int:
    """Runs ``ask`` in a thread, left behind after the time: requests limits each wait, but not the whole call."""
    result: list[int | Exception] = []

    def run() -> None:
        try:
            result.append(ask())
        except Exception as error:  # noqa: BLE001 # raised in the thread that waits
            result.append(error)

    # A daemon: a receiver that never ends its answer must not keep the worker from ending.
    thread = threading.Thread(target=run, name="webhook", daemon=True)
    thread.start()
    thread.join(seconds)
    if not result:
        raise WebhookError(f"The webhook did not answer within {seconds:.0f} seconds.")
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def content(digest: NoticeDigest, notices: list[Notice]) -> dict[str, Any]:
    return {
        "id": str(digest.pk),
        "created_at": f"{digest.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "notices": [_notice_json(notice) for notice in notices],
    }


def _notice_json(notice: Notice) -> dict[str, Any]:
    page = "admin:cloudaccounts_cloudaccount_change"
    return {
        "id": str(notice.pk),
        "kind": notice.kind,
        "text": notice.text,
        "remedy": notice.remedy,
        "owner": notice.owner,
        "account": str(notice.account) if notice.account else None,
        "account_name": notice.account_label,
        "created_at": f"{notice.created_at:%Y-%m-%dT%H:%M:%SZ}",
        # The page in the admin: the webhook is the operator's, who is not the owner of most accounts.
        "url": f"{settings.BASE_URL}{reverse(page, args=[notice.account])}" if notice.account else None,
    }


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
