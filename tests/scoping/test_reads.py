"""What a limited scope sees is what the whole team sees, of the accounts in its groups: of every read there is."""

from __future__ import annotations

from collections import Counter
from random import Random
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from cloudaccounts import group_scope
from cloudaccounts.accounts import queries as accounts
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups import queries as groups
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.jobs import queries as jobs
from cloudaccounts.models import CloudAccount
from cloudaccounts.organizations import queries as organizations
from cloudaccounts.organizations.queries import MemberFilter
from scans.findings import counts
from scans.findings import queries as findings
from scans.models import AccountFindingDay
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scoping.reads import NUMBERS, ROWS
from tests.scoping.world import World, fill, make_world, random_limit, start_jobs

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.mark.parametrize("seed", range(5))
def test_a_limit_shows_what_all_see_of_its_accounts(
    seed: int, alice: User, bob: User, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)  # noqa: S311 # trees, not keys
    if seed % 2:
        monkeypatch.setattr(group_scope, "SET_LIMIT", 1)  # as of a group of more than 10,000 accounts
    theirs = fill(make_account(bob, name="account-of-bob"), random)
    foreign = create_group(scope=Scope(str(bob.pk)), actor=SYSTEM, name="bobs")
    add_members(foreign, actor=SYSTEM, accounts=[theirs.pk])
    world = make_world(random, alice, make_account)
    chosen = [random_limit(random, world, foreign.pk) for _ in range(3)]
    start_jobs(world, [None, *chosen])
    for limit in chosen:
        check_rows(world, limit)
        check_numbers(world, limit)
        check_groups(world, limit)
        check_jobs(world, limit)


def scopes(world: World, limit: frozenset[UUID]) -> tuple[Scope, Scope]:
    return Scope(world.owner), Scope(world.owner, groups=limit)


def check_rows(world: World, limit: frozenset[UUID]) -> None:
    everything, limited = scopes(world, limit)
    visible = world.visible(limit)
    for name, read in ROWS.items():
        rows = [row for row in read.rows(everything) if read.account(row) in visible]
        assert list(read.rows(limited)) == rows, name
    for account in world.accounts:
        assert (accounts.find(limited, account.pk) is not None) == (account.pk in visible)
    for row in findings.open_findings(everything):
        assert (findings.find_finding(limited, row.pk) is not None) == (row.account in visible)
    for organization in organizations.organizations(limited):
        members = organizations.members(limited, organization, MemberFilter())
        assert {member.account for member in members} == {None, *visible}
        tree = organizations.Tree(limited, organization)
        assert tree.total.accounts == organizations.counts_of(limited, [organization.pk])[organization.pk].accounts
        assert tree.total.accounts == 1 + len(visible)


def check_numbers(world: World, limit: frozenset[UUID]) -> None:
    everything, limited = scopes(world, limit)
    visible = world.visible(limit)
    shown = [account for account in CloudAccount.objects.filter(owner=world.owner) if account.pk in visible]
    rows = [row for row in findings.open_findings(everything) if row.account in visible]
    for name, (read, expected) in NUMBERS.items():
        assert read(limited) == expected(shown, rows), name
    days = AccountFindingDay.objects.filter(owner=world.owner)
    sums: Counter[str] = Counter()
    for row in days:
        if row.account in visible:
            sums[row.day] += row.high
    assert {day.day: day.high for day in counts.daily_counts(limited)} == sums


def check_groups(world: World, limit: frozenset[UUID]) -> None:
    everything, limited = scopes(world, limit)
    nested = world.nested(limit)
    assert {branch.group.pk for branch in groups.tree(limited)} == nested
    assert {key for key, _ in groups.choices(limited)} == {str(key) for key in nested}
    for key in world.parents:
        assert (groups.find(limited, key) is not None) == (key in nested)
    named = groups.groups_of_many(everything, world.accounts)
    for account, rows in groups.groups_of_many(limited, world.accounts).items():
        assert rows == [row for row in named[account] if UUID(row["id"]) in nested]


def check_jobs(world: World, limit: frozenset[UUID]) -> None:
    everything, limited = scopes(world, limit)
    visible, nested = world.visible(limit), world.nested(limit)
    for job in jobs.jobs(everything):
        # Asked for within the limit, or in a narrower one: its title and its numbers say nothing of others.
        asked = group_scope.from_text(job.owner, job.limited_to).groups
        assert (jobs.find_job(limited, job.pk) is not None) == (asked is not None and asked <= nested)
        subjects = {UUID(item.subject) for item in jobs.job_items(limited, job)}
        assert subjects == visible & {UUID(item.subject) for item in jobs.job_items(everything, job)}
