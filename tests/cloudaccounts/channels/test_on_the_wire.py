"""Each kind against its vendor's simulation, behind the vendor's own host name: by proxy and TLS, as in production."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels import services
from cloudaccounts.channels.services import ChannelInput
from cloudaccounts.models import ChannelIncident, ChannelMessage, NotificationChannel
from cloudaccounts.notifications.channels.message import Phase
from cloudaccounts.notifications.outbound import http
from sandbox.files import read_json
from sandbox.rig import Rig
from teams.scope import Scope
from tests.cloudaccounts.channels.conftest import Tell, make_due, run
from tests.conftest import ALL_DATABASES, SECRET

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture(scope="module")
def running_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as rig:
        yield rig


@pytest.fixture
def rig(running_rig: Rig, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Rig]:
    for name, value in running_rig.env.items():
        monkeypatch.setenv(name, value)
    settings.CHANNEL_HOSTS = [running_rig.env["CHANNEL_HOSTS"]]
    http._tls.cache_clear()
    yield running_rig
    http._tls.cache_clear()
    running_rig.control.clear_faults()
    running_rig.control.clear_received()


def add(rig: Rig, user: User, kind: str) -> tuple[NotificationChannel, str]:
    described = read_json(rig.data_dir / "sandbox.json")["channels"]
    (values,) = [item["settings"] for item in described if item["kind"] == kind]
    given = ChannelInput(
        kind, kind, values, events=["finding.opened", "finding.resolved"], min_severity="low", digest_minutes=0
    )
    created = services.create_channel(Scope(str(user.pk)), given, actor=SYSTEM)
    return created.channel, created.secret


@pytest.mark.parametrize("kind", ["slack", "teams", "jira", "pagerduty", "webhook"])
def test_it_arrives_as_people_read_it_and_holds_no_secret(rig: Rig, alice: User, tell: Tell, kind: str) -> None:
    channel, _ = add(rig, alice, kind)
    tell("s3.public", title="Bucket “a & <b>” is public")
    assert run(channel) == 1, NotificationChannel.objects.values_list("error", flat=True).get()
    (got,) = rig.control.received(kind)
    assert "Bucket “a & <b>” is public" in " ".join(got["shown"])
    assert SECRET not in json.dumps(got)
    assert rig.control.refused_hosts() == []


def test_jira_opens_comments_closes_and_opens_again(rig: Rig, alice: User, tell: Tell) -> None:
    channel, _ = add(rig, alice, "jira")
    for phase in (Phase.OPEN, Phase.UPDATE, Phase.CLOSE, Phase.OPEN):
        tell("one", phase=phase)
        assert run(channel) == 1, NotificationChannel.objects.values_list("error", flat=True).get()
        make_due()
    key = ChannelIncident.objects.get().reference
    heads = [line["shown"][0] for line in rig.control.received("jira")]
    assert heads == [
        f"{key} created: Title of one in payments",
        f"{key} commented on",
        f"{key} commented on",
        f"{key} is Done",
        f"{key} commented on",
        f"{key} is To Do",
    ]
    assert ChannelMessage.objects.filter(detail=key).count() == 4
    # What we remember is lost, as in a crash right after the issue was made: the label finds it.
    ChannelIncident.objects.all().delete()
    tell("one")
    run(channel)
    assert ChannelIncident.objects.get().reference == key


def test_pagerduty_resolves_what_it_triggered(rig: Rig, alice: User, tell: Tell) -> None:
    channel, _ = add(rig, alice, "pagerduty")
    tell("one")
    tell("one", phase=Phase.CLOSE)
    assert run(channel) == 2
    first, second = (line["shown"][0] for line in rig.control.received("pagerduty"))
    assert (first.split(": ")[0], second.split(": ")[0]) == ("trigger", "resolve")
    assert first.split(": ")[1] == second.split(": ")[1]


def test_slack_is_given_the_time_that_it_asks_for(rig: Rig, alice: User, tell: Tell) -> None:
    channel, _ = add(rig, alice, "slack")
    rig.control.fault("throttle", service="slack", seconds=120, times=1)
    tell()
    assert run(channel) == 0
    channel.refresh_from_db()
    assert channel.held_until is not None
    assert channel.held_until - timezone.now() > timedelta(seconds=110)
    make_due()
    assert run(channel) == 1


def test_the_receiver_of_webhooks_verifies_old_and_new_secret_while_it_is_replaced(
    rig: Rig, alice: User, tell: Tell
) -> None:
    channel, old = add(rig, alice, "webhook")
    new = services.rotate_signing_secret(channel, actor=SYSTEM)
    for number, secret in enumerate((old, new)):
        rig.control.set_webhook_secret(secret)
        tell(f"check.{number}")
        assert run(channel) == 1
        make_due()
    assert all("signature verified" in line["shown"][0] for line in rig.control.received("webhook"))
    NotificationChannel.objects.update(secret_until=timezone.now())
    rig.control.set_webhook_secret(old)
    tell("check.3")
    assert run(channel) == 0
    channel.refresh_from_db()
    assert channel.error == "The receiver answered 401."


def test_a_host_that_nobody_named_is_not_asked(rig: Rig, alice: User, tell: Tell, settings: Settings) -> None:
    channel, _ = add(rig, alice, "webhook")
    settings.CHANNEL_HOSTS = []
    tell()
    assert run(channel) == 0
    assert rig.control.received("webhook") == []
