"""PagerDuty, by Events API v2: https://developer.pagerduty.com/docs/send-alert-event.

The group's name is the `dedup_key`, so a repeated trigger adds to the alert that is there, and its end resolves it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from cloudaccounts.notifications.channels import wording
from cloudaccounts.notifications.channels.base import ChannelKind, Setting, Settings
from cloudaccounts.notifications.channels.message import FINDING_OPENED, FINDING_RESOLVED, Event, Message, Phase, Sent
from cloudaccounts.notifications.outbound import http
from cloudaccounts.notifications.outbound.hosts import parse_address

HOSTS = {"us": "events.pagerduty.com", "eu": "events.eu.pagerduty.com"}
LONGEST_SUMMARY = 1024
# PagerDuty's four severities are another scale than ours.
_SEVERITIES = {"critical": "critical", "high": "error", "medium": "warning", "low": "info"}


class PagerDuty(ChannelKind):
    key = "pagerduty"
    label = "PagerDuty"
    summary = "An alert for each critical group, resolved when the group is."
    hosts = tuple(HOSTS.values())
    settings = (
        Setting(
            "routing_key",
            "Integration key",
            help="PagerDuty: the service, Integrations, Events API v2.",
            example="32 letters and digits",
            secret=True,
            pattern=r"[A-Za-z0-9]{32}",
            wrong="An integration key has 32 letters and digits.",
        ),
        Setting("region", "Service region", default="us", choices=(("us", "United States"), ("eu", "Europe"))),
    )
    keeps_incidents = True
    usual_events = (FINDING_OPENED, FINDING_RESOLVED)
    usual_severity = "critical"
    usual_digest = 0

    def send(self, message: Message, settings: Settings) -> Sent:
        address = parse_address(f"https://{HOSTS[settings['region']]}/v2/enqueue", vendor_hosts=self.hosts)
        keys: dict[str, str] = {}
        closed: set[str] = set()
        for event in message.events:
            closes = event.phase == Phase.CLOSE
            # Nothing was triggered for what was below the severity, or before the channel was made.
            if closes and event.incident not in message.references and not message.is_test:
                continue
            if event.phase == Phase.UPDATE:
                continue
            answer = http.call_json(address, content(event, settings["routing_key"]))
            if not answer.ok:
                raise http.refusal(answer, receiver="PagerDuty")
            keys[event.incident] = dedup_key(event)
            if closes:
                closed.add(event.incident)
        detail = "PagerDuty took it." if keys else "Nothing to resolve: PagerDuty has no alert of it."
        return Sent(detail, keys, frozenset(closed))

    def where(self, settings: Settings) -> str:
        return HOSTS[settings["region"]]


def content(event: Event, routing_key: str) -> dict[str, Any]:
    common = {"routing_key": routing_key, "dedup_key": dedup_key(event)}
    if event.phase == Phase.CLOSE:
        return {**common, "event_action": "resolve"}
    return {
        **common,
        "event_action": "trigger",
        "client": "Cloud Accounts",
        **(
            {"client_url": event.url, "links": [{"href": event.url, "text": "Open in Cloud Accounts"}]}
            if event.url
            else {}
        ),
        "payload": {
            "summary": wording.cut(f"{event.title}: {event.text}" if event.text else event.title, LONGEST_SUMMARY),
            "source": event.account_number or event.account_name or "cloud-accounts",
            "severity": _SEVERITIES.get(event.severity, "warning"),
            "timestamp": event.occurred_at,
            "component": event.account_name,
            "group": event.provider,
            "class": event.check_id or event.kind,
            "custom_details": {
                "remediation": event.remedy,
                "findings": event.count,
                "resources": list(event.resources),
                "event": event.id,
            },
        },
    }


def dedup_key(event: Event) -> str:
    # Hashed: at most 255 characters, whatever a check is called.
    return f"cloud-accounts-{hashlib.sha256(event.incident.encode()).hexdigest()[:40]}"


KIND = PagerDuty()
