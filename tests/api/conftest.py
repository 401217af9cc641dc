"""Callers of the HTTP API, through Django's own test client."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.health.connection_checks import CHECKS
from cloudaccounts.jobs.turns import serve
from cloudaccounts.lifecycle import onboarding
from cloudaccounts.models import ApiToken
from cloudaccounts.operations.workers import record_worker_heartbeat
from cloudaccounts.tokens import services as token_services
from cloudaccounts.tokens.services import create_token
from tests.toycloud.provider import State

ROOT = "/api/v1/"


@dataclass
class Caller:
    """A script with a token."""

    text: str
    token: ApiToken
    client: Client = field(default_factory=Client)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.generic(
            method,
            f"{ROOT}{path}",
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type=headers.pop("content_type", "application/json"),
            headers={"Authorization": f"Bearer {self.text}", **headers},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.ask("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.ask("DELETE", path, **headers)


MakeCaller = Callable[..., Caller]


@pytest.fixture
def caller_of() -> MakeCaller:
    def make(user: User, scope: str = "write", **more: Any) -> Caller:
        token, text = create_token(owner=str(user.pk), actor=SYSTEM, name="tests", scope=scope, **more)
        return Caller(text, token)

    return make


@pytest.fixture
def steady_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """All calls fall into the same minute, whenever the test runs."""
    monkeypatch.setattr(token_services, "MINUTE", 10**9)


@pytest.fixture
def alice_calls(alice: User, caller_of: MakeCaller) -> Caller:
    return caller_of(alice)


@pytest.fixture
def bob_calls(bob: User, caller_of: MakeCaller) -> Caller:
    return caller_of(bob)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lives: checks that calls wait for are done while they wait, and not in the calls' own thread."""
    record_worker_heartbeat("worker@test", ["checks"], threads=4)
    monkeypatch.setattr(onboarding, "pause", lambda seconds: serve(CHECKS))


@pytest.fixture
def toybox(toycloud: State) -> dict[str, Any]:
    """What connects an account of the toy cloud."""
    return {
        "provider": "toy",
        "account_id": "abcdef",
        "name": "toybox",
        "environment": "production",
        "regions": ["left"],
        "auth_method": "token",
        "credentials": {"token": toycloud.good_token},
    }


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The one shape of every error."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    told: dict[str, Any] = answer.json()
    assert told["code"] == code, told
    assert set(told) <= {"code", "message", "remedy", "details", "scan_run_id"}
    assert told["message"]
    return told
