"""What firewall rules and firewall policies open to the internet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import (
    Rule,
    abridge,
    flag,
    known,
    mappings,
    not_applicable,
    posture_check,
    text,
    texts,
    unknown,
)
from cloudaccounts.provider_kit.reach.rules import Result
from cloudaccounts.provider_kit.reach.rules import Rule as ReachRule
from cloudaccounts.provider_kit.reach.traffic import TCP, UDP
from cloudaccounts.provider_kit.reach.verdicts import evaluation, every_port, reach_by_any
from cloudaccounts.providers.gcp.checks import firewall_rules
from cloudaccounts.providers.gcp.checks.references import cite

_FIREWALL = "gcp.compute.firewall"
_RESTRICT = "gcloud compute firewall-rules update <rule> --source-ranges=<your-network>"


def _not_inbound(asset: Asset) -> Evaluation | None:
    """Why a rule lets nobody in at all; None where it is one that allows what comes in."""
    direction = text(asset, "direction").upper()
    if direction == "EGRESS":
        return not_applicable("This rule is about what leaves.")
    if flag(asset, "disabled"):
        return not_applicable("This rule is disabled.")
    if mappings(asset, "denied"):
        return not_applicable("This rule denies.")
    texts(asset, "sourceRanges")  # raises where they are no list of texts
    if direction not in ("", "INGRESS") or not mappings(asset, "allowed"):
        return unknown("This rule has a form that is not known here.")
    return None


def _by_reach(asset: Asset, decide: Callable[[Sequence[ReachRule]], Result], failure: str, success: str) -> Evaluation:
    other = _not_inbound(asset)
    if other is not None:
        return other
    unclear = "A part of this rule, or of those before it, could not be read or has a form that is not known here."
    return evaluation(firewall_rules.widest(asset, decide), failure, success, unclear)


def _open(port: int, *protocols: int) -> Rule:
    def evaluate(asset: Asset) -> Evaluation:
        return _by_reach(
            asset,
            lambda rules: reach_by_any(rules, protocols, port, deny_wins=True),
            f"It opens port {port} to the internet.",
            f"It does not open port {port} to the internet.",
        )

    return evaluate


def _administration(port: int, name: str, *protocols: int) -> PostureCheck:
    return posture_check(
        f"gcp_firewall_{name.lower()}_open",
        f"{name} is open to the internet",
        Severity.HIGH,
        "compute",
        _FIREWALL,
        why=f"Every address on the internet is tried for {name} within minutes. A guessed or leaked credential, or a "
        "new flaw in the service, then is enough to get into the machines that the rule targets.",
        console="VPC network, Firewall, choose the rule, Edit: narrow the source ranges; better, delete it and use "
        "Identity-Aware Proxy (35.235.240.0/20).",
        command=_RESTRICT,
        references=cite("iap/docs/using-tcp-forwarding"),
    )(_open(port, *protocols))


ssh_open = _administration(22, "SSH", TCP)
rdp_open = _administration(3389, "RDP", TCP, UDP)


@posture_check(
    "gcp_firewall_all_open",
    "Every port is open to the internet",
    Severity.CRITICAL,
    "compute",
    _FIREWALL,
    why="A rule for all ports opens what runs today and whatever will be started tomorrow: databases, agents, "
    "administration.",
    console="VPC network, Firewall, choose the rule, Edit: name the protocols and ports that are meant to be public.",
    command="gcloud compute firewall-rules update <rule> --rules=tcp:443",
    references=cite("firewall/docs/firewalls"),
)
def all_open(asset: Asset) -> Evaluation:
    return _by_reach(
        asset,
        lambda rules: every_port(rules, deny_wins=True),
        "It opens all ports to the internet.",
        "It does not open all ports to the internet.",
    )


def _by_policies(
    identifier: str, title: str, severity: Severity, what: str, decide: Callable[[Sequence[ReachRule]], Result]
) -> PostureCheck:
    def evaluate(asset: Asset) -> Evaluation:
        known(asset, "firewall_policies")
        reach, names = firewall_rules.widest_by_policy(asset, decide)
        return evaluation(
            reach,
            f"{abridge(names)} opens {what} to the internet.",
            f"No firewall policy opens {what} to the internet.",
            f"Whether {abridge(names)} opens {what} to the internet is not clear: a part of it is not known here.",
        )

    return posture_check(
        identifier,
        title,
        severity,
        "compute",
        "gcp.compute.network",
        why="A firewall policy applies to all machines of a network that it names, and one of a folder or the "
        "organization to all networks below it: what it opens, no rule of the network need allow.",
        console="VPC network, Firewall, Firewall policies, choose the policy: narrow the source ranges of the rule.",
        command="gcloud compute network-firewall-policies rules update <priority> --firewall-policy=<policy> "
        "--global-firewall-policy --src-ip-ranges=<your-network>",
        references=cite("firewall/docs/firewall-policies-rule-eval-order"),
    )(evaluate)


policy_ssh = _by_policies(
    "gcp_network_policy_ssh_open",
    "A firewall policy opens SSH to the internet",
    Severity.HIGH,
    "port 22",
    lambda rules: reach_by_any(rules, (TCP,), 22, deny_wins=True),
)
policy_rdp = _by_policies(
    "gcp_network_policy_rdp_open",
    "A firewall policy opens RDP to the internet",
    Severity.HIGH,
    "port 3389",
    lambda rules: reach_by_any(rules, (TCP, UDP), 3389, deny_wins=True),
)
policy_all = _by_policies(
    "gcp_network_policy_all_open",
    "A firewall policy opens every port to the internet",
    Severity.CRITICAL,
    "all ports",
    lambda rules: every_port(rules, deny_wins=True),
)


CHECKS = (ssh_open, rdp_open, all_open, policy_ssh, policy_rdp, policy_all)
