"""What an organization's page says of what happened in it, and its two ways to onboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.organizations import NodeState
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import CloudAccount, Job, JobItem, Organization, OrganizationMember
from cloudaccounts.organizations.activity import Entry, activity
from cloudaccounts.organizations.queries import jobs_of
from cloudaccounts.organizations.rules import Rule, set_rules
from cloudaccounts.organizations.sync import request_sync, run_sync
from teams.models import Membership, Team
from teams.roles import Role
from teams.scope import Scope
from tests.cloudaccounts.organizations.conftest import ALICE, Member, box, container
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def url(organization: Organization) -> str:
    return f"/organizations/{organization.pk}/"


def happened(organization: Organization, *, audit: bool = True) -> list[Entry]:
    scope = Scope(organization.owner)
    return activity(scope, organization, jobs_of(scope, organization), audit=audit)


def sync_again(organization: Organization) -> None:
    request_sync(organization, actor=ALICE)
    run_sync(organization.pk)


def test_it_tells_who_joined_at_first(organization: Organization) -> None:
    assert [(one.text, one.tone) for one in happened(organization)] == [
        ("4 members joined", "ok"),
        ("Organization connected", ""),
    ]
    assert happened(organization)[0].named == "box aaaaaa, box bbbbbb, box cccccc and 1 more"


def test_who_joined_who_left_and_who_is_back_are_told_by_name(organization: Organization, tree: State) -> None:
    tree.tree = [
        [container("root", "", "The shelf"), container("upper"), container("inner", "upper")],
        [box("aaaaaa", state=NodeState.SUSPENDED), box("dddddd", "inner"), box("eeeeee", "inner")],
    ]
    sync_again(organization)
    told = {one.text: one.named for one in happened(organization)[:3]}
    assert told == {
        "1 member joined": "box eeeeee",
        "3 members left or closed": "box aaaaaa, box bbbbbb, box cccccc",
        "1 member back": "box dddddd",
    }


def test_syncs_that_changed_nothing_are_one_line(organization: Organization) -> None:
    for _ in range(3):
        sync_again(organization)
    first = happened(organization)[0]
    assert (first.text, first.times) == ("Synced, nothing changed", 3)


def test_a_failed_sync_says_why(organization: Organization, tree: State) -> None:
    tree.tree_errors[0] = [ProviderError("organization_denied", "Not allowed.", "Allow it.")]
    sync_again(organization)
    assert (happened(organization)[0].text, happened(organization)[0].tone) == ("Sync failed: Not allowed.", "bad")


def test_people_are_named_to_who_may_read_the_audit(organization: Organization) -> None:
    set_rules(organization, actor=ALICE, rules=[Rule("root", "dev")])
    assert (happened(organization)[0].text, happened(organization)[0].by) == ("Rules changed", "alice")
    assert happened(organization, audit=False)[0].by == ""


@pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
def test_the_page_onboards_all_that_are_new_as_the_rules_say(
    alices: Client, organization: Organization, url: str, connecting: CloudAccount
) -> None:
    page = seen(alices.get(url))
    assert "Onboard 3 new" in page
    assert "without it, each of them fails" in page, "access is set up first"
    set_rules(organization, actor=ALICE, rules=[Rule("inner", "staging", auto=True)])
    answer = alices.post(f"{url}onboard/")
    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert JobItem.objects.filter(job=job.pk).count() == 3
    run_job(job.pk)
    environments = {row.account_id: row.environment for row in CloudAccount.objects.exclude(pk=connecting.pk)}
    assert environments == {"aaaaaa": connecting.environment, "bbbbbb": connecting.environment, "cccccc": "staging"}
    page = seen(alices.get(url))
    assert "Onboard 3 new" not in page
    assert "3 members onboarded" in page
    assert "box aaaaaa" in page


def test_what_failed_for_one_cause_is_one_entry_and_tried_again_together(
    alices: Client, organization: Organization, url: str, member: Member
) -> None:
    cause = "No role arn:aws:iam::111122223333:role/reader. It has several causes."
    failed = {"state": "failed", "code": "denied", "cause": cause, "remedy": "Make the role."}
    OrganizationMember.objects.filter(account_id__in=["aaaaaa", "bbbbbb"]).update(**failed)
    OrganizationMember.objects.filter(account_id="bbbbbb").update(cause=cause.replace("1111", "4444"))
    OrganizationMember.objects.filter(account_id="cccccc").update(**{**failed, "code": "gone", "remedy": "Look."})
    page = seen(alices.get(url))
    assert "3 members, 2 causes" in page
    assert "No role arn:aws:iam::…:role/reader.</b>" in page, "it is said of two, and names neither"
    assert "2 members: box aaaaaa, box bbbbbb" in page
    alices.post(f"{url}onboard/", {"like": str(member("bbbbbb").pk)})
    assert {item.subject for item in JobItem.objects.all()} == {
        str(member("aaaaaa").pk),
        str(member("bbbbbb").pk),
    }


@pytest.mark.parametrize(("like", "code"), [("nonsense", 404), ("00000000-0000-4000-8000-000000000000", 302)])
def test_a_cause_that_is_not_there_starts_nothing(alices: Client, url: str, like: str, code: int) -> None:
    assert alices.post(f"{url}onboard/", {"like": like}).status_code == code
    assert not Job.objects.exists()


def test_units_say_their_critical_findings_and_what_new_members_become(
    alice: User, alices: Client, organization: Organization, url: str, toy_account: MakeAccount
) -> None:
    account = toy_account(alice, account_id="cccccc", name="c")
    CloudAccount.objects.filter(pk=account.pk).update(open_critical=7)
    OrganizationMember.objects.filter(account_id="cccccc").update(account=account.pk, state="onboarded")
    set_rules(organization, actor=ALICE, rules=[Rule("root", "staging"), Rule("inner", "dev", auto=True)])
    upper = alices.get(url).context["node"].children[0]
    assert (upper.name, upper.critical, upper.becomes) == ("upper", 7, "as The shelf")
    inner = alices.get(f"{url}?under=upper").context["node"].children[0]
    assert (inner.name, inner.becomes) == ("inner", "Dev, automatic")
    assert "7 critical" in alices.get(url).content.decode()


def test_who_only_reads_is_offered_no_action(
    bob: User, bobs: Client, organization: Organization, connecting: CloudAccount, url: str
) -> None:
    team = Team.objects.create(name="Crew")
    Membership.objects.create(team=team, user=bob, role=Role.VIEWER)
    for rows in (CloudAccount.objects.filter(pk=connecting.pk), Organization.objects.all(), OrganizationMember.objects):
        rows.update(owner=team.key)
    bobs.post("/team/switch/", {"team": team.key})
    page = seen(bobs.get(url))
    assert "3 new" in page
    assert "Onboard 3 new" not in page
    assert "Sync now" not in page


def test_only_the_latest_are_shown(organization: Organization) -> None:
    for number in range(12):
        Job.objects.create(
            owner=organization.owner, kind="organization.onboard", title="t", total=1, done=1, state="finished",
            options={"organization": str(organization.pk)}, requested_at=timezone.now() + timedelta(minutes=number),
        )  # fmt: skip
    assert len(happened(organization)) == 8
