"""The row of totals of an account says what its totals by check say."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CloudAccount
from cloudaccounts.work.databases import SECURITY
from scans.compliance.account_totals import (
    AccountStates,
    forget_checks,
    read_account_states,
    renew_account_totals,
)
from scans.compliance.facts import read_facts
from scans.compliance.packing import ABSENT, EMPTY, PASSED, UNDECIDED, packed
from scans.compliance.scope import accounts_in_scope
from scans.models import AccountTotals, CheckTotal, ScanRun, ScanSchedule
from scans.muting.switches import switch_off, switch_on
from scans.runs.readings import stale_period
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.toycloud.provider import CHECKS, State

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toycloud")]
RULES = [check.id for check in CHECKS]
AGES = (0, 1, 2, 3, 14)  # days: around twice each schedule
ASKED = {"toy": [*reversed(RULES), "toy_of_tomorrow"]}
Scan = Callable[..., ScanRun]


def expected(account: UUID, rule: str, now: datetime) -> str:
    """By the total itself."""
    row = CheckTotal.objects.filter(account=account, check_id=rule).first()
    if row is None:
        return ABSENT
    every = ScanSchedule.objects.filter(account=account).values_list("every", flat=True).first()
    if row.unknown or row.unread or row.read_at is None or row.read_at < now - stale_period(every or ""):
        return UNDECIDED
    return PASSED if row.passed else EMPTY


def states(owner: str) -> dict[UUID, dict[str, str]]:
    rows: list[AccountStates] = list(read_account_states(Scope(owner), ASKED))
    return {row.account: dict(zip(ASKED["toy"], row.states, strict=True)) for row in rows}


def as_stored(owner: str, accounts: list[CloudAccount]) -> None:
    now = timezone.now()
    stored = {row.pk for row in accounts if CheckTotal.objects.filter(account=row.pk).exists()}
    assert states(owner) == {
        account: {rule: expected(account, rule, now) for rule in ASKED["toy"]} for account in stored
    }


def test_whatever_was_counted(alice: User, toy_account: MakeAccount) -> None:
    draw = random.Random(7)  # noqa: S311 - cases of a test
    owner, now = str(alice.pk), timezone.now()
    accounts = [toy_account(alice, account_id=f"aaaaa{letter}", name=letter) for letter in "bcd"]
    met: set[str] = set()
    for _ in range(60):
        for model in (CheckTotal, ScanSchedule):
            model._default_manager.filter(owner=owner).delete()
        for account in accounts:
            if every := draw.choice(["", "daily", "weekly", "off"]):
                ScanSchedule.objects.create(account=account.pk, owner=owner, every=every, next_at=now, full_at=now)
            # Of a former version as well: its checks were others.
            for rule in [*RULES, "toy_of_yesterday"]:
                if draw.random() < 0.8:
                    CheckTotal.objects.create(
                        account=account.pk, owner=owner, check_id=rule, run=uuid4(), at=now,
                        passed=draw.choice([0, 3]), unknown=draw.choice([0, 0, 0, 2]), unread=draw.choice([0, 0, 0, 1]),
                        read_at=draw.choice([None, *(now - timedelta(days=age, minutes=1) for age in AGES)]),
                    )  # fmt: skip
            renew_account_totals(account.pk, owner, account.provider)
        as_stored(owner, accounts)
        forgotten = draw.sample(RULES, draw.randint(0, len(RULES)))
        CheckTotal.objects.filter(owner=owner, check_id__in=forgotten).delete()
        forget_checks(owner, forgotten)
        left = [row for row in accounts if CheckTotal.objects.filter(account=row.pk).exists()]
        now_states = states(owner)
        for account in left:
            assert now_states[account.pk] == {rule: expected(account.pk, rule, timezone.now()) for rule in ASKED["toy"]}
        met |= {letter for row in now_states.values() for letter in row.values()}
    assert met == {PASSED, EMPTY, UNDECIDED, ABSENT}


def test_a_check_that_is_switched_off_and_on_again_was_never_evaluated(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    as_stored(toybox.owner, [toybox])
    assert states(toybox.owner)[toybox.pk]["toy_blunt"] in {PASSED, EMPTY}
    switch_off(toybox.owner, ["toy_blunt"], actor=SYSTEM, reason="Not here.")
    as_stored(toybox.owner, [toybox])
    switch_on(toybox.owner, ["toy_blunt"], actor=SYSTEM)
    assert states(toybox.owner)[toybox.pk]["toy_blunt"] == ABSENT
    scan()
    as_stored(toybox.owner, [toybox])
    assert states(toybox.owner)[toybox.pk]["toy_blunt"] in {PASSED, EMPTY}


def test_the_row_goes_with_the_last_total(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    assert AccountTotals.objects.filter(pk=toybox.pk).exists()
    CheckTotal.objects.all().delete()
    renew_account_totals(toybox.pk, toybox.owner, toybox.provider)
    assert not AccountTotals.objects.exists()


def test_accounts_of_one_cloud_have_one_layout_whatever_is_switched_off(
    toybox: CloudAccount, scan: Scan, toycloud: State
) -> None:
    scan()
    before = AccountTotals.objects.get().layout
    switch_off(toybox.owner, ["toy_blunt"], actor=SYSTEM, reason="Not here.")
    scan()
    assert AccountTotals.objects.get().layout == before
    toycloud.checks = CHECKS[:1]  # another version
    scan()
    assert AccountTotals.objects.get().layout != before


def test_facts_take_as_many_queries_for_many_accounts(
    alice: User, toy_account: MakeAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for letter in "bcdefg":
        account = toy_account(alice, account_id=f"aaaaa{letter}", name=letter)
        now = timezone.now()
        CheckTotal.objects.create(
            account=account.pk, owner=account.owner, check_id="toy_blunt", run=uuid4(), at=now, read_at=now, passed=1
        )
        renew_account_totals(account.pk, account.owner, account.provider)
        scope = accounts_in_scope(Scope(account.owner))
        with django_assert_num_queries(4, using=SECURITY):
            facts = read_facts(scope, dict.fromkeys(RULES, "toy"))
        assert facts.rules["toy_blunt"].passed == scope.everybody
        # Written by another version: its checks are read as well, once.
        layout = AccountTotals.objects.values_list("layout", flat=True).first()
        AccountTotals.objects.update(layout="of yesterday")
        with django_assert_num_queries(5, using=SECURITY):
            facts = read_facts(scope, dict.fromkeys(RULES, "toy"))
        assert facts.rules["toy_blunt"].passed == scope.everybody
        AccountTotals.objects.update(layout=layout)


def test_the_migration_writes_the_rows_of_what_was_counted_before(toybox: CloudAccount, scan: Scan) -> None:
    scan()

    def stored() -> dict[str, Any]:
        [row] = AccountTotals.objects.values()
        return dict(row)

    written = stored()
    AccountTotals.objects.all().delete()
    migration = import_module("scans.migrations.0021_account_totals")
    migration.pack_totals(apps, SimpleNamespace(connection=connections[SECURITY]))
    assert stored() == written


def test_nothing_is_packed_of_nothing() -> None:
    assert packed([], RULES) is None
