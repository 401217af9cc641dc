"""Whose views go with a person, and with a team."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.errors import InputError
from scans.models import MuteRule, SavedView
from scans.saved_views.services import Person, save_view
from teams.models import Membership, Team
from teams.roles import Role
from teams.scope import Scope
from teams.services import remove_member
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def save(owner: str, person: str, name: str, *, shared: bool = False) -> None:
    save_view(Scope(owner), Person(person), actor=SYSTEM, name=name, page="findings", query="", shared=shared)


def names() -> set[str]:
    return set(SavedView.objects.values_list("name", flat=True))


def test_who_leaves_a_team_takes_the_own_views_of_it_along(alice: User, bob: User) -> None:
    team = Team.objects.create(name="Payments")
    for user, role in ((alice, Role.OWNER), (bob, Role.OPERATOR)):
        Membership.objects.create(team=team, user=user, role=role)
    save(team.key, str(bob.pk), "his")
    save(team.key, str(bob.pk), "theirs", shared=True)
    save(team.key, str(alice.pk), "hers")
    save(str(bob.pk), str(bob.pk), "his at home")
    remove_member(team.key, bob, actor=SYSTEM)
    assert names() == {"theirs", "hers", "his at home"}


def test_nothing_stays_of_a_person_who_is_deleted(alice: User, bob: User) -> None:
    save(str(bob.pk), str(bob.pk), "his at home")
    save(str(alice.pk), str(alice.pk), "hers")
    now = alice.date_joined
    for owner in (alice, bob):
        MuteRule.objects.create(owner=str(owner.pk), reason="x", author="x", created_at=now)
    bob.delete()
    assert names() == {"hers"}
    assert [rule.owner for rule in MuteRule.objects.all()] == [str(alice.pk)]


def test_more_filters_than_a_view_has_room_for_break_no_page(alice: User, browser_of: Callable[[User], Client]) -> None:
    client, many = browser_of(alice), urlencode([("severity", "high")] * 300)
    assert client.get(f"/findings/?{many}").status_code == 200
    assert client.get("/views/", {"query": many}).status_code == 200
    assert client.post("/views/", {"name": "Many", "page": "findings", "query": many}).status_code == 422
    with pytest.raises(InputError):
        save_view(
            Scope(str(alice.pk)),
            Person(str(alice.pk)),
            actor=SYSTEM,
            name="Many",
            page="findings",
            query=many,
            shared=False,
        )
