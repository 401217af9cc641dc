"""Management groups on the wire: their tree, who may read it, and the subscriptions below."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.identity import ServerIdentity as Server
from cloudaccounts.contract.organizations import MemberPage, NodeKind, NodeState
from cloudaccounts.contract.setup import SetupContext
from cloudaccounts.provider_kit import tree_walk
from cloudaccounts.providers.azure import organization
from cloudaccounts.providers.azure.provider import PROVIDER
from cloudaccounts.providers.azure.setup_texts import READER, TAG
from sandbox.azure.seed import ORGANIZATION_APP
from tests.cloudaccounts.providers.azure.azcli import FakeAz
from tests.cloudaccounts.providers.azure.conftest import EXTERNAL_ID, OTHERS_ID, Cloud
from tests.cloudaccounts.providers.azure.terraform import parse


@pytest.fixture
def app(cloud: Cloud) -> Credentials:
    return cloud.scenario("Organization")[0]


def pages(cloud: Cloud, credentials: Credentials, cursor: str = "", root: str = "") -> list[MemberPage]:
    options = {"root": root} if root else {}
    return list(PROVIDER.organization_pages(credentials, cloud.target(), options, cursor))


def test_the_tree_is_told_with_states(cloud: Cloud, app: Credentials) -> None:
    found = pages(cloud, app)
    assert len(found) >= 3, "the emulator's pages are small"
    nodes = {node.node_id: node for page in found for node in page.nodes}
    roots = [node for node in nodes.values() if not node.parent_id]
    assert [(root.name, root.node_id) for root in roots] == [
        ("Tenant Root Group", f"managementGroups/{app['tenant_id']}")
    ]
    assert {node.parent_id for node in nodes.values()} - {""} <= set(nodes)
    accounts = {node.name: node for node in nodes.values() if node.kind == NodeKind.ACCOUNT}
    assert len(accounts) == 24 + 5
    assert accounts["team-01-prod"].state == NodeState.ACTIVE
    assert accounts["team-24-dev"].state == NodeState.SUSPENDED
    assert accounts["team-01-prod"].account_id == accounts["team-01-prod"].node_id


def test_a_group_below_the_root_can_be_connected(cloud: Cloud, app: Credentials) -> None:
    found = pages(cloud, app, root="/providers/Microsoft.Management/managementGroups/lark-dev")
    assert found[0].nodes[0].name == "Development"
    assert sum(node.kind == NodeKind.ACCOUNT for page in found for node in page.nodes) == 12


CONNECTED, TEAM = "platform-management", "team-03-prod"
OWN = "ca-5b0e9d6c-2f11-4c58-8a77-90c1f3d2e4b6"


@pytest.fixture
def federated(cloud: Cloud, app: Credentials, token_file: Path) -> Iterator[Credentials]:
    """The organization's app, which trusts this server as well. No subscription bears the mark of these tests."""
    cloud.control.put_app(cloud.places[CONNECTED], ORGANIZATION_APP, federated={})
    yield Credentials("federated", {name: app[name] for name in ("tenant_id", "client_id")})
    for place in (CONNECTED, TEAM):
        cloud.control.put_tag(cloud.places[place], TAG, None)


def listed(cloud: Cloud, credentials: Credentials, cursor: str = "") -> list[MemberPage]:
    return list(PROVIDER.organization_pages(credentials, cloud.target(CONNECTED, external_id=OWN), {}, cursor))


def test_our_own_identity_shows_what_bears_the_owners_tag_and_what_lies_above(
    cloud: Cloud, app: Credentials, federated: Credentials
) -> None:
    everything = {node.node_id: node for page in pages(cloud, app) for node in page.nodes}
    marked = {cloud.places[place] for place in (CONNECTED, TEAM)}
    for place in marked:
        cloud.control.put_tag(place, TAG, OWN)
    found = listed(cloud, federated)
    nodes = {node.node_id: node for page in found for node in page.nodes}
    assert {node.account_id for node in nodes.values() if node.account_id} == marked
    above: set[str] = set()
    for key in marked:
        place = everything[key].parent_id
        while place:
            above.add(place)
            place = everything[place].parent_id
    containers = {node.node_id for node in nodes.values() if node.kind == NodeKind.CONTAINER}
    assert containers == above
    assert len(containers) < sum(node.kind == NodeKind.CONTAINER for node in everything.values())
    assert found[-1].cursor == ""


def test_large_lists_of_marked_ones_come_in_pages(
    cloud: Cloud, federated: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organization, "_MARKED_PAGE", 2)
    for place in (CONNECTED, TEAM):
        cloud.control.put_tag(cloud.places[place], TAG, OWN)
    found = listed(cloud, federated)
    assert len(found) > 1
    assert all(page.cursor for page in found[:-1])
    assert listed(cloud, federated, found[0].cursor) == found  # it starts over


def test_a_strangers_tenant_cannot_be_listed(cloud: Cloud, federated: Credentials) -> None:
    """Bob marks a subscription of his own that he lets Alice's app into."""
    cloud.control.put_app(cloud.places["legacy-reporting"], ORGANIZATION_APP, federated={})
    legacy = cloud.places["legacy-reporting"]
    cloud.control.put_tag(legacy, TAG, OTHERS_ID)
    cloud.control.put_tag(cloud.places[CONNECTED], TAG, OWN)
    aim = cloud.target("legacy-reporting", external_id=OTHERS_ID)
    shown = [node for page in PROVIDER.organization_pages(federated, aim, {}, "") for node in page.nodes]
    assert {node.account_id for node in shown if node.account_id} == {legacy}
    cloud.control.put_tag(legacy, TAG, None)


def test_without_the_tag_on_the_connecting_subscription_nothing_is_listed(cloud: Cloud, federated: Credentials) -> None:
    cloud.control.clear_journal()
    with pytest.raises(ProviderError) as refused:
        listed(cloud, federated)
    assert refused.value.code == "external_id_missing"
    assert not cloud.calls("Microsoft.Management/managementGroups/descendants/read")


def test_it_goes_on_from_any_page(cloud: Cloud, app: Credentials) -> None:
    whole = pages(cloud, app)
    every = {node.node_id for page in whole for node in page.nodes}
    for stop in range(len(whole) - 1):
        before = {node.node_id for page in whole[: stop + 1] for node in page.nodes}
        after = {node.node_id for page in pages(cloud, app, whole[stop].cursor) for node in page.nodes}
        assert before | after == every


def test_a_token_that_azure_does_not_know_asks_for_a_new_beginning(cloud: Cloud, app: Credentials) -> None:
    cursor = pages(cloud, app)[1].cursor
    link, _, _ = cursor.partition("%24skiptoken")
    with pytest.raises(ProviderError) as caught:
        pages(cloud, app, f"{link}%24skiptoken=bm9uc2Vuc2U")
    assert caught.value.code == "cursor_expired"


def test_a_cursor_that_leads_elsewhere_is_not_followed(cloud: Cloud, app: Credentials) -> None:
    with pytest.raises(ProviderError) as caught:
        pages(cloud, app, "https://evil.example/list")
    assert caught.value.code == "link_refused"
    assert "evil.example" not in cloud.hosts()


@pytest.mark.parametrize("root", ["", "no-such-group"])
def test_an_app_without_a_role_at_the_group_is_told_the_command(cloud: Cloud, root: str) -> None:
    with pytest.raises(ProviderError) as caught:
        pages(cloud, cloud.scenario("Everything granted")[0], root=root)
    assert caught.value.code == "organization_denied"
    assert "az role assignment create" in caught.value.remedy


def test_throttling_is_waited_out_as_azure_asks(cloud: Cloud, app: Credentials) -> None:
    cloud.control.fault("throttle", permission="Microsoft.Management/managementGroups/descendants/read", times=4)
    assert sum(len(page.nodes) for page in pages(cloud, app)) > 24
    assert len([one for one in cloud.control.calls("azure") if one["status"] == 429]) == 4


def test_throttling_without_end_ends_within_bounded_time(
    cloud: Cloud, app: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_walk, "PATIENCE", 0.1)
    cloud.control.fault("throttle", permission="Microsoft.Management/managementGroups/read", seconds=60)
    with pytest.raises(ProviderError) as caught:
        pages(cloud, app)
    assert (caught.value.code, caught.value.permanent) == ("throttled", False)


def test_a_member_is_proven_and_scanned_with_the_same_app(cloud: Cloud, app: Credentials) -> None:
    account = next(node.account_id for page in pages(cloud, app) for node in page.nodes if node.name == "team-03-prod")
    made = PROVIDER.member_credentials(app, account_id=account, partition="public", options={})
    report = cloud.validate(made, account)
    assert report.ok, report.cause
    assert cloud.scan(made, account)


def test_a_member_that_the_app_may_not_read_is_told(cloud: Cloud, app: Credentials) -> None:
    account = next(node.account_id for page in pages(cloud, app) for node in page.nodes if node.name == "team-05-prod")
    cloud.control.take_role(account, "cloud-accounts-organization")
    report = cloud.validate(app, account)
    assert (report.ok, report.code) == (False, "no_permissions")


@pytest.mark.parametrize("raw", ["a/b", "x" * 91, "gr\u200boup", "a;rm -rf", "/subscriptions/x"])
def test_hostile_group_ids_are_refused(raw: str) -> None:
    assert PROVIDER.organization_form is not None
    form = PROVIDER.organization_form({"root": raw})
    assert not form.is_valid()


def test_the_guides_assign_the_role_at_the_group() -> None:
    context = SetupContext("1" * 8, "public", ("westeurope",), EXTERNAL_ID, Server())
    cli, terraform = PROVIDER.organization_guides(context, {"root_id": "managementGroups/lark-prod"})
    assert "managementGroups/$group" in cli.snippets[0].body
    assert "group=lark-prod" in cli.snippets[0].body
    assert EXTERNAL_ID in cli.snippets[0].body
    parsed = parse(terraform.snippets[0].body)
    assert parsed.providers["azurerm"]["subscription_id"] == "1" * 8
    assert parsed.providers["azurerm"]["environment"] == parsed.providers["azuread"]["environment"] == "public"
    assert parsed.resources["azurerm_role_assignment"]["role_definition_id"].endswith(READER)
    assert 'name = "lark-prod"' in terraform.snippets[0].body
    hostile = PROVIDER.organization_guides(context, {"root_id": 'managementGroups/x"; rm -rf ~'})
    assert "rm -rf" not in "".join(snippet.body for guide in hostile for snippet in guide.snippets)


def test_the_script_tags_the_subscriptions_of_every_page(tmp_path: Path) -> None:
    kind = "Microsoft.Management/managementGroups/subscriptions"
    base = "/providers/Microsoft.Management/managementGroups/lark-prod/descendants?api-version=2020-05-01"
    first, second = "one&two", "three"
    az = FakeAz(
        tmp_path,
        {
            "cloud show": {"name": "AzureCloud"},
            "ad sp show": {"id": "principal"},
            f"rest {base}": {
                "value": [
                    {"type": kind, "name": "s-1"},
                    {"type": "Microsoft.Management/managementGroups", "name": "g"},
                ],
                "nextLink": f"https://management.azure.com/next?$skiptoken={first}",
            },
            f"rest https://management.azure.com/next?$skiptoken={first}": {
                "value": [],
                "nextLink": f"https://management.azure.com/next?$skiptoken={second}",
            },
            f"rest https://management.azure.com/next?$skiptoken={second}": {
                "value": [{"type": "/subscriptions", "name": "s-2"}, {"type": kind, "name": "s-3"}]
            },
        },
    )
    context = SetupContext("1" * 8, "public", (), EXTERNAL_ID, Server())
    cli, _ = PROVIDER.organization_guides(context, {"root_id": "managementGroups/lark-prod"})
    az.run(cli.snippets[0].body, "client", "--tag")
    tagged = [call for call in az.calls() if call[:2] == ["tag", "update"]]
    assert [call[call.index("--resource-id") + 1] for call in tagged] == [
        f"/subscriptions/{name}" for name in ("s-1", "s-2", "s-3")
    ]
    assert all(f"{TAG}={EXTERNAL_ID}" in call and "Merge" in call for call in tagged)
    (assigned,) = [call for call in az.calls() if call[:3] == ["role", "assignment", "create"]]
    assert READER in assigned
    assert "principal" in assigned


def test_the_script_ends_where_a_page_may_not_be_read(tmp_path: Path) -> None:
    az = FakeAz(tmp_path, {"cloud show": {"name": "AzureCloud"}, "ad sp show": {"id": "principal"}})
    context = SetupContext("1" * 8, "public", (), EXTERNAL_ID, Server())
    cli, _ = PROVIDER.organization_guides(context, {"root_id": "managementGroups/lark-prod"})
    with pytest.raises(AssertionError, match="rest"):
        az.run(cli.snippets[0].body, "client", "--tag")


PUBLISHED = "https://templates.example.net/cloud accounts/group.json?v=1&x=2"


@pytest.mark.parametrize(
    ("partition", "portal"),
    [("public", "portal.azure.com"), ("usgovernment", "portal.azure.us"), ("china", "portal.azure.cn")],
)
def test_a_published_template_is_opened_first_in_the_portal_of_its_cloud(partition: str, portal: str) -> None:
    context = SetupContext("1" * 8, partition, (), EXTERNAL_ID, Server(), organization_template_url=PUBLISHED)
    first = PROVIDER.organization_guides(context, {"root_id": "managementGroups/lark-prod"})[0]
    link = urlsplit(first.link_url)
    assert (link.hostname, first.key) == (portal, "portal")
    assert link.fragment.removeprefix("create/Microsoft.Template/uri/") == quote(PUBLISHED, safe="")
    assert "lark-prod" in first.steps[0]


@pytest.mark.parametrize("address", ["", "http://templates.example.net/group.json", "javascript:alert(1)"])
def test_without_one_that_is_published_over_https_there_is_no_link(address: str) -> None:
    context = SetupContext("1" * 8, "public", (), EXTERNAL_ID, Server(), organization_template_url=address)
    made = PROVIDER.organization_guides(context, {"root_id": "managementGroups/lark-prod"})
    assert [(guide.key, guide.link_url) for guide in made] == [("cli", ""), ("terraform", "")]


def test_what_operators_publish_gives_the_role_of_the_script_and_names_no_customer() -> None:
    context = SetupContext("1" * 8, "public", (), EXTERNAL_ID, Server())
    cli, _ = PROVIDER.organization_guides(context, {"root_id": "managementGroups/lark-prod"})
    (script, text) = cli.snippets
    template = json.loads(text.body)
    assert "managementGroupDeploymentTemplate.json" in template["$schema"]
    (assignment,) = template["resources"]
    assert assignment["type"] == "Microsoft.Authorization/roleAssignments"
    assert assignment["properties"]["roleDefinitionId"].endswith(READER)
    assert READER in script.body
    assert EXTERNAL_ID not in text.body
    assert "lark-prod" not in text.body
