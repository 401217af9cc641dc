"""What each kind says, over the wire, and what it makes of its receiver's answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook

from cloudaccounts.notifications.channels.message import Event, Message, Phase, Sent
from cloudaccounts.notifications.channels.registry import all_kinds, event_labels, events_of
from cloudaccounts.notifications.channels.webhook.kind import new_secret
from cloudaccounts.notifications.outbound import http
from cloudaccounts.notifications.outbound.errors import DeliveryError
from cloudaccounts.notifications.outbound.hosts import Address
from tests.receiver import Receiver, Reply, receiver

HOSTILE = "<!channel> <http://evil.example|x> [x](http://evil.example) *bold* & \r\nBcc: x@evil.example <at>all</at>"
SIGNING = new_secret()


@pytest.fixture
def there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Every kind's address leads here, whatever its vendor's host is."""
    with receiver() as server:
        settings.CHANNEL_HOSTS = [server.named]
        call = http.call

        def redirected(address: Address, **more: Any) -> http.Answer:
            here = Address("http", "127.0.0.1", server.server_port, address.target, trusted=True, vendor=False)
            return call(here, **more)

        monkeypatch.setattr(http, "call", redirected)
        yield server


SETTINGS: dict[str, dict[str, Any]] = {
    "slack": {"url": "https://hooks.slack.com/services/T/B/x"},
    "teams": {"url": "https://prod-1.westeurope.logic.azure.com/workflows/1?sig=x"},
    "jira": {
        "site": "https://example.atlassian.net", "email": "bot@example.org", "api_token": "jira-token",
        "project": "SEC", "issue_type": "Task",
    },
    "pagerduty": {"routing_key": "a" * 32, "region": "eu"},
    "email": {"to": ["security@example.org"]},
    "webhook": {"url": "https://hooks.example.com/x", "signing_secrets": [SIGNING]},
}  # fmt: skip


def event(**facts: Any) -> Event:
    values: dict[str, Any] = {
        "id": str(uuid4()), "kind": "finding.opened", "title": "Bucket is public", "text": "3 findings in payments.",
        "remedy": "Block public access.", "occurred_at": "2026-11-30T12:00:00Z", "severity": "critical",
        "account": str(uuid4()), "account_name": "payments", "account_number": "111122223333", "provider": "aws",
        "check_id": "aws.s3.public", "count": 3, "still_open": 3, "resources": ("a", "b"),
        "url": "https://accounts.example.com/findings/", "incident": "finding:1:aws.s3.public", "phase": Phase.OPEN,
        **facts,
    }  # fmt: skip
    return Event(**values)


def send(kind: str, *events: Event, references: dict[str, str] | None = None, is_test: bool = False) -> Sent:
    message = Message(uuid4(), datetime(2026, 11, 30, tzinfo=UTC), events, is_test, references or {})
    return all_kinds()[kind].send(message, SETTINGS[kind])


def bodies(there: Receiver) -> list[Any]:
    return [json.loads(call.body) for call in there.calls if call.body]


def test_the_promised_kinds_are_there_and_each_is_shown() -> None:
    assert {"slack", "teams", "jira", "pagerduty", "email", "webhook"} <= set(all_kinds())
    assert set(SETTINGS) <= set(all_kinds())
    for kind in all_kinds().values():
        assert kind.label
        assert kind.summary
        assert set(kind.usual_events) <= set(events_of(kind)) <= set(event_labels())


@pytest.mark.parametrize("kind", ["slack", "teams", "jira", "pagerduty", "webhook"])
def test_a_name_is_text_at_every_receiver(there: Receiver, kind: str) -> None:
    there.reply = Reply(200, b'{"key": "SEC-1", "issues": []}')
    send(kind, event(title=HOSTILE, text=HOSTILE, account_name=HOSTILE))
    text = "".join(json.dumps(body, ensure_ascii=False) for body in bodies(there))
    if kind == "slack":
        assert "<!channel>" not in text
        assert "<http://evil" not in text
    if kind == "teams":
        assert "[x](http://evil" not in text
        assert "<at>" not in text
    if kind == "jira":  # text nodes, with no mark of ours but the link to our page
        (created,) = [body for body in bodies(there) if "fields" in body and "issuetype" in body["fields"]]
        marks = [node.get("marks") for part in created["fields"]["description"]["content"] for node in part["content"]]
        assert sum(mark is not None for mark in marks) == 1
        assert "\n" not in created["fields"]["summary"]


def test_a_mail_is_one_with_one_subject_and_no_other_recipient() -> None:
    send("email", event(title=HOSTILE, text=HOSTILE))
    (sent,) = mail.outbox
    assert sent.to == ["security@example.org"]
    assert "\n" not in sent.subject
    assert sent.message()["Bcc"] is None
    assert "Block public access." in sent.body


def test_no_message_holds_a_secret_of_its_channel(there: Receiver) -> None:
    there.reply = Reply(200, b'{"key": "SEC-1", "issues": []}')
    for kind in SETTINGS:
        if kind != "pagerduty":  # its key is how PagerDuty knows the service
            send(kind, event())
    sent = b"".join(call.body for call in there.calls).decode()
    assert "jira-token" not in sent
    assert SIGNING not in sent
    assert "services/T/B" not in sent


def test_slack_gets_a_text_and_blocks_within_its_limits(there: Receiver) -> None:
    there.reply = Reply(200, b"ok")
    send("slack", *(event(title=f"Check {number}", text="x" * 5000) for number in range(80)))
    (body,) = bodies(there)
    assert len(body["blocks"]) <= 50
    assert all(len(block["text"]["text"]) <= 3000 for block in body["blocks"])
    assert body["blocks"][-1]["text"]["text"] == "… and 40 more."


def test_teams_gets_a_card_within_28_kb(there: Receiver) -> None:
    send("teams", *(event(title="T" * 200, text="x" * 500, remedy="y" * 500) for _ in range(80)))
    assert len(there.calls[0].body) <= 28 * 1024
    (attachment,) = bodies(there)[0]["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["type"] == "AdaptiveCard"


def test_a_webhook_is_verified_by_the_standards_own_library(there: Receiver) -> None:
    send("webhook", event())
    (call,) = there.calls
    content = Webhook(SIGNING).verify(call.body, call.headers)
    (told,) = content["data"]["events"]
    assert (told["type"], told["account"]["account_id"], told["count"]) == ("finding.opened", "111122223333", 3)


def test_pagerduty_is_triggered_and_resolved_under_one_key(there: Receiver) -> None:
    there.reply = Reply(202, b'{"status": "success"}')
    opened = send("pagerduty", event())
    (key,) = opened.references.values()
    closed = send("pagerduty", event(phase=Phase.CLOSE), references={"finding:1:aws.s3.public": key})
    trigger, resolve = bodies(there)
    assert (trigger["event_action"], resolve["event_action"]) == ("trigger", "resolve")
    assert trigger["dedup_key"] == resolve["dedup_key"] == key
    assert trigger["payload"]["severity"] == "critical"
    assert len(trigger["payload"]["summary"]) <= 1024
    assert closed.closed == {"finding:1:aws.s3.public"}


def test_pagerduty_is_not_asked_to_resolve_what_it_never_had(there: Receiver) -> None:
    send("pagerduty", event(phase=Phase.CLOSE))
    assert there.calls == []


def jira_answers(there: Receiver, *replies: Any) -> None:
    there.replies = [Reply(204, b"") if reply is None else Reply(200, json.dumps(reply).encode()) for reply in replies]


def test_jira_gets_one_issue_for_a_group_and_it_is_found_again(there: Receiver) -> None:
    jira_answers(there, {"issues": []}, {"id": "1", "key": "SEC-7"})
    assert send("jira", event()).references == {"finding:1:aws.s3.public": "SEC-7"}
    search, create = there.calls
    assert search.path == "/rest/api/3/search/jql"
    assert create.path == "/rest/api/3/issue"
    assert base64.b64decode(create.headers["authorization"].split()[1]) == b"bot@example.org:jira-token"
    fields = json.loads(create.body)["fields"]
    (own,) = [label for label in fields["labels"] if label.startswith("cloud-accounts-")]
    assert f'labels = "{own}"' in json.loads(search.body)["jql"]
    # As after a crash before we knew its key: found by its label, and commented on.
    there.calls.clear()
    issue = {"key": "SEC-7", "fields": {"status": {"statusCategory": {"key": "new"}}}}
    jira_answers(there, {"issues": [issue]}, {"comments": []}, {"id": "2"})
    assert send("jira", event()).references == {"finding:1:aws.s3.public": "SEC-7"}
    assert [call.path.split("?")[0] for call in there.calls[1:]] == ["/rest/api/3/issue/SEC-7/comment"] * 2


def test_jira_is_commented_on_and_moved_to_done_whatever_that_is_called(there: Receiver) -> None:
    issue = {"key": "SEC-7", "fields": {"status": {"statusCategory": {"key": "indeterminate"}}}}
    transitions = [
        {"id": "11", "to": {"statusCategory": {"key": "new"}}},
        {"id": "31", "to": {"name": "Erledigt", "statusCategory": {"key": "done"}}},
    ]
    jira_answers(there, issue, {"comments": []}, {"id": "1"}, {"transitions": transitions}, None)
    closed = send("jira", event(phase=Phase.CLOSE), references={"finding:1:aws.s3.public": "SEC-7"})
    assert closed.closed == {"finding:1:aws.s3.public"}
    assert json.loads(there.calls[-1].body) == {"transition": {"id": "31"}}


def test_a_repeated_try_writes_no_second_comment(there: Receiver) -> None:
    issue = {"key": "SEC-7", "fields": {"status": {"statusCategory": {"key": "done"}}}}
    again = event(phase=Phase.CLOSE)
    jira_answers(there, issue, {"comments": [{"body": {"text": f"Event {again.id}"}}]})
    send("jira", again, references={"finding:1:aws.s3.public": "SEC-7"})
    assert [call.method for call in there.calls] == ["GET", "GET"]


@pytest.mark.parametrize("kind", ["slack", "teams", "jira", "pagerduty", "webhook"])
@pytest.mark.parametrize(
    ("reply", "code", "after"),
    [
        (Reply(429, b"", {"Retry-After": "30"}), "receiver_busy", 30),
        (Reply(500, b"secret words of the receiver"), "receiver_failed", None),
        (Reply(302, b"", {"Location": "http://127.0.0.1/"}), "redirect_refused", None),
    ],
)
def test_refusals_are_the_same_for_all(there: Receiver, kind: str, reply: Reply, code: str, after: int | None) -> None:
    there.reply = reply
    with pytest.raises(DeliveryError) as caught:
        send(kind, event())
    assert (caught.value.code, caught.value.retry_after) == (code, after)
    assert "secret words" not in str(caught.value)
