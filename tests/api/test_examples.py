"""Every operation of openapi.json has examples, and each is posted: what it names is there in the simulated clouds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from cloudaccounts.operations.workers import refresh_server_identities
from cloudaccounts.providers.aws import role, server
from cloudaccounts.providers.gcp import server as gcp_server
from config.api.assembly import ROOT, description
from sandbox.rig import Rig
from tests.api.conftest import Caller
from tests.api.examples import World, bodies
from tests.conftest import ALL_DATABASES

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.timeout(120)]
OPERATIONS = [
    (verb.upper(), path, operation) for path, verbs in description()["paths"].items()
    for verb, operation in verbs.items()
]  # fmt: skip
BODIES = [
    pytest.param(verb, path, body, good, id=f"{verb} {path.removeprefix(ROOT)} {title}")
    for verb, path, title, body, good in bodies(description())
]


@pytest.fixture(scope="module")
def running_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as rig:
        yield rig


@pytest.fixture
def world(running_rig: Rig, monkeypatch: pytest.MonkeyPatch, alice: User, alice_calls: Caller) -> World:
    for name, value in running_rig.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(role, "RETRY_WAITS", (0.05,))
    server.forget()
    gcp_server.forget()
    refresh_server_identities()
    return World(running_rig, alice, alice_calls)


@pytest.mark.parametrize(("verb", "path", "operation"), OPERATIONS)
def test_every_operation_shows_what_it_takes_and_answers(verb: str, path: str, operation: dict[str, Any]) -> None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    assert content is None or content["examples"]
    good = next(answer for code, answer in operation["responses"].items() if code.startswith("2"))
    assert "content" not in good or "example" in good["content"]["application/json"]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("verb", "path", "body", "good"), BODIES)
def test_every_example_does_what_its_operation_promises(
    verb: str, path: str, body: Any, good: frozenset[int], world: World
) -> None:
    address = world.filled(path)
    answer = world.calls.ask(verb, address.removeprefix(ROOT), world.prepare(path, body))
    assert answer.status_code in good, (answer.status_code, answer.content)
    # Of the clouds no host was asked for but those that are simulated.
    assert world.rig.control.refused_hosts() == []
