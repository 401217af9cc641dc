"""The OpenAPI description, and the page made of it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts import registry
from config.api.assembly import description
from config.env import ROOT as PROJECT
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
PROMISED = {
    "/cloud-accounts/": {"get", "post"},
    "/cloud-accounts/validate": {"post"},
    "/cloud-accounts/external-id": {"get"},
    "/cloud-accounts/{account_id}": {"get", "patch", "delete"},
    "/cloud-accounts/{account_id}/revalidate": {"post"},
    "/cloud-accounts/{account_id}/credentials": {"post"},
    "/cloud-accounts/{account_id}/scans": {"post"},
    "/cloud-accounts/{account_id}/schedule": {"get", "put"},
    "/cloud-accounts/{account_id}/rotation": {"get", "put"},
    "/rotation/policy": {"get", "put"},
    "/teams/": {"get", "post"},
    "/teams/{team}/members": {"get"},
    "/teams/{team}/members/{user}": {"get", "delete"},
    "/teams/{team}/invitations": {"post"},
    "/groups/": {"get", "post"},
    "/groups/{group_id}": {"get", "patch", "delete"},
    "/groups/{group_id}/accounts/{account_id}": {"get", "put", "delete"},
    "/organizations/": {"get", "post"},
    "/organizations/{organization_id}": {"get"},
    "/organizations/{organization_id}/members": {"get"},
    "/organizations/{organization_id}/sync": {"post"},
    "/organizations/{organization_id}/onboard": {"post"},
    "/organizations/{organization_id}/rules": {"get", "put"},
    "/apply/": {"post"},
    "/jobs/": {"get"},
    "/jobs/{job_id}": {"get"},
    "/audit/": {"get"},
    "/notices/": {"get"},
    "/channels/": {"get", "post"},
    "/channels/{channel_id}": {"get", "patch", "delete"},
    "/channels/{channel_id}/test": {"post"},
    "/channels/{channel_id}/secret": {"post"},
    "/channels/{channel_id}/messages": {"get"},
    "/scans/": {"get"},
    "/scans/{run_id}": {"get"},
    "/scans/{run_id}/cancel": {"post"},
    "/findings/": {"get"},
    "/findings/{finding_id}": {"get", "patch"},
    "/findings/{finding_id}/recheck": {"post"},
    "/findings/{finding_id}/comments": {"get", "post"},
    "/findings/suppress": {"post"},
    "/checks/": {"get"},
    "/rotation/standing-secrets": {"get"},
    "/checks/{check_id}": {"get", "put"},
    "/mute-rules/": {"get", "post"},
    "/mute-rules/{rule_id}": {"get", "delete"},
    "/views/": {"get", "post"},
    "/views/{view_id}": {"get", "delete"},
    "/assets/": {"get"},
    "/compliance/": {"get", "post"},
    "/compliance/{framework}": {"get", "put", "delete"},
    "/compliance/{framework}/source": {"get"},
    "/compliance/{framework}/{control}/answer": {"get", "put"},
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
