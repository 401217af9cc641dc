"""A signed call to a receiver of the team's own, by Standard Webhooks:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.

``webhook-id`` is the message's and the same for each try; ``webhook-signature`` has a signature for each secret that
counts: two while one replaces the other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Sequence
from typing import Any

from cloudaccounts.notifications.channels.base import ChannelKind, Setting, Settings
from cloudaccounts.notifications.channels.message import Event, Message, Sent
from cloudaccounts.notifications.channels.wording import headline
from cloudaccounts.notifications.outbound import http
from cloudaccounts.notifications.outbound.hosts import parse_address

PREFIX = "whsec_"
SECRET_BYTES = 32  # the specification asks for 24 to 64


class Webhook(ChannelKind):
    key = "webhook"
    label = "Webhook"
    summary = "JSON to an address of your own, signed as Standard Webhooks says."
    settings = (
        Setting(
            "url",
            "Address",
            help="An https address on the internet. Calls are signed; the secret is shown once.",
            example="https://hooks.example.com/cloud-accounts",
            secret=True,  # such addresses often hold a token
            longest=2048,
            is_address=True,
        ),
    )
    usual_severity = "low"
    makes_secret = True

    def send(self, message: Message, settings: Settings) -> Sent:
        body = json.dumps(content(message), ensure_ascii=False).encode()
        # Of the present moment and not of the event: receivers refuse what is minutes old.
        timestamp = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(message.id),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(settings["signing_secrets"], str(message.id), timestamp, body),
        }
        answer = http.call(parse_address(settings["url"]), body=body, headers=headers)
        if answer.ok:
            return Sent(f"Answered {answer.status}.")
        raise http.refusal(answer, receiver="The receiver")

    def where(self, settings: Settings) -> str:
        return parse_address(settings["url"]).origin


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signatures(signing_secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The header's value: newest secret first, separated by spaces."""
    keys = (base64.b64decode(secret.removeprefix(PREFIX)) for secret in signing_secrets)
    return " ".join(signature(key, message_id, timestamp, body) for key in keys)


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


def content(message: Message) -> dict[str, Any]:
    """``type``, ``timestamp`` and ``data``, as the specification recommends."""
    return {
        "type": "test" if message.is_test else "cloud_accounts.events",
        "timestamp": f"{message.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "data": {"title": headline(message), "events": [_event(event) for event in message.events]},
    }


def _event(event: Event) -> dict[str, Any]:
    account = None
    if event.account:
        account = {
            "id": event.account,
            "name": event.account_name,
            "account_id": event.account_number,
            "provider": event.provider,
        }
    return {
        "id": event.id,
        "type": event.kind,
        "occurred_at": event.occurred_at,
        "title": event.title,
        "text": event.text,
        "remedy": event.remedy or None,
        "severity": event.severity or None,
        "account": account,
        "check_id": event.check_id or None,
        "count": event.count or None,
        "still_open": event.still_open if event.check_id else None,
        "resources": list(event.resources),
        "url": event.url or None,
    }


KIND = Webhook()
