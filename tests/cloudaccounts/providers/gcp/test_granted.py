"""What the guides grant, held against what the calls of the code need, both ways. The sandbox records each call."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta

import hcl2
import pytest

from cloudaccounts.contract.identity import ServerIdentity
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.providers.gcp.permissions import KEY_ROLES, PERMISSIONS, ROLE_TITLES, ROLES
from cloudaccounts.providers.gcp.provider import PROVIDER
from sandbox.gcp.roles import READER
from sandbox.gcp.roles import ROLES as KNOWN
from tests.cloudaccounts.providers.gcp.conftest import EXTERNAL_ID, METHODS, SERVER, Cloud

DATA = "meadowlark-data-prod"
REGIONS = ("europe-west1",)
BASIC = {"roles/viewer", "roles/editor", "roles/owner", "roles/reader", "roles/writer", "roles/admin"}
# Asked where it is granted, and told how to grant it: the organization's policy on new keys (`key_policy`), and which
# audit logs are switched on above the project. So are the sinks above it: its own are in Cloud Asset's list.
OFFERED = {
    "orgpolicy.policy.get",
    "resourcemanager.folders.getIamPolicy",
    "resourcemanager.organizations.getIamPolicy",
    "logging.sinks.list",
}
# Without a member of its own: our identity's way into the service account, which another guide's step grants.
WAY_IN = {"iam.serviceAccounts.getAccessToken"}
FREE = {""}  # token endpoints, and asking which permissions one has


def permissions_asked(cloud: Cloud) -> set[str]:
    return {str(call["permission"]) for call in cloud.control.calls("gcp")} - FREE - WAY_IN


def everything(cloud: Cloud, method: str) -> set[str]:
    """The permissions of all calls of a validation, a connection check, a scan and an incremental one."""
    credentials = cloud.by(method, name=f"granted-{method.replace('_', '-')}")
    cloud.admin.put_network(cloud.project, "shop")
    assert cloud.validate(credentials).ok
    PROVIDER.check_connection(credentials, cloud.target())
    session = cloud.open(credentials)
    units = session.units(REGIONS)
    for unit in units:
        list(session.collect(unit))
    session.unchanged(units, datetime.now(UTC) - timedelta(hours=1))
    return permissions_asked(cloud)


@pytest.mark.parametrize("method", METHODS)
def test_the_roles_contain_what_the_calls_need_and_each_role_is_needed(cloud: Cloud, method: str) -> None:
    roles = KEY_ROLES if method == "service_account_key" else ROLES
    asked = everything(cloud, method) - OFFERED
    assert asked <= {name for role in roles for name in KNOWN[role]}
    alone = {
        role: {name for name in KNOWN[role] if not any(name in KNOWN[r] for r in roles if r != role)} for role in roles
    }
    assert [role for role in roles if not asked & alone[role]] == []


def test_walking_an_organization_needs_no_more(cloud: Cloud) -> None:
    list(PROVIDER.organization_pages(cloud.scenario("Organization"), cloud.target(account_id=DATA), {}, ""))
    PROVIDER.visible_accounts(cloud.scenario("Organization"), cloud.target(account_id=DATA))
    assert permissions_asked(cloud) <= {name for role in ROLES for name in KNOWN[role]}


def test_what_is_proven_is_what_a_scan_asks(cloud: Cloud) -> None:
    session = cloud.open(cloud.key())
    cloud.admin.put_network(cloud.project, "shop")
    cloud.control.clear_journal()
    units = session.units(REGIONS)
    for unit in units:
        list(session.collect(unit))
    session.unchanged(units, datetime.now(UTC) - timedelta(hours=1))
    asked = permissions_asked(cloud) | {"resourcemanager.projects.get"}
    assert asked - OFFERED == {item.name for item in PERMISSIONS}


def test_no_role_is_a_basic_one_or_reads_what_resources_hold() -> None:
    """Viewer reads objects by the legacy roles of buckets; Security Reviewer the Data Access logs."""
    assert not BASIC & set(KEY_ROLES)
    assert "roles/iam.securityReviewer" not in KEY_ROLES
    data = ("storage.objects.", "bigquery.tables.getData", "secretmanager.versions.access", "logging.privateLogEntries")
    assert [name for role in KEY_ROLES for name in KNOWN[role] if name.startswith(data)] == []
    assert set(READER) == set(KEY_ROLES)


def guides(method: str) -> tuple[SetupGuide, ...]:
    context = SetupContext("my-project", "gcp", REGIONS, EXTERNAL_ID, ServerIdentity(SERVER, "cloud-accounts-own"))
    if method == "organization":
        return tuple(PROVIDER.organization_guides(context, {"root": "folders/7330012"}))
    return PROVIDER.setup_guides(method, context)


def roles_in(configuration: str) -> list[str]:
    """Of each resource that grants several roles at once, as Terraform's own language is read."""
    resources = [named for block in hcl2.loads(configuration)["resource"] for named in block.values()]
    bodies = [body for named in resources for body in named.values() if "role" in body]
    return [role for body in bodies for role in re.findall(r"roles/[A-Za-z.]+", str(body.get("for_each", "")))]


@pytest.mark.parametrize("method", [*METHODS, "organization"])
def test_each_text_grants_these_roles_and_is_of_its_language(cloud: Cloud, method: str) -> None:
    roles = KEY_ROLES if method == "service_account_key" else ROLES
    for guide in guides(method):
        for snippet in guide.snippets:
            if snippet.language == "bash":
                subprocess.run(["bash", "-n"], input=snippet.body, text=True, check=True)
            else:
                assert roles_in(snippet.body) == list(roles)
            if snippet.filename.endswith(".sh"):
                assert f"for role in {' '.join(roles)}; do" in snippet.body
        if guide.key == "hand":
            assert any(all(title in step for title in ROLE_TITLES.values()) for step in guide.steps)
