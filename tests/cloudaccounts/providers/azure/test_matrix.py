"""The whole table: every way to sign in, in every situation that the product tells apart, on the wire.

A row is a situation, a column a method, a cell the code of the report (`OK` where the credential is accepted), and
whether trying again can help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CheckStatus, CloudValidationResult
from tests.cloudaccounts.providers.azure.conftest import TAG, Cloud, Pem, changed, check, make_pem

SECRET, CERTIFICATE, FEDERATED = METHODS = ("client_secret", "certificate", "federated")
PLACE = "payments-prod"
OK = ""


@dataclass(frozen=True)
class Stage:
    """One cell's clouds and what it needs to make credentials."""

    cloud: Cloud
    method: str
    pem: Pem

    def make(self, *, pem: Pem | None = None, federation: dict[str, str] | None = None, **app: Any) -> Credentials:
        """By default good ones of the method, with Reader and Security Reader."""
        pair = pem or self.pem
        made = self.cloud.app(PLACE, certificate_pem=pair.public, federated=federation or {}, **app)
        ids = {name: made[name] for name in ("tenant_id", "client_id")}
        if self.method == SECRET:
            return made
        return Credentials(self.method, {**ids, "certificate_pem": pair.both} if self.method == CERTIFICATE else ids)


Prepared = tuple[Credentials, dict[str, Any]]
Prepare = Callable[[Stage], Prepared]


def good(stage: Stage) -> Prepared:
    return stage.make(), {}


def wrong(stage: Stage) -> Prepared:
    """Another secret; a certificate that is not registered; an app that trusts another subject."""
    if stage.method == SECRET:
        return changed(stage.make(), client_secret="w" * 40), {}
    if stage.method == CERTIFICATE:
        return changed(stage.make(), certificate_pem=make_pem().both), {}
    return stage.make(federation={"subject": "system:serviceaccount:somebody:else"}), {}


def expired(stage: Stage) -> Prepared:
    """A secret or certificate past its end; a federated credential has none."""
    if stage.method == CERTIFICATE:
        return stage.make(pem=make_pem(days=-1)), {}
    return stage.make(secret_days=-1), {}


def expired_token(stage: Stage) -> Prepared:
    """An access token that Azure does not take any more: another one may help."""
    credentials = stage.make()
    stage.cloud.control.fault("expired_token", service="arm")
    return credentials, {}


def wrong_account(stage: Stage) -> Prepared:
    return stage.make(), {"place": "partner-shop"}


def missing_permission(stage: Stage) -> Prepared:
    return stage.make(actions=["*/read"], not_actions=["Microsoft.KeyVault/*"]), {}


def no_permission(stage: Stage) -> Prepared:
    return stage.make(actions=[]), {}


def provider_off(stage: Stage) -> Prepared:
    place = stage.cloud.places[PLACE]
    stage.cloud.control.set_subscription(place, providers={"Microsoft.Security": "NotRegistered"})
    return stage.make(), {}


def throttled(stage: Stage) -> Prepared:
    credentials = stage.make()
    stage.cloud.control.fault("throttle", service="arm", seconds=600)
    return credentials, {}


def throttled_sign_in(stage: Stage) -> Prepared:
    credentials = stage.make()
    stage.cloud.control.fault("throttle", service="entra", seconds=600)
    return credentials, {}


def _unreachable(stage: Stage, host: str, mode: str) -> Prepared:
    credentials = stage.make()
    stage.cloud.control.fault("unreachable", host=host, mode=mode)
    return credentials, {"timeout": 0.5, "deadline": 15}


def unreachable_sign_in(stage: Stage) -> Prepared:
    return _unreachable(stage, "login.microsoftonline.com", "drop")


def unreachable_manager(stage: Stage) -> Prepared:
    return _unreachable(stage, "management.azure.com", "drop")


def refused_by_proxy(stage: Stage) -> Prepared:
    return _unreachable(stage, "management.azure.com", "refuse")


def silent(stage: Stage) -> Prepared:
    return _unreachable(stage, "management.azure.com", "hang")


def slow(stage: Stage) -> Prepared:
    credentials = stage.make()
    stage.cloud.control.fault("delay", service="arm", seconds=3)
    return credentials, {"deadline": 1.5}


@dataclass(frozen=True)
class Row:
    prepare: Prepare
    codes: tuple[str, str, str]  # of secret, certificate, federated credential
    retry: bool = False
    warns: str = ""  # the check that is a warning, where the credential is accepted with a gap


TABLE = [
    Row(good, (OK, OK, OK)),
    Row(wrong, ("client_secret_wrong", "certificate_unknown", "federated_subject_mismatch")),
    Row(expired, ("client_secret_expired", "certificate_expired", OK)),
    Row(expired_token, ("token_refused",) * 3, retry=True),
    Row(wrong_account, ("subscription_in_other_tenant",) * 3),
    Row(missing_permission, (OK, OK, OK), warns="permissions"),
    Row(no_permission, ("no_permissions",) * 3),
    Row(provider_off, (OK, OK, OK), warns="resource_providers"),
    Row(throttled, ("throttled",) * 3, retry=True),
    Row(throttled_sign_in, ("throttled",) * 3, retry=True),
    Row(unreachable_sign_in, ("network_unreachable",) * 3, retry=True),
    Row(unreachable_manager, ("network_unreachable",) * 3, retry=True),
    Row(refused_by_proxy, ("proxy_refused",) * 3, retry=True),
    Row(silent, ("azure_timeout",) * 3, retry=True),
    Row(slow, ("deadline_exceeded",) * 3, retry=True),
]
CELLS = [
    pytest.param(row, method, code, id=f"{row.prepare.__name__}-{method}")
    for row in TABLE
    for method, code in zip(METHODS, row.codes, strict=True)
]


@pytest.fixture
def marked(cloud: Cloud) -> Iterator[Cloud]:
    """The subscription names the owner, as federated credentials need; what a row switches off is switched on again."""
    place = cloud.places[PLACE]
    cloud.control.put_tag(place, TAG, cloud.target().external_id)
    yield cloud
    cloud.control.put_tag(place, TAG, None)
    cloud.control.set_subscription(place, providers={"Microsoft.Security": "Registered"})


@pytest.mark.parametrize(("row", "method", "code"), CELLS)
def test_each_method_in_each_situation(marked: Cloud, pem: Pem, row: Row, method: str, code: str) -> None:
    credentials, target = row.prepare(Stage(marked, method, pem))
    report: CloudValidationResult = marked.validate(credentials, **{"place": PLACE, **target})
    assert (report.ok, report.code) == (code == OK, code)
    assert report.finished
    if code != OK:
        assert report.permanent is not row.retry
        assert report.cause
        assert report.remedy
    if row.warns:
        assert check(report, row.warns).status == CheckStatus.WARNING
    assert report.duration_ms < 16_000
