"""What waits is sent in order, at least once, and whoever is refused waits alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels import messages, secrets, sending, spread
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.jobs.turns import next_row
from cloudaccounts.models import (
    ChannelEvent,
    ChannelItem,
    ChannelMessage,
    CloudAccount,
    Notice,
    NotificationChannel,
)
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.channels.message import Phase
from cloudaccounts.notifications.channels.slack.kind import Slack
from cloudaccounts.notifications.delivery import deliver_notices
from cloudaccounts.notifications.notify import notify
from teams.scope import Scope
from tests.cloudaccounts.channels.conftest import AddChannel, Tell, make_due, run
from tests.conftest import ALL_DATABASES, SECRET
from tests.outages import away
from tests.receiver import Receiver, Reply

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


def die(*_: Any) -> None:
    raise SystemExit


def test_many_groups_are_one_message(there: Receiver, add_channel: AddChannel, tell: Tell) -> None:
    channel = add_channel()
    for number in range(60):
        tell(f"check.{number}", count=100)
    assert run(channel) == 1
    (call,) = there.calls
    assert "6,000 findings of 60 checks opened in payments" in json.loads(call.body)["text"]
    row = ChannelMessage.objects.get()
    assert (row.state, row.events, row.attempts) == ("sent", 60, 1)
    assert SECRET.encode() not in call.body


def test_news_is_gathered_for_the_channels_minutes(there: Receiver, add_channel: AddChannel, tell: Tell) -> None:
    channel = add_channel(digest_minutes=5)
    tell()
    assert run(channel) == 0
    ChannelItem.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    make_due()
    tell("another")
    assert run(channel) == 1
    assert ChannelMessage.objects.get().events == 2


@pytest.mark.parametrize(
    ("rules", "arrives"),
    [
        ({}, True),
        ({"events": ["finding.resolved"]}, False),
        ({"events": ["account.failed"]}, False),
        ({"min_severity": "critical"}, False),
        ({"min_severity": "high"}, True),
    ],
)
def test_rules_choose(
    there: Receiver, add_channel: AddChannel, tell: Tell, rules: dict[str, Any], arrives: bool
) -> None:
    channel = add_channel(**rules)
    tell(severity="high")
    assert run(channel) == int(arrives)


def test_groups_choose_accounts_nested_ones_too_and_a_deleted_group_none(
    there: Receiver, add_channel: AddChannel, tell: Tell, alice: User, make_account: MakeAccount
) -> None:
    owner = str(alice.pk)
    outer = create_group(scope=Scope(owner), actor=SYSTEM, name="outer")
    inner = create_group(scope=Scope(owner), actor=SYSTEM, name="inner", parent=outer.pk)
    inside = make_account(alice, account_id="222233334444", name="inside")
    add_members(inner, actor=SYSTEM, accounts=[inside.pk])
    channel = add_channel(groups=[str(outer.pk)])
    tell()
    tell(of=inside)
    assert run(channel) == 1
    assert json.loads(there.calls[0].body)["blocks"][1]["text"]["text"].count("Title") == 1
    assert ChannelItem.objects.count() == 1
    outer.delete()
    inner.delete()
    tell(of=inside)
    assert run(channel) == 0


def test_of_another_team_nothing_arrives(
    there: Receiver, add_channel: AddChannel, tell: Tell, bob: User, make_account: MakeAccount
) -> None:
    channel = add_channel()
    tell(of=make_account(bob, account_id="222233334444"))
    assert run(channel) == 0


def test_notices_of_the_team_arrive_once(
    there: Receiver, add_channel: AddChannel, alice: User, make_account: MakeAccount
) -> None:
    channel = add_channel()
    account = make_account(alice, name="pay")
    notify(NoticeKind.ACCOUNT_FAILED, key="x", text="pay failed: key revoked.", remedy="Make one.", account=account)
    notify(NoticeKind.SYSTEM, key="y", text="Of operators alone.")
    deliver_notices()
    Notice.objects.update(spread_at=None)  # a worker died before it had written that it was done
    deliver_notices()
    assert run(channel) == 1
    text = there.calls[0].body.decode()
    assert "pay failed: key revoked." in text
    assert "operators" not in text
    assert ChannelEvent.objects.count() == 1


def test_where_a_team_has_no_channel_nothing_is_written(alice: User, make_account: MakeAccount) -> None:
    notify(NoticeKind.ACCOUNT_FAILED, key="x", text="pay failed.", account=make_account(alice))
    deliver_notices()
    assert not ChannelEvent.objects.exists()


def test_what_is_refused_waits_and_is_sent_under_the_same_id(
    there: Receiver, add_channel: AddChannel, tell: Tell
) -> None:
    channel = add_channel("webhook")
    there.replies = [Reply(500)]
    tell()
    assert run(channel) == 0
    channel.refresh_from_db()
    assert (channel.error_code, channel.error) == ("receiver_failed", "The receiver answered 500.")
    assert channel.failing_since is not None
    assert run(channel) == 0  # not before its time
    make_due()
    assert run(channel) == 1
    first, second = (call.headers["webhook-id"] for call in there.calls)
    assert first == second == str(ChannelMessage.objects.get().pk)
    assert NotificationChannel.objects.filter(error="", failing_since=None).exists()


def test_retry_after_is_kept_to(there: Receiver, add_channel: AddChannel, tell: Tell) -> None:
    channel = add_channel()
    there.replies = [Reply(429, headers={"Retry-After": "1800"})]
    tell()
    run(channel)
    channel.refresh_from_db()
    assert channel.held_until is not None
    assert 1790 <= (channel.held_until - timezone.now()).total_seconds() <= 1800
    tell("another")
    assert run(channel) == 0
    assert len(there.calls) == 1


def test_the_wait_doubles_up_to_an_hour_and_ends_after_three_days(
    there: Receiver, add_channel: AddChannel, tell: Tell
) -> None:
    channel = add_channel()
    there.reply = Reply(404, b"no_service")
    tell()
    waits = []
    for _ in range(8):
        run(channel)
        channel.refresh_from_db()
        assert channel.held_until is not None
        waits.append(round((channel.held_until - timezone.now()).total_seconds() / 60))
        make_due()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert channel.error == "Slack answered 404 (no_service)."
    ChannelMessage.objects.update(created_at=timezone.now() - timedelta(days=4))
    run(channel)
    assert ChannelMessage.objects.get().state == "failed"


def test_one_message_that_is_refused_for_itself_holds_up_no_other(
    there: Receiver, add_channel: AddChannel, tell: Tell
) -> None:
    channel = add_channel()
    tell()
    spread.spread_events()
    messages.next_message(channel, Slack())
    there.replies = [Reply(400, b"invalid_blocks")]
    tell("another")
    assert run(channel) == 1
    assert sorted(ChannelMessage.objects.values_list("state", "error")) == [
        ("failed", "Slack answered 400 (invalid_blocks)."),
        ("sent", ""),
    ]


def test_a_receiver_that_is_gone_turns_the_channel_off_and_the_team_is_notified(
    there: Receiver, add_channel: AddChannel, tell: Tell
) -> None:
    channel = add_channel("webhook", name="our hook")
    there.reply = Reply(410)
    tell()
    run(channel)
    channel.refresh_from_db()
    assert not channel.enabled
    notice = Notice.objects.get(kind=NoticeKind.CHANNEL_FAILED)
    assert notice.owner == channel.owner
    assert "our hook does not work" in notice.text


def test_a_worker_that_died_while_it_gathered_loses_nothing(
    there: Receiver, add_channel: AddChannel, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = add_channel()
    tell()
    spread.spread_events()
    with monkeypatch.context() as patch:
        patch.setattr(messages, "_finish", die)
        with pytest.raises(SystemExit):
            sending.run_channel(channel.pk)
    assert ChannelMessage.objects.get().state == "gathering"
    assert NotificationChannel.objects.get().state == "sending"
    NotificationChannel.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sending.requeue_channels()
    assert sending.run_channel(channel.pk) == 1
    assert ChannelMessage.objects.get().state == "sent"


def test_a_crash_after_the_receiver_took_it_sends_the_same_again(
    there: Receiver, add_channel: AddChannel, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = add_channel("webhook")
    tell()
    spread.spread_events()
    with monkeypatch.context() as patch:
        patch.setattr(sending, "_remember", die)
        with pytest.raises(SystemExit):
            sending.run_channel(channel.pk)
    NotificationChannel.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sending.requeue_channels()
    assert sending.run_channel(channel.pk) == 1
    first, second = there.calls
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_an_event_that_nobody_was_woken_for_is_found(there: Receiver, add_channel: AddChannel, tell: Tell) -> None:
    channel = add_channel()
    tell()
    spread.spread_events()
    NotificationChannel.objects.update(requested_at=None)  # a worker died between the item and the waking
    sending.requeue_channels()
    assert sending.run_channel(channel.pk) == 1


def test_one_that_another_worker_holds_is_left_to_it(there: Receiver, add_channel: AddChannel, tell: Tell) -> None:
    channel = add_channel()
    tell()
    spread.spread_events()
    NotificationChannel.objects.update(state="sending", lease_until=timezone.now() + timedelta(seconds=30))
    assert sending.run_channel(channel.pk) == 0
    assert there.calls == []


def test_a_team_beyond_its_hourly_number_waits_and_another_does_not(
    there: Receiver,
    add_channel: AddChannel,
    tell: Tell,
    bob: User,
    make_account: MakeAccount,
    settings: Settings,
) -> None:
    settings.TEAM_CHANNEL_MESSAGES = 1
    alices, bobs = add_channel(), add_channel(owner=bob)
    tell()
    assert run(alices) == 1
    tell("another")
    tell(of=make_account(bob, account_id="222233334444"))
    assert run(alices, bobs) == 1
    assert ChannelMessage.objects.filter(owner=bobs.owner, state="sent").count() == 1


def test_teams_have_their_turns(
    there: Receiver, add_channel: AddChannel, tell: Tell, bob: User, make_account: MakeAccount
) -> None:
    alices = {add_channel().pk for _ in range(3)}
    bobs = add_channel(owner=bob)
    tell()
    tell(of=make_account(bob, account_id="222233334444"))
    spread.spread_events()
    turns = {next_row(sending.CHANNELS) for _ in range(2)}
    assert bobs.pk in turns
    assert len(turns & alices) == 1


def test_a_defect_of_ours_is_a_line_in_the_log_and_not_in_the_row(
    there: Receiver, add_channel: AddChannel, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("https://hooks.example.com/secret")

    channel = add_channel()
    monkeypatch.setattr(Slack, "send", fail)
    tell()
    assert run(channel) == 0
    channel.refresh_from_db()
    assert channel.error_code == "internal_error"
    assert "secret" not in channel.error


def test_a_ticket_is_opened_before_it_is_closed(there: Receiver, add_channel: AddChannel, tell: Tell) -> None:
    channel = add_channel(
        "jira",
        settings={"site": there.origin, "email": "a@example.org", "api_token": "token", "project": "SEC"},
    )
    there.reply = Reply(503)
    tell()
    tell(phase=Phase.CLOSE)
    run(channel)
    make_due()
    run(channel)
    assert [row.state for row in ChannelMessage.objects.all()] == ["ready"]
    assert all("search" in call.path for call in there.calls)


@pytest.mark.parametrize(("place", "name"), [(sending, "_limited"), (secrets, "opened")])
def test_a_database_that_is_away_costs_a_channel_nothing_but_time(
    there: Receiver, add_channel: AddChannel, tell: Tell, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    channel = add_channel()
    tell()
    away(monkeypatch, place, name)
    assert run(channel) == 0
    channel.refresh_from_db()
    assert (channel.state, channel.claim, channel.held_until, channel.error) == ("waiting", None, None, "")
    assert run(channel) == 1
    assert len(there.calls) == 1
