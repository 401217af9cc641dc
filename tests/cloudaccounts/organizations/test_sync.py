from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.organizations import NodeState
from cloudaccounts.errors import ConnectionInUseError, InputError
from cloudaccounts.lifecycle.state_changes import delete_account, suspend_account
from cloudaccounts.models import AuditEvent, CloudAccount, Notice, Organization, OrganizationMember
from cloudaccounts.organizations import sync as organization_sync
from cloudaccounts.organizations.choosing import containers_below
from cloudaccounts.organizations.connections import connect_organization, remove_organization
from cloudaccounts.organizations.queries import refused_connection
from cloudaccounts.organizations.sync import request_sync, requeue_syncs, run_sync
from teams.scope import Scope
from tests.cloudaccounts.organizations.conftest import ALICE, Member, box, container
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.outages import away
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
THROTTLED = ProviderError("throttled", "Too fast.", "Wait.", permanent=False)


def look_again(organization: Organization) -> Organization:
    request_sync(organization, actor=ALICE)
    run_sync(organization.pk)
    organization.refresh_from_db()
    return organization


def test_the_first_look_stores_the_tree(organization: Organization) -> None:
    rows = OrganizationMember.objects.filter(organization=organization.pk)
    assert {(row.node_id, row.parent_id, row.kind, row.provider_state, row.state) for row in rows} == {
        ("root", "", "container", "active", "new"),
        ("upper", "root", "container", "active", "new"),
        ("inner", "upper", "container", "active", "new"),
        ("aaaaaa", "root", "account", "active", "new"),
        ("bbbbbb", "upper", "account", "active", "new"),
        ("cccccc", "inner", "account", "active", "new"),
        ("dddddd", "inner", "account", "suspended", "new"),
    }
    assert (organization.root_id, organization.name, organization.seen) == ("root", "The shelf", 7)
    assert (organization.sync_state, organization.cursor, organization.code) == ("idle", "", "")
    assert organization.next_sync_at is not None
    assert timedelta(hours=23) < organization.next_sync_at - timezone.now() < timedelta(hours=25)


def test_a_second_look_counts_what_is_new_and_gone(organization: Organization, tree: State, member: Member) -> None:
    tree.tree[2].remove(next(node for node in tree.tree[2] if node.node_id == "aaaaaa"))
    tree.tree[3].append(box("eeeeee", "inner"))
    before = set(OrganizationMember.objects.values_list("pk", flat=True))
    look_again(organization)
    assert member("aaaaaa").provider_state == "closed"
    assert member("eeeeee").state == "new"
    assert before < set(OrganizationMember.objects.values_list("pk", flat=True)), "rows were made anew"
    event = AuditEvent.objects.filter(action="organization.synced").order_by("-created_at")[0]
    assert "1 accounts new, 1 gone" in event.text


def test_a_look_that_was_throttled_goes_on_from_its_cursor(organization: Organization, tree: State) -> None:
    tree.tree_errors[3] = [THROTTLED]
    tree.pages_asked.clear()
    look_again(organization)
    assert (organization.code, organization.cursor, organization.sync_state) == ("throttled", "3", "idle")
    assert organization.next_sync_at is not None
    assert organization.next_sync_at < timezone.now() + timedelta(minutes=11)
    look_again(organization)
    assert tree.pages_asked == [0, 1, 2, 3, 3]
    assert (organization.code, organization.generation) == ("", 2)


@pytest.mark.parametrize("place", ["_store_page", "_onboard_due"])
def test_a_database_that_is_away_costs_a_look_nothing_but_time(
    organization: Organization, tree: State, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    away(monkeypatch, organization_sync, place)
    look_again(organization)
    assert (organization.sync_state, organization.code, organization.nudged_at) == ("queued", "", None)
    assert run_sync(organization.pk) == "idle"
    organization.refresh_from_db()
    assert (organization.code, organization.seen) == ("", 7)


def test_nothing_is_called_gone_while_the_look_is_incomplete(
    organization: Organization, tree: State, member: Member
) -> None:
    tree.tree_errors[3] = [THROTTLED]
    look_again(organization)
    assert member("cccccc").provider_state == "active"


def test_a_worker_that_dies_is_followed_by_one_that_goes_on(organization: Organization, tree: State) -> None:
    request_sync(organization, actor=ALICE)
    Organization.objects.filter(pk=organization.pk).update(  # as a kill -9 after the third page leaves it
        sync_state="running", claim=uuid4(), lease_until=timezone.now() - timedelta(seconds=1), cursor="3",
        generation=F("generation") + 1,
    )  # fmt: skip
    OrganizationMember.objects.exclude(node_id__in=["cccccc", "dddddd"]).update(seen_in=2)
    tree.pages_asked.clear()
    assert requeue_syncs() >= 1
    run_sync(organization.pk)
    organization.refresh_from_db()
    assert tree.pages_asked == [3]
    assert (organization.sync_state, organization.generation) == ("idle", 2)
    assert not OrganizationMember.objects.filter(provider_state="closed").exists()


def die(organization: Organization) -> None:
    """As a worker that took the look and was killed with it."""
    Organization.objects.filter(pk=organization.pk).update(
        sync_state="running",
        claim=uuid4(),
        lease_until=timezone.now() - timedelta(seconds=1),
        attempts=F("attempts") + 1,
    )
    requeue_syncs()
    organization.refresh_from_db()


def test_a_look_that_kills_its_workers_is_ended_with_the_reason(organization: Organization) -> None:
    request_sync(organization, actor=ALICE)
    for _ in range(4):
        die(organization)
        assert organization.sync_state == "queued"
    die(organization)
    assert (organization.sync_state, organization.code, organization.attempts) == ("idle", "worker_died", 0)
    assert "died 5 times" in organization.cause
    assert organization.next_sync_at is not None
    assert organization.next_sync_at > timezone.now() + timedelta(hours=23)


def test_a_look_that_gets_further_with_each_worker_goes_on(organization: Organization, tree: State) -> None:
    Organization.objects.update(attempts=4)
    look_again(organization)
    assert organization.attempts == 0


def test_a_worker_that_lost_its_claim_writes_nothing_more(
    organization: Organization, tree: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_sync(organization, actor=ALICE)
    run_sync(uuid4())
    store_page = organization_sync._store_page

    def steal_then_store(*values: Any) -> bool:
        if tree.pages_asked[-1] == 2:
            Organization.objects.filter(pk=organization.pk).update(claim=uuid4())
        return store_page(*values)

    monkeypatch.setattr(organization_sync, "_store_page", steal_then_store)
    run_sync(organization.pk)
    organization.refresh_from_db()
    assert organization.cursor != "3"
    assert organization.sync_state == "running"


def test_a_cursor_that_the_cloud_refuses_starts_from_the_beginning(organization: Organization, tree: State) -> None:
    Organization.objects.filter(pk=organization.pk).update(cursor="2")
    tree.tree_errors[2] = [ProviderError("cursor_expired", "Too old.", permanent=False)]
    tree.pages_asked.clear()
    look_again(organization)
    assert tree.pages_asked == [2, 0, 1, 2, 3]
    assert (organization.code, organization.generation) == ("", 2)


def test_a_permanent_error_is_shown_and_tried_tomorrow(organization: Organization, tree: State) -> None:
    tree.tree_errors[0] = [ProviderError("organization_denied", "Not allowed.", "Allow it.")]
    look_again(organization)
    assert (organization.code, organization.cause, organization.remedy) == (
        "organization_denied", "Not allowed.", "Allow it.",
    )  # fmt: skip
    assert organization.next_sync_at is not None
    assert organization.next_sync_at > timezone.now() + timedelta(hours=23)


DENIED = ProviderError("organization_denied", "Not allowed.", "Allow it.")


def test_one_that_was_never_read_is_gone_and_the_audit_says_why(connecting: CloudAccount, tree: State) -> None:
    tree.tree_errors[0] = [DENIED]
    organization = connect_organization(connecting, actor=ALICE, options={})
    assert run_sync(organization.pk) == "gone"
    assert not Organization.objects.exists()
    refused = refused_connection(Scope(connecting.owner), organization.pk)
    assert refused is not None
    assert (refused.account, refused.cause, refused.remedy) == (connecting.pk, "Not allowed.", "Allow it.")
    assert refused_connection(Scope("somebody else"), organization.pk) is None
    assert run_sync(connect_organization(connecting, actor=ALICE, options={}).pk) == "idle"
    assert Organization.objects.get().name == "The shelf"


def test_a_first_sync_that_may_work_later_stays(connecting: CloudAccount, tree: State) -> None:
    tree.tree_errors[0] = [THROTTLED]
    organization = connect_organization(connecting, actor=ALICE, options={})
    assert run_sync(organization.pk) == "idle"
    organization.refresh_from_db()
    assert organization.code == "throttled"


def test_one_of_which_something_was_read_stays(connecting: CloudAccount, tree: State) -> None:
    tree.tree_errors[2] = [DENIED]
    organization = connect_organization(connecting, actor=ALICE, options={})
    assert run_sync(organization.pk) == "idle"
    tree.tree_errors[0] = [DENIED]
    look_again(organization)
    assert (organization.code, organization.name) == ("organization_denied", "The shelf")


def test_due_organizations_are_looked_at_by_themselves(organization: Organization, tree: State) -> None:
    Organization.objects.filter(pk=organization.pk).update(next_sync_at=timezone.now() - timedelta(seconds=1))
    requeue_syncs()
    organization.refresh_from_db()
    assert organization.sync_state == "queued"


def test_an_account_that_is_connected_already_is_known(
    alice: User, organization: Organization, tree: State, toy_account: MakeAccount, member: Member
) -> None:
    own = toy_account(alice, account_id="bbbbbb", name="mine already")
    look_again(organization)
    assert (member("bbbbbb").state, member("bbbbbb").account) == ("onboarded", own.pk)


def test_somebody_elses_account_of_that_id_is_not(
    bob: User, organization: Organization, toy_account: MakeAccount, member: Member
) -> None:
    toy_account(bob, account_id="bbbbbb")
    look_again(organization)
    assert (member("bbbbbb").state, member("bbbbbb").account) == ("new", None)


def test_an_onboarded_account_that_closes_is_told_once(
    alice: User, organization: Organization, tree: State, toy_account: MakeAccount
) -> None:
    toy_account(alice, account_id="bbbbbb", name="mine")
    look_again(organization)
    tree.tree[2] = [box("bbbbbb", "upper", NodeState.SUSPENDED) if one.node_id == "bbbbbb" else one
                    for one in tree.tree[2]]  # fmt: skip
    look_again(organization)
    look_again(organization)
    notice = Notice.objects.get()
    assert (notice.kind, notice.owner) == ("member.closed", str(alice.pk))
    assert notice.text.startswith("mine is suspended at the cloud, as its organization says. It was suspended here")


def test_hostile_names_are_stored_in_one_plain_line(organization: Organization, tree: State, member: Member) -> None:
    tree.tree[3].append(box("ffffff", "inner", name="evil\x00\u202etxt.exe\n<script>" + "x" * 500))
    look_again(organization)
    name = member("ffffff").name
    assert name.startswith("evil\N{REPLACEMENT CHARACTER} txt.exe <script>")
    assert len(name) == 160


def test_a_container_within_itself_ends_nothing(organization: Organization, tree: State) -> None:
    tree.tree[3] += [container("ouro", "boros"), container("boros", "ouro"), box("gggggg", "boros")]
    look_again(organization)
    assert sorted(containers_below(organization, "ouro")) == ["boros", "ouro"]


def test_the_same_account_is_one_organization(connecting: CloudAccount, organization: Organization) -> None:
    again = connect_organization(connecting, actor=ALICE, options={"drawer": "left"})
    assert again.pk == organization.pk
    assert Organization.objects.get().options == {"drawer": "left"}


def test_options_are_checked_by_the_provider(connecting: CloudAccount) -> None:
    with pytest.raises(InputError):
        connect_organization(connecting, actor=ALICE, options={"drawer": "NO!"})


def test_an_account_that_others_depend_on_is_not_deleted(
    alice: User, connecting: CloudAccount, organization: Organization, toy_account: MakeAccount
) -> None:
    other = toy_account(alice, account_id="bbbbbb", connection=connecting.pk)
    with pytest.raises(ConnectionInUseError) as caught:
        delete_account(connecting, actor=ALICE)
    assert "1 other account is opened" in caught.value.cause
    with pytest.raises(ConnectionInUseError):
        remove_organization(organization, actor=ALICE)
    delete_account(other, actor=ALICE)
    delete_account(connecting, actor=ALICE)
    assert not Organization.objects.exists()
    assert not OrganizationMember.objects.exists()


def given_to(connecting: CloudAccount, bob: User) -> None:
    """What a worker that was killed in the middle of a transfer leaves, where there are no transactions."""
    CloudAccount.objects.filter(pk=connecting.pk).update(owner=str(bob.pk))


def test_somebody_elses_credential_is_not_used_for_a_look(
    organization: Organization, connecting: CloudAccount, bob: User
) -> None:
    request_sync(organization, actor=ALICE)
    given_to(connecting, bob)
    opened = AuditEvent.objects.filter(action="credential.opened").count()
    run_sync(organization.pk)
    organization.refresh_from_db()
    assert (organization.sync_state, organization.code) == ("idle", "connection_elsewhere")
    assert AuditEvent.objects.filter(action="credential.opened").count() == opened
    with pytest.raises(ProviderError, match="belongs to somebody else"):
        request_sync(organization, actor=ALICE)


def test_the_new_owner_of_an_account_gets_no_organization_of_the_old_one(
    organization: Organization, connecting: CloudAccount, bob: User
) -> None:
    given_to(connecting, bob)
    connecting.refresh_from_db()
    with pytest.raises(InputError, match="Somebody else's"):
        connect_organization(connecting, actor=ALICE, options={})


def test_a_suspended_account_is_not_looked_through(organization: Organization, connecting: CloudAccount) -> None:
    suspend_account(connecting, actor=ALICE)
    Organization.objects.update(next_sync_at=timezone.now() - timedelta(minutes=1))
    events = AuditEvent.objects.count()
    assert requeue_syncs() == 0
    organization.refresh_from_db()
    assert (organization.sync_state, organization.code) == ("idle", "connection_suspended")
    assert organization.next_sync_at is not None
    assert organization.next_sync_at > timezone.now()
    assert AuditEvent.objects.count() == events
    with pytest.raises(ProviderError, match="suspended"):
        request_sync(organization, actor=ALICE)
    with pytest.raises(InputError, match="suspended"):
        connect_organization(connecting, actor=ALICE, options={})


def test_an_account_suspended_while_a_look_waits_is_not_opened(
    organization: Organization, connecting: CloudAccount
) -> None:
    request_sync(organization, actor=ALICE)
    suspend_account(connecting, actor=ALICE)
    run_sync(organization.pk)
    organization.refresh_from_db()
    assert organization.code == "connection_suspended"
