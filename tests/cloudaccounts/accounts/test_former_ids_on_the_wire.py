"""A team's external ID is replaced, on the wire: a role's trust policy, a subscription's tag, a project's label."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.external_id_change import replace_external_id, state_of
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.health.heartbeats import run_round
from cloudaccounts.health.sessions import account_session
from cloudaccounts.health.validation import validate_cloud_account
from cloudaccounts.lifecycle.adding import add_cloud_account
from cloudaccounts.models import (
    AuditEvent,
    CloudAccount,
    CloudAccountStatus,
    Notice,
    OrganizationMember,
    RetiredExternalId,
)
from cloudaccounts.organizations.connections import connect_organization
from cloudaccounts.organizations.sync import request_sync, run_sync
from cloudaccounts.providers.aws import role, server
from cloudaccounts.providers.gcp import server as gcp_server
from sandbox.azure.seed import ORGANIZATION_APP
from sandbox.control import Control
from sandbox.rig import Rig
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

MARK = "cloud-accounts-external-id"  # the tag's name, and the label's
ROLE_ACCOUNT = "444455556666"
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def running_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as rig:
        yield rig


@pytest.fixture
def control(running_rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    for name, value in running_rig.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(role, "RETRY_WAITS", (0.05,))
    server.forget()
    gcp_server.forget()
    yield running_rig.control
    running_rig.control.clear_faults()


@pytest.fixture
def owner(alice: User) -> str:
    return str(alice.pk)


Trust = Callable[[str | None], object]  # lets the target trust this external ID, and no other
Hub = tuple[AccountDetails, Credentials, dict[str, Trust]]  # and how to mark it and one of its members, by account


def aws_role(control: Control) -> tuple[AccountDetails, Credentials, Trust]:
    name = f"former-{next(_NUMBERS)}"
    arn = f"arn:aws:iam::{ROLE_ACCOUNT}:role/{name}"
    details = AccountDetails("aws", ROLE_ACCOUNT, "aws", "By role", "dev", ("us-east-1",), "cross_account_role")
    return (
        details, Credentials("cross_account_role", {"role_arn": arn}),
        lambda external_id: control.put_role(ROLE_ACCOUNT, name, external_id=external_id),
    )  # fmt: skip


def azure_tag(control: Control) -> tuple[AccountDetails, Credentials, Trust]:
    place = next(one["id"] for one in control.subscriptions() if one["name"] == "legacy-reporting")
    made = control.put_app(place, f"former-{next(_NUMBERS)}", federated={})
    details = AccountDetails("azure", place, "public", "By tag", "dev", ("westeurope",), "federated")
    credentials = Credentials("federated", {name: made[name] for name in ("tenant_id", "client_id")})
    return details, credentials, partial(control.put_tag, place, MARK)


def gcp_label(control: Control, method: str) -> tuple[AccountDetails, Credentials, Trust]:
    project = f"former-project-{next(_NUMBERS)}"
    control.gcp.put_project(project)
    email = control.gcp.put_service_account(project, "former-reader")
    values = {"service_account_email": email}
    if method == "impersonation":
        control.gcp.let_in(email)
    else:
        values["audience"] = control.gcp.put_pool(project, email=email)
    details = AccountDetails("gcp", project, "gcp", "By label", "dev", ("europe-west1",), method)
    return details, Credentials(method, values), partial(control.gcp.set_label, project, MARK)


Make = Callable[[Control], tuple[AccountDetails, Credentials, Trust]]
TARGETS: dict[str, Make] = {
    "role": aws_role,
    "tag": azure_tag,
    "label, impersonation": partial(gcp_label, method="impersonation"),
    "label, workload identity": partial(gcp_label, method="workload_identity"),
}
REFUSED = {
    "role": "role_refused",
    "tag": "external_id_mismatch",
    "label, impersonation": "external_id_other",
    "label, workload identity": "external_id_other",
}
each = pytest.mark.parametrize("kind", TARGETS)


def connect(owner: str, details: AccountDetails, credentials: Credentials) -> CloudAccount:
    report = validate_cloud_account(owner=owner, details=details, credentials=credentials)
    assert report.ok, report.to_dict()
    return add_cloud_account(owner=owner, actor=SYSTEM, details=details, credentials=credentials, report=report)


def opens(account: CloudAccount) -> str:
    """What a scan meets: nothing, or the code of the refusal."""
    account.refresh_from_db()
    try:
        account_session(account=account, actor=SYSTEM, purpose="a scan").close()
    except ProviderError as refusal:
        return refusal.code
    return ""


def checked(account: CloudAccount) -> CloudValidationResult:
    report = run_check(request_check(account, actor=SYSTEM).pk)
    assert report is not None
    account.refresh_from_db()
    return report


def beat(account: CloudAccount) -> str:
    CloudAccount.objects.filter(pk=account.pk).update(
        next_check_at=timezone.now(), next_report_at=timezone.now() + timedelta(days=1)
    )
    run_round()
    account.refresh_from_db()
    return account.status


@each
@pytest.mark.timeout(120)
def test_the_former_one_opens_until_the_target_trusts_the_present_one(control: Control, owner: str, kind: str) -> None:
    details, credentials, trust = TARGETS[kind](control)
    old = external_id_for(owner)
    trust(old)
    account = connect(owner, details, credentials)
    new = replace_external_id(owner, actor=SYSTEM)
    assert (checked(account).ok, opens(account), beat(account)) == (True, "", "active")
    assert (account.former_external_id, state_of(owner).waiting) == (old, 1)
    # Set-up takes the present one alone: what is connected now is not to be moved a day later.
    refused = validate_cloud_account(owner=owner, details=details, credentials=credentials)
    assert (refused.ok, refused.code) == (False, REFUSED[kind])
    assert new in refused.remedy
    trust(new)
    assert beat(account) == "active"
    assert (account.former_external_id, state_of(owner).waiting) == ("", 0)
    assert AuditEvent.objects.filter(action="external_id.proven", account=account.pk).count() == 1
    # The grace time goes on, and yet who sets the former one again is not let in.
    trust(old)
    assert state_of(owner).is_valid
    assert opens(account) == REFUSED[kind]
    report = checked(account)
    assert (report.ok, report.code, account.status) == (False, REFUSED[kind], "failed")
    assert new in report.remedy
    assert old not in str(report.to_dict())


@each
def test_after_the_grace_time_the_former_one_is_refused(control: Control, owner: str, kind: str) -> None:
    details, credentials, trust = TARGETS[kind](control)
    trust(external_id_for(owner))
    account = connect(owner, details, credentials)
    new = replace_external_id(owner, actor=SYSTEM)
    RetiredExternalId.objects.filter(owner=owner).update(ends_at=timezone.now() - timedelta(seconds=1))
    assert opens(account) == REFUSED[kind]
    report = checked(account)
    assert (report.code, account.status) == (REFUSED[kind], "failed")
    assert "refused since" in report.cause
    assert new in report.remedy
    assert beat(account) == "failed"


@each
def test_one_teams_former_id_opens_nothing_for_another(control: Control, owner: str, bob: User, kind: str) -> None:
    details, credentials, trust = TARGETS[kind](control)
    old = external_id_for(owner)
    trust(old)
    account = connect(owner, details, credentials)
    replace_external_id(owner, actor=SYSTEM)
    # Whatever a row says.
    CloudAccount.objects.filter(pk=account.pk).update(owner=str(bob.pk), former_external_id=old)
    assert opens(account) == REFUSED[kind]
    assert not checked(account).ok


# Organizations: what bears the other one of two valid IDs is not gone ------------------------------------


def azure_organization(control: Control, rig: Rig) -> Hub:
    places = {one["name"]: one["id"] for one in control.subscriptions()}
    hub, member = places["platform-management"], places["team-03-prod"]
    app = rig.scenario("Organization", "azure")["fields"]
    control.put_app(hub, ORGANIZATION_APP, federated={})
    details = AccountDetails("azure", hub, "public", "Hub", "dev", ("westeurope",), "federated")
    credentials = Credentials("federated", {name: app[name] for name in ("tenant_id", "client_id")})
    return details, credentials, {place: partial(control.put_tag, place, MARK) for place in (hub, member)}


def gcp_organization(control: Control, rig: Rig) -> Hub:
    hub, member = "meadowlark-data-prod", "meadowlark-team-03"
    email = json.loads(rig.scenario("Organization", "gcp")["fields"]["service_account_json"])["client_email"]
    control.gcp.let_in(email)
    details = AccountDetails("gcp", hub, "gcp", "Hub", "dev", ("europe-west1",), "impersonation")
    credentials = Credentials("impersonation", {"service_account_email": email})
    return details, credentials, {place: partial(control.gcp.set_label, place, MARK) for place in (hub, member)}


@pytest.mark.parametrize("first", ["hub", "member"])
@pytest.mark.parametrize("make", [azure_organization, gcp_organization])
@pytest.mark.timeout(180)
def test_while_marks_are_replaced_one_by_one_no_member_is_taken_for_gone(
    control: Control,
    running_rig: Rig,
    owner: str,
    make: Callable[..., Hub],
    first: str,
) -> None:
    details, credentials, trusts = make(control, running_rig)
    old = external_id_for(owner)
    for trust in trusts.values():
        trust(old)
    hub = connect(owner, details, credentials)
    organization = connect_organization(hub, actor=SYSTEM, options={})
    run_sync(organization.pk)
    (member_id,) = set(trusts) - {details.account_id}
    row = OrganizationMember.objects.get(organization=organization.pk, account_id=member_id)
    # As onboarding writes it: opened with the connection's credential.
    member = CloudAccount.objects.create(
        owner=owner, provider=hub.provider, account_id=member_id, name="A member", regions=hub.regions,
        partition=hub.partition, auth_method=hub.auth_method, status="active", connection=hub.pk,
    )  # fmt: skip
    OrganizationMember.objects.filter(pk=row.pk).update(account=member.pk, state="onboarded")
    new = replace_external_id(owner, actor=SYSTEM)

    def synced() -> str:
        request_sync(organization, actor=SYSTEM)
        run_sync(organization.pk)
        organization.refresh_from_db()
        row.refresh_from_db()
        member.refresh_from_db()
        return organization.code

    order = [details.account_id, member_id] if first == "hub" else [member_id, details.account_id]
    for place in order:
        trusts[place](new)
        if place == details.account_id:
            assert checked(hub).ok  # with the new one: from now on the connection itself trusts no other
            assert hub.former_external_id == ""
        assert (synced(), row.provider_state, member.status) == ("", "active", CloudAccountStatus.ACTIVE)
        assert opens(member) == ""
    # A mark that is neither of the two is no mark of this team's.
    trusts[member_id]("ca-somebody-elses")
    assert (synced(), row.provider_state, member.status) == ("", "closed", CloudAccountStatus.SUSPENDED)
    notice = Notice.objects.get(kind="member.closed")
    assert notice.text.startswith("A member is no longer listed by its organization")
    for trust in trusts.values():
        trust(None)
