"""The whole table: every way to sign in, in every situation that the product tells apart, on the wire.

A row is a situation, a column a method, a cell the code of the report (`OK` where the credential is accepted), and
whether trying again can help.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CheckStatus, CloudValidationResult
from tests.cloudaccounts.providers.gcp.conftest import Cloud, check

KEY, IMPERSONATION, WORKLOAD = METHODS = ("service_account_key", "impersonation", "workload_identity")
OK = ""
HOST_OF = {KEY: "oauth2.googleapis.com", IMPERSONATION: "iamcredentials.googleapis.com", WORKLOAD: "sts.googleapis.com"}
Prepare = Callable[[Cloud, str], tuple[Credentials, dict[str, object]]]


def good(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    return cloud.by(method), {}


def wrong(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    """A deleted key; an account that does not let us in; a token for another audience."""
    if method == KEY:
        credentials = cloud.key()
        cloud.admin.delete_key(json.loads(credentials["service_account_json"])["private_key_id"])
        return credentials, {}
    if method == IMPERSONATION:
        email = cloud.admin.put_service_account(cloud.project, "closed")
        return Credentials(method, {"service_account_email": email}), {}
    return cloud.workload(audiences=["https://another.example"]), {}


def expired(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    """A key past its end; where there is none, an access token that Google does not take any more."""
    if method == KEY:
        return cloud.key(expires_in_days=-1), {}
    credentials = cloud.by(method)
    cloud.control.fault("expired_token", service="cloudresourcemanager")
    return credentials, {}


def wrong_account(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    cloud.admin.put_project("somebody-elses-project")
    return cloud.by(method), {"account_id": "somebody-elses-project"}


def missing_permission(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    cloud.control.fault("deny", permission="cloudasset.assets.searchAllIamPolicies")
    return cloud.by(method), {}


def no_permission(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    for name in ("cloudasset.*", "logging.*", "resourcemanager.projects.getIamPolicy"):
        cloud.control.fault("deny", permission=name)
    return cloud.by(method), {}


def api_off(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    credentials = cloud.by(method)
    cloud.admin.set_api(cloud.project, "cloudasset.googleapis.com", False)
    return credentials, {}


def throttled(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    credentials = cloud.by(method)
    cloud.control.fault("throttle", service="cloudresourcemanager")
    return credentials, {}


def unreachable_sign_in(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    credentials = cloud.by(method)
    cloud.control.fault("unreachable", host=HOST_OF[method], mode="drop")
    return credentials, {"timeout": 1.0, "deadline": 10.0}


def unreachable_project(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    credentials = cloud.by(method)
    cloud.control.fault("unreachable", host="cloudresourcemanager.googleapis.com", mode="drop")
    return credentials, {"timeout": 1.0, "deadline": 10.0}


def unreachable_assets(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    credentials = cloud.by(method)
    cloud.control.fault("unreachable", host="cloudasset.googleapis.com", mode="refuse")
    return credentials, {"timeout": 1.0, "deadline": 10.0}


def slow(cloud: Cloud, method: str) -> tuple[Credentials, dict[str, object]]:
    credentials = cloud.by(method)
    cloud.control.fault("delay", service="cloudresourcemanager", seconds=3)
    return credentials, {"deadline": 1.0}


@dataclass(frozen=True)
class Row:
    prepare: Prepare
    codes: tuple[str, str, str]  # of key, impersonation, workload identity
    retry: bool = False
    warns: str = ""  # the check that is a warning, where the credential is accepted with a gap


TABLE = [
    Row(good, (OK, OK, OK)),
    Row(wrong, ("key_refused", "impersonation_denied", "workload_audience_refused")),
    Row(expired, ("key_refused", "credentials_refused", "credentials_refused")),
    Row(wrong_account, ("project_not_visible", "project_not_visible", "project_not_visible")),
    Row(missing_permission, (OK, OK, OK), warns="permissions"),
    Row(no_permission, ("no_permissions", "no_permissions", "no_permissions")),
    Row(api_off, ("api_disabled", "api_disabled", "api_disabled")),
    Row(throttled, ("throttled", "throttled", "throttled"), retry=True),
    Row(unreachable_sign_in, ("network_unreachable",) * 3, retry=True),
    Row(unreachable_project, ("network_unreachable",) * 3, retry=True),
    Row(unreachable_assets, ("proxy_refused",) * 3, retry=True),
    Row(slow, ("deadline_exceeded",) * 3, retry=True),
]
CELLS = [
    pytest.param(row, method, code, id=f"{row.prepare.__name__}-{method}")
    for row in TABLE
    for method, code in zip(METHODS, row.codes, strict=True)
]


@pytest.mark.parametrize(("row", "method", "code"), CELLS)
def test_each_method_in_each_situation(cloud: Cloud, row: Row, method: str, code: str) -> None:
    credentials, target = row.prepare(cloud, method)
    report: CloudValidationResult = cloud.validate(credentials, **target)
    assert (report.ok, report.code) == (code == OK, code)
    assert report.finished
    if code != OK:
        assert report.permanent is not row.retry
        assert report.cause
        assert report.remedy
    if row.warns:
        assert check(report, row.warns).status == CheckStatus.WARNING
    assert report.duration_ms < 12_000
