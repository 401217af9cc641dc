"""Channels are made, tested and deleted; what is secret of them stays so."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook, WebhookVerificationError

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels import queries, services
from cloudaccounts.channels.secrets import SIGNING, opened
from cloudaccounts.channels.services import ChannelInput
from cloudaccounts.errors import CredentialsUnreadableError, InputError, TeamLimitError
from cloudaccounts.groups.services import create_group
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import AuditEvent, ChannelMessage, Job, JobItem, NotificationChannel
from cloudaccounts.tokens.services import create_token
from teams.scope import Scope
from tests.api.conftest import Caller
from tests.channels import make_channel
from tests.cloudaccounts.channels.conftest import AddChannel, Tell, run
from tests.conftest import ALL_DATABASES
from tests.receiver import Receiver, Reply

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
JIRA = {"site": "https://x.atlassian.net", "email": "a@b.cc", "api_token": "x", "project": "SEC"}
SLACK = "https://hooks.slack.com/services/T0/B0/hidden-part"


def add(user: User, kind: str, settings: dict[str, object], **given: object) -> NotificationChannel:
    values = ChannelInput(kind=kind, name=kind, settings=settings, **given)  # type: ignore[arg-type] # tests
    return services.create_channel(Scope(str(user.pk)), values, actor=SYSTEM).channel


def test_what_is_secret_is_in_no_page_answer_or_row(
    client: Client, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.force_login(alice)
    token, text = create_token(owner=str(alice.pk), actor=SYSTEM, name="tests", scope="write")
    call = Caller(text, token)
    answer = call.post("channels/", {"kind": "slack", "name": "ops", "settings": {"url": SLACK}})
    assert answer.status_code == 201
    key = answer.json()["id"]
    seen = [answer.content, call.get("channels/").content, call.get(f"channels/{key}").content]
    seen += [client.get(address).content for address in ("/channels/", f"/channels/{key}/", "/audit/", "/jobs/")]
    assert call.get("channels/").json()["items"][0]["place"] == "hooks.slack.com"
    row = NotificationChannel.objects.get()
    seen.append(repr(vars(row)).encode() + str(row).encode())
    if connections["cloud_security"].vendor != "mongodb":
        with connections["cloud_security"].cursor() as cursor:
            cursor.execute("SELECT * FROM channels")
            seen.append(repr(cursor.fetchall()).encode())
    seen.append(caplog.text.encode())
    assert not any(b"hidden-part" in page for page in seen)
    assert b"hooks.slack.com" in seen[4]


def test_a_webhooks_secret_is_shown_once(client: Client, alice: User) -> None:
    client.force_login(alice)
    values = {
        "name": "hook", "events": ["finding.opened"], "min_severity": "high", "digest_minutes": "1",
        "settings.url": "https://hooks.example.com/x",
    }  # fmt: skip
    page = client.post("/channels/new/webhook/", values)
    assert page.status_code == 201
    secret = page.context["secret"]
    assert secret.startswith("whsec_")
    assert secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    channel = NotificationChannel.objects.get()
    assert secret not in client.get(f"/channels/{channel.pk}/").content.decode()


def test_a_form_that_was_refused_shows_no_secret_again(client: Client, alice: User) -> None:
    client.force_login(alice)
    page = client.post("/channels/new/slack/", {"name": "", "settings.url": SLACK})
    assert page.status_code == 422
    assert "hidden-part" not in page.content.decode()


def test_both_signatures_count_while_the_secret_is_replaced(
    there: Receiver, add_channel: AddChannel, tell: Tell, alice: User
) -> None:
    given = ChannelInput(kind="webhook", name="hook", settings={"url": f"{there.origin}/x"}, digest_minutes=0)
    created = services.create_channel(Scope(str(alice.pk)), given, actor=SYSTEM)
    new = services.rotate_signing_secret(created.channel, actor=SYSTEM)
    tell()
    run(created.channel)
    (call,) = there.calls
    for secret in (created.secret, new):
        assert Webhook(secret).verify(call.body, call.headers)["type"] == "cloud_accounts.events"
    NotificationChannel.objects.update(secret_until=timezone.now() - timedelta(seconds=1))
    tell("another")
    run(created.channel)
    assert Webhook(new).verify(there.calls[1].body, there.calls[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(created.secret).verify(there.calls[1].body, there.calls[1].headers)


def test_a_replaced_secret_replaced_again_counts_no_more_than_two(alice: User) -> None:
    channel = make_channel(alice)
    for _ in range(3):
        services.rotate_signing_secret(NotificationChannel.objects.get(), actor=SYSTEM)
    assert len(opened(NotificationChannel.objects.get(pk=channel.pk))[SIGNING]) == 2


def test_re_encryption_reaches_channels(alice: User, settings: Settings) -> None:
    make_channel(alice)
    old = settings.CREDENTIAL_ENCRYPTION_KEYS
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *old]
    call_command("rotate_encryption_keys")
    settings.CREDENTIAL_ENCRYPTION_KEYS = settings.CREDENTIAL_ENCRYPTION_KEYS[:1]
    assert "hidden-part" in opened(NotificationChannel.objects.get())["url"]


def test_a_secret_does_not_open_under_another_row(alice: User) -> None:
    first, second = make_channel(alice), make_channel(alice, name="second")
    NotificationChannel.objects.filter(pk=second.pk).update(secret=first.secret)
    with pytest.raises(CredentialsUnreadableError):
        opened(NotificationChannel.objects.get(pk=second.pk))


@pytest.mark.parametrize(
    ("kind", "settings", "field"),
    [
        ("slack", {"url": "https://evil.example/"}, "settings.url"),
        ("slack", {}, "settings.url"),
        ("slack", {"url": SLACK, "proxy": "x"}, "settings.proxy"),
        ("slack", {"url": ["x"]}, "settings.url"),
        ("teams", {"url": "https://hooks.slack.com/x"}, "settings.url"),
        ("jira", JIRA | {"site": "https://evil.example"}, "settings.site"),
        ("jira", JIRA | {"site": "https://x.atlassian.net/a"}, "settings.site"),
        ("jira", JIRA | {"email": "a\r\nb@c"}, "settings.email"),
        ("jira", JIRA | {"project": 'S" OR 1'}, "settings.project"),
        ("pagerduty", {"routing_key": "short"}, "settings.routing_key"),
        ("pagerduty", {"routing_key": "a" * 32, "region": "mars"}, "settings.region"),
        ("email", {"to": ["a@example.org\nBcc: b@example.org"]}, "settings.to"),
        ("email", {"to": ["a@localhost"]}, "settings.to"),
        ("email", {"to": [f"a{n}@example.org" for n in range(11)]}, "settings.to"),
        ("webhook", {"url": "http://169.254.169.254/latest"}, "settings.url"),
        ("nothing", {}, "kind"),
    ],
)  # fmt: skip
def test_settings_are_refused_by_field(alice: User, kind: str, settings: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as caught:
        add(alice, kind, settings)
    assert field in caught.value.fields
    assert "evil" not in str(caught.value).replace("evil.example is none", "")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"events": ["finding.opened", "nothing"]}, "events"),
        ({"events": []}, "events"),
        ({"min_severity": "terrible"}, "min_severity"),
        ({"groups": ["0190d5c2-0000-7000-8000-000000000000"]}, "groups"),
        ({"groups": []}, "groups"),  # an emptied list is not all of the team
        ({"digest_minutes": 5000}, "digest_minutes"),
    ],
)
def test_rules_are_refused_by_field(alice: User, given: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as caught:
        add(alice, "slack", {"url": SLACK}, **given)
    assert set(caught.value.fields) == {field}


def test_a_team_has_so_many_channels_and_each_name_once(alice: User, settings: Settings) -> None:
    settings.TEAM_CHANNELS = 2
    make_channel(alice)
    with pytest.raises(InputError, match="of this name"):
        make_channel(alice)
    make_channel(alice, name="second")
    with pytest.raises(TeamLimitError):
        make_channel(alice, name="third")


def test_mail_goes_to_the_operators_domains(alice: User, settings: Settings) -> None:
    settings.CHANNEL_MAIL_DOMAINS = ["example.org"]
    add(alice, "email", {"to": ["a@example.org"]})
    with pytest.raises(InputError, match=r"example\.org alone"):
        add(alice, "email", {"to": ["a@example.com"]})


def test_a_limited_member_makes_channels_of_his_groups_alone(alice: User) -> None:
    owner = str(alice.pk)
    mine = create_group(scope=Scope(owner), actor=SYSTEM, name="mine")
    other = create_group(scope=Scope(owner), actor=SYSTEM, name="other")
    limited = Scope(owner, groups=frozenset({mine.pk}))
    everything = make_channel(alice)
    for groups in (None, [str(other.pk)], [str(mine.pk), str(other.pk)]):
        with pytest.raises(InputError) as caught:
            services.create_channel(limited, ChannelInput("slack", "x", {"url": SLACK}, groups=groups), actor=SYSTEM)
        assert "groups" in caught.value.fields
    own = services.create_channel(
        limited, ChannelInput("slack", "x", {"url": SLACK}, groups=[str(mine.pk)]), actor=SYSTEM
    ).channel
    assert [channel.pk for channel in queries.visible_channels(limited)] == [own.pk]
    assert services.find_channel(limited, everything.pk) is None
    assert services.find_channel(Scope(owner), everything.pk) == everything


@pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # a job works in threads
def test_a_test_is_a_job_that_says_whether_it_arrived(there: Receiver, add_channel: AddChannel, alice: User) -> None:
    channel = add_channel()
    token, text = create_token(owner=str(alice.pk), actor=SYSTEM, name="tests", scope="write")
    call = Caller(text, token)
    there.replies = [Reply(403, b"action_prohibited")]
    states = []
    for _ in range(2):
        answer = call.post(f"channels/{channel.pk}/test", None)
        assert answer.status_code == 202
        run_job(UUID(answer.json()["job_id"]))
        item = JobItem.objects.get(job=answer.json()["job_id"])
        states.append((item.state, item.cause))
    assert states == [("failed", "Slack answered 403 (action_prohibited)."), ("done", "")]
    assert json.loads(there.calls[1].body)["text"] == "Test from Cloud Accounts: this channel works."
    log = call.get(f"channels/{channel.pk}/messages").json()
    assert [(row["is_test"], row["state"]) for row in log["items"]] == [(True, "sent"), (True, "failed")]


def test_deleting_takes_what_waits_and_is_audited(there: Receiver, add_channel: AddChannel, tell: Tell) -> None:
    channel = add_channel()
    tell()
    run(channel)
    services.delete_channel(channel, actor=SYSTEM)
    assert not NotificationChannel.objects.exists()
    assert not ChannelMessage.objects.exists()
    actions = list(AuditEvent.objects.filter(action__startswith="channel.").values_list("action", flat=True))
    assert sorted(actions) == ["channel.created", "channel.deleted"]
    assert Job.objects.count() == 0


def test_a_users_channels_go_with_the_user(alice: User) -> None:
    make_channel(alice)
    alice.delete()
    assert not NotificationChannel.objects.exists()


def test_one_that_is_off_keeps_what_waits(
    there: Receiver, add_channel: AddChannel, tell: Tell, client: Client, alice: User
) -> None:
    channel = add_channel()
    there.replies = [Reply(500)]
    tell()
    run(channel)
    client.force_login(alice)
    client.post(f"/channels/{channel.pk}/switch/")
    assert run(channel) == 0
    client.post(f"/channels/{channel.pk}/switch/")
    assert run(channel) == 1


def test_the_list_takes_a_fixed_number_of_queries(
    client: Client, alice: User, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client.force_login(alice)
    make_channel(alice)
    with django_assert_max_num_queries(40) as few:  # type: ignore[attr-defined] # pytest-django's
        client.get("/channels/")
    for number in range(5):
        make_channel(alice, name=f"channel {number}")
    with django_assert_max_num_queries(len(few.captured_queries)):  # type: ignore[attr-defined]
        client.get("/channels/")
