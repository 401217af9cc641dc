"""The OpenAPI description, the page made of it, and whether the API keeps to it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from cloudaccounts import registry
from cloudaccounts.models import CloudAccount
from config.api.assembly import description
from config.env import ROOT as PROJECT
from scans.models import ScanRun
from tests.api.conftest import Caller
from tests.conftest import ALL_DATABASES

pytest_plugins = ["schemathesis.pytest.plugin"]  # left out of every other process's start (see pyproject.toml)
pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
PROMISED = {
    "/cloud-accounts/": {"get", "post"},
    "/cloud-accounts/validate": {"post"},
    "/cloud-accounts/external-id": {"get"},
    "/cloud-accounts/{account_id}": {"get", "patch", "delete"},
    "/cloud-accounts/{account_id}/revalidate": {"post"},
    "/cloud-accounts/{account_id}/credentials": {"post"},
    "/cloud-accounts/{account_id}/scans": {"post"},
    "/scans/": {"get"},
    "/scans/{run_id}": {"get"},
    "/scans/{run_id}/cancel": {"post"},
    "/findings/": {"get"},
    "/assets/": {"get"},
}


def test_every_promised_call_is_described() -> None:
    found = {path.removeprefix("/api/v1"): set(verbs) for path, verbs in description()["paths"].items()}
    assert found == PROMISED
    for verbs in description()["paths"].values():
        for operation in verbs.values():
            assert operation["security"] == [{"BearerToken": []}]
            assert {"401", "403", "429"} <= set(operation["responses"])


def test_the_credentials_of_every_method_are_described() -> None:
    given_ = description()["components"]["schemas"]["NewAccount"]["properties"]["credentials"]["anyOf"]
    described = {item["title"]: set(item["properties"]) - {"cloud"} for item in given_}
    methods = [method for provider in registry.all_providers() for method in provider.methods]
    assert described == {method.key: set(method.form.base_fields) for method in methods}
    secret = {name for item in given_ for name, told in item["properties"].items() if told.get("writeOnly")}
    assert secret == {name for method in methods for name in method.secret_fields}
    assert not any(
        "examples" in item["properties"][name] for item in given_ for name in secret & set(item["properties"])
    )


def test_the_description_needs_no_token(client: Client) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")


@pytest.mark.parametrize("signed_in", [True, False])
def test_the_page_describes_every_call_without_foreign_or_inline_script(
    client: Client, alice: User, signed_in: bool
) -> None:
    if signed_in:
        client.force_login(alice)
    answer = client.get("/api/v1/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    for path in PROMISED:
        assert f"/api/v1{path}" in page
    assert "service_account_json" in page
    assert not re.search(r"<script(?![^>]*\bsrc=\"/)|<style|\sstyle=|\son\w+=", page)
    assert page.count("<h1") == 1


def test_commands_do_not_load_what_serves_the_api() -> None:
    program = (
        "import sys, django; django.setup(); from django.core.management import call_command; call_command('check')"
    )
    told = "print([name for name in ('ninja', 'pydantic') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; {told}"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


@pytest.fixture
def records(alice: User, make_account: MakeAccount) -> dict[str, str]:
    account = make_account(alice)
    return {"account_id": str(account.pk), "run_id": str(ScanRun.objects.get().run_id)}


DESCRIBED = schemathesis.openapi.from_dict(description())
DESCRIBED.app = get_wsgi_application()  # called as a server calls it


@pytest.fixture
def within_the_transaction() -> Iterator[None]:
    """A server gives its connections back after each call; a test has its rows in them."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("within_the_transaction")
@DESCRIBED.parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_keeps_to_its_description_whatever_it_is_sent(
    case: schemathesis.Case[Any], alice_calls: Caller, records: dict[str, str]
) -> None:
    """Half of the calls are about records that are there."""
    if case.path_parameters and len(json.dumps(case.query, default=str)) % 2 == 0:
        case.path_parameters = {name: records.get(name, value) for name, value in case.path_parameters.items()}
    case.call_and_validate(headers={"Authorization": f"Bearer {alice_calls.text}"}, checks=CHECKS)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
NESTED = st.lists(SCALARS, max_size=4) | st.dictionaries(st.text(max_size=12), SCALARS, max_size=4)
JSON = SCALARS | NESTED | st.lists(NESTED, max_size=2) | st.dictionaries(st.text(max_size=12), NESTED, max_size=2)
FIELDS = ["provider", "account_id", "name", "environment", "regions", "auth_method", "credentials", "group", "cloud"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=4), credentials=JSON)
def test_no_body_breaks_it(
    alice_calls: Caller, toybox: dict[str, Any], changes: dict[str, Any], credentials: Any
) -> None:
    for body in ({**toybox, **changes}, {**toybox, "credentials": {"token": credentials}}):
        answer = alice_calls.post("cloud-accounts/validate", body)
        assert answer.status_code in {200, 400, 422, 429}, answer.content
        assert answer.status_code == 200 or {"code", "message"} <= set(answer.json())
