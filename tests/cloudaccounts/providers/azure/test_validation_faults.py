"""The connection test while Azure is throttled, slow, unreachable or broken, on the wire."""

from __future__ import annotations

import time

import pytest

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CheckStatus
from tests.cloudaccounts.providers.azure.conftest import Cloud, check


@pytest.mark.parametrize("service", ["entra", "arm"])
def test_throttling_is_waited_for_and_passes(cloud: Cloud, good: Credentials, service: str) -> None:
    cloud.control.fault("throttle", service=service, seconds=1, times=1)
    began = time.monotonic()
    assert cloud.validate(good).ok
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("service", ["entra", "arm"])
def test_throttling_that_stays_is_told_and_not_waited_for_without_end(
    cloud: Cloud, good: Credentials, service: str
) -> None:
    cloud.control.fault("throttle", service=service, seconds=600)
    began = time.monotonic()
    report = cloud.validate(good)
    assert time.monotonic() - began < 60
    assert (report.ok, report.code, report.permanent) == (False, "throttled", False)


@pytest.mark.parametrize("service", ["entra", "arm"])
def test_a_failure_of_azures_own_is_tried_again(cloud: Cloud, good: Credentials, service: str) -> None:
    cloud.control.fault("error", service=service, status=503, times=1)
    assert cloud.validate(good).ok


@pytest.mark.parametrize("service", ["entra", "arm"])
def test_a_failure_of_azures_own_that_stays_is_told(cloud: Cloud, good: Credentials, service: str) -> None:
    cloud.control.fault("error", service=service, status=500)
    report = cloud.validate(good)
    assert (report.ok, report.code, report.permanent) == (False, "azure_unavailable", False)


def test_an_app_that_may_read_the_subscription_alone_is_refused(cloud: Cloud) -> None:
    report = cloud.validate(cloud.app(actions=["Microsoft.Resources/subscriptions/read"]))
    assert (report.ok, report.code) == (False, "no_permissions")
    assert check(report, "subscription").status == CheckStatus.PASSED
    assert check(report, "permissions").status == CheckStatus.FAILED
    assert "role assignment create" in report.mending


@pytest.mark.parametrize("host", ["login.microsoftonline.com", "management.azure.com"])
@pytest.mark.parametrize(
    ("mode", "code"), [("refuse", "proxy_refused"), ("drop", "network_unreachable"), ("hang", "azure_timeout")]
)
def test_an_unreachable_host_is_told_in_time(cloud: Cloud, host: str, mode: str, code: str) -> None:
    credentials = cloud.app()
    cloud.control.fault("unreachable", host=host, mode=mode)
    began = time.monotonic()
    report = cloud.validate(credentials, timeout=0.5, deadline=60)
    assert time.monotonic() - began < 30
    assert (report.ok, report.permanent) == (False, False)
    assert report.code == code


def test_a_slow_azure_ends_at_the_deadline(cloud: Cloud, good: Credentials) -> None:
    cloud.control.fault("delay", service="arm", seconds=60)
    began = time.monotonic()
    report = cloud.validate(good, deadline=1.5)
    assert time.monotonic() - began < 20
    assert (report.ok, report.code, report.permanent) == (False, "deadline_exceeded", False)


def test_an_answer_that_does_not_come_is_a_timeout(cloud: Cloud, good: Credentials) -> None:
    cloud.control.fault("delay", service="entra", seconds=2)
    report = cloud.validate(good, timeout=0.3)
    assert (report.ok, report.code, report.permanent) == (False, "azure_timeout", False)


def test_an_expired_token_is_told(cloud: Cloud, good: Credentials) -> None:
    cloud.control.fault("expired_token", service="arm")
    report = cloud.validate(good)
    assert (report.ok, report.code) == (False, "token_refused")


def test_what_is_good_to_know_never_refuses(cloud: Cloud) -> None:
    for name in ("providers", "locations"):
        cloud.control.fault("deny", permission=f"Microsoft.Resources/subscriptions/{name}/read")
    report = cloud.validate(cloud.app())
    assert report.ok
    assert {check(report, name).status for name in ("resource_providers", "regions")} == {CheckStatus.WARNING}
