"""Firewall policies of networks, folders and the organization: what they keep out before a rule, and let in."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import UNREADABLE, Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.contract.sessions import Session
from cloudaccounts.providers.gcp.checks import CHECKS
from cloudaccounts.providers.gcp.inventory import changes
from cloudaccounts.providers.gcp.inventory.firewall_policies import Effective, kept
from cloudaccounts.providers.gcp.inventory.held import Held
from sandbox.gcp.compute_resources import policy as sandbox_policy
from sandbox.gcp.compute_resources import policy_rule
from tests.cloudaccounts.provider_kit.reach.strategies import on_any_machine
from tests.cloudaccounts.providers.gcp import shapes
from tests.cloudaccounts.providers.gcp.conftest import Cloud
from tests.cloudaccounts.providers.gcp.test_reach import ALL, HALVES, NETWORK, RANK, firewall

BY_ID = {check.id: check for check in CHECKS}
P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
REGIONS = ("europe-west1",)
SSH = firewall("22")
DENYING = firewall("22", allowed=None, denied=[{"IPProtocol": "tcp"}])
WEB = "web@p.iam.gserviceaccount.com"


def item(
    action: str, *ports: str, priority: int = 1000, sources: Any = (ALL,), protocol: str = "tcp", **more: Any
) -> dict[str, Any]:
    traffic = {"ipProtocol": protocol, **({"ports": [*ports]} if ports else {})}
    match = {"layer4Configs": [traffic], **({"srcIpRanges": [*sources]} if sources else {}), **more.pop("match", {})}
    return {"priority": priority, "direction": "INGRESS", "action": action, "match": match, **more}


def policy(*rules: dict[str, Any], kind: str = "HIERARCHY", name: str = "above") -> dict[str, Any]:
    told = {"shortName": name, "type": kind, "rules": [*rules]}
    place = ("compute", "v1", "NetworksGetEffectiveFirewallsResponseEffectiveFirewallPolicy")
    assert shapes.strangers(told, place) == []
    return told


def told_of(
    rule: dict[str, Any] | None, *policies: dict[str, Any], order: str = "", regional: Any = None
) -> list[Asset]:
    """The assets that the inventory tells, in a network with these policies."""
    more = {"networkFirewallPolicyEnforcementOrder": order} if order else {}
    network = Asset(
        "gcp.compute.network", "compute", "global", f"//compute.googleapis.com/{NETWORK[38:]}", "shop", properties=more
    )
    held = Held(Effective(lambda name: list(policies), "p"))
    assert held.takes(network)
    for number, one in enumerate([rule] if rule else []):
        assert held.takes(Asset("gcp.compute.firewall", "compute", "global", f"//{number}", "r", properties=one))
    if regional:
        data = {"rules": regional["rules"], "associations": [{"attachmentTarget": NETWORK}]}
        held.takes(
            Asset("gcp.compute.region_network_firewall_policy", "compute", "europe-west1", "//p", "eu", properties=data)
        )
    return list(held.release())


def judge(identifier: str, asset: Asset) -> Evaluation:
    return BY_ID[identifier].evaluate(asset)


def of_rule(
    rule: dict[str, Any], *policies: dict[str, Any], identifier: str = "gcp_firewall_ssh_open", **more: Any
) -> Verdict:
    return judge(
        identifier, next(one for one in told_of(rule, *policies, **more) if one.type == "gcp.compute.firewall")
    ).verdict


def of_network(
    *policies: dict[str, Any], identifier: str = "gcp_network_policy_ssh_open", rule: Any = None, **more: Any
) -> Verdict:
    return judge(
        identifier, next(one for one in told_of(rule, *policies, **more) if one.type == "gcp.compute.network")
    ).verdict


GOTO = item("goto_next", priority=2_147_483_647, protocol="all")
BEFORE: dict[str, Any] = {"order": "BEFORE_CLASSIC_FIREWALL"}


@pytest.mark.parametrize(
    ("verdict", "policies", "more"),
    [
        (F, [], {}),
        (F, [policy(GOTO)], {}),
        (P, [policy(item("deny", "22"), GOTO)], {}),
        (P, [policy(item("deny", protocol="all"))], {}),
        (P, [policy(item("deny", "22", sources=HALVES))], {}),
        (P, [policy(item("deny", "22", sources=[HALVES[0]]), item("deny", "22", sources=[HALVES[1]], priority=2))], {}),
        (P, [policy(item("goto_next", "22", sources=["10.0.0.0/8"], priority=1), item("deny", "22"))], {}),
        (P, [policy(item("allow", "443", priority=1), item("deny", "22"))], {}),
        (P, [policy(GOTO, name="a"), policy(item("deny", "22"), name="b")], {}),
        (P, [policy(item("deny", "22", sources=(), match={"srcNetworkType": "INTERNET"}))], {}),
        (P, [policy(item("deny", "22"), kind="SYSTEM")], {}),
        (P, [policy(item("deny", "22"), kind="NETWORK")], BEFORE),
        (F, [policy(item("deny", "22"), kind="NETWORK")], {}),  # the default: after the rules of VPC
        (F, [policy(item("deny", "22"), kind="NETWORK")], {"order": "AFTER_CLASSIC_FIREWALL"}),
        (F, [policy(item("deny", "23"))], {}),
        (F, [policy(item("deny", "22", protocol="udp"))], {}),
        (F, [policy(item("deny", "22", sources=["203.0.113.0/24"]))], {}),
        (F, [policy(item("deny", "22", disabled=True))], {}),
        (F, [policy({**item("deny", "22"), "direction": "EGRESS"})], {}),
        (F, [policy(item("deny", "22", targetSecureTags=[{"name": "tagValues/1"}]))], {}),
        (F, [policy(item("deny", "22", targetServiceAccounts=[WEB]))], {}),
        (F, [policy(item("deny", "22", sources=(), match={"srcNetworkType": "NON_INTERNET"}))], {}),
        (F, [policy(item("deny", "22", sources=(), match={"srcSecureTags": [{"name": "tagValues/1"}]}))], {}),
        (F, [policy(item("deny", "22", match={"destIpRanges": ["10.0.0.4/32"]}))], {}),
        (U, [policy(item("deny", "22", sources=(), match={"srcRegionCodes": ["US"]}))], {}),
        (U, [policy(item("deny", "22", sources=(), match={"srcAddressGroups": ["g"]}))], {}),
        (U, [policy(item("deny", "22", match={"destFqdns": ["a.example"]}))], {}),
        (U, [policy(item("goto_next", "22", priority=1), item("deny", "22"))], {}),
        (U, [policy(item("allow", "22", priority=1), item("deny", "22"))], {}),
        (U, [policy(item("apply_security_profile_group", "22", priority=1), item("deny", "22"))], {}),
        (U, [policy(item("deny", "22"), name="a"), policy(item("allow", "443"), name="b")], {}),  # which is above?
        (U, [policy(item("deny", "22", protocol="new"))], {}),
        # For some networks alone: this one, others, one of this name in a project that may be this one by its number.
        (P, [policy(item("deny", "22", targetResources=[NETWORK]))], {}),
        (P, [policy(item("deny", "22", targetResources=[f"{NETWORK}-two", NETWORK]))], {}),
        (F, [policy(item("deny", "22", targetResources=[f"{NETWORK}-two"]))], {}),
        (U, [policy(item("deny", "22", targetResources=[NETWORK.replace("/p/", "/12345/")]))], {}),
        (F, [policy(item("deny", "22", targetType="INTERNAL_MANAGED_LB"))], {}),
        (P, [policy(item("deny", "22", targetType="INSTANCES"))], {}),
        (U, [policy(item("deny", "22", targetType="SOMETHING_NEW"))], {}),
    ],
)  # fmt: skip
def test_a_rule_opens_what_policies_before_it_do_not_keep_out(
    verdict: Verdict, policies: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    assert of_rule(SSH, *policies, **more) == verdict


def test_a_rule_for_an_account_is_closed_by_a_policy_for_it() -> None:
    rule = firewall("22", targetServiceAccounts=[WEB])
    assert of_rule(rule, policy(item("deny", "22", targetServiceAccounts=[WEB, "x"]))) == P
    assert of_rule(rule, policy(item("deny", "22", targetServiceAccounts=["x"]))) == F


def test_a_rule_that_opens_nothing_passes_whatever_the_policies_are() -> None:
    inside = firewall("22", sourceRanges=["10.0.0.0/8"])
    assert of_rule(inside, policy(item("allow", "22"))) == P


@pytest.mark.parametrize(
    ("verdict", "policies", "more"),
    [
        (P, [], {}),
        (P, [policy(GOTO)], {}),
        (P, [policy(item("allow", "22", sources=["10.0.0.0/8"]))], {}),
        (P, [policy(item("allow", "443"))], {}),
        (P, [policy(item("deny", "22", priority=1), item("allow", "22"))], {}),
        (P, [policy(item("deny", "22")), policy(item("allow", "22"), kind="NETWORK")], {}),
        (P, [policy(item("allow", "22", sources=(), match={"srcSecureTags": [{"name": "t"}]}))], {}),
        (P, [policy(item("allow", "22"), kind="NETWORK")], {"rule": DENYING}),
        (F, [policy(item("allow", "22"))], {}),
        (F, [policy(item("allow", "22", sources=HALVES))], {}),
        (F, [policy(item("allow", protocol="all"), kind="NETWORK")], {}),
        (F, [policy(item("allow", "22", targetServiceAccounts=[WEB]))], {}),
        (F, [policy(item("deny", "22", targetSecureTags=[{"name": "t"}], priority=1), item("allow", "22"))], {}),
        (F, [policy(item("allow", "22"), kind="NETWORK")], {**BEFORE, "rule": DENYING}),
        (F, [], {"regional": policy(item("allow", "22"))}),
        (P, [policy(item("allow", "22", targetResources=[f"{NETWORK}-two"]))], {}),
        (F, [policy(item("allow", "22", targetResources=[NETWORK]))], {}),
        (U, [policy(item("allow", "22", targetResources=[NETWORK.replace("/p/", "/12345/")]))], {}),
        (P, [policy(item("allow", "22", targetType="INTERNAL_MANAGED_LB"))], {}),
        (U, [policy(item("allow", "22", targetType="SOMETHING_NEW"))], {}),
        (U, [policy(item("apply_security_profile_group", "22"))], {}),
        (U, [policy(item("allow", "22", sources=(), match={"srcFqdns": ["a.example"]}))], {}),
        (U, [policy(item("new_action", "22"))], {}),
        (U, [policy(item("allow", "22", protocol="new"))], {}),
    ],
)  # fmt: skip
def test_a_network_is_open_by_what_its_policies_let_in(
    verdict: Verdict, policies: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    assert of_network(*policies, **more) == verdict


def test_ports_and_protocols_are_told_apart() -> None:
    rdp = policy(item("allow", "3389", protocol="udp"))
    assert of_network(rdp, identifier="gcp_network_policy_rdp_open") == F
    assert of_network(rdp) == P
    everything = policy(item("allow", protocol="all"))
    assert of_network(everything, identifier="gcp_network_policy_all_open") == F
    assert of_network(rdp, identifier="gcp_network_policy_all_open") == P


def test_rules_that_take_nothing_from_the_internet_are_not_kept() -> None:
    told = kept(
        policy(item("deny", "22", sources=["10.0.0.0/8"]), item("allow", "22", priority=5), item("deny", disabled=True))
    )
    assert [rule["priority"] for rule in told["rules"]] == [5]
    assert kept({}) == {"name": "", "type": "", "rules": []}
    assert kept({"rules": "odd"})["rules"] == []


actions = st.sampled_from(["allow", "deny", "goto_next", "apply_security_profile_group"])
ranges = st.lists(st.sampled_from([ALL, *HALVES, "10.0.0.0/8", "odd"]), min_size=1, max_size=2)
some_rules = st.builds(
    lambda action, ports, sources: item(action, *ports, sources=sources),
    actions,
    st.lists(st.sampled_from(["22", "3389", "0-30000"]), max_size=2),
    ranges,
)


def numbered(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**rule, "priority": number} for number, rule in enumerate(rules, 1)]


@on_any_machine
@given(st.lists(some_rules, max_size=3), st.lists(some_rules, max_size=2))
def test_letting_more_in_first_never_makes_a_rule_pass(rules: list[dict[str, Any]], more: list[dict[str, Any]]) -> None:
    before = of_rule(SSH, policy(*numbered(rules)))
    opened = [rule for rule in more if rule["action"] != "deny"]
    after = of_rule(SSH, policy(*numbered([*opened, *rules])))
    assert (before, after) != (F, P)


@on_any_machine
@given(st.lists(some_rules, max_size=3), ranges)
def test_keeping_more_out_first_never_makes_it_worse(rules: list[dict[str, Any]], sources: list[str]) -> None:
    closing = item("deny", "22", sources=sources)
    assert RANK.index(of_rule(SSH, policy(*numbered([closing, *rules])))) <= RANK.index(
        of_rule(SSH, policy(*numbered(rules)))
    )
    assert RANK.index(of_network(policy(*numbered([closing, *rules])))) <= RANK.index(
        of_network(policy(*numbered(rules)))
    )


# On the wire ---------------------------------------------------------------------------------------------------------

DATA = "meadowlark-data-prod"
DENY_SSH = [sandbox_policy("baseline", "HIERARCHY", policy_rule(1, "deny", ALL, "tcp", "22"))]


def compute(session: Session) -> dict[str, Asset]:
    unit = next(unit for unit in session.units(REGIONS) if unit.service == "compute")
    return {asset.name: asset for asset in session.collect(unit)}


def test_policies_from_above_are_read_once_for_each_network(cloud: Cloud) -> None:
    assets = compute(cloud.open(cloud.scenario("Everything granted"), account_id=DATA))
    assert len(cloud.calls("networks.getEffectiveFirewalls")) == 1
    rule = assets["allow-ssh-from-anywhere"]
    assert [one["name"] for one in rule.properties["policies_before"]] == ["meadowlark-baseline"]
    assert judge("gcp_firewall_ssh_open", rule).verdict == F
    assert judge("gcp_network_policy_ssh_open", assets["default"]).verdict == P


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "deny"}, "permission_denied"),
        ({"kind": "error", "status": 404}, "resource_gone"),
        ({"kind": "error", "status": 500}, "google_unavailable"),
    ],
)
def test_where_they_are_not_read_reach_is_unknown(cloud: Cloud, fault: dict[str, Any], code: str) -> None:
    cloud.control.fault(**fault, service="compute")
    assets = compute(cloud.open(cloud.scenario("Everything granted"), account_id=DATA))
    rule, network = assets["allow-ssh-from-anywhere"], assets["default"]
    assert rule.properties[UNREADABLE] == {"policies_before": code}
    assert judge("gcp_firewall_ssh_open", rule).verdict == U
    assert judge("gcp_firewall_ssh_open", assets["allow-internal"]).verdict == P  # it opens nothing to the internet
    assert judge("gcp_network_policy_ssh_open", network).verdict == U
    assert judge("gcp_default_network", network).verdict == F  # what was read is judged
    assert "airflow-1" in assets


def test_an_incremental_scan_asks_whether_the_policies_are_still_the_same(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "LATE", timedelta(0))
    credentials = cloud.scenario("Everything granted")
    stored = list(compute(cloud.open(credentials, account_id=DATA)).values())
    time.sleep(0.01)
    since = datetime.now(UTC)

    def is_quiet() -> bool:
        session = cloud.open(credentials, account_id=DATA)
        quiet = session.unchanged(session.units(REGIONS), since, lambda unit: stored)
        return "compute" in {unit.service for unit in quiet}

    assert is_quiet()
    before = next(asset for asset in stored if asset.name == "default").properties["firewall_policies"]
    try:
        cloud.admin.set_firewall_policies(DATA, DENY_SSH)
        assert not is_quiet()
        changed = compute(cloud.open(credentials, account_id=DATA))
        assert judge("gcp_firewall_ssh_open", changed["allow-ssh-from-anywhere"]).verdict == P
    finally:
        cloud.admin.set_firewall_policies(
            DATA, [{key: one[key] for key in ("name", "type", "rules")} for one in before]
        )
    cloud.control.fault("deny", service="compute")
    assert not is_quiet()
