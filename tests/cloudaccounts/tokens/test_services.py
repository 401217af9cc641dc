from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.core.serializers import serialize
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.errors import InputError, TeamLimitError
from cloudaccounts.models import ApiToken, AuditEvent
from cloudaccounts.tokens import services as token_services
from cloudaccounts.tokens.services import create_token, find_token, revoke_token, use_token
from tests.conftest import ALL_DATABASES
from tests.pages import NAVIGATION

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
FORM = {"name": "nightly import", "scope": "write", "days": "30"}


def shown(page: bytes) -> str:
    match = re.search(r'<code id="token">(cam_[\w-]{43})</code>', page.decode())
    assert match
    return match[1]


def test_a_token_is_shown_once_and_kept_as_a_hash(alices: Client, alice: User) -> None:
    page = alices.post("/profile/tokens/", FORM)
    assert page.status_code == 201
    text = shown(page.content)
    token = ApiToken.objects.get()
    assert find_token(text) == token
    assert (token.owner, token.scope, token.hint) == (str(alice.pk), "write", text[:8])
    assert token.expires_at is not None
    assert abs(token.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    secret = text.removeprefix("cam_")
    assert secret not in serialize("json", ApiToken.objects.all()) + serialize("json", AuditEvent.objects.all())
    assert not any(secret in str(session.get_decoded()) for session in Session.objects.all())
    assert secret not in alices.get("/profile/").content.decode()
    assert page["Cache-Control"] == "no-store"


@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_session_left_open_makes_no_token(alices: Client, scope: str) -> None:
    session = alices.session
    session["password_confirmed_at"] = time.time() - 3600
    session.save()
    confirm_url = "/confirm/?next=%2Fprofile%2Ftokens%2F"
    assert alices.get("/profile/tokens/")["Location"] == confirm_url
    assert alices.post("/profile/tokens/", {**FORM, "scope": scope})["Location"] == confirm_url
    assert not ApiToken.objects.exists()


def test_a_new_password_revokes_every_token_of_its_user(alices: Client, alice: User, bob: User) -> None:
    texts = [create_token(owner=str(user.pk), actor=SYSTEM, name="script")[1] for user in (alice, alice, bob)]
    fields = {
        "old_password": "alice-knows-this",
        "new_password1": "a-new-one-entirely-7",
        "new_password2": "a-new-one-entirely-7",
    }
    page = alices.post("/profile/password/", fields, follow=True).content.decode()
    assert "your API tokens revoked" in page
    assert [find_token(text) is not None for text in texts] == [False, False, True]
    revoked = AuditEvent.objects.filter(action="token.revoked")
    assert {event.actor_label for event in revoked} == {"alice"}
    assert revoked.count() == 2


def test_a_password_that_an_operator_sets_revokes_them_too(
    operator: User, alice: User, browser_of: Callable[[User], Client]
) -> None:
    text = create_token(owner=str(alice.pk), actor=SYSTEM, name="script")[1]
    fields = {"password1": "a-new-one-entirely-7", "password2": "a-new-one-entirely-7", "usable_password": "true"}
    assert browser_of(operator).post(f"/admin/auth/user/{alice.pk}/password/", fields).status_code == 302
    assert find_token(text) is None


def test_the_profile_lists_tokens_with_their_state_and_use(
    alices: Client, alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    create_token(owner=str(bob.pk), actor=SYSTEM, name="bobs own")
    for number in range(3):
        create_token(owner=str(alice.pk), actor=SYSTEM, name=f"script {number}")
    ApiToken.objects.filter(name="script 0").update(revoked_at=timezone.now())
    ApiToken.objects.filter(name="script 1").update(expires_at=timezone.now(), uses=1234)
    alices.get("/profile/")
    with django_assert_num_queries(
        NAVIGATION + 3, using="cloud_security"
    ):  # navigation, external id, tokens, wanted notices
        page = alices.get("/profile/").content.decode()
    for word in ("script 0", "script 1", "script 2", "revoked", "expired", "active", "1,234"):
        assert word in page
    assert "bobs own" not in page
    assert page.count("/revoke/") == 1


def test_a_token_without_a_name_is_refused_beside_the_field(alices: Client) -> None:
    page = alices.post("/profile/tokens/", {**FORM, "name": " "})
    assert page.status_code == 422
    assert "required" in page.content.decode()
    assert not ApiToken.objects.exists()


def test_revoking_asks_first(alices: Client, alice: User) -> None:
    token, text = create_token(owner=str(alice.pk), actor=SYSTEM, name="script")
    address = f"/profile/tokens/{token.pk}/revoke/"
    assert "Revoke script" in alices.get(address).content.decode()
    assert find_token(text)
    page = alices.post(address, follow=True)
    assert "script is revoked" in page.content.decode()
    assert find_token(text) is None


def test_making_and_revoking_is_audited(alices: Client, alice: User) -> None:
    alices.post("/profile/tokens/", FORM)
    token = ApiToken.objects.get()
    ApiToken.objects.update(uses=7)
    revoke_token(token, actor=SYSTEM)
    assert not revoke_token(token, actor=SYSTEM)
    made, revoked = AuditEvent.objects.filter(action__startswith="token.").order_by("created_at")
    assert (made.action, made.actor_label, made.owner) == ("token.created", "alice", str(alice.pk))
    assert (revoked.action, revoked.detail["uses"]) == ("token.revoked", 7)


def test_beyond_the_limit_a_token_is_refused_with_429_and_another_user_is_not(
    alice: User, alices: Client, bobs: Client, settings: Settings
) -> None:
    settings.TEAM_TOKENS = 2
    for name in ("one", "two"):
        create_token(owner=str(alice.pk), actor=SYSTEM, name=name)
    refused = alices.post("/profile/tokens/", FORM)
    assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
    assert "There are 2 tokens of yours already" in refused.content.decode()
    assert "Revoke those" in refused.content.decode()
    assert bobs.post("/profile/tokens/", FORM).status_code == 201
    with pytest.raises(CommandError, match="There are 2 tokens of yours already"):
        call_command("create_api_token", "alice", "--name", "cron")
    assert ApiToken.objects.filter(owner=str(alice.pk)).count() == 2


def test_tokens_that_are_revoked_or_expired_do_not_count(alice: User, settings: Settings) -> None:
    settings.TEAM_TOKENS = 1
    token, _ = create_token(owner=str(alice.pk), actor=SYSTEM, name="one")
    revoke_token(token, actor=SYSTEM)
    token, _ = create_token(owner=str(alice.pk), actor=SYSTEM, name="two")
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    create_token(owner=str(alice.pk), actor=SYSTEM, name="three", days=None)
    with pytest.raises(TeamLimitError):
        create_token(owner=str(alice.pk), actor=SYSTEM, name="four")


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "x" * 81}, {"scope": "admin"}, {"days": 0}, {"days": 5000}], ids=str
)
def test_wrong_wishes_are_refused(alice: User, fields: dict[str, object]) -> None:
    with pytest.raises(InputError) as refused:
        create_token(owner=str(alice.pk), actor=SYSTEM, **{"name": "x", **fields})  # type: ignore[arg-type]  # by name
    assert list(refused.value.fields) == list(fields)


def test_the_command_prints_the_token_alone_on_its_last_line(alice: User) -> None:
    out, err = StringIO(), StringIO()
    call_command(
        "create_api_token", "alice", "--name", "cron", "--scope", "read", "--days", "7", stdout=out, stderr=err
    )
    text = out.getvalue().splitlines()[-1]
    token = find_token(text)
    assert token is not None
    assert (token.owner, token.name, token.scope) == (str(alice.pk), "cron", "read")
    assert text not in err.getvalue()
    assert AuditEvent.objects.get().via == "command"


def test_the_command_makes_none_for_nobody(alice: User) -> None:
    with pytest.raises(CommandError, match="There is no user"):
        call_command("create_api_token", "mallory")
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="not active"):
        call_command("create_api_token", "alice")
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(("ahead", "window"), [(0, 0), (1, 1), (2, 0), (-1, 0)])
def test_a_late_call_counts_in_the_minute_that_another_one_began(
    alice: User, monkeypatch: pytest.MonkeyPatch, ahead: int, window: int
) -> None:
    token, _ = create_token(owner=str(alice.pk), actor=SYSTEM, name="script")
    monkeypatch.setattr(token_services, "time", SimpleNamespace(time=lambda: 6_000_000.0))
    ApiToken.objects.filter(pk=token.pk).update(window=100_000 + ahead, window_count=7)
    assert use_token(token) == 0
    token.refresh_from_db()
    assert (token.window - 100_000, token.window_count) == (window, 8 if ahead in (0, 1) else 1)
