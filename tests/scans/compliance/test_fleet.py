"""The list of frameworks of a large fleet says what that of a small one says."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import CloudAccount, SwitchedOffCheck
from cloudaccounts.work.databases import SECURITY
from scans.compliance import fleet
from scans.compliance.account_totals import renew_account_totals
from scans.compliance.fleet import FRAMEWORKS, reports_of
from scans.compliance.own.catalogue import frameworks_of
from scans.compliance.queries import Report, report_on, reports_on
from scans.compliance.scope import accounts_in_scope, mask_of
from scans.models import AccountTotals, CheckTotal, Finding, ScanSchedule
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.findings.test_views import make

pytestmark = [
    pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toy_framework", "toycloud"),
]  # fmt: skip
RULES = ("toy_box_closed", "toy_box_labelled", "toy_blunt")


def told(reports: list[Report]) -> list[tuple[Any, ...]]:
    return [(each.framework.slug, each.accounts, each.totals, each.facts.evaluated_at) for each in reports]


def by_control(report: Report) -> list[tuple[Any, ...]]:
    return [(each.state, each.reason, each.failed, each.muted, each.accounts.numbers()) for each in report.results]


def both(team: Scope) -> None:
    one_by_one = reports_on(frameworks_of(team.owner).values(), accounts_in_scope(team))
    assert told(reports_of(team)) == told(one_by_one)
    for each in one_by_one:  # as its own page reads it
        cloud = each.framework.provider
        own = report_on(each.framework, accounts_in_scope(team, provider=cloud))
        assert told([own]) == told([each])
        assert by_control(own) == by_control(each)


def total(account: CloudAccount, rule: str, **values: Any) -> None:
    now = timezone.now()
    CheckTotal.objects.create(
        account=account.pk, owner=account.owner, check_id=rule, run=uuid4(), at=values.pop("at", now),
        read_at=values.pop("read_at", now), **values,
    )  # fmt: skip


def test_whatever_was_found(alice: User, toy_account: MakeAccount) -> None:
    draw = random.Random(11)  # noqa: S311 - cases of a test
    owner, now = str(alice.pk), timezone.now()
    read = {"enabled_regions": ["left"], "coverage": {"read_regions": ["left"]}, "coverage_percent": 100}
    unread = {"enabled_regions": ["left", "right"], "coverage": {"read_regions": ["left"]}, "coverage_percent": 50}
    accounts = [toy_account(alice, account_id=f"aaaaa{letter}", name=letter) for letter in "bcd"]
    group = create_group(scope=Scope(owner), actor=SYSTEM, name="some")
    add_members(group, actor=SYSTEM, accounts=[row.pk for row in accounts[:2]])
    states = set()
    for _ in range(40):
        for model in (CheckTotal, AccountTotals, Finding, ScanSchedule, SwitchedOffCheck):
            model._default_manager.filter(owner=owner).delete()
        whole = draw.random() < 0.6  # most faults hide what the others would do
        for account in accounts:
            CloudAccount.objects.filter(pk=account.pk).update(**(read if whole or draw.random() < 0.7 else unread))
            if draw.random() < 0.7:
                ScanSchedule.objects.create(
                    account=account.pk, owner=owner, every=draw.choice(["daily", "weekly", "off"]), next_at=now,
                    full_at=now,
                )  # fmt: skip
            at = now - timedelta(hours=draw.randint(0, 9))  # a scan writes all of its account at one moment
            for rule in RULES:
                if whole or draw.random() < 0.9:
                    total(
                        account, rule, passed=draw.choice([0, 2]), at=at,
                        unknown=0 if whole or draw.random() < 0.9 else 1,
                        unread=0 if whole or draw.random() < 0.9 else 1,
                        read_at=draw.choice([now, now, now - timedelta(days=draw.choice([1, 3, 20])), None][:3]),
                    )  # fmt: skip
                if draw.random() < 0.15:
                    make(account, "one", check_id=rule, suppressed=draw.random() < 0.5, muted=draw.random() < 0.5)
            renew_account_totals(account.pk, owner, account.provider)
        if draw.random() < 0.2:
            SwitchedOffCheck.objects.create(
                owner=owner, check_id=draw.choice(RULES), reason="x", author="alice", created_at=now
            )
        both(Scope(owner))
        both(Scope(owner, groups=frozenset({group.pk})))
        states |= {name for name, number in reports_of(Scope(owner))[0].totals.items() if number}
    assert {"passed", "failed", "unknown", "muted"} <= states


def test_a_reading_without_a_date_is_unknown(alice: User, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    for rule in RULES:
        total(account, rule, passed=1, read_at=None)
    renew_account_totals(account.pk, account.owner, account.provider)
    both(Scope(account.owner))


def test_a_framework_is_as_old_as_the_scans_of_other_clouds(
    alice: User, toy_account: MakeAccount, make_account: MakeAccount
) -> None:
    """On its own page too, which reads the accounts of its cloud alone."""
    now, ages = timezone.now(), {toy_account(alice): 1, make_account(alice): 5}
    for account, hours in ages.items():
        total(account, RULES[0], passed=1, at=now - timedelta(hours=hours))
        renew_account_totals(account.pk, account.owner, account.provider)
    both(Scope(str(alice.pk)))
    assert len(accounts_in_scope(Scope(str(alice.pk)), provider="toy").accounts) == 1


def test_masks_name_their_members(alice: User, toy_account: MakeAccount) -> None:
    accounts = [toy_account(alice, account_id=f"aaaaa{letter}", name=letter) for letter in "bcde"]
    scope = accounts_in_scope(Scope(str(alice.pk)))
    for mask in range(16):
        members = [bool(mask >> place & 1) for place in range(4)]
        assert mask_of(members) == mask
        assert scope.of(mask) == [account for account, member in zip(accounts, members, strict=True) if member]
    assert scope.by_provider == {"toy": 15}
    assert mask_of([]) == 0


def test_page_and_call_take_it_and_read_no_account_by_itself(
    alice: User, alices: Client, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for letter in "bcd":
        account = toy_account(alice, account_id=f"aaaaa{letter}", name=letter)
    monkeypatch.setattr(fleet, "LARGE", 2)
    FRAMEWORKS.clear()
    with CaptureQueriesContext(connections[SECURITY]) as queries:
        page = alices.get("/compliance/")
    assert page.context["counted"] is not None
    assert [row["report"].accounts for row in page.context["rows"]] == [3]
    assert not any('"coverage_gaps"' in query["sql"] for query in queries)
    # One account, or a group, is a report as ever.
    assert alices.get(f"/compliance/?account={account.pk}").context["counted"] is None
    monkeypatch.setattr(fleet, "LARGE", 3)
    assert alices.get("/compliance/").context["counted"] is None
