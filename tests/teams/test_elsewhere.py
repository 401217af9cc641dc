"""A link of a mail that leads to an account of another of one's teams: the way there is offered, to members alone."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.audit.actor import Actor
from cloudaccounts.groups.services import create_group, set_groups
from cloudaccounts.models import CloudAccount, Notice
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.channels.email.transport import ORDER, link
from teams.models import Team
from teams.queries import team_keys_of
from teams.roles import Role
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.teams.conftest import Join

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def account(alice: User, crew: Team, make_account: MakeAccount) -> CloudAccount:
    account = make_account(alice)
    CloudAccount.objects.filter(pk=account.pk).update(owner=crew.key)
    account.refresh_from_db()
    return account


def test_a_member_is_offered_the_switch_and_lands_on_the_account(
    bob: User, bobs: Client, crew: Team, join: Join, account: CloudAccount
) -> None:
    join(bob, Role.VIEWER)
    for tab in ("", "findings/", "access/?x=1"):
        answer = bobs.get(f"/accounts/{account.pk}/{tab}")
        assert answer.status_code == 404
        assert "Switch to Crew and open it" in answer.content.decode()
    form = {"team": crew.key, "next": f"/accounts/{account.pk}/access/?x=1"}
    opened = bobs.post("/team/switch/", form, follow=True)
    assert (opened.status_code, opened.request["PATH_INFO"]) == (200, f"/accounts/{account.pk}/access/")


def test_a_stranger_cannot_tell_it_from_one_that_does_not_exist(bobs: Client, account: CloudAccount) -> None:
    theirs, nobodys = (bobs.get(f"/accounts/{key}/") for key in (account.pk, uuid4()))
    assert theirs.status_code == nobodys.status_code == 404
    assert "Switch" not in theirs.content.decode()
    assert len(theirs.content) == len(nobodys.content)


def test_who_is_limited_to_groups_is_offered_what_lies_in_them_alone(
    alice: User, bob: User, bobs: Client, crew: Team, join: Join, account: CloudAccount
) -> None:
    actor = Actor(str(alice.pk), "alice", "page", "127.0.0.1")
    group = create_group(scope=Scope(crew.key), actor=actor, name="Payments")
    join(bob, Role.VIEWER, limited=True, groups=[str(group.pk)])
    assert "Switch" not in bobs.get(f"/accounts/{account.pk}/").content.decode()
    set_groups(account, scope=Scope(crew.key), actor=actor, group_ids=[group.pk])
    assert "Switch to Crew" in bobs.get(f"/accounts/{account.pk}/").content.decode()


@pytest.mark.parametrize(
    "target", ["https://example.net/", "//example.net/", "/\\example.net", "javascript:alert(1)", ""]
)
def test_the_switch_leads_to_no_other_host(bob: User, bobs: Client, crew: Team, join: Join, target: str) -> None:
    join(bob, Role.VIEWER)
    assert bobs.post("/team/switch/", {"team": crew.key, "next": target})["Location"] == "/"


def test_a_mail_leads_each_reader_to_a_page_of_theirs(
    bob: User, operator: User, crew: Team, join: Join, account: CloudAccount
) -> None:
    join(bob, Role.VIEWER)
    notice = Notice(kind=NoticeKind.ACCOUNT_FAILED, owner=crew.key, account=account.pk)
    assert link(notice, team_keys_of(str(bob.pk))).endswith(f"/accounts/{account.pk}/")
    assert "/admin/" in link(notice, team_keys_of(str(operator.pk)))


def test_a_mail_knows_the_weight_of_every_kind() -> None:
    assert sorted(ORDER) == sorted(NoticeKind)
