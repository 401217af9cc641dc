"""Channels changed over the API: part by part, from what was read, and never with secrets that go elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels import secrets, services
from cloudaccounts.channels.services import ChannelInput
from cloudaccounts.errors import InputError
from cloudaccounts.models import AuditEvent, NotificationChannel
from teams.scope import Scope
from tests.api.conftest import Caller, alice_calls, assert_problem, bob_calls, caller_of  # noqa: F401 # fixtures
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
BOARD = {"site": "https://example.atlassian.net", "email": "bot@example.com", "api_token": "ATATT3x", "project": "SEC"}


@pytest.fixture
def board(alice: User) -> NotificationChannel:
    return services.create_channel(Scope(str(alice.pk)), ChannelInput("jira", "Board", BOARD), actor=SYSTEM).channel


def test_what_is_left_out_stays(alice_calls: Caller, board: NotificationChannel) -> None:  # noqa: F811
    path = f"channels/{board.pk}"
    before = alice_calls.get(path)
    answer = alice_calls.patch(path, {"min_severity": "critical", "enabled": False}, **{"If-Match": before["ETag"]})
    assert answer.status_code == 200, answer.content
    changed = {**before.json(), "min_severity": "critical", "enabled": False}
    assert answer.json() == changed
    assert answer["ETag"] != before["ETag"]
    assert "ATATT3x" not in answer.content.decode()
    assert secrets.opened(NotificationChannel.objects.get())["api_token"] == "ATATT3x"
    assert AuditEvent.objects.filter(action="channel.changed").count() == 1


def test_what_was_changed_meanwhile_is_not_changed(alice_calls: Caller, board: NotificationChannel) -> None:  # noqa: F811
    path = f"channels/{board.pk}"
    tag = alice_calls.get(path)["ETag"]
    assert alice_calls.patch(path, {"name": "Other"}, **{"If-Match": tag}).status_code == 200
    assert_problem(alice_calls.patch(path, {"name": "Third"}, **{"If-Match": tag}), 412, "changed_meanwhile")
    assert_problem(alice_calls.delete(path, **{"If-Match": tag}), 412, "changed_meanwhile")
    assert NotificationChannel.objects.get().name == "Other"


def test_a_secret_is_not_sent_to_another_place(alice_calls: Caller, board: NotificationChannel) -> None:  # noqa: F811
    path, elsewhere = f"channels/{board.pk}", {"site": "https://another.atlassian.net"}
    refused = alice_calls.patch(path, {"settings": elsewhere})
    assert refused.status_code == 422
    assert list(refused.json()["details"]["fields"]) == ["settings.api_token"]
    assert NotificationChannel.objects.get().settings["site"] == BOARD["site"]
    given = alice_calls.patch(path, {"settings": {**elsewhere, "api_token": "ATATTnew"}})
    assert given.status_code == 200, given.content
    assert secrets.opened(NotificationChannel.objects.get())["api_token"] == "ATATTnew"


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"events": ["finding.painted"]}, {"groups": ["0e3e1a3c-6a51-4f0b-9d3c-2f6b1a7c9d10"]},
             {"settings": {"colour": "red"}}, {"settings": {"project": None}}, {"digest_minutes": 100000},
             {"kind": "slack"}]
)  # fmt: skip
def test_what_is_wrong_is_refused(alice_calls: Caller, board: NotificationChannel, body: dict[str, Any]) -> None:  # noqa: F811
    rows = NotificationChannel.objects.values("name", "events", "groups", "settings", "digest_minutes", "updated_at")
    before = rows.get()
    assert alice_calls.patch(f"channels/{board.pk}", body).status_code == 422
    assert rows.get() == before


def test_somebody_elses_is_not_there(bob_calls: Caller, board: NotificationChannel) -> None:  # noqa: F811
    assert bob_calls.patch(f"channels/{board.pk}", {"name": "Mine"}).status_code == 404


def test_a_webhooks_signing_secret_stays(alice: User, alice_calls: Caller) -> None:  # noqa: F811
    given = ChannelInput("webhook", "SIEM", {"url": "https://hooks.example.com/cloud-accounts"})
    made = services.create_channel(Scope(str(alice.pk)), given, actor=SYSTEM)
    answer = alice_calls.patch(f"channels/{made.channel.pk}", {"name": "SIEM of ours"})
    assert answer.status_code == 200, answer.content
    assert secrets.stored(NotificationChannel.objects.get())[secrets.SIGNING] == [made.secret]


def test_of_changes_from_one_reading_none_is_lost(alice: User, board: NotificationChannel) -> None:
    readings = [NotificationChannel.objects.get() for _ in range(4)]
    changes: list[dict[str, Any]] = [
        {"name": "Renamed"}, {"min_severity": "critical"}, {"settings": {"issue_type": "Bug"}},
        {"settings": {"email": "other@example.com", "api_token": "ATATTnew"}},
    ]  # fmt: skip
    for reading, change in zip(readings, changes, strict=True):
        services.update_channel(Scope(str(alice.pk)), reading, change, actor=SYSTEM)
    stored = NotificationChannel.objects.get()
    assert (stored.name, stored.min_severity) == ("Renamed", "critical")
    assert (stored.settings["issue_type"], stored.settings["email"]) == ("Bug", "other@example.com")
    assert secrets.opened(stored)["api_token"] == "ATATTnew"


def test_a_signing_secret_that_is_replaced_at_this_moment_counts(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ChannelInput("webhook", "SIEM", {"url": "https://hooks.example.com/cloud-accounts"})
    channel = services.create_channel(Scope(str(alice.pk)), given, actor=SYSTEM).channel
    change: dict[str, Any] = {"settings": {"url": "https://hooks.example.com/elsewhere"}}
    stale = NotificationChannel.objects.get()
    first = services.rotate_signing_secret(channel, actor=SYSTEM)
    services.update_channel(Scope(str(alice.pk)), stale, change, actor=SYSTEM)
    assert secrets.stored(NotificationChannel.objects.get())[secrets.SIGNING][0] == first
    between: list[str] = []
    original = services._new_settings

    def read_then_another_replaces(*args: Any) -> dict[str, Any]:
        columns = original(*args)
        between.append(services.rotate_signing_secret(NotificationChannel.objects.get(), actor=SYSTEM))
        return columns

    monkeypatch.setattr(services, "_new_settings", read_then_another_replaces)
    with pytest.raises(InputError, match="at this moment"):
        services.update_channel(Scope(str(alice.pk)), stale, change, actor=SYSTEM)
    assert secrets.stored(NotificationChannel.objects.get())[secrets.SIGNING][0] == between[0]
