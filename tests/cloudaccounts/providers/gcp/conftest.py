"""A simulated Google Cloud on the wire: the real SDK speaks TLS and gRPC to it through the proxy, as in production."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import CheckResult, CloudValidationResult, ValidationProgress
from cloudaccounts.contract.sessions import Session
from cloudaccounts.providers.gcp import client, server
from cloudaccounts.providers.gcp.provider import PROVIDER
from sandbox.control import Control
from sandbox.gcp.control import Administrator
from sandbox.rig import Rig

EXTERNAL_ID = "ca-8f1c2a7e-64b0-4d5f-9a53-0f6e1b7d2c90"
LABEL = "cloud-accounts-external-id"
SERVER = "cloud-accounts@cloud-accounts-own.iam.gserviceaccount.com"
METHODS = ("service_account_key", "impersonation", "workload_identity")
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@dataclass
class Cloud:
    """One test's view of the simulated Google Cloud, with a project of its own."""

    rig: Rig
    control: Control
    project: str
    sessions: list[Session] = field(default_factory=list)

    @property
    def admin(self) -> Administrator:
        return self.control.gcp

    def key(self, name: str = "reader-account", **account: Any) -> Credentials:
        """A new key of a service account; by default with the roles of the guides."""
        key: dict[str, Any] = {"age_days": account.pop("age_days", 0)}
        key["expires_in_days"] = account.pop("expires_in_days", None)
        email = self.admin.put_service_account(self.project, name, **account)
        return by_key(self.admin.put_key(email, **key))

    def impersonation(self, name: str = "impersonated", *, label: bool = True, **account: Any) -> Credentials:
        email = self.admin.put_service_account(self.project, name, **account)
        self.admin.let_in(email)
        if label:
            self.admin.set_label(self.project, LABEL, EXTERNAL_ID)
        return Credentials("impersonation", {"service_account_email": email})

    def workload(self, name: str = "federated", *, label: bool = True, **pool: Any) -> Credentials:
        email = self.admin.put_service_account(self.project, name)
        audience = self.admin.put_pool(self.project, email=email, **pool)
        if label:
            self.admin.set_label(self.project, LABEL, EXTERNAL_ID)
        return Credentials("workload_identity", {"audience": audience, "service_account_email": email})

    def by(self, method: str, **more: Any) -> Credentials:
        """Good credentials of a method."""
        make = {"service_account_key": self.key, "impersonation": self.impersonation}
        return make.get(method, self.workload)(**more)

    def scenario(self, title: str) -> Credentials:
        found = self.rig.scenario(title, cloud="gcp")
        return PROVIDER.clean_credentials(
            found["method"], found["fields"], account_id=found["account_id"], partition="gcp"
        )

    def target(self, **fields: Any) -> Target:
        given: Mapping[str, Any] = {
            "account_id": self.project,
            "partition": "gcp",
            "regions": ("europe-west1", "us-central1"),
            "external_id": EXTERNAL_ID,
            "timeout": 5.0,
            "deadline": 30.0,
        }
        return Target(**{**given, **fields})

    def validate(self, credentials: Credentials, **target: Any) -> CloudValidationResult:
        return PROVIDER.validate(credentials, self.target(**target), ValidationProgress())

    def open(self, credentials: Credentials, **target: Any) -> Session:
        """A session that ends with the test, as a scan's ends with the scan."""
        session = PROVIDER.open_session(credentials, self.target(**target))
        self.sessions.append(session)
        return session

    def calls(self, *actions: str) -> list[dict[str, Any]]:
        return [call for call in self.control.calls("gcp") if call["action"] in actions]

    def hosts(self) -> set[str]:
        return {item["host"] for item in self.control.hosts()}


def by_key(text: str) -> Credentials:
    return PROVIDER.clean_credentials(
        "service_account_key", {"service_account_json": text}, account_id="any-project", partition="gcp"
    )


def check(report: CloudValidationResult, name: str) -> CheckResult:
    return next(check for check in report.checks if check.name == name)


@pytest.fixture
def cloud(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name, value in rig.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "RETRY_SECONDS", 0.5)
    rig.control.clear_faults()
    rig.control.clear_journal()
    server.forget()
    project = f"test-project-{next(_NUMBERS)}"
    rig.control.gcp.put_project(project)
    opened = Cloud(rig, rig.control, project)
    yield opened
    for session in opened.sessions:
        session.close()
    rig.control.clear_faults()
