"""Rules of an organization: the nearest unit's counts, new members join by them, closed ones are suspended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.organizations import NodeState
from cloudaccounts.errors import InputError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import create_group
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import AuditEvent, CloudAccount, Job, Notice, Organization
from cloudaccounts.organizations.members import onboard_by_rules
from cloudaccounts.organizations.rules import RuleBook, read_rules, rules_json, set_rules
from cloudaccounts.organizations.sync import request_sync, run_sync
from teams.scope import Scope
from tests.cloudaccounts.organizations.conftest import ALICE, Member, box, container
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # jobs have threads
AUTO = {"environment": "production", "groups": [], "regions": "all", "auto": True}
REVIEW = {"environment": "dev", "groups": [], "regions": ["left"], "auto": False}


def with_rules(organization: Organization, *rules: dict[str, Any]) -> Organization:
    set_rules(organization, actor=ALICE, rules=read_rules(organization, rules))
    return organization


def sync(organization: Organization) -> None:
    request_sync(organization, actor=ALICE)
    run_sync(organization.pk)
    organization.refresh_from_db()


def work() -> None:
    for job in Job.objects.filter(state="queued"):
        run_job(job.pk)


def connected() -> dict[str, str]:
    accounts = CloudAccount.objects.filter(connection__isnull=False)
    return dict(accounts.order_by("account_id").values_list("account_id", "environment"))


def test_the_nearest_unit_counts(organization: Organization) -> None:
    with_rules(organization, {"under": "root", **REVIEW}, {"under": "upper", **AUTO})
    book = RuleBook(organization)
    chosen = {unit: book.rule_for(unit) for unit in ("root", "upper", "inner", "nowhere")}
    assert {unit: rule and rule.under for unit, rule in chosen.items()} == {
        "root": "root", "upper": "upper", "inner": "upper", "nowhere": None,
    }  # fmt: skip


def test_the_word_root_names_the_root_before_anybody_knows_its_id(connecting: CloudAccount) -> None:
    organization = Organization.objects.create(owner=connecting.owner, provider="toy", connection=connecting.pk)
    with_rules(organization, {"under": "root", **AUTO}, {"under": "to be made", **REVIEW})
    Organization.objects.filter(pk=organization.pk).update(root_id="r-1")
    organization.refresh_from_db()
    rule = RuleBook(organization).rule_for("r-1")
    assert rule is not None
    assert rule.auto


def test_new_members_join_within_one_sync(alice: User, organization: Organization, tree: State, member: Member) -> None:
    group = create_group(scope=Scope(str(alice.pk)), actor=ALICE, name="Upstairs")
    with_rules(organization, {"under": "root", **REVIEW}, {"under": "upper", **AUTO, "groups": ["Upstairs"]})
    tree.tree.append([box("eeeeee", "inner"), box("ffffff", "root")])
    sync(organization)
    work()
    assert connected() == {"bbbbbb": "production", "cccccc": "production", "eeeeee": "production"}
    assert member("ffffff").state == "new"
    assert len(list(group_queries.account_ids(group))) == 3
    event = AuditEvent.objects.filter(action="job.requested").get()
    assert event.actor_label == "rules of The shelf"
    assert organization.next_sync_at is not None
    assert organization.next_sync_at < timezone.now() + timedelta(hours=2)


def test_a_second_sync_starts_nothing_anew(organization: Organization) -> None:
    with_rules(organization, {"under": "root", **AUTO})
    sync(organization)
    work()
    sync(organization)
    assert Job.objects.count() == 1


def test_what_failed_is_tried_again_on_its_first_day(organization: Organization, tree: State, member: Member) -> None:
    with_rules(organization, {"under": "inner", **AUTO})
    tree.bad_members["cccccc"] = ProviderError("no_role", "The role is not there yet.")
    sync(organization)
    work()
    assert member("cccccc").state == "failed"
    tree.bad_members.clear()
    sync(organization)
    work()
    assert member("cccccc").state == "onboarded"


def test_a_rule_that_was_taken_back_meanwhile_onboards_nobody(organization: Organization, member: Member) -> None:
    with_rules(organization, {"under": "root", **AUTO})
    sync(organization)
    with_rules(organization, {"under": "root", **REVIEW})
    work()
    assert connected() == {}
    assert Job.objects.get().skipped == 3


def test_asked_for_by_rule_each_becomes_what_its_rule_says(organization: Organization, member: Member) -> None:
    with_rules(organization, {"under": "inner", **REVIEW})
    onboard_by_rules(organization, actor=ALICE, members=[member("aaaaaa").pk, member("cccccc").pk])
    work()
    # Without a rule it becomes what its connection is.
    assert connected() == {"aaaaaa": "production", "cccccc": "dev"}
    assert CloudAccount.objects.get(account_id="cccccc").regions == ["left"]


@pytest.mark.parametrize("closed", ["said", "gone"])
def test_what_closes_is_suspended_with_a_note(organization: Organization, tree: State, closed: str) -> None:
    with_rules(organization, {"under": "inner", **AUTO})
    sync(organization)
    work()
    tree.tree[3] = [box("cccccc", "inner", NodeState.CLOSED)] if closed == "said" else []
    sync(organization)
    account = CloudAccount.objects.get(account_id="cccccc")
    assert account.status == "suspended"
    assert "It was suspended here" in Notice.objects.get(kind="member.closed").text
    assert AuditEvent.objects.filter(action="account.noted", account=account.pk).count() == 1


def test_what_left_with_a_credential_of_its_own_is_left_alone(
    alice: User, organization: Organization, tree: State, toy_account: MakeAccount
) -> None:
    account = toy_account(alice, account_id="cccccc", name="mine")
    sync(organization)
    tree.tree[3] = []
    sync(organization)
    account.refresh_from_db()
    assert account.status == "active"
    assert "Suspend or delete" in Notice.objects.get(kind="member.closed").remedy


def test_a_dry_run_says_what_would_come_of_it(organization: Organization) -> None:
    rules = read_rules(organization, [{"under": "upper", **REVIEW}, {"under": "inner", **AUTO}])
    preview = RuleBook(organization, rules).preview()
    assert (preview.automatic, preview.waiting, preview.without_rule) == (1, 1, 1)
    assert organization.rules == []


def test_what_is_read_can_be_written_again(alice: User, organization: Organization) -> None:
    create_group(scope=Scope(str(alice.pk)), actor=ALICE, name="Upstairs")
    with_rules(organization, {"under": "upper", **AUTO, "groups": ["Upstairs"]})
    written = rules_json(organization)
    assert written == [{"under": "upper", **AUTO, "groups": ["Upstairs"]}]
    assert not set_rules(organization, actor=ALICE, rules=read_rules(organization, written))


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ([{"under": "elsewhere", **AUTO}], "0.under"),
        ([{"under": "", **AUTO}], "0.under"),
        ([{"under": "upper", **AUTO}, {"under": "upper", **REVIEW}], "1.under"),
        ([{"under": "upper", **AUTO, "environment": "moon"}], "0.environment"),
        ([{"under": "upper", **AUTO, "regions": ["moon"]}], "0.regions"),
        ([{"under": "upper", **AUTO, "groups": ["nobody's"]}], "0.groups"),
        ([{"under": "upper", **AUTO, "colour": "red"}], "0.colour"),
        ([{"under": f"u{n}", **AUTO} for n in range(201)], "rules"),
    ],
)
def test_a_wrong_rule_is_refused_by_its_place(
    organization: Organization, rules: list[dict[str, Any]], place: str
) -> None:
    with pytest.raises(InputError) as refused:
        read_rules(organization, rules)
    assert set(refused.value.fields) == {place}


def test_a_circle_in_the_tree_ends(organization: Organization, tree: State) -> None:
    tree.tree.append([container("left", "right"), container("right", "left"), box("gggggg", "left")])
    with_rules(organization, {"under": "upper", **AUTO})
    sync(organization)
    assert RuleBook(organization).rule_for("left") is None
