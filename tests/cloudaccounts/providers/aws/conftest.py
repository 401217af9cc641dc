"""A simulated AWS on the wire: the real SDK speaks TLS to it through the proxy, as in production."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import CheckResult, CloudValidationResult, ValidationProgress
from cloudaccounts.providers.aws import role, server
from cloudaccounts.providers.aws.provider import PROVIDER
from sandbox.control import Control
from sandbox.rig import Rig

ACCOUNT = "123400000001"
OTHER_ACCOUNT = "123400000002"
EXTERNAL_ID = "ca-8f1c2a7e-64b0-4d5f-9a53-0f6e1b7d2c90"
OWN_ACCOUNT = "999900001111"


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as started:
        started.control.put_account(ACCOUNT, "tests")
        started.control.put_account(OTHER_ACCOUNT, "other tests")
        yield started


@dataclass
class Cloud:
    """One test's view of the simulated AWS."""

    rig: Rig
    control: Control
    users: dict[str, Credentials] = field(default_factory=dict)

    def keys(self, name: str, **user: Any) -> Credentials:
        """A new user's key; by default with the two audit policies."""
        made = self.control.put_user(ACCOUNT, name, **user)
        return keys(made["access_key_id"], made["secret_access_key"])

    def scenario(self, title: str) -> Credentials:
        found = self.rig.scenario(title)
        return Credentials(found["method"], found["fields"])

    def validate(self, credentials: Credentials, **target: Any) -> CloudValidationResult:
        return PROVIDER.validate(credentials, make_target(**target), ValidationProgress())

    def calls(self, *actions: str) -> list[dict[str, Any]]:
        return [call for call in self.control.calls("aws") if call["action"] in actions]


def keys(access_key_id: str, secret_access_key: str, session_token: str = "") -> Credentials:
    values = {"access_key_id": access_key_id, "secret_access_key": secret_access_key, "session_token": session_token}
    return Credentials("access_keys", {key: value for key, value in values.items() if value})


def make_target(**fields: Any) -> Target:
    given: Mapping[str, Any] = {
        "account_id": ACCOUNT,
        "partition": "aws",
        "regions": ("us-east-1", "eu-west-1"),
        "external_id": EXTERNAL_ID,
        "timeout": 5.0,
        "deadline": 30.0,
    }
    return Target(**{**given, **fields})


def check(report: CloudValidationResult, name: str) -> CheckResult:
    return next(check for check in report.checks if check.name == name)


@pytest.fixture
def cloud(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name, value in rig.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(role, "RETRY_WAITS", (0.05,))
    rig.control.clear_faults()
    rig.control.clear_journal()
    server.forget()
    yield Cloud(rig, rig.control)
    rig.control.clear_faults()
