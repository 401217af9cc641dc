from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import post_save

from cloudaccounts.accounts.parsing import AccountInput
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.credentials import vault
from cloudaccounts.errors import InputError
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.health.sessions import account_session
from cloudaccounts.jobs.requests import retry_failed
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.lifecycle.onboarding import onboard_account
from cloudaccounts.lifecycle.state_changes import delete_account, resume_account, suspend_account
from cloudaccounts.models import AuditEvent, CloudAccount, CloudCredential, Job, JobItem, Organization
from cloudaccounts.models import OrganizationMember as Row
from cloudaccounts.organizations import members as services
from cloudaccounts.organizations.choosing import new_members
from cloudaccounts.organizations.connections import ignore_members
from cloudaccounts.organizations.members import onboard_members, validate_members
from scans.models import ScanRun
from teams.scope import Scope
from tests.cloudaccounts.organizations.conftest import ALICE, Member
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
REFUSED = ProviderError("role_refused", "This box is locked.", "Unlock it.")


def onboard(organization: Organization, keys: Sequence[object], **more: object) -> Job:
    values: dict[str, object] = {"environment": "staging", "regions": ["left"], **more}
    job = onboard_members(organization, actor=ALICE, members=keys, **values)  # type: ignore[arg-type]
    run_job(job.pk)
    job.refresh_from_db()
    return job


def test_members_become_accounts_without_a_credential_of_their_own(
    organization: Organization, connecting: CloudAccount, member: Member
) -> None:
    job = onboard(organization, new_members(organization))
    assert (job.done, job.failed, job.skipped) == (3, 0, 0)
    account = CloudAccount.objects.get(account_id="cccccc")
    assert (account.pk, account.connection) == (member("cccccc").becomes, connecting.pk)
    assert (account.status, account.environment, account.regions) == ("active", "staging", ["left"])
    assert account.name == "box cccccc"
    assert account.credential_secretless
    assert CloudCredential.objects.count() == 1, "only the connection's own"
    assert ScanRun.objects.filter(account=account.pk, auto_initiated=True).exists()
    assert (member("cccccc").state, member("cccccc").account) == ("onboarded", account.pk)


def test_by_default_each_member_is_read_in_all_regions_that_it_has_enabled(organization: Organization) -> None:
    job = onboard_members(organization, actor=ALICE, members=new_members(organization), environment="staging")
    run_job(job.pk)
    assert job.options["regions"] == "all"
    assert all(CloudAccount.objects.filter(connection__isnull=False).values_list("all_regions", flat=True))
    assert CloudAccount.objects.get(account_id="cccccc").regions == ["left", "right"]


def test_opening_one_is_audited_on_both(organization: Organization, connecting: CloudAccount) -> None:
    onboard(organization, new_members(organization))
    before = list(AuditEvent.objects.values_list("pk", flat=True))
    account = CloudAccount.objects.get(account_id="cccccc")
    account_session(account=account, actor=SYSTEM, purpose="scan").close()
    events = AuditEvent.objects.filter(action="credential.opened").exclude(pk__in=before)
    told = {event.account: event.text for event in events}
    assert told == {
        connecting.pk: "Token opened for scan of box cccccc",
        account.pk: "Credential of the hub opened for scan",
    }


def test_a_check_of_a_member_goes_through_the_connection(organization: Organization, tree: State) -> None:
    onboard(organization, new_members(organization))
    account = CloudAccount.objects.get(account_id="cccccc")
    tree.bad_members["cccccc"] = REFUSED
    run_check(request_check(account, actor=ALICE).pk)
    account.refresh_from_db()
    assert (account.status, account.last_check_code) == ("failed", "role_refused")


def test_a_member_is_not_opened_with_somebody_elses_credential(
    organization: Organization, connecting: CloudAccount, bob: User
) -> None:
    onboard(organization, new_members(organization))
    account = CloudAccount.objects.get(account_id="cccccc")
    # As after a kill in the middle of a transfer, where there are no transactions.
    CloudAccount.objects.filter(pk=connecting.pk).update(owner=str(bob.pk))
    with pytest.raises(ProviderError) as refused:
        account_session(account=account, actor=SYSTEM, purpose="scan")
    assert refused.value.code == "connection_elsewhere"
    with pytest.raises(ProviderError) as refused:
        vault.openers([account])[account.pk].open()
    assert refused.value.code == "connection_elsewhere"
    CloudAccount.objects.filter(pk=connecting.pk).update(owner=account.owner)
    Organization.objects.update(owner=str(bob.pk))
    for opening in (
        lambda: account_session(account=account, actor=SYSTEM, purpose="scan"),
        lambda: vault.openers([account])[account.pk].open(),
    ):
        with pytest.raises(ProviderError) as refused:
            opening()
        assert refused.value.code == "connection_missing"


def test_a_suspended_connection_blinds_its_members_without_failing_them(
    organization: Organization, connecting: CloudAccount
) -> None:
    onboard(organization, new_members(organization))
    suspend_account(connecting, actor=ALICE)
    account = CloudAccount.objects.get(account_id="cccccc")
    run_check(request_check(account, actor=ALICE).pk)
    account.refresh_from_db()
    assert (account.status, account.last_check_code) == ("active", "connection_suspended")
    resume_account(connecting, actor=ALICE)
    run_check(request_check(account, actor=ALICE).pk)
    account.refresh_from_db()
    assert account.last_check_code == ""


def test_each_member_has_its_own_outcome_and_only_the_failed_are_tried_again(
    organization: Organization, tree: State, member: Member
) -> None:
    tree.bad_members["bbbbbb"] = REFUSED
    job = onboard(organization, new_members(organization))
    assert (job.done, job.failed) == (2, 1)
    broken = member("bbbbbb")
    assert (broken.state, broken.code, broken.remedy) == ("failed", "role_refused", "Unlock it.")
    assert not CloudAccount.objects.filter(account_id="bbbbbb").exists()
    tree.bad_members.clear()
    again = retry_failed(job, actor=ALICE)
    assert again is not None
    run_job(again.pk)
    again.refresh_from_db()
    assert (again.total, again.done) == (1, 1)
    assert (member("bbbbbb").state, member("bbbbbb").code) == ("onboarded", "")


def test_doing_it_twice_makes_no_second_account(organization: Organization) -> None:
    keys = new_members(organization)
    job = onboard(organization, keys)
    before = CloudAccount.objects.count()
    with pytest.raises(InputError):
        onboard(organization, keys)
    # As after a kill between the work and the item's row, for members and for items alike.
    Row.objects.filter(kind="account").update(state="onboarding", account=None)
    JobItem.objects.filter(job=job.pk).update(state="waiting")
    Job.objects.filter(pk=job.pk).update(state="queued", claim=None)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.done, job.failed, CloudAccount.objects.count()) == (3, 0, before)
    assert Row.objects.filter(state="onboarded").count() == 3


def test_one_that_was_connected_by_itself_meanwhile_is_skipped(
    alice: User, organization: Organization, toy_account: MakeAccount, member: Member
) -> None:
    keys = new_members(organization)
    own = toy_account(alice, account_id="bbbbbb", name="mine")
    job = onboard(organization, keys)
    assert (job.done, job.skipped) == (2, 1)
    assert member("bbbbbb").account == own.pk


def test_one_that_is_connected_by_hand_is_not_new_any_more(
    alice: User, organization: Organization, tree: State, member: Member
) -> None:
    """Also one that was a member's account before and was deleted: nobody waits for the next sync to see it."""

    def connect() -> CloudAccount:
        given = AccountInput("toy", "bbbbbb", "mine", "dev", ("left",), "token", {"token": tree.good_token})
        return onboard_account(scope=Scope(str(alice.pk)), actor=ALICE, account_input=given)

    own = connect()
    assert (member("bbbbbb").state, member("bbbbbb").account) == ("onboarded", own.pk)
    assert str(member("bbbbbb").pk) not in map(str, new_members(organization))
    delete_account(own, actor=ALICE)
    assert member("bbbbbb").state == "new"
    assert member("bbbbbb").account is None
    again = connect()
    assert member("bbbbbb").account == again.pk


def test_suspended_members_are_not_onboarded(organization: Organization, member: Member) -> None:
    job = onboard(organization, [member("dddddd").pk])
    assert (job.done, job.skipped) == (0, 1)
    assert JobItem.objects.get(job=job.pk).cause == "The cloud says that this account is suspended."


def test_testing_stores_the_outcome_and_no_account(organization: Organization, tree: State, member: Member) -> None:
    tree.bad_members["bbbbbb"] = REFUSED
    job = validate_members(organization, actor=ALICE, members=new_members(organization))
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.done, job.failed) == (2, 1)
    assert CloudAccount.objects.count() == 1
    assert (member("aaaaaa").state, member("bbbbbb").state) == ("new", "failed")
    assert member("aaaaaa").tested_at is not None
    tree.bad_members.clear()
    job = validate_members(organization, actor=ALICE, members=[member("bbbbbb").pk])
    run_job(job.pk)
    assert (member("bbbbbb").state, member("bbbbbb").code) == ("new", "")


def test_all_new_below_a_container_are_found(organization: Organization, member: Member) -> None:
    assert set(new_members(organization, under="upper")) == {member("bbbbbb").pk, member("cccccc").pk}
    assert set(new_members(organization, under="inner")) == {member("cccccc").pk}


@pytest.mark.parametrize("what", ["suspended", "given away", "deleted"])
def test_a_connection_that_goes_while_a_member_is_added_leaves_no_account(
    organization: Organization, connecting: CloudAccount, bob: User, member: Member, what: str
) -> None:
    hub = CloudAccount.objects.filter(pk=connecting.pk)

    def go(sender: object, instance: CloudAccount, **kwargs: object) -> None:
        if instance.pk == member("cccccc").becomes:
            if what == "suspended":
                hub.update(status="suspended")
            elif what == "given away":
                hub.update(owner=str(bob.pk))
            else:
                hub.delete()

    post_save.connect(go, sender=CloudAccount)
    try:
        job = onboard(organization, [member("cccccc").pk])
    finally:
        post_save.disconnect(go, sender=CloudAccount)
    assert (job.done, job.failed) == (0, 1)
    assert not CloudAccount.objects.filter(account_id="cccccc").exists()
    assert member("cccccc").code == "connection_gone"
    assert not ScanRun.objects.filter(account_name="box cccccc", active_account__isnull=False).exists()


def test_a_member_of_somebody_elses_organization_is_no_item(
    bob: User, organization: Organization, member: Member
) -> None:
    foreign = Row.objects.create(
        organization="00000000-0000-4000-8000-000000000001", owner=str(bob.pk), node_id="x", kind="account",
        account_id="zzzzzz", first_seen_at=member("aaaaaa").first_seen_at,
    )  # fmt: skip
    with pytest.raises(InputError):
        onboard(organization, [foreign.pk])


@pytest.mark.parametrize(
    ("field", "value"), [("environment", "moon"), ("regions", ["nowhere"]), ("regions", []), ("group", "none such")]
)
def test_wrong_choices_are_refused_before_anything_starts(
    organization: Organization, field: str, value: object
) -> None:
    with pytest.raises(InputError) as caught:
        onboard(organization, new_members(organization), **{field: value})
    assert list(caught.value.fields) == ["groups" if field == "group" else field]
    assert not Job.objects.exists()


def test_a_deleted_account_is_new_again_and_can_come_back(organization: Organization, member: Member) -> None:
    onboard(organization, [member("cccccc").pk])
    first = CloudAccount.objects.get(account_id="cccccc")
    delete_account(first, actor=ALICE)
    assert (member("cccccc").state, member("cccccc").account) == ("new", None)
    job = onboard(organization, [member("cccccc").pk])
    assert job.done == 1
    assert CloudAccount.objects.get(account_id="cccccc").pk != first.pk


def test_one_that_a_kill_left_in_the_middle_is_proposed_again(organization: Organization, member: Member) -> None:
    Row.objects.filter(account_id="cccccc").update(state="onboarding")
    assert member("cccccc").pk in new_members(organization)


def test_left_out_members_are_not_proposed(organization: Organization, member: Member) -> None:
    assert ignore_members(organization, [str(member("aaaaaa").pk)], actor=ALICE) == 1
    assert member("aaaaaa").pk not in new_members(organization)
    assert ignore_members(organization, [str(member("aaaaaa").pk)], actor=ALICE, back=True) == 1
    assert member("aaaaaa").pk in new_members(organization)


def test_handlers_are_known_to_every_worker() -> None:
    from cloudaccounts.jobs.handlers import _handlers

    assert {services.TEST, services.ONBOARD} <= _handlers.keys()
