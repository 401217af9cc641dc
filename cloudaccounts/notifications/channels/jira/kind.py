"""Jira Cloud, by REST v3 with a person's API token: https://developer.atlassian.com/cloud/jira/platform/rest/v3/.

One issue for each group (a check in an account), found again by a label of its own; comments for what changes, and the
way to a status of the category "done" once nothing of it is open.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cloudaccounts.notifications.channels import wording
from cloudaccounts.notifications.channels.base import ChannelKind, Setting, Settings
from cloudaccounts.notifications.channels.jira.client import Jira
from cloudaccounts.notifications.channels.jira.document import document
from cloudaccounts.notifications.channels.message import FINDING_OPENED, FINDING_RESOLVED, Event, Message, Phase, Sent
from cloudaccounts.notifications.outbound.hosts import parse_address

LONGEST_SUMMARY = 255  # https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/


class JiraCloud(ChannelKind):
    key = "jira"
    label = "Jira"
    summary = "An issue for each group of findings, commented on and closed as they are resolved."
    hosts = ("*.atlassian.net",)
    settings = (
        Setting(
            "site",
            "Site",
            example="https://example.atlassian.net",
            longest=200,
            pattern=r"https?://[^/?#]+/?",
            wrong="Give your site, such as https://example.atlassian.net.",
            is_address=True,
        ),
        Setting(
            "email",
            "User",
            help="Whose API token it is. The issues are this user's: one for machines is best.",
            example="cloud-accounts@example.com",
            pattern=r"[^\s:@]+@[^\s:@]+",
            wrong="Give the e-mail address of the token's user.",
        ),
        Setting("api_token", "API token", help="id.atlassian.com, Security, API tokens.", secret=True, longest=1000),
        Setting(
            "project",
            "Project key",
            example="SEC",
            pattern=r"[A-Z][A-Z0-9_]{1,24}",
            wrong="Give the project's key, such as SEC.",
        ),
        Setting("issue_type", "Type of issue", default="Task", longest=60),
    )
    keeps_incidents = True
    usual_events = (FINDING_OPENED, FINDING_RESOLVED)
    usual_digest = 0

    def send(self, message: Message, settings: Settings) -> Sent:
        jira = _client(settings)
        keys: dict[str, str] = {}
        closed: set[str] = set()
        for event in message.events:
            known = keys.get(event.incident) or message.references.get(event.incident, "")
            key = _apply(jira, event, known, settings)
            if key:
                keys[event.incident] = key
            if event.phase == Phase.CLOSE:
                closed.add(event.incident)
        return Sent(", ".join(dict.fromkeys(keys.values())) or "No issue to close.", keys, frozenset(closed))

    def where(self, settings: Settings) -> str:
        return f"{parse_address(settings['site'], vendor_hosts=self.hosts).host}, {settings['project']}"


def _client(settings: Settings) -> Jira:
    credential = base64.b64encode(f"{settings['email']}:{settings['api_token']}".encode()).decode()
    return Jira(parse_address(settings["site"], vendor_hosts=JiraCloud.hosts), f"Basic {credential}")


def _apply(jira: Jira, event: Event, known: str, settings: Settings) -> str:
    """The key of the issue that the event is about; empty where there is none, and none is needed."""
    # What we remember first, and the label second: it finds the issue that was made just before a crash.
    issue = jira.issue(known) if known else None
    issue = issue or jira.find(settings["project"], label(event))
    if event.phase == Phase.OPEN:
        if issue is None:
            return jira.create(fields(event, settings))
        if not jira.has_comment(issue.key, event.id):
            jira.comment(issue.key, document(_comment(event)))
        if issue.is_done:
            jira.move(issue.key, to_done=False)
        return issue.key
    if issue is None:
        return ""
    if not jira.has_comment(issue.key, event.id):
        jira.comment(issue.key, document(_comment(event)))
    # One that a person closed by hand stays as it is.
    if event.phase == Phase.CLOSE and not issue.is_done:
        jira.move(issue.key, to_done=True)
    return issue.key


def fields(event: Event, settings: Settings) -> dict[str, Any]:
    where = f" in {event.account_name}" if event.account_name else ""
    return {
        "project": {"key": settings["project"]},
        "issuetype": {"name": settings["issue_type"]},
        "summary": wording.cut(" ".join(f"{event.title}{where}".split()), LONGEST_SUMMARY),
        "description": document([event.text, event.remedy, *_facts(event)], link=event.url),
        # No priority: projects without that field would refuse the issue.
        "labels": ["cloud-accounts", label(event), *([f"severity-{event.severity}"] if event.severity else [])],
    }


def label(event: Event) -> str:
    """The issue's own: of letters and digits, as a label may be, and the same for each event of a group."""
    return f"cloud-accounts-{hashlib.sha256(event.incident.encode()).hexdigest()[:24]}"


def _facts(event: Event) -> list[str]:
    facts = [("Severity", event.severity), ("Account", event.account_number), ("Check", event.check_id)]
    return [f"{name}: {value}" for name, value in facts if value]


def _comment(event: Event) -> list[str]:
    # The event's id at the end: by it a second try sees that the first one wrote this comment.
    return [event.title, event.text, event.remedy if event.phase != Phase.CLOSE else "", f"Event {event.id}"]


KIND = JiraCloud()
