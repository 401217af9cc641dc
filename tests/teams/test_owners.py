"""Whatever knew an owner as a user's number knows teams: notices, the guard of users, transfers, names."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.lifecycle.transfer import check_new_owner, transfer_account
from cloudaccounts.models import AccountGroup, CloudAccount, Notice
from cloudaccounts.notifications.recipients import Recipients
from cloudaccounts.users.existence import missing_owners, still_exists
from teams.models import Membership, Team
from teams.queries import names_of, user_of
from teams.roles import Role
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.teams.conftest import Join

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def people(notice: Notice) -> set[str]:
    return {who for channel, who in Recipients().of(notice) if channel == "mail"}


def notice(team: Team, account: CloudAccount | None = None) -> Notice:
    return Notice(
        kind="account_failed", owner=team.key, account=account.pk if account else None, key="k", text="t",
        created_at=timezone.now(),
    )  # fmt: skip


def test_a_notice_goes_to_members_who_see_the_account(
    alice: User, bob: User, crew: Team, join: Join, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    CloudAccount.objects.filter(pk=account.pk).update(owner=crew.key)
    group = create_group(scope=Scope(crew.key), actor=SYSTEM, name="Payments")
    join(bob, Role.VIEWER, limited=True, groups=[str(group.pk)])
    assert people(notice(crew, account)) == {str(alice.pk)}
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    assert people(notice(crew, account)) == {str(alice.pk), str(bob.pk)}
    assert people(notice(crew)) == {str(alice.pk)}  # about the whole team
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert people(notice(crew, account)) == {str(bob.pk)}


def test_an_account_is_transferred_to_a_team(alice: User, bob: User, crew: Team, make_account: MakeAccount) -> None:
    account = make_account(alice)
    transfer_account(account, to_owner=crew.key, actor=SYSTEM)
    account.refresh_from_db()
    assert account.owner == crew.key
    assert check_new_owner(crew.key) == "Crew"
    for nobody in ("999999", "", "nonsense", "00", str(Team.objects.create(name="Empty").key)):
        with pytest.raises(InputError):
            check_new_owner(nobody)


def test_teams_exist_and_are_missed(alice: User, crew: Team) -> None:
    keys = [str(alice.pk), crew.key, "999999", "6a5c7b3e-0000-4000-8000-000000000000", ""]
    assert missing_owners(keys) == {"999999", "6a5c7b3e-0000-4000-8000-000000000000"}
    assert [still_exists(key) for key in keys] == [True, True, False, False, False]
    assert names_of(keys) == {str(alice.pk): "alice", crew.key: "Crew"}


def test_a_user_is_named_by_the_number_as_it_is_written(alice: User) -> None:
    assert user_of(str(alice.pk)) == alice
    for text in (f" {alice.pk}", f"0{alice.pk}", "", "alice", "9" * 40, "٣", "1.0"):
        assert user_of(text) is None


def test_the_only_owner_of_a_shared_team_stays(alice: User, bob: User, crew: Team, join: Join) -> None:
    join(bob, Role.VIEWER)
    with pytest.raises(ProtectedError, match="only owner of the team “Crew”"), transaction.atomic():
        alice.delete()
    Membership.objects.filter(team=crew, user=bob).update(role=Role.OWNER)
    alice.delete()
    assert [row.user_id for row in crew.memberships.all()] == [bob.pk]


def test_nor_is_the_only_owner_of_a_team_with_accounts(alice: User, bob: User, make_account: MakeAccount) -> None:
    team = Team.objects.create(name="Alone")
    Membership.objects.create(team=team, user=bob, role=Role.OWNER)
    account = make_account(alice)
    CloudAccount.objects.filter(pk=account.pk).update(owner=team.key)
    with pytest.raises(ProtectedError), transaction.atomic():
        bob.delete()


def test_a_team_of_one_without_accounts_ends_with_its_user(bob: User) -> None:
    team = Team.objects.create(name="Alone")
    Membership.objects.create(team=team, user=bob, role=Role.OWNER)
    create_group(scope=Scope(team.key), actor=SYSTEM, name="Left")
    bob.delete()
    assert not Team.objects.filter(key=team.key).exists()
    assert not AccountGroup.objects.exists()
