"""Counts of the values that a list can be narrowed by."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import CloudAccount
from scans.findings import facets, groups, lines
from scans.findings.facets import FacetCounter, Facets
from scans.findings.filters import BANDS, FindingFilter
from scans.models import Finding
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.findings.test_views import make

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def count(user: User, **filters: Any) -> Facets:
    return FacetCounter(Scope(str(user.pk)), FindingFilter(**filters)).count()


def test_each_facet_counts_what_is_open(alice: User, account: CloudAccount) -> None:
    make(account, "a", "critical", environment="production", region="eu-west-1")
    make(account, "b", "low", environment="dev", service="ec2", assignee="bob", days=10)
    make(account, "c", "low", environment="dev", muted=True)
    make(account, "d", "low", suppressed=True, muted=True)
    make(account, "e", "low", status="resolved", muted=True, resolved_at=timezone.now())
    facets = count(alice)
    assert facets.total == 2
    assert facets.values["severity"] == {"critical": 1, "low": 1}
    assert facets.values["environment"] == {"production": 1, "dev": 1}
    assert facets.values["service"] == {"s3": 1, "ec2": 1}
    assert facets.values["assignee"] == {"-": 1, "bob": 1}
    assert facets.values["status"] == {"open": 2, "muted": 1, "suppressed": 1, "resolved": 1}
    assert facets.values["account"] == {str(account.pk): 2}
    assert {name: number for name, number in facets.values["open_for"].items() if number} == {"0-1": 1, "7-30": 1}
    assert facets.labels["account"] == {str(account.pk): account.name}


def test_a_facet_is_narrowed_by_all_filters_except_its_own(alice: User, account: CloudAccount) -> None:
    make(account, "a", "critical", environment="production", region="eu-west-1", service="s3")
    make(account, "b", "high", environment="production", region="us-east-1", service="s3")
    make(account, "c", "high", environment="dev", region="eu-west-1", service="ec2", check_id="aws_x")
    facets = count(alice, severity=("high",), region=("eu-west-1",))
    assert facets.total == 1
    assert facets.values["severity"] == {"critical": 1, "high": 1}  # of the region, whatever their severity
    assert facets.values["region"] == {"eu-west-1": 1, "us-east-1": 1}  # of the severity, wherever they are
    assert facets.values["environment"] == {"dev": 1}
    assert facets.values["service"] == {"ec2": 1}
    both = count(alice, environment=("production",), assignee=("nobody",), status=("open", "muted"))
    assert both.total == 0
    assert both.values["assignee"] == {"-": 2}
    assert both.values["environment"] == {}


def test_groups_count_with_those_nested_in_them(alice: User, account: CloudAccount, make_account: MakeAccount) -> None:
    outer = create_group(scope=Scope(account.owner), actor=SYSTEM, name="outer")
    inner = create_group(scope=Scope(account.owner), actor=SYSTEM, name="inner", parent=outer.pk)
    add_members(inner, actor=SYSTEM, accounts=[account.pk])
    make(account, "in")
    make(make_account(alice, name="other"), "out")
    counted = count(alice)
    assert counted.values["group"] == {str(outer.pk): 1, str(inner.pk): 1}
    assert counted.labels["group"] == {str(outer.pk): "outer", str(inner.pk): "inner"}
    narrowed = count(alice, group=(outer.pk,))
    assert (narrowed.total, narrowed.values["account"]) == (1, {str(account.pk): 1})


def test_a_limited_scope_counts_its_groups_alone(alice: User, account: CloudAccount, make_account: MakeAccount) -> None:
    group = create_group(scope=Scope(account.owner), actor=SYSTEM, name="payments")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    make(account, "in")
    make(make_account(alice, name="other"), "out")
    scope = Scope(account.owner, groups=frozenset({group.pk}))
    facets = FacetCounter(scope, FindingFilter()).count()
    assert (facets.total, facets.values["account"]) == (1, {str(account.pk): 1})


def test_controls_and_tags_are_counted_when_asked_for(alice: User, account: CloudAccount) -> None:
    make(account, "a", check_id="aws_ec2_instance_imdsv2", tags="\nenv=dev\nteam=web\n")
    make(account, "b", check_id="aws_x", tags="\nenv=dev\n")
    make(account, "c", check_id="aws_x")
    counter = FacetCounter(Scope(str(alice.pk)), FindingFilter())
    assert counter.tags() == {"env=dev": 2, "team=web": 1}
    assert counter.controls()["cis_aws_5.0:5.7"] == 1
    narrowed = FacetCounter(Scope(str(alice.pk)), FindingFilter(tag=("team",)))
    assert narrowed.count().total == 1
    assert narrowed.tags()["env=dev"] == 2


def test_the_page_shows_them_and_narrows_by_them(alice: User, alices: Any, account: CloudAccount) -> None:
    make(account, "a", "critical", tags="\nenv=dev\n")
    make(account, "b", "low", days=40)
    page = alices.get("/findings/?severity=critical&severity=high")
    facets = {facet.name: facet for facet in page.context["facets"]}
    assert [(value.label, value.count, value.chosen) for value in facets["severity"].values] == [
        ("Critical", 1, True), ("High", 0, True), ("Medium", 0, False), ("Low", 1, False),
    ]  # fmt: skip
    assert [chip.label for chip in page.context["chips"]] == ["Critical, High"]
    assert [group.check_id for group in page.context["page"].object_list] == ["aws_s3_public"]
    assert "env=dev" in alices.get("/findings/facets/tag/").content.decode()
    assert alices.get("/findings/facets/severity/").status_code == 404


def test_regions_are_counted_when_they_are_opened(alice: User, alices: Any, account: CloudAccount) -> None:
    make(account, "a", "high", region="eu-west-1")
    make(account, "b", "low", region="us-east-1")
    facets = FacetCounter(Scope(str(alice.pk)), FindingFilter()).count(but=("region",))
    assert "region" not in facets.values
    opened = alices.get("/findings/facets/region/?severity=high&region=us-east-1").content.decode()
    assert "eu-west-1" in opened, "narrowed by all filters but its own"
    assert 'value="us-east-1" checked' in opened


def test_ages_meet_without_a_gap(alice: User, account: CloudAccount) -> None:
    now = timezone.now()
    for days in (0, 1, 7, 30, 90):
        make(account, f"at {days}", open_since=now - timedelta(days=days))
    counts = FacetCounter(Scope(str(alice.pk)), FindingFilter(), now=now).count().values["open_for"]
    assert counts == {"0-1": 1, "1-7": 1, "7-30": 1, "30-90": 1, "90-": 1}


@pytest.mark.parametrize("chosen", [("0-1",), ("7-30", "90-"), ("1-7",)])
def test_ages_that_are_not_chosen_are_counted_too(alice: User, account: CloudAccount, chosen: tuple[str, ...]) -> None:
    for number, days in enumerate((0, 0, 3, 10, 40, 100)):
        make(account, f"row {number}", days=days)
    assert count(alice, open_for=chosen).values["open_for"] == {"0-1": 2, "1-7": 1, "7-30": 1, "30-90": 1, "90-": 1}


@pytest.mark.parametrize("most", [lines.MOST_PAIRS, 0], ids=["by account and check", "apart"])
def test_counts_equal_those_of_the_rows_one_by_one(
    alice: User, account: CloudAccount, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Whatever narrows them, and although accounts have findings of two environments and checks of two services."""
    monkeypatch.setattr(lines, "MOST_PAIRS", most)
    draw = random.Random(7)  # noqa: S311 - cases of a test
    now = timezone.now()
    accounts = [account, make_account(alice, name="second"), make_account(alice, name="third")]
    group = create_group(scope=Scope(account.owner), actor=SYSTEM, name="payments")
    add_members(group, actor=SYSTEM, accounts=[row.pk for row in accounts[:2]])
    choices: dict[str, list[Any]] = {
        "severity": ["critical", "high", "low"], "service": ["s3", "ec2"], "check": ["aws_x", "aws_y"],
        "environment": ["dev", "production", ""], "region": ["eu-west-1", "us-east-1"], "assignee": ["bob", "-"],
        "open_for": ["0-1", "7-30", "90-"], "status": ["open", "muted", "suppressed", "resolved"],
        "account": [row.pk for row in accounts], "provider": ["aws", "azure"],
    }  # fmt: skip
    for number in range(60):
        make(
            draw.choice(accounts), f"row {number}", draw.choice(choices["severity"]), days=draw.choice([0, 3, 29, 90]),
            check_id=draw.choice(choices["check"]), service=draw.choice(choices["service"]),
            environment=draw.choice(choices["environment"]), region=draw.choice(choices["region"]),
            assignee=draw.choice(["", "", "bob"]), muted=draw.random() < 0.2, suppressed=draw.random() < 0.2,
            status=draw.choice(["open", "open", "resolved"]),
        )  # fmt: skip
    rows = [_values(row, now) for row in Finding.objects.filter(owner=account.owner)]
    scopes = {Scope(account.owner): rows}
    inside = {str(row.pk) for row in accounts[:2]}
    scopes[Scope(account.owner, groups=frozenset({group.pk}))] = [row for row in rows if row["account"] in inside]
    for turn in range(30):
        names = draw.sample(sorted(choices), k=turn % 4)
        filters: dict[str, Any] = {name: tuple(draw.sample(choices[name], k=draw.choice([1, 1, 2]))) for name in names}
        wanted = {name: {str(value) for value in values} for name, values in filters.items()}
        wanted.setdefault("status", {"open"})
        for scope, shown in scopes.items():
            counter = FacetCounter(scope, FindingFilter(**filters), now=now)
            facets = counter.count()
            assert facets.total == sum(all(row[name] in values for name, values in wanted.items()) for row in shown)
            for facet in choices:
                others = {name: values for name, values in wanted.items() if name != facet}
                counts = Counter(
                    row[facet] for row in shown if row[facet] and all(row[name] in own for name, own in others.items())
                )
                assert facets.values[facet] == counts, (facet, filters, scope.limited)
            fitting = [row for row in shown if all(row[name] in values for name, values in wanted.items())]
            listed, _ = groups.by_check(counter._narrowed(), facets.checks, accounts=facets.accounts)
            failing = {(row["check"], row["account"]) for row in fitting}
            assert {group.check_id: group.accounts for group in listed} == Counter(check for check, _ in failing)
            by_account = groups.by_account(counter._narrowed(), 0, 10)
            assert groups.by_account(counter._narrowed(), 0, 10, counted=facets.by_account) == by_account


def _values(row: Finding, now: datetime) -> dict[str, str]:
    days = max(0, (now - row.open_since).days)
    age = next(name for name, (least, most) in BANDS.items() if days >= least and (most is None or days < most))
    return {
        "severity": row.severity, "service": row.service, "check": row.check_id, "environment": row.environment,
        "region": row.region, "assignee": row.assignee or "-", "open_for": age, "status": row.state,
        "account": str(row.account), "provider": row.provider,
    }  # fmt: skip


def test_memberships_are_read_of_accounts_with_findings_alone(
    alice: User, account: CloudAccount, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group of 100,000 accounts made the page of findings 37 times as slow, though three had findings."""
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="all")
    others = [make_account(alice) for _ in range(3)]
    add_members(group, actor=SYSTEM, accounts=[account.pk, *(other.pk for other in others)])
    make(account, "in")
    memberships, names = facets._memberships(Scope(str(alice.pk)), {account.pk})
    assert memberships == {account.pk: frozenset({group.pk})}
    assert names == {group.pk: "all"}
    assert count(alice).values["group"] == {str(group.pk): 1}
    # Where more have findings than fit into one question, all are read.
    monkeypatch.setattr(facets, "ASKED_FOR", 0)
    assert len(facets._memberships(Scope(str(alice.pk)), {account.pk})[0]) == 4
    assert count(alice).values["group"] == {str(group.pk): 1}
