"""An organization and its folders on the wire: their tree, who may list it, and the projects below."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.identity import ServerIdentity as Server
from cloudaccounts.contract.organizations import MemberPage, NodeKind, NodeState
from cloudaccounts.contract.setup import SetupContext
from cloudaccounts.provider_kit import tree_walk
from cloudaccounts.providers.gcp.provider import PROVIDER
from tests.cloudaccounts.providers.gcp.conftest import EXTERNAL_ID, LABEL, Cloud, by_key

ROOT = "organizations/481516234200"
DATA = "meadowlark-data-prod"


@pytest.fixture
def key(cloud: Cloud) -> Credentials:
    return cloud.scenario("Organization")


def pages(cloud: Cloud, credentials: Credentials, cursor: str = "", root: str = "", on: str = DATA) -> list[MemberPage]:
    options = {"root": root} if root else {}
    return list(PROVIDER.organization_pages(credentials, cloud.target(account_id=on), options, cursor))


def test_the_organization_above_the_project_is_found_and_told_with_states(cloud: Cloud, key: Credentials) -> None:
    found = pages(cloud, key)
    nodes = {node.node_id: node for page in found for node in page.nodes}
    assert [(node.node_id, node.name) for node in nodes.values() if not node.parent_id] == [
        (ROOT, "meadowlark.example")
    ]
    assert {node.parent_id for node in nodes.values()} - {""} <= set(nodes)
    accounts = {node.account_id: node for node in nodes.values() if node.kind == NodeKind.ACCOUNT}
    assert {f"meadowlark-team-{number:02}" for number in range(1, 25)} <= set(accounts)
    assert accounts["meadowlark-team-01"].state == NodeState.ACTIVE
    assert accounts["meadowlark-parked"].state == NodeState.CLOSED
    assert accounts["meadowlark-team-01"].node_id.startswith("projects/1")
    assert any(not page.nodes and page.cursor for page in found), "the emulator gave no empty page"


def test_a_folder_can_be_connected(cloud: Cloud, key: Credentials) -> None:
    found = pages(cloud, key, root="folders/733001200200")
    nodes = [node for page in found for node in page.nodes]
    assert [node.name for node in nodes if node.kind == NodeKind.CONTAINER] == ["Teams", "Experiments"]
    assert sum(node.kind == NodeKind.ACCOUNT for node in nodes) == 12


OWN = "ca-5b0e9d6c-2f11-4c58-8a77-90c1f3d2e4b6"  # of these tests alone: other projects of the sandbox bear another
TEAM = "meadowlark-team-03"  # three folders below the root


@pytest.fixture
def impersonation(cloud: Cloud) -> Iterator[Credentials]:
    """Whoever knows the address of Alice's reader can have this server's identity act as it, with their own project."""
    email = json.loads(cloud.scenario("Organization")["service_account_json"])["client_email"]
    cloud.admin.let_in(email)
    yield Credentials("impersonation", {"service_account_email": email})
    for project in (DATA, TEAM):
        cloud.admin.set_label(project, LABEL, None)


def marked_pages(cloud: Cloud, credentials: Credentials, cursor: str = "") -> list[MemberPage]:
    aim = cloud.target(account_id=DATA, external_id=OWN)
    return list(PROVIDER.organization_pages(credentials, aim, {}, cursor))


def test_our_own_identity_shows_what_bears_the_owners_label_and_what_lies_above(
    cloud: Cloud, key: Credentials, impersonation: Credentials
) -> None:
    everything = {node.node_id: node for page in pages(cloud, key) for node in page.nodes}
    cloud.admin.set_label(DATA, LABEL, OWN)
    cloud.admin.set_label(TEAM, LABEL, OWN)
    nodes = {node.node_id: node for page in marked_pages(cloud, impersonation) for node in page.nodes}
    assert {node.account_id for node in nodes.values() if node.account_id} == {DATA, TEAM}
    above: set[str] = set()
    for node in everything.values():
        if node.account_id in (DATA, TEAM):
            place = node.parent_id
            while place:
                above.add(place)
                place = everything[place].parent_id
    containers = {node.node_id for node in nodes.values() if node.kind == NodeKind.CONTAINER}
    assert containers == above
    assert len(containers) < sum(node.kind == NodeKind.CONTAINER for node in everything.values())
    assert [node.node_id for node in nodes.values() if not node.parent_id] == [ROOT]


def test_what_is_shown_is_the_same_after_an_interruption(cloud: Cloud, impersonation: Credentials) -> None:
    cloud.admin.set_label(DATA, LABEL, OWN)
    cloud.admin.set_label(TEAM, LABEL, OWN)
    whole = marked_pages(cloud, impersonation)
    every = {node for page in whole for node in page.nodes}
    for stop in (0, len(whole) // 2, len(whole) - 2):
        before = {node for page in whole[: stop + 1] for node in page.nodes}
        after = {node for page in marked_pages(cloud, impersonation, whole[stop].cursor) for node in page.nodes}
        assert before | after == every


def test_a_strangers_organization_cannot_be_listed_with_a_project_of_ones_own(
    cloud: Cloud, impersonation: Credentials
) -> None:
    """Bob lets Alice's reader into his own project, marks that, and names Alice's organization."""
    email = impersonation["service_account_email"]
    cloud.admin.put_service_account(email.split("@")[1].split(".")[0], email.split("@")[0], on=cloud.project)
    cloud.admin.set_label(cloud.project, LABEL, OWN)
    aim = cloud.target(external_id=OWN)
    walk = PROVIDER.organization_pages(impersonation, aim, {"root": "folders/733001200200"}, "")
    shown: list[MemberPage] = []
    with pytest.raises(ProviderError) as refused:
        shown.extend(walk)
    assert not any(page.nodes for page in shown)
    assert refused.value.code == "organization_not_marked"
    assert "meadowlark" not in str(refused.value)


def test_without_the_label_on_the_connecting_project_nothing_is_listed(
    cloud: Cloud, impersonation: Credentials
) -> None:
    cloud.control.clear_journal()
    with pytest.raises(ProviderError) as refused:
        marked_pages(cloud, impersonation)
    assert refused.value.code == "external_id_missing"
    assert not cloud.calls("ListProjects", "ListFolders", "GetOrganization")


def test_it_goes_on_from_any_page(cloud: Cloud, key: Credentials) -> None:
    whole = pages(cloud, key)
    every = {node.node_id for page in whole for node in page.nodes}
    for stop in (0, len(whole) // 3, len(whole) - 2):
        before = {node.node_id for page in whole[: stop + 1] for node in page.nodes}
        after = {node.node_id for page in pages(cloud, key, whole[stop].cursor) for node in page.nodes}
        assert before | after == every


def test_a_token_that_google_does_not_know_asks_for_a_new_beginning(cloud: Cloud, key: Credentials) -> None:
    with pytest.raises(ProviderError) as caught:
        pages(cloud, key, f'[["{ROOT}"],1,"not-a-token",1]')
    assert caught.value.code == "cursor_expired"


def test_an_account_without_a_role_above_is_told_the_command(cloud: Cloud) -> None:
    with pytest.raises(ProviderError) as caught:
        pages(cloud, cloud.scenario("Everything granted"))
    assert caught.value.code == "organization_denied"
    assert "gcloud resource-manager folders add-iam-policy-binding 733001200100" in caught.value.remedy


def test_throttling_is_waited_out(cloud: Cloud, key: Credentials) -> None:
    cloud.control.fault("throttle", action="ListProjects", times=4)
    assert sum(len(page.nodes) for page in pages(cloud, key)) > 24


def test_throttling_without_end_ends_within_bounded_time(
    cloud: Cloud, key: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_walk, "PATIENCE", 0.1)
    cloud.control.fault("throttle", action="ListFolders")
    with pytest.raises(ProviderError) as caught:
        pages(cloud, key)
    assert (caught.value.code, caught.value.permanent) == ("throttled", False)


def test_a_member_is_proven_with_the_same_service_account(cloud: Cloud, key: Credentials) -> None:
    project = "meadowlark-team-02"
    made = PROVIDER.member_credentials(key, account_id=project, partition="gcp", options={})
    report = cloud.validate(made, account_id=project)
    assert report.ok, report.cause


def test_with_impersonation_a_member_needs_the_owners_label(cloud: Cloud) -> None:
    email = cloud.admin.put_service_account(DATA, "impersonated-hub")
    cloud.admin.let_in(email)
    project = cloud.project
    cloud.admin.put_service_account(DATA, "impersonated-hub", on=project)
    hub = Credentials("impersonation", {"service_account_email": email})
    made = PROVIDER.member_credentials(hub, account_id=project, partition="gcp", options={})
    assert not cloud.validate(made).ok
    cloud.admin.set_label(project, LABEL, EXTERNAL_ID)
    report = cloud.validate(made)
    assert report.ok, report.cause


def test_a_project_without_any_role_is_told(cloud: Cloud) -> None:
    email = cloud.admin.put_service_account(DATA, "powerless", roles=[])
    report = cloud.validate(by_key(cloud.admin.put_key(email)), account_id="meadowlark-team-03")
    assert not report.ok


@pytest.mark.parametrize("raw", ["123", "folders/x", "organizations/1; rm", "projects/123456", "folders/" + "1" * 30])
def test_hostile_roots_are_refused(raw: str) -> None:
    assert PROVIDER.organization_form is not None
    assert not PROVIDER.organization_form({"root": raw}).is_valid()


def test_the_guides_bind_the_roles_at_the_root() -> None:
    context = SetupContext(DATA, "gcp", ("europe-west1",), EXTERNAL_ID, Server())
    script, terraform = (guide.snippets[0].body for guide in PROVIDER.organization_guides(context, {"root_id": ROOT}))
    assert "gcloud organizations add-iam-policy-binding" in script
    assert "number=481516234200" in script
    assert EXTERNAL_ID in script
    assert 'resource "google_organization_iam_member"' in terraform
    folder = PROVIDER.organization_guides(context, {"root": "folders/7330012"})
    assert "resource-manager folders" in folder[0].snippets[0].body
    hostile = PROVIDER.organization_guides(context, {"root_id": "x'; rm -rf ~"})
    assert "rm -rf" not in "".join(snippet.body for guide in hostile for snippet in guide.snippets)


def context(address: str = "") -> SetupContext:
    return SetupContext(DATA, "gcp", (), EXTERNAL_ID, Server(), organization_template_url=address)


def test_a_published_repository_is_opened_first_in_cloud_shell() -> None:
    repository = "https://github.com/meadowlark/cloud-accounts-setup"
    first = PROVIDER.organization_guides(context(repository), {"root_id": "folders/733001200200"})[0]
    link = urlsplit(first.link_url)
    assert (first.key, link.hostname) == ("cloud-shell", "shell.cloud.google.com")
    assert parse_qs(link.query) == {"cloudshell_git_repo": [repository], "show": ["terminal"]}
    assert first.snippets[0].body.endswith("ADDRESS folders/733001200200")
    assert first.snippets[1].body.endswith(f"ADDRESS folders/733001200200 {EXTERNAL_ID}")


@pytest.mark.parametrize(
    "address", ["", "http://github.com/a/b", "https://git.example.net/a/b", "https://github.com.example.net/a", "x"]
)
def test_what_cloud_shell_does_not_take_is_no_link(address: str) -> None:
    made = PROVIDER.organization_guides(context(address), {"root_id": ROOT})
    assert [(guide.key, guide.link_url) for guide in made] == [("gcloud", ""), ("terraform", "")]


@pytest.mark.parametrize("root", [ROOT, "folders/733001200200"])
def test_what_operators_publish_does_what_the_script_of_one_organization_does(tmp_path: Path, root: str) -> None:
    gcloud, log = tmp_path / "gcloud", tmp_path / "log"
    gcloud.write_text(f'#!/bin/sh\necho "$*" >> {log}\ncase "$*" in *search-all*) echo p-one; echo p-two;; esac\n')
    gcloud.chmod(0o755)
    own, published = PROVIDER.organization_guides(context(), {"root_id": root})[0].snippets
    assert EXTERNAL_ID not in published.body

    def calls(script: str, *arguments: str) -> list[str]:
        log.unlink(missing_ok=True)
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-s", "--", *arguments], input=script, text=True, env=environment)
        assert done.returncode == 0
        return log.read_text().splitlines()

    email = "reader@meadowlark-hub.iam.gserviceaccount.com"
    assert calls(published.body, email, root) == calls(own.body, email)
    labelled = calls(published.body, email, root, EXTERNAL_ID)
    assert labelled == calls(own.body, email, "--label")
    assert sum("--update-labels" in call for call in labelled) == 2
    refused = subprocess.run(["bash", "-s", "--", email, "projects/x"], input=published.body, text=True)
    assert refused.returncode == 1
