"""The connection test, each way that an app can be right or wrong, on the wire."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CheckStatus, CloudValidationResult, PermissionStatus, ValidationProgress
from cloudaccounts.providers.azure.permissions import BY_ACTION
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.conftest import UNKNOWN, Cloud, Pem, changed, check, make_pem


def test_a_good_credential_passes_every_check(cloud: Cloud, good: Credentials) -> None:
    cloud.control.set_subscription(cloud.places["data-platform"], providers={"Microsoft.DBforPostgreSQL": "Registered"})
    report = cloud.validate(good)
    assert report.ok
    assert report.finished
    assert [item.name for item in report.checks] == [item.name for item in PROVIDER.plan(good.method)]
    assert {item.status for item in report.checks} == {CheckStatus.PASSED}
    assert {item.status for item in report.permissions} == {PermissionStatus.GRANTED}
    assert {"westeurope", "northeurope"} <= {item.name for item in report.regions if item.enabled}
    assert report.identity == f"app {good['client_id']} of tenant {good['tenant_id']}"
    assert CloudValidationResult.from_dict(report.to_dict()) == report
    assert cloud.hosts() == {"login.microsoftonline.com", "management.azure.com"}
    assert cloud.control.refused_hosts() == []


def test_each_step_is_shown_as_it_happens(cloud: Cloud, good: Credentials) -> None:
    seen: list[CloudValidationResult] = []
    PROVIDER.validate(good, cloud.target(), ValidationProgress(seen.append))
    running = list(dict.fromkeys(report.running for report in seen if report.running))
    assert running == [item.name for item in PROVIDER.plan(good.method)]


def test_the_end_of_the_credential_is_told(cloud: Cloud, good: Credentials) -> None:
    report = cloud.validate(good)
    if good.method == "client_secret":
        assert report.credential_expires_at == "2099-01-31T23:59:59+00:00"
    if good.method == "certificate":
        facts = PROVIDER.describe(good)
        assert facts.created_at is not None
        assert facts.expires_at is not None
        assert report.credential_created_at == facts.created_at.isoformat()
        assert report.credential_expires_at == facts.expires_at.isoformat()
        assert check(report, "expiry").status == CheckStatus.PASSED


def test_a_secret_without_a_date_is_accepted_and_says_so(cloud: Cloud) -> None:
    report = cloud.validate(cloud.app())
    assert report.ok
    assert check(report, "expiry").status == CheckStatus.SKIPPED
    assert "give its date" in check(report, "expiry").detail


@pytest.mark.parametrize(
    ("title", "partition", "region", "suffix"),
    [
        ("Azure US Government", "usgovernment", "usgovvirginia", (".us", ".usgovcloudapi.net")),
        ("Azure China", "china", "chinanorth3", (".cn",)),
    ],
)
def test_other_clouds_are_asked_at_their_own_hosts(
    cloud: Cloud, title: str, partition: str, region: str, suffix: tuple[str, ...]
) -> None:
    credentials, account = cloud.scenario(title)
    report = cloud.validate(credentials, account, partition=partition, regions=(region,))
    assert report.ok, report.cause
    assert cloud.hosts()
    assert all(host.endswith(suffix) for host in cloud.hosts())


def test_a_good_app_in_the_wrong_cloud_is_refused(cloud: Cloud) -> None:
    report = cloud.validate(cloud.app(), partition="usgovernment", regions=("usgovvirginia",))
    assert report.code == "tenant_not_found"
    assert cloud.hosts() == {"login.microsoftonline.us"}


# Wrong credentials -------------------------------------------------------------------------------------------------


def refused(report: CloudValidationResult, code: str, sdk_error: str = "", *, permanent: bool = True) -> None:
    """Refused at sign-in, with the rest skipped, in words of ours."""
    assert (report.ok, report.code, report.permanent) == (False, code, permanent)
    assert report.cause
    assert report.remedy
    first, *rest = report.checks
    assert (first.name, first.status, first.sdk_error) == ("identity", CheckStatus.FAILED, sdk_error)
    assert {item.status for item in rest} == {CheckStatus.SKIPPED}
    assert "Trace ID" not in str(report.to_dict())


def test_a_wrong_secret_is_refused(cloud: Cloud) -> None:
    refused(cloud.validate(changed(cloud.app(), client_secret="w" * 40)), "client_secret_wrong", "AADSTS7000215")


def test_an_expired_secret_is_refused(cloud: Cloud) -> None:
    refused(cloud.validate(cloud.app(secret_days=-1)), "client_secret_expired", "AADSTS7000222")


def test_a_certificate_that_is_not_registered_is_refused(cloud: Cloud, pem: Pem) -> None:
    ids = {name: cloud.app()[name] for name in ("tenant_id", "client_id")}
    credentials = Credentials("certificate", {**ids, "certificate_pem": pem.both})
    refused(cloud.validate(credentials), "certificate_unknown", "AADSTS700027")


def test_an_expired_certificate_is_refused(cloud: Cloud) -> None:
    old = make_pem(days=-1)
    made = cloud.app(certificate_pem=old.public)
    ids = {name: made[name] for name in ("tenant_id", "client_id")}
    report = cloud.validate(Credentials("certificate", {**ids, "certificate_pem": old.both}))
    refused(report, "certificate_expired", "AADSTS700027")


def test_a_certificate_with_a_password_signs_in(cloud: Cloud) -> None:
    locked = make_pem(password="open sesame é")
    made = cloud.app(certificate_pem=locked.public)
    values = {**made.values, "certificate_pem": locked.both, "password": "open sesame é"}
    cleaned = PROVIDER.clean_credentials(
        "certificate", values, account_id=cloud.places["data-platform"], partition="public"
    )
    assert cloud.validate(cleaned).ok


def test_an_unknown_tenant_is_refused(cloud: Cloud, good: Credentials) -> None:
    refused(cloud.validate(changed(good, tenant_id=UNKNOWN)), "tenant_not_found", "AADSTS90002")


def test_an_unknown_app_is_refused(cloud: Cloud, good: Credentials) -> None:
    refused(cloud.validate(changed(good, client_id=UNKNOWN)), "app_not_in_tenant", "AADSTS700016")


def test_an_app_of_another_tenant_is_refused(cloud: Cloud) -> None:
    credentials, account = cloud.scenario("Wrong tenant")
    refused(cloud.validate(credentials, account), "app_not_in_tenant", "AADSTS700016")


def test_a_disabled_app_is_refused(cloud: Cloud) -> None:
    made = cloud.app()
    cloud.control.set_app(made["client_id"], enabled=False)
    refused(cloud.validate(made), "app_disabled", "AADSTS7000112")


def test_conditional_access_is_told_as_such(cloud: Cloud, good: Credentials) -> None:
    cloud.control.fault("deny", service="entra", action="token")
    refused(cloud.validate(good), "conditional_access", "AADSTS53003")


# Wrong subscription ------------------------------------------------------------------------------------------------


def test_an_unknown_subscription_is_refused(cloud: Cloud, good: Credentials) -> None:
    report = cloud.validate(good, UNKNOWN)
    assert (report.ok, report.code) == (False, "subscription_not_found")
    assert check(report, "subscription").sdk_error == "SubscriptionNotFound"


def test_a_subscription_of_another_tenant_is_refused(cloud: Cloud, good: Credentials) -> None:
    report = cloud.validate(good, "partner-shop")
    assert (report.ok, report.code) == (False, "subscription_in_other_tenant")
    assert check(report, "subscription").sdk_error == "InvalidAuthenticationTokenTenant"


def test_an_app_without_any_role_is_refused(cloud: Cloud) -> None:
    report = cloud.validate(cloud.app(actions=[]))
    assert (report.ok, report.code) == (False, "no_permissions")
    assert check(report, "subscription").sdk_error == "AuthorizationFailed"


@pytest.mark.parametrize(
    ("state", "ok", "code"),
    [
        ("Disabled", False, "subscription_disabled"),
        ("Deleted", False, "subscription_disabled"),
        ("Warned", True, "subscription_past_due"),
        ("PastDue", True, "subscription_past_due"),
    ],
)
def test_the_state_of_the_subscription_counts(
    cloud: Cloud, request: pytest.FixtureRequest, state: str, ok: bool, code: str
) -> None:
    place = cloud.places["data-platform"]
    request.addfinalizer(lambda: cloud.control.set_subscription(place, state="Enabled"))
    cloud.control.set_subscription(place, state=state)
    report = cloud.validate(cloud.app())
    assert (report.ok, check(report, "subscription").code) == (ok, code)


def test_other_visible_subscriptions_are_counted(cloud: Cloud) -> None:
    credentials, account = cloud.scenario("Everything granted")
    detail = check(cloud.validate(credentials, account), "subscription").detail
    assert detail == "It is “data-platform” and enabled. The same credential sees 2 other subscriptions."
    seen = list(PROVIDER.visible_accounts(credentials, cloud.target(account)))
    assert {(one.name, one.enabled) for one in seen} == {("payments-prod", True), ("old-experiments", False)}
    assert {one.account_id for one in seen} == {cloud.places["payments-prod"], cloud.places["old-experiments"]}


# Missing permissions, providers, regions ---------------------------------------------------------------------------


def test_missing_permissions_are_told_one_by_one_with_what_mends_them(cloud: Cloud) -> None:
    gaps = ["Microsoft.KeyVault/*", "microsoft.compute/DISKS/read"]
    credentials = cloud.app(actions=["*/read"], not_actions=gaps)
    report = cloud.validate(credentials)
    assert report.ok
    denied = {item.permission: item.reason for item in report.permissions if item.status == PermissionStatus.DENIED}
    assert denied == dict.fromkeys(
        (
            "Microsoft.KeyVault/vaults/read",
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/secrets/read",
            "Microsoft.Compute/disks/read",
        ),
        "no role of the app allows it",
    )
    told = check(report, "permissions")
    assert (told.status, told.code) == (CheckStatus.WARNING, "permissions_missing")
    missing = "managed disks, key vaults, dates of keys and dates of secrets"
    assert f"Findings about {missing} will be missing." in told.detail
    assert f"--assignee {credentials['client_id']}" in report.mending
    assert f"--scope /subscriptions/{cloud.places['data-platform']}" in report.mending


def test_a_deny_assignment_takes_what_a_role_gave(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    place = cloud.places["payments-prod"]
    request.addfinalizer(lambda: cloud.control.put_denial(place, None))
    credentials = cloud.app("payments-prod")
    cloud.control.put_denial(place, ["Microsoft.Sql/*"], principal=credentials["client_id"], name="Locked stack")
    report = cloud.validate(credentials, "payments-prod")
    denied = {item.permission: item.reason for item in report.permissions if item.status == PermissionStatus.DENIED}
    assert set(denied) == {action for action in BY_ACTION if action.startswith("Microsoft.Sql/")}
    assert set(denied.values()) == {"denied by the deny assignment “Locked stack”"}
    assert cloud.validate(cloud.app("payments-prod"), "payments-prod").count("denied") == 0


def test_whether_a_deny_assignment_for_a_group_reaches_the_app_is_asked(
    cloud: Cloud, request: pytest.FixtureRequest
) -> None:
    place, credentials = cloud.places["payments-prod"], cloud.app("payments-prod")
    request.addfinalizer(lambda: cloud.control.put_denial(place, None))
    request.addfinalizer(lambda: cloud.control.put_group(place, UNKNOWN, []))
    cloud.control.put_denial(place, ["Microsoft.Web/*"], principal=UNKNOWN, principal_type="Group")
    report = cloud.validate(credentials, "payments-prod")
    assert (report.count(PermissionStatus.UNVERIFIABLE), report.count(PermissionStatus.DENIED)) == (0, 0)
    cloud.control.put_group(place, UNKNOWN, [credentials["client_id"]])
    report = cloud.validate(credentials, "payments-prod")
    denied = {item.permission for item in report.permissions if item.status == PermissionStatus.DENIED}
    assert denied == {action for action in BY_ACTION if action.startswith("Microsoft.Web/")}


def test_deny_assignments_that_cannot_be_read_are_no_refusal(cloud: Cloud) -> None:
    cloud.control.fault("deny", permission="Microsoft.Authorization/denyAssignments/read")
    report = cloud.validate(cloud.app())
    assert report.ok
    assert "Deny assignments could not be looked at." in check(report, "permissions").detail


def test_permissions_that_azure_does_not_list_are_a_failure(cloud: Cloud) -> None:
    cloud.control.fault("deny", permission="Microsoft.Authorization/permissions/read")
    report = cloud.validate(cloud.app())
    assert (report.ok, report.code) == (False, "permission_denied")


def test_a_provider_that_is_off_is_told_with_the_command_that_registers_it(
    cloud: Cloud, request: pytest.FixtureRequest
) -> None:
    place, on = cloud.places["payments-prod"], {"Microsoft.Security": "Registered", "Microsoft.Sql": "Registered"}
    request.addfinalizer(lambda: cloud.control.set_subscription(place, providers=on))
    cloud.control.set_subscription(place, providers=dict.fromkeys(on, "NotRegistered"))
    report = cloud.validate(cloud.app("payments-prod"), "payments-prod")
    assert report.ok
    told = check(report, "resource_providers")
    assert (told.status, told.code) == (CheckStatus.WARNING, "provider_not_registered")
    assert told.remedy == "Register them: az provider register --namespace Microsoft.Security"


def test_a_provider_of_which_nothing_can_exist_is_no_gap(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    place = cloud.places["payments-prod"]
    request.addfinalizer(lambda: cloud.control.set_subscription(place, providers={"Microsoft.Sql": "Registered"}))
    cloud.control.set_subscription(place, providers={"Microsoft.Sql": "NotRegistered"})
    told = check(cloud.validate(cloud.app("payments-prod"), "payments-prod"), "resource_providers")
    assert told.status == CheckStatus.PASSED
    assert "Microsoft.Sql" in told.detail


def test_a_region_that_is_not_open_is_told(cloud: Cloud) -> None:
    report = cloud.validate(cloud.app(), regions=("westeurope", "brazilsouth"))
    assert report.ok
    enabled = {item.name: item.enabled for item in report.regions}
    assert (enabled["westeurope"], enabled["brazilsouth"]) == (True, False)
    assert check(report, "regions").code == "region_not_enabled"


def test_a_region_of_another_cloud_is_refused_before_anything_is_asked(cloud: Cloud) -> None:
    assert cloud.validate(cloud.app(), regions=("chinanorth3",)).code == "region_unknown"
    assert cloud.hosts() == set()


# Secrets -----------------------------------------------------------------------------------------------------------


def test_no_secret_is_logged_or_shown(
    cloud: Cloud, good: Credentials, caplog: pytest.LogCaptureFixture, pem: Pem
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("azure").setLevel(logging.DEBUG)
    try:
        reports: list[Any] = [cloud.validate(good), cloud.validate(changed(good, client_id=UNKNOWN))]
    finally:
        logging.getLogger("azure").setLevel(logging.CRITICAL)
    shown = caplog.text + str([report.to_dict() for report in reports]) + repr(good) + str(PROVIDER.describe(good))
    for secret in (good.get("client_secret"), pem.key.splitlines()[3]):
        assert not secret or secret not in shown
