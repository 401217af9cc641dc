"""The guides: filled in, well-formed in their own languages, and silent about what they do not know."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import Any
from urllib.parse import urlsplit

import pytest

from cloudaccounts.contract.identity import ServerIdentity
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.providers.azure import setup_texts
from cloudaccounts.providers.azure.clouds import CLOUDS
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.conftest import EXTERNAL_ID, TAG

ACCOUNT = "cccccccc-1111-4222-8333-444444444444"
METHODS = [method.key for method in PROVIDER.methods]
SERVER = ServerIdentity("system:serviceaccount:prod:server", issuer="https://oidc.example/id")
READER, SECURITY_READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "39bc4728-0917-49c7-9d2c-d95423bc2eb4"


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
    assert SECURITY_READER in body
    assert "/providers/Microsoft.Management/managementGroups/" in body
    assert f"!= {CLOUDS[partition].cli} ]" in body


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
def test_terraform_is_balanced_and_filled_in(method: str) -> None:
    body = guide("terraform", method, partition="usgovernment").snippets[0].body
    assert body.count("{") == body.count("}")
    assert body.count('"') % 2 == 0
    assert 'environment = "usgovernment"' in body
    assert f'subscription_id = "{ACCOUNT}"' in body
    assert READER in body
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
    assert len(PROVIDER.setup_guides("certificate", context(server=nobody))) == 3


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
    for word in ("App registrations", "Access control (IAM)", "Reader and Security Reader", "Application (client) ID"):
        assert word in steps
