"""The provider as the rest of the product sees it: texts, plans, facts, guides."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from cloudaccounts import registry
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import ServerIdentity
from cloudaccounts.contract.setup import SetupContext
from cloudaccounts.providers.gcp import regions, setup_texts
from cloudaccounts.providers.gcp.identifiers import shorten
from cloudaccounts.providers.gcp.permissions import PERMISSIONS, ROLES
from cloudaccounts.providers.gcp.provider import PROVIDER
from sandbox.gcp.roles import ROLES as KNOWN
from tests.cloudaccounts.providers.gcp.conftest import EXTERNAL_ID, LABEL, METHODS, SERVER, Cloud

KNOWN_SERVER = ServerIdentity(principal=SERVER, account_id="cloud-accounts-own")
NO_SERVER = ServerIdentity(error_code="server_identity_missing", error="There is none.", remedy="Give it one.")


def context(server: ServerIdentity = KNOWN_SERVER) -> SetupContext:
    return SetupContext("my-project", "gcp", ("europe-west1",), EXTERNAL_ID, server)


@pytest.fixture
def server_token(cloud: Cloud) -> None:
    """With a token file, as the sandbox gives it."""
    assert os.environ["GCP_WORKLOAD_TOKEN_FILE"]


def test_the_registry_finds_it() -> None:
    assert registry.get("gcp") is PROVIDER


def test_methods_are_those_that_are_promised_best_first() -> None:
    assert {method.key for method in PROVIDER.methods} == set(METHODS)
    assert [method.key for method in PROVIDER.methods] == ["impersonation", "workload_identity", "service_account_key"]
    for method in PROVIDER.methods:
        assert PROVIDER.plan(method.key)
        assert method.secret_fields <= set(method.form.base_fields)
        assert method.uses_server_identity == method.secretless


def test_secret_facts_show_the_account_and_a_shortened_key(cloud: Cloud) -> None:
    credentials = cloud.key()
    key_id = json.loads(credentials["service_account_json"])["private_key_id"]
    facts = PROVIDER.describe(credentials)
    assert shorten(key_id) in facts.hint
    assert key_id not in facts.hint
    assert not facts.secretless
    assert PROVIDER.describe(cloud.impersonation()).secretless


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ProviderError) as error:
        PROVIDER.clean_credentials("password", {}, account_id="my-project", partition="gcp")
    assert error.value.code == "method_unknown"


def test_regions_have_geographies_and_unique_names() -> None:
    found = PROVIDER.regions(PROVIDER.partitions()[0].value)
    assert len({region.name for region in found}) == len(found) > 40
    assert all(region.label and region.geography for region in found)
    assert PROVIDER.regions("aws") == ()
    assert regions.require_regions(["us-east1", "us-east1"]) == ("us-east1",)


def test_the_roles_of_the_guides_contain_every_permission() -> None:
    granted = frozenset().union(*(KNOWN[role] for role in ROLES))
    for permission in PERMISSIONS:
        assert permission.name in granted
        assert permission.name in KNOWN[permission.role]


@pytest.mark.parametrize("method", METHODS)
def test_guides_are_filled_in_and_their_scripts_are_bash(server_token: None, method: str, tmp_path: Path) -> None:
    guides = PROVIDER.setup_guides(method, context())
    assert len(guides) >= 2
    for guide in guides:
        assert not guide.link_url or guide.link_url.startswith(
            ("https://console.cloud.google.com/", "https://admin.google.com/")
        )
        for snippet in guide.snippets:
            if snippet.language == "bash":
                subprocess.run(["bash", "-n"], input=snippet.body, text=True, check=True)
    text = " ".join(snippet.body for guide in guides for snippet in guide.snippets)
    assert "my-project" in text
    for role in ROLES:
        assert role in text
    assert (f"{LABEL}={EXTERNAL_ID}" in text) == (method != "service_account_key")


def test_the_impersonation_guide_lets_this_server_in(server_token: None) -> None:
    script = PROVIDER.setup_guides("impersonation", context())[0].snippets[0].body
    assert f"serviceAccount:{SERVER}" in script
    assert "roles/iam.serviceAccountTokenCreator" in script


def test_the_workload_guide_trusts_our_subject_alone(server_token: None) -> None:
    script = PROVIDER.setup_guides("workload_identity", context(NO_SERVER))[0].snippets[0].body
    assert "--attribute-condition='assertion.sub == '\"'\"'cloud-accounts'\"'\"''" in script
    assert "--issuer-uri=https://oidc.cloud-accounts.example" in script


def test_the_key_guide_explains_that_keys_may_be_forbidden() -> None:
    guides = PROVIDER.setup_guides("service_account_key", context())
    assert any("iam.disableServiceAccountKeyCreation" in step for step in guides[0].steps)
    assert "gcloud org-policies describe" in guides[0].snippets[1].body


def test_without_an_identity_the_guide_says_what_the_operator_must_do() -> None:
    (guide,) = PROVIDER.setup_guides("impersonation", context(NO_SERVER))
    assert guide.steps[0] == "Give it one."


def test_without_a_token_the_guide_says_what_the_operator_must_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GCP_WORKLOAD_TOKEN_FILE", raising=False)
    (guide,) = PROVIDER.setup_guides("workload_identity", context())
    assert "GCP_WORKLOAD_TOKEN_FILE" in guide.steps[0]


@pytest.mark.parametrize("method", ["impersonation", "workload_identity"])
def test_a_script_does_what_it_says(server_token: None, method: str, tmp_path: Path) -> None:
    """Run against a gcloud that only notes what it is asked: nothing exists yet, so everything is made."""
    log = tmp_path / "log"
    fake = tmp_path / "gcloud"
    fake.write_text(f'#!/bin/bash\necho "$*" >> {log}\n[[ "$*" == *projectNumber* ]] && echo 123456789012\n'
                    '[[ "$*" == *"describe"* && "$*" != *"projects describe"* ]] && exit 1\nexit 0\n')  # fmt: skip
    fake.chmod(0o755)
    script = PROVIDER.setup_guides(method, context())[0].snippets[0].body
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash"], input=script, text=True, check=True, capture_output=True, env=environment)
    asked = log.read_text()
    email = "cloud-accounts-reader@my-project.iam.gserviceaccount.com"
    assert done.stdout.splitlines()[-1] == email
    assert "iam service-accounts create cloud-accounts-reader" in asked
    assert f"alpha projects update my-project --update-labels={LABEL}={EXTERNAL_ID}" in asked
    if method == "workload_identity":
        audience = done.stdout.splitlines()[-2]
        values = {"audience": audience, "service_account_email": email}
        cleaned = PROVIDER.clean_credentials(method, values, account_id="my-project", partition="gcp")
        assert cleaned["audience"] == audience
        assert "/subject/cloud-accounts --role=roles/iam.workloadIdentityUser" in asked
        assert "providers create-oidc" in asked


def test_a_strange_subject_stays_a_string(tmp_path: Path) -> None:
    token = setup_texts.TokenClaims("https://issuer.example", 'it\'s $(touch x) ${y} "z"', "aud")
    script = setup_texts.workload_script("my-project", "reader", "pool", token, EXTERNAL_ID)
    fake = tmp_path / "gcloud"
    fake.write_text("#!/bin/bash\nexit 0\n")
    fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["bash"], input=script, text=True, check=True, cwd=tmp_path, env=environment, capture_output=True)
    assert not (tmp_path / "x").exists()
    assert "$${y}" in setup_texts.workload_terraform("my-project", "reader", "pool", token)
