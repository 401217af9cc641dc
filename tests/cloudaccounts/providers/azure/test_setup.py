"""The guides: filled in, well-formed in their own languages, and silent about what they do not know."""

from __future__ import annotations

import json
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cloudaccounts.contract.identity import ServerIdentity
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.providers.azure import setup_texts
from cloudaccounts.providers.azure.clouds import CLOUDS
from cloudaccounts.providers.azure.permissions import GRAPH_PERMISSIONS
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.azcli import FakeAz
from tests.cloudaccounts.providers.azure.conftest import EXTERNAL_ID, TAG
from tests.cloudaccounts.providers.azure.terraform import parse

ACCOUNT = "cccccccc-1111-4222-8333-444444444444"
METHODS = [method.key for method in PROVIDER.methods]
SERVER = ServerIdentity("system:serviceaccount:prod:server", issuer="https://oidc.example/id")
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def context(partition: str = "public", **fields: Any) -> SetupContext:
    return SetupContext(ACCOUNT, partition, (), EXTERNAL_ID, **{"server": SERVER, **fields})


def guide(key: str, method: str, **given: Any) -> SetupGuide:
    return next(guide for guide in PROVIDER.setup_guides(method, context(**given)) if guide.key == key)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("partition", CLOUDS)
def test_the_script_is_sound_and_filled_in(method: str, partition: str) -> None:
    body = guide("cli", method, partition=partition).snippets[0].body
    subprocess.run(["bash", "-n"], input=body, text=True, check=True)
    assert body.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in body
    assert f"subscription={ACCOUNT}" in body
    assert READER in body
    assert "/providers/Microsoft.Management/managementGroups/" in body
    assert f"!= {CLOUDS[partition].cli} ]" in body


GRAPH = "https://graph.microsoft.com"
ANSWERS = {
    "cloud show": {"name": "AzureCloud", "endpoints": {"microsoftGraphResourceId": f"{GRAPH}/"}},
    "account show": {"tenantId": "the-tenant"},
    f"rest {GRAPH}/v1.0/applications": {"appId": "new-app"},
    "ad sp list": [],
    "ad sp create": {"id": "the-principal"},
    "ad app federated-credential list": [],
    "ad app credential reset": {"password": "the-secret"},
}


@pytest.mark.parametrize("method", ["federated", "client_secret"])
@pytest.mark.parametrize("client", ["", "old-app"])
def test_the_script_touches_no_app_but_a_new_one_and_the_one_that_is_named(
    tmp_path: Path, method: str, client: str
) -> None:
    az = FakeAz(tmp_path, ANSWERS)
    printed = az.run(guide("cli", method).snippets[0].body, *([client] if client else []))
    app = client or "new-app"
    assert f"Client ID:  {app}" in printed
    assert "Tenant ID:  the-tenant" in printed
    calls = az.calls()
    made = [call for call in calls if call[0] == "rest"]
    assert len(made) == (0 if client else 1)
    for call in calls:
        assert call[:3] not in (["ad", "app", "create"], ["ad", "app", "list"])
        if call[:2] == ["ad", "app"]:
            assert call[call.index("--id") + 1] == app
    (assigned,) = [call for call in calls if call[:3] == ["role", "assignment", "create"]]
    values = dict(pairwise(assigned))
    assert values["--assignee-object-id"] == "the-principal"
    assert (values["--role"], values["--scope"]) == (READER, f"/subscriptions/{ACCOUNT}")


def test_the_optional_grant_gives_what_is_missing_and_nothing_else(tmp_path: Path) -> None:
    principals = f"rest {GRAPH}/v1.0/servicePrincipals"
    roles = [{"value": name, "id": f"id-of-{name}"} for name in (*GRAPH_PERMISSIONS, "Directory.ReadWrite.All")]
    az = FakeAz(
        tmp_path,
        {
            **ANSWERS,
            "ad sp show": {"id": "principal", "appRoles": roles},
            f"{principals}/principal/appRoleAssignments": {"value": [{"appRoleId": f"id-of-{GRAPH_PERMISSIONS[0]}"}]},
            f"{principals}/principal/appRoleAssignedTo": {},
        },
    )
    az.run(guide("directory", "client_secret").snippets[0].body, "the-app")
    bodies = [json.loads(call[call.index("--body") + 1]) for call in az.calls() if "--body" in call]
    assert [body["appRoleId"] for body in bodies] == [f"id-of-{name}" for name in GRAPH_PERMISSIONS[1:]]
    assert all("Write" not in name for name in GRAPH_PERMISSIONS)


def test_a_script_of_another_cloud_changes_nothing(tmp_path: Path) -> None:
    az = FakeAz(tmp_path, ANSWERS)
    with pytest.raises(AssertionError, match="Sign in to AzureChinaCloud"):
        az.run(guide("cli", "federated", partition="china").snippets[0].body)
    assert az.calls() == [["cloud", "show", "--query", "name", "--output", "tsv"]]


def test_the_federated_script_names_the_server_and_sets_the_mark() -> None:
    body = guide("cli", "federated", partition="china").snippets[0].body
    line = next(line for line in body.splitlines() if "--parameters" in line)
    credential = json.loads(shlex.split(line)[-1])
    assert credential == {
        "name": "cloud-accounts-reader",
        "issuer": "https://oidc.example/id",
        "subject": "system:serviceaccount:prod:server",
        "audiences": ["api://AzureADTokenExchangeChina"],
    }
    assert setup_texts.tag_command(ACCOUNT, EXTERNAL_ID) in body
    assert TAG in body


def test_only_the_federated_guides_speak_of_the_mark() -> None:
    for method in METHODS:
        texts = str(PROVIDER.setup_guides(method, context()))
        assert (EXTERNAL_ID in texts) is (method == "federated")
        assert ("is safer" in texts) is (method != "federated")


@pytest.mark.parametrize("method", METHODS)
def test_terraform_can_be_parsed_and_is_filled_in(method: str) -> None:
    body = guide("terraform", method, partition="usgovernment").snippets[0].body
    parsed = parse(body)
    assert parsed.providers["azurerm"] == {
        "features": [{}],
        "environment": "usgovernment",
        "subscription_id": ACCOUNT,
        "resource_provider_registrations": "none",
    }
    assert parsed.providers["azuread"] == {"environment": "usgovernment"}
    assert parsed.versions == {"azuread": ">= 3.0", "azurerm": ">= 4.0"}
    assert READER in parsed.resources["azurerm_role_assignment"]["role_definition_id"]
    assert ("azuread_application_federated_identity_credential" in body) is (method == "federated")
    assert ("azuread_application_password" in body) is (method == "client_secret")
    assert ("azuread_application_certificate" in body) is (method == "certificate")


@pytest.mark.parametrize("method", METHODS)
def test_terraform_formats_what_we_write(method: str) -> None:
    body = guide("terraform", method).snippets[0].body
    try:
        done = subprocess.run(["terraform", "fmt", "-"], input=body, text=True, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("terraform is not installed")
    assert done.returncode == 0, done.stderr
    assert done.stdout == body


def test_operators_words_are_quoted_for_each_language() -> None:
    nasty = ServerIdentity('it\'s "${x}" %{y} $(id) `id`', issuer="https://oidc.example/a'b")
    script = guide("cli", "federated", server=nasty).snippets[0].body
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    line = next(line for line in script.splitlines() if "--parameters" in line)
    assert json.loads(shlex.split(line)[-1])["subject"] == nasty.principal
    body = guide("terraform", "federated", server=nasty).snippets[0].body
    assert "$${x}" in body
    assert "%%{y}" in body


def test_without_a_server_identity_one_guide_says_why() -> None:
    nobody = ServerIdentity(error_code="x", error="No file is named.", remedy="Name one.")
    (only,) = PROVIDER.setup_guides("federated", context(server=nobody))
    assert only.intro.startswith("No file is named.")
    assert only.steps[0] == "Name one."
    assert len(PROVIDER.setup_guides("certificate", context(server=nobody))) == 4


@pytest.mark.parametrize("partition", CLOUDS)
@pytest.mark.parametrize("method", METHODS)
def test_links_lead_to_the_clouds_own_portal(method: str, partition: str) -> None:
    for one in PROVIDER.setup_guides(method, context(partition)):
        if one.link_url:
            assert urlsplit(one.link_url).netloc == CLOUDS[partition].portal
            assert urlsplit(one.link_url).scheme == "https"


@pytest.mark.parametrize("method", METHODS)
def test_the_portal_guide_tells_all_steps(method: str) -> None:
    steps = " ".join(guide("portal", method).steps)
    for word in ("App registrations", "Access control (IAM)", "the role Reader", "Application (client) ID"):
        assert word in steps
