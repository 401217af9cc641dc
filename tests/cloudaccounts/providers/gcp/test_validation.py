"""The connection test by every method, each way that it can be right or wrong, on the wire."""

from __future__ import annotations

import json
import logging
import sys
from subprocess import run

import pytest

from cloudaccounts.contract.report import CheckStatus, CloudValidationResult, PermissionStatus, ValidationProgress
from cloudaccounts.providers.gcp.provider import PROVIDER
from tests.cloudaccounts.providers.gcp.conftest import METHODS, Cloud, by_key, check

ALL = {"oauth2.googleapis.com", "cloudresourcemanager.googleapis.com", "cloudasset.googleapis.com"}
ALL |= {"serviceusage.googleapis.com"}
HOSTS = {
    "service_account_key": ALL | {"iam.googleapis.com"},
    "impersonation": ALL | {"iamcredentials.googleapis.com"},
    "workload_identity": ALL - {"oauth2.googleapis.com"} | {"sts.googleapis.com", "iamcredentials.googleapis.com"},
}
every_method = pytest.mark.parametrize("method", METHODS)


@every_method
def test_good_credentials_pass_every_check(cloud: Cloud, method: str) -> None:
    report = cloud.validate(cloud.by(method))
    assert report.ok
    assert report.finished
    assert [item.name for item in report.checks] == [item.name for item in PROVIDER.plan(method)]
    asked = [item for item in report.checks if item.name != "key_policy"]  # may be asked of few: see test_key_policy
    assert {item.status for item in asked} == {CheckStatus.PASSED}
    assert {item.status for item in report.permissions} == {PermissionStatus.GRANTED}
    assert {item.name for item in report.regions if item.enabled} == {region.name for region in PROVIDER.regions("gcp")}
    assert report.identity.endswith(f"@{cloud.project}.iam.gserviceaccount.com")
    assert CloudValidationResult.from_dict(report.to_dict()) == report


@every_method
def test_it_asks_only_the_hosts_that_it_names(cloud: Cloud, method: str) -> None:
    cloud.validate(cloud.by(method))
    assert cloud.hosts() == HOSTS[method]
    assert cloud.control.refused_hosts() == []


def test_one_token_serves_all_calls(cloud: Cloud) -> None:
    cloud.validate(cloud.key())
    assert len(cloud.calls("token")) == 1
    assert len(cloud.calls("TestIamPermissions")) == 2  # what is needed, and what is beyond that


@every_method
def test_each_step_is_shown_as_it_happens(cloud: Cloud, method: str) -> None:
    seen: list[CloudValidationResult] = []
    PROVIDER.validate(cloud.by(method), cloud.target(), ValidationProgress(seen.append))
    running = list(dict.fromkeys(report.running for report in seen if report.running))
    assert running == [item.name for item in PROVIDER.plan(method)]


def test_the_age_is_that_of_the_key_and_its_end_is_told(cloud: Cloud) -> None:
    report = cloud.validate(cloud.key(age_days=12, expires_in_days=30))
    assert "12 days ago" in check(report, "key_age").detail
    assert report.credential_created_at
    assert report.credential_expires_at


def test_a_key_without_an_end_has_none(cloud: Cloud) -> None:
    assert not cloud.validate(cloud.key()).credential_expires_at


def test_an_age_that_may_not_be_read_is_no_failure(cloud: Cloud) -> None:
    credentials = cloud.key(permissions=[item.permission for item in cloud.validate(cloud.key("other")).permissions])
    report = cloud.validate(credentials)
    assert report.ok
    assert check(report, "key_age").status == CheckStatus.SKIPPED
    assert "iam.serviceAccountKeys.list" in check(report, "key_age").cause


def test_a_deleted_a_disabled_and_an_expired_key_are_refused_with_all_causes(cloud: Cloud) -> None:
    credentials = cloud.key()
    key_id = json.loads(credentials["service_account_json"])["private_key_id"]
    cloud.admin.set_key_disabled(key_id)
    disabled = cloud.validate(credentials)
    cloud.admin.delete_key(key_id)
    deleted = cloud.validate(credentials)
    expired = cloud.validate(cloud.key(expires_in_days=-1))
    for report in (disabled, deleted, expired):
        assert (report.ok, report.code, report.permanent) == (False, "key_refused", True)
        assert check(report, "identity").sdk_error == "invalid_grant"
        assert {item.status for item in report.checks[1:]} == {CheckStatus.SKIPPED}
        assert [item.name for item in report.checks] == [item.name for item in PROVIDER.plan("service_account_key")]
    assert "expired" in disabled.cause


def test_a_key_signed_by_another_private_key_is_refused(cloud: Cloud) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    data = json.loads(cloud.key()["service_account_json"])
    other = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert cloud.validate(by_key(json.dumps(data | {"private_key": other.decode()}))).code == "key_refused"


def test_a_deleted_and_a_disabled_service_account_are_told_apart(cloud: Cloud) -> None:
    credentials = cloud.key()
    email = json.loads(credentials["service_account_json"])["client_email"]
    cloud.admin.set_service_account_disabled(email)
    assert cloud.validate(credentials).code == "service_account_disabled"
    cloud.admin.delete_service_account(email)
    assert cloud.validate(credentials).code == "service_account_missing"


def test_the_server_clock_is_told(cloud: Cloud) -> None:
    cloud.control.fault("clock_skew", service="oauth2")
    assert cloud.validate(cloud.key()).code == "clock_skew"
    assert cloud.validate(cloud.impersonation()).code == "clock_skew"


@every_method
def test_another_project_is_refused(cloud: Cloud, method: str) -> None:
    cloud.admin.put_project("somebody-elses-project")
    report = cloud.validate(cloud.by(method), account_id="somebody-elses-project")
    assert report.code == "project_not_visible"
    assert "gives one answer for several causes" in report.cause
    assert check(report, "permissions").status == CheckStatus.SKIPPED


@every_method
def test_a_project_marked_for_deletion_is_refused(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.admin.put_project(cloud.project, state="DELETE_REQUESTED")
    report = cloud.validate(credentials)
    assert report.code == "project_not_active"
    assert f"gcloud projects undelete {cloud.project}" in report.remedy


def test_a_service_account_of_another_project_is_fine(cloud: Cloud) -> None:
    """Many companies keep theirs in a project of its own."""
    cloud.admin.put_project("security-tools")
    email = cloud.admin.put_service_account("security-tools", "scanner", on=cloud.project)
    cloud.admin.put_service_account("security-tools", "scanner")
    report = cloud.validate(by_key(cloud.admin.put_key(email)))
    assert report.ok, report


@every_method
def test_missing_permissions_are_gaps_with_the_commands_that_mend_them(cloud: Cloud, method: str) -> None:
    cloud.control.fault("deny", permission="cloudasset.assets.searchAllIamPolicies")
    report = cloud.validate(cloud.by(method))
    assert report.ok
    assert check(report, "permissions").code == "permissions_missing"
    assert "who may do what" in check(report, "permissions").detail
    assert "--role=roles/cloudasset.viewer" in report.mending
    assert [item.permission for item in report.permissions if item.status == PermissionStatus.DENIED] == [
        "cloudasset.assets.searchAllIamPolicies"
    ]


def test_credentials_that_may_read_nothing_are_refused(cloud: Cloud) -> None:
    report = cloud.validate(cloud.key(roles=["roles/browser", "roles/serviceusage.serviceUsageConsumer"]))
    assert report.code == "no_permissions"
    assert "roles/cloudasset.viewer" in report.mending


def test_credentials_without_any_role_do_not_see_the_project(cloud: Cloud) -> None:
    assert cloud.validate(cloud.key(roles=[])).code == "project_not_visible"


@every_method
def test_an_api_that_is_off_is_told_with_the_command_that_enables_it(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.admin.set_api(cloud.project, "cloudasset.googleapis.com", False)
    report = cloud.validate(credentials)
    assert report.code == "api_disabled"
    assert "cloudasset.googleapis.com" in report.cause
    assert report.mending == f"gcloud services enable cloudasset.googleapis.com --project={cloud.project}"
    assert check(report, "permissions").status == CheckStatus.PASSED


def test_resource_manager_that_is_off_is_told_at_the_project(cloud: Cloud) -> None:
    credentials = cloud.key()
    cloud.admin.set_api(cloud.project, "cloudresourcemanager.googleapis.com", False)
    report = cloud.validate(credentials)
    assert (report.code, check(report, "project").sdk_error) == ("api_disabled", "SERVICE_DISABLED")
    assert "gcloud services enable cloudresourcemanager.googleapis.com --project=" in report.remedy


def test_service_usage_that_is_off_is_a_warning_only(cloud: Cloud) -> None:
    credentials = cloud.key()
    cloud.admin.set_api(cloud.project, "serviceusage.googleapis.com", False)
    report = cloud.validate(credentials)
    assert report.ok
    assert check(report, "apis").status == CheckStatus.WARNING


def test_without_service_usage_the_api_itself_is_asked(cloud: Cloud) -> None:
    permissions = ["resourcemanager.projects.get", "cloudasset.assets.listResource"]
    credentials = cloud.key(permissions=permissions)
    assert check(cloud.validate(credentials), "apis").status == CheckStatus.PASSED
    cloud.admin.set_api(cloud.project, "cloudasset.googleapis.com", False)
    assert cloud.validate(credentials).code == "api_disabled"


@every_method
def test_throttling_passes_by_itself_or_is_told(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.control.fault("throttle", service="cloudresourcemanager", action="GetProject", times=1)
    assert cloud.validate(credentials).ok
    cloud.control.fault("throttle", service="cloudresourcemanager")
    report = cloud.validate(credentials)
    assert (report.code, report.permanent) == ("throttled", False)


@pytest.mark.parametrize(
    ("method", "host"),
    [
        *((method, "cloudresourcemanager.googleapis.com") for method in METHODS),
        ("service_account_key", "oauth2.googleapis.com"),
        ("impersonation", "iamcredentials.googleapis.com"),
        ("workload_identity", "sts.googleapis.com"),
    ],
)
@pytest.mark.parametrize("mode", ["refuse", "drop", "hang"])
def test_an_unreachable_host_is_told_in_bounded_time(cloud: Cloud, method: str, host: str, mode: str) -> None:
    credentials = cloud.by(method)
    cloud.control.fault("unreachable", host=host, mode=mode, seconds=20)
    report = cloud.validate(credentials, timeout=1.0, deadline=8.0)
    expected = {"refuse": "proxy_refused", "drop": "network_unreachable", "hang": "network_timeout"}
    assert (report.code, report.permanent) == (expected[mode], False)
    assert report.duration_ms < 9_000


@every_method
def test_a_slow_cloud_ends_with_the_deadline(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.control.fault("delay", service="cloudresourcemanager", seconds=3)
    report = cloud.validate(credentials, deadline=1.0)
    assert (report.code, report.permanent) == ("deadline_exceeded", False)
    assert report.duration_ms < 2_000


@every_method
def test_googles_own_failure_is_not_blamed_on_anybody(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.control.fault("error", service="cloudresourcemanager", status=500)
    report = cloud.validate(credentials)
    assert (report.code, report.permanent) == ("google_unavailable", False)


@pytest.mark.parametrize("variables", [("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",)])
def test_an_untrusted_certificate_is_told(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, variables: tuple[str, ...]
) -> None:
    for name in variables:
        monkeypatch.delenv(name)
    report = cloud.validate(cloud.key())
    assert (report.code, report.permanent) == ("tls_failed", True)


def test_no_variable_of_the_server_moves_an_endpoint(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "evil.example")
    monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDASSET", "https://evil.example/")
    assert cloud.validate(cloud.key()).ok
    assert cloud.control.refused_hosts() == []


@every_method
def test_nothing_of_a_credential_shows(cloud: Cloud, method: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="cloudaccounts")
    credentials = cloud.by(method)
    report = cloud.validate(credentials)
    shown = f"{report} {credentials!r} {caplog.text} {PROVIDER.describe(credentials)}"
    assert "PRIVATE KEY" not in shown
    assert "ya29." not in shown


def test_importing_the_provider_loads_no_sdk() -> None:
    code = (
        "import sys, cloudaccounts.providers.gcp.provider\n"
        "print(sorted({m for m in sys.modules if m.split('.')[0] in ('google', 'grpc', 'requests')}))"
    )
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
