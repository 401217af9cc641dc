"""An operator who is limited to groups names what lies outside of them: in bodies, in forms, in jobs, in channels."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels.messages import as_message, next_message
from cloudaccounts.channels.services import ChannelInput, create_channel
from cloudaccounts.channels.spread import spread_events
from cloudaccounts.groups.services import create_group
from cloudaccounts.models import (
    AccountGroup,
    CloudAccount,
    GroupMember,
    Job,
    JobItem,
    Organization,
    OrganizationMember,
)
from cloudaccounts.notifications.channels.message import Event, Phase
from cloudaccounts.notifications.channels.registry import find_kind
from cloudaccounts.notifications.events import write_event
from cloudaccounts.tokens.services import create_token
from scans.models import Finding, MuteRule, SavedView
from teams.models import Membership
from teams.roles import Role
from teams.scope import Scope
from tests.api.conftest import Caller
from tests.conftest import ALL_DATABASES
from tests.scoping.test_walk import HIDDEN, caller, client, shown  # noqa: F401 # fixtures

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
Records = dict[str, UUID]
KIND, SINK = "aws_security_hub", {"role_arn": "arn:aws:iam::111122223333:role/findings", "region": "us-east-1"}


@pytest.fixture
def records(shown: Records, bob: User) -> Records:  # noqa: F811
    """As in the walk, where bob is an owner; here he is who may change accounts."""
    Membership.objects.filter(team_id=shown["team"], user=bob).update(role=Role.OPERATOR)
    finding = Finding.objects.filter(account=shown["hidden_account"], status="open", suppressed=False)[0]
    member = OrganizationMember.objects.get(organization=shown["organization_id"], account=shown["hidden_account"])
    # As a sync leaves one that was connected and whose last onboarding failed: the row still names the account.
    OrganizationMember.objects.filter(pk=member.pk).update(state="failed")
    return {**shown, "hidden_finding": finding.pk, "hidden_member": member.pk}


def of_the_hidden(records: Records) -> list[Any]:
    """All that could have been changed of it."""
    account = records["hidden_account"]
    return [
        list(CloudAccount.objects.filter(pk=account).values()),
        list(Finding.objects.filter(account=account).order_by("pk").values()),
        sorted(GroupMember.objects.filter(account=account).values_list("group", flat=True)),
        list(AccountGroup.objects.filter(pk=records["hidden_group"]).values("name", "parent")),
        JobItem.objects.filter(subject__in=[str(account), str(records["hidden_member"])]).count(),
        OrganizationMember.objects.get(pk=records["hidden_member"]).state,
        SavedView.objects.count(), MuteRule.objects.count(), Membership.objects.count(),
        list(Organization.objects.order_by("pk").values_list("rules", flat=True)),
    ]  # fmt: skip


def test_calls_that_name_it_change_nothing(records: Records, caller: Caller) -> None:  # noqa: F811
    before, own = of_the_hidden(records), records["account_id"]
    hidden, group = str(records["hidden_account"]), str(records["hidden_group"])
    tree = f"organizations/{records['organization_id']}"
    rule = {"under": "root", "environment": "production", "regions": "all"}
    asked: list[tuple[int, str, str, Any]] = [
        (200, "POST", "findings/suppress", {"ids": [str(records["hidden_finding"])], "reason": "Meant so."}),
        (200, "POST", "findings/suppress", {"filter": {"account": hidden}, "reason": "Meant so."}),
        (404, "PUT", f"groups/{records['group_id']}/accounts/{hidden}", None),
        (404, "PUT", f"groups/{group}/accounts/{own}", None),
        (422, "PATCH", f"cloud-accounts/{own}", {"groups": [group]}),
        (422, "POST", "groups/", {"name": "Below", "parent": group}),
        (422, "POST", "mute-rules/", {"match": {"account": hidden}, "reason": "Meant so."}),
        (422, "POST", "mute-rules/", {"match": {"group": group}, "reason": "Meant so."}),
        (422, "POST", "mute-rules/", {"match": {"severity": "low"}, "reason": "Meant so."}),
        (404, "POST", "organizations/", {"account": hidden}),
        (422, "POST", f"{tree}/onboard", {"environment": "dev", "groups": [group]}),
        (422, "POST", f"{tree}/onboard",
         {"members": [str(records["hidden_member"])], "environment": "dev", "groups": ["zebras"]}),
        (422, "PUT", f"{tree}/rules", {"rules": [rule]}),
        (422, "POST", "apply/?plan=true", {"version": 1}),
        (403, "POST", "views/", {"name": "Of the quagga", "page": "findings", "query": "q=x", "shared": True}),
        (404, "GET", f"compliance/cis_aws_5.0?account={hidden}", None),
        (422, "GET", f"compliance/cis_aws_5.0?group={group}", None),
        (403, "GET", f"findings/?account={hidden}&format=ocsf", None),
    ]  # fmt: skip
    for status, method, path, body in asked:
        answer = caller.ask(method, path, body)
        assert answer.status_code == status, (method, path, body, answer.content)
    assert of_the_hidden(records) == before
    view = SavedView.objects.get()
    assert caller.delete(f"views/{view.pk}").status_code == 404


def test_forms_that_name_it_change_nothing(records: Records, client: Client) -> None:  # noqa: F811
    before = of_the_hidden(records)
    hidden, group, member = (str(records[f"hidden_{name}"]) for name in ("account", "group", "member"))
    finding = str(records["hidden_finding"])
    members = f"/organizations/{records['organization_id']}/members/"
    forms: list[tuple[str, dict[str, Any]]] = [
        ("/accounts/act/", {"action": "revalidate", "account": hidden, "confirmed": "1"}),
        ("/accounts/act/", {"action": "group", "account": hidden, "group": str(records["group_id"])}),
        ("/accounts/act/", {"action": "group", "account": str(records["account_id"]), "group": group}),
        ("/findings/bulk/", {"action": "suppress", "finding": finding, "reason": "Meant so.", "confirmed": "1"}),
        ("/findings/bulk/", {"action": "suppress", "in_account": hidden, "reason": "Meant so.", "confirmed": "1"}),
        (f"/accounts/{records['account_id']}/edit/",
         {"name": "zebra", "environment": "dev", "region_scope": "all", "groups": [group]}),
        (members, {"action": "test", "member": member}),
        (members, {"action": "onboard", "member": member, "environment": "dev", "group": group, "region_scope": "all"}),
        (members, {"action": "onboard", "member": member, "environment": "dev", "region_scope": "all",
                   "group": str(records["group_id"])}),
        (members, {"action": "ignore", "member": member}),
        ("/mute-rules/new/", {"account": hidden, "reason": "Meant so."}),
        ("/views/", {"name": "Of the quagga", "page": "findings", "query": "q=x", "shared": "on"}),
    ]  # fmt: skip
    for path, data in forms:
        answer = client.post(path, data)
        assert answer.status_code < 500, (path, data)
        assert HIDDEN not in answer.content.decode().lower().replace("of the quagga", ""), (path, data)
    assert of_the_hidden(records) == before


def test_a_job_of_an_organization_is_seen_by_who_started_it(records: Records, client: Client, caller: Caller,  # noqa: F811
                                                            alice: User) -> None:  # fmt: skip
    organization = Organization.objects.get(pk=records["organization_id"])
    new = OrganizationMember.objects.filter(organization=organization.pk, account=None)
    new.update(provider_state="active", account_id="123456789012")
    CloudAccount.objects.filter(pk=organization.connection).update(status="active")
    members, key = f"/organizations/{organization.pk}/members/", str(new.get().pk)
    for data in (
        {"action": "test", "member": key},
        {"action": "onboard", "member": key, "environment": "dev", "region_scope": "all",
         "group": str(records["group_id"])},
    ):  # fmt: skip
        answer = client.post(members, data)
        assert answer["Location"].startswith("/jobs/"), answer["Location"]
        assert client.get(answer["Location"]).status_code == 200
    started = caller.post(f"organizations/{organization.pk}/sync", {})
    assert started.status_code == 202, started.content
    assert caller.get(f"jobs/{started.json()['job_id']}").status_code == 200
    keys = {UUID(row["id"]) for row in caller.get("jobs/").json()["items"]}
    jobs = Job.objects.filter(kind__startswith="organization.")
    assert jobs.count() == 3
    assert set(jobs.values_list("pk", flat=True)) <= keys
    # Who is limited to other groups does not see it, and who is not limited does.
    other = create_group(scope=Scope(str(records["team"])), actor=SYSTEM, name="others")
    Membership.objects.filter(role=Role.OPERATOR).update(groups=[str(other.pk)])
    assert {caller.get(f"jobs/{job.pk}").status_code for job in jobs} == {404}
    token, text = create_token(owner=str(records["team"]), user=str(alice.pk), actor=SYSTEM, name="hers")
    assert {Caller(text, token).get(f"jobs/{job.pk}").status_code for job in jobs} == {200}


def test_a_token_of_an_owner_that_is_limited_widens_nothing(records: Records, alice: User) -> None:
    team = str(records["team"])
    token, text = create_token(
        owner=team, user=str(alice.pk), actor=SYSTEM, name="narrow", scope=["read", "write"],
        groups=[records["group_id"]],
    )  # fmt: skip
    calls = Caller(text, token)
    bob = Membership.objects.get(role=Role.OPERATOR).user_id
    for answer in (
        calls.post(f"teams/{team}/invitations", {"role": "owner"}),
        calls.post(f"teams/{team}/invitations", {"role": "viewer", "groups": [str(records["group_id"])]}),
        calls.delete(f"teams/{team}/members/{bob}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "membership_limited")
    assert Membership.objects.filter(user=bob, team_id=team).exists()


def test_a_channel_of_groups_is_sent_no_finding_of_what_left_them(records: Records) -> None:
    """The event was given to the channel while the account was in its group; it is sent after it has left."""
    scope = Scope(str(records["team"]))
    group = str(records["hidden_group"])
    made = create_channel(
        scope, ChannelInput(KIND, "Hub of quaggas", SINK, groups=[group], digest_minutes=0), actor=SYSTEM
    )
    finding = Finding.objects.get(pk=records["hidden_finding"])
    account = CloudAccount.objects.get(pk=finding.account)
    opened = Event(
        id="", kind="finding.opened", title="Opened", text="One finding.", occurred_at="2026-11-30T12:00:00Z",
        severity="critical", account=str(account.pk), account_name=account.name, account_number=account.account_id,
        provider=account.provider, check_id=finding.check_id, count=1, incident="x", phase=Phase.OPEN,
    )  # fmt: skip
    write_event(account.owner, "hidden", opened)
    spread_events()
    kind = find_kind(KIND)
    assert kind is not None
    row = next_message(made.channel, kind)
    assert row is not None
    assert as_message(made.channel, kind, row).findings
    GroupMember.objects.filter(account=account.pk).delete()
    assert list(as_message(made.channel, kind, row).findings) == []
