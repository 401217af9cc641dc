"""Mute rules: what they fit, findings that are there and that come, their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import AuditEvent, CloudAccount, JobItem, Notice
from scans.findings.suppression import suppress_findings, unsuppress_findings
from scans.models import Finding, MuteRule
from scans.muting import jobs, rules, views
from scans.muting.matching import matches
from scans.muting.rules import create_mute_rule, end_due_rules, end_mute_rule, hidden_counts, mute_rules
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen
from tests.scans.conftest import Scan
from tests.scans.findings.test_views import make
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
ALICE = Actor("1", "alice", "page")


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def mute(account: CloudAccount, **match: Any) -> MuteRule:
    return create_mute_rule(Scope(account.owner), match, actor=ALICE, reason="Meant").rule


def muted() -> set[str]:
    return set(Finding.objects.filter(muted=True).values_list("asset_name", flat=True))


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"check_id": "aws_x"}, False), ({"severity": "high"}, True), ({"severity": "low"}, False),
        ({"environment": "dev"}, True), ({"environment": "production"}, False), ({"region": "eu-west-1"}, True),
        ({"region": "eu-west"}, False), ({"resource": "web-*"}, True), ({"resource": "WEB-?"}, True),
        ({"resource": "eb-1"}, False), ({"resource": "arn:aws:*web-1"}, True), ({"tag": "env"}, True),
        ({"tag": "Env=Test"}, True), ({"tag": "env=tes"}, False), ({"severity": "high", "tag": "none"}, False),
        ({"severity": "high", "tag": "env", "region": "eu-west-1", "environment": "dev"}, True),
    ],
)  # fmt: skip
def test_all_criteria_have_to_fit(account: CloudAccount, match: dict[str, str], expected: bool) -> None:
    finding = make(account, "web-1", "high", environment="dev", tags="\nenv=test\n")
    assert matches(MuteRule(owner=account.owner, **match), finding, ()) is expected


def test_it_mutes_what_is_there_and_nothing_of_somebody_else(
    account: CloudAccount, bob: User, make_account: MakeAccount
) -> None:
    make(account, "mine", "low")
    make(account, "worse", "critical")
    make(make_account(bob), "theirs", "low")
    rule = mute(account, severity="low")
    assert muted() == {"mine"}
    assert hidden_counts([rule]) == {rule.pk: 1}
    assert AuditEvent.objects.get(action="mute_rule.created").actor_label == "alice"


def test_a_group_holds_those_nested_in_it(account: CloudAccount, alice: User, make_account: MakeAccount) -> None:
    outer = create_group(scope=Scope(account.owner), actor=SYSTEM, name="outer")
    inner = create_group(scope=Scope(account.owner), actor=SYSTEM, name="inner", parent=outer.pk)
    add_members(inner, actor=SYSTEM, accounts=[account.pk])
    make(account, "in")
    make(make_account(alice, name="other"), "out")
    mute(account, group=outer.pk)
    assert muted() == {"in"}


def test_it_holds_for_findings_to_come_and_nobody_is_notified(
    scan: Scan, toybox: CloudAccount, toycloud: State
) -> None:
    rule = mute(toybox, resource="red*")
    toycloud.set_assets("boxes", "left", "red", "blue", lid="open")
    run = scan()
    assert muted() == {"red"}
    assert Finding.objects.get(asset_name="red").mute_rule == rule.pk
    assert run.open_by_severity["critical"] == 1
    assert ["blue" in notice.text for notice in Notice.objects.filter(kind="finding.critical")] == [True]
    end_mute_rule(rule, actor=ALICE)
    assert muted() == set()


def test_a_scan_settles_what_a_rule_fits_since(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    mute(toybox, tag="env=dev")
    assert muted() == set()
    (red,) = toycloud.assets["boxes", "left"]
    toycloud.assets["boxes", "left"] = [replace(red, tags={"env": "dev"})]
    scan()
    assert muted() == {"red"}
    toycloud.assets["boxes", "left"] = [red]
    scan()
    assert muted() == set()


def test_suppressed_goes_before_muted_and_resolved_before_both(account: CloudAccount) -> None:
    row, scope = make(account, "web", "low"), Scope(account.owner)
    mute(account, severity="low")
    states = []
    for step in (None, suppress_findings, unsuppress_findings):
        if step is suppress_findings:
            suppress_findings(scope, [row.pk], actor=ALICE, reason="x")
        elif step is unsuppress_findings:
            unsuppress_findings(scope, [row.pk], actor=ALICE)
        row.refresh_from_db()
        states.append(row.state)
    assert states == ["muted", "suppressed", "muted"]
    Finding.objects.update(status="resolved")
    row.refresh_from_db()
    assert row.state == "resolved"


def test_its_end_gives_the_findings_back_with_a_notice(account: CloudAccount) -> None:
    make(account, "web", "low")
    rule = mute(account, severity="low")
    assert end_due_rules() == 0
    MuteRule.objects.update(until=timezone.now() - timedelta(minutes=1))
    assert (end_due_rules(), end_due_rules()) == (1, 0)
    assert (muted(), mute_rules(Scope(account.owner))) == (set(), [])
    notice = Notice.objects.get(kind="mute.ended")
    assert "1 finding counts again" in notice.text
    rule.refresh_from_db()
    assert rule.ended_at is not None


def test_another_rule_takes_over_what_one_gives_back(account: CloudAccount) -> None:
    row = make(account, "web", "low")
    first, second = mute(account, severity="low"), mute(account, resource="web")
    end_mute_rule(first, actor=ALICE)
    row.refresh_from_db()
    assert (row.muted, row.mute_rule) == (True, second.pk)


def test_many_are_muted_by_a_job_and_given_back_in_parts(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "AT_ONCE", 1)
    for name in ("one", "two", "three"):
        make(account, name, "low")
    made = create_mute_rule(Scope(account.owner), {"severity": "low"}, actor=ALICE, reason="Meant")
    assert (made.muted, muted()) == (0, set())
    assert made.job is not None
    assert [jobs._mute(made.job, item).state for item in JobItem.objects.filter(job=made.job.pk)] == ["done"]
    assert len(muted()) == 3
    end_mute_rule(made.rule, actor=ALICE)
    assert len(muted()) == 2
    end_due_rules()  # the scheduler gives back the others, and sends no notice of what somebody did
    assert (muted(), Notice.objects.filter(kind="mute.ended").count()) == (set(), 0)


def test_a_member_limited_to_groups_mutes_within_them(
    account: CloudAccount, alice: User, make_account: MakeAccount
) -> None:
    group = create_group(scope=Scope(account.owner), actor=SYSTEM, name="payments")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    other = make_account(alice, name="other")
    limited = Scope(account.owner, groups=frozenset({group.pk}))
    for match in ({"severity": "low"}, {"account": other.pk}):
        with pytest.raises(InputError):
            create_mute_rule(limited, match, actor=ALICE, reason="Meant")
    rule = create_mute_rule(limited, {"account": account.pk}, actor=ALICE, reason="Meant").rule
    hidden = mute(other, severity="low")
    assert mute_rules(limited) == [rule]
    assert rules.find_mute_rule(limited, hidden.pk) is None


def test_rules_in_force_are_shown_by_pages(
    alices: Client, account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    made = [mute(account, region=f"eu-west-{number}") for number in (1, 2, 3)]
    pages = [alices.get(f"/mute-rules/?page={number}") for number in (1, 2)]
    shown = [[row["rule"] for row in page.context["rules"]] for page in pages]
    assert shown == [[made[2], made[1]], [made[0]]]
    assert "1–2 of 3" in seen(pages[0])
