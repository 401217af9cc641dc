"""Whose views go with a person, and with a team."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
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
