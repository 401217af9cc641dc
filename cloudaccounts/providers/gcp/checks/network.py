"""Networks, subnets and zones."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Fact, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import (
    abridge,
    expect,
    failed,
    flag,
    mappings,
    not_applicable,
    passed,
    posture_check,
    rows,
    text,
    unknown,
    value,
)
from cloudaccounts.providers.gcp.checks.references import cite

# https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks and
# https://cloud.google.com/vpc/docs/subnets#purpose
_OF_MACHINES = ("", "PRIVATE", "PRIVATE_RFC_1918", "NONE")
_NO_MACHINES = (
    *("REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER"),
    *("PRIVATE_SERVICE_CONNECT", "PRIVATE_NAT"),
)


@posture_check(
    "gcp_default_network",
    "The default network is in use",
    Severity.MEDIUM,
    "compute",
    "gcp.compute.network",
    why="The network that Google makes automatically has a subnet in every region and rules that open SSH and RDP to "
    "the world. A network of one's own has what is meant.",
    console="VPC network, VPC networks: move what runs in it to a network of your own, then delete default.",
    command="gcloud compute networks delete default",
    references=cite("vpc/docs/vpc#default-network"),
)
def default_network(asset: Asset) -> Evaluation:
    return expect(asset.name != "default", "This is the default network.", "This network was made on purpose.")


@posture_check(
    "gcp_legacy_network",
    "Network of the old kind",
    Severity.LOW,
    "compute",
    "gcp.compute.network",
    why="A legacy network is one range for the whole world: no subnets, so no borders between what runs in it.",
    console="VPC network, VPC networks: make a VPC network and move what runs here.",
    command="gcloud compute networks create <new-network> --subnet-mode=custom",
    references=cite("vpc/docs/legacy"),
)
def legacy_network(asset: Asset) -> Evaluation:
    old = bool(text(asset, "IPv4Range"))
    return expect(not old, "It has one range and no subnets.", "It has subnets.")


@posture_check(
    "gcp_subnet_flow_logs",
    "Subnet without flow logs",
    Severity.LOW,
    "compute",
    "gcp.compute.subnetwork",
    why="Flow logs show who talked to whom: without them neither a break-in's way nor a leak's size can be told.",
    console="VPC network, VPC networks, choose the subnet, Edit, set Flow logs to On.",
    command="gcloud compute networks subnets update <subnet> --region=<region> --enable-flow-logs",
    references=cite("vpc/docs/flow-logs"),
)
def flow_logs(asset: Asset) -> Evaluation:
    if (other := _without_machines(asset)) is not None:
        return other
    return expect(_has_flow_logs(asset), "Flow logs are off.", "Flow logs are on.")


def _without_machines(asset: Asset) -> Evaluation | None:
    purpose = text(asset, "purpose")
    if purpose in _NO_MACHINES:
        return not_applicable("Subnets of load balancers, proxies and NAT have no flow logs.")
    return None if purpose in _OF_MACHINES else unknown("It is a subnet for a purpose that is not known here.")


def _has_flow_logs(asset: Asset) -> bool:
    # logConfig replaced enableFlowLogs.
    return flag(asset, "logConfig.enable") or flag(asset, "enableFlowLogs")


@posture_check(
    "gcp_subnet_flow_log_detail",
    "Flow logs leave something out",
    Severity.LOW,
    "compute",
    "gcp.compute.subnetwork",
    why="What is sampled, added up over minutes or told without names hides short connections, as of a probe or a "
    "theft. It costs more to keep all.",
    console="VPC network, VPC networks, choose the subnet, Edit, Flow Logs: interval 5 seconds, metadata included, "
    "sample rate 100 %.",
    command="gcloud compute networks subnets update <subnet> --region=<region> --enable-flow-logs "
    "--logging-aggregation-interval=interval-5-sec --logging-flow-sampling=1.0 --logging-metadata=include-all",
    references=cite("vpc/docs/flow-logs"),
    expected={
        "logConfig.aggregationInterval": "INTERVAL_5_SEC",
        "logConfig.flowSampling": 1,
        "logConfig.metadata": "INCLUDE_ALL_METADATA",
    },
)
def flow_log_detail(asset: Asset) -> Evaluation:
    if (other := _without_machines(asset)) is not None:
        return other
    if not _has_flow_logs(asset):
        return not_applicable("Its flow logs are off.")
    # Defaults: https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks
    sampling = value(asset, "logConfig.flowSampling")
    sampling = 0.5 if sampling is None else sampling
    if isinstance(sampling, bool) or not isinstance(sampling, int | float):
        return unknown("How much is sampled has a form that is not known here.")
    interval = text(asset, "logConfig.aggregationInterval") or "INTERVAL_5_SEC"
    metadata = text(asset, "logConfig.metadata") or "EXCLUDE_ALL_METADATA"
    chosen = text(asset, "logConfig.filterExpr") not in ("", "true")
    gaps = [
        *([f"sampled at {sampling:.0%}"] if sampling < 1 else []),
        *(["added up over more than 5 seconds"] if interval != "INTERVAL_5_SEC" else []),
        *(["without some metadata"] if metadata != "INCLUDE_ALL_METADATA" else []),
        *(["filtered"] if chosen else []),
    ]
    return expect(not gaps, f"They are {abridge(gaps)}.", "They tell of everything.")


@posture_check(
    "gcp_dns_dnssec",
    "Zone is not signed",
    Severity.MEDIUM,
    "dns",
    "gcp.dns.managed_zone",
    why="Without DNSSEC a resolver cannot tell a forged answer from yours: visitors and mail can be led elsewhere.",
    console="Network services, Cloud DNS, choose the zone, set DNSSEC to On, and add the DS record at your registrar.",
    command="gcloud dns managed-zones update <zone> --dnssec-state=on",
    references=cite("dns/docs/dnssec"),
)
def dnssec(asset: Asset) -> Evaluation:
    if (private := _not_public(asset)) is not None:
        return private
    # A zone stays signed while it moves to another operator, in the state transfer.
    state = text(asset, "dnssecConfig.state").lower() or "off"
    if state not in ("on", "transfer", "off"):
        return unknown("DNSSEC is in a state that is not known here.")
    return expect(state != "off", "DNSSEC is off.", "DNSSEC is on.")


def _not_public(asset: Asset) -> Evaluation | None:
    visibility = text(asset, "visibility").lower() or "public"
    if visibility == "private":
        return not_applicable("A private zone cannot be signed.")
    return None if visibility == "public" else unknown("Who sees this zone is told in a way that is not known here.")


def _algorithm(kind: str, label: str, identifier: str) -> PostureCheck:
    def evaluate(asset: Asset) -> Evaluation:
        if (private := _not_public(asset)) is not None:
            return private
        if text(asset, "dnssecConfig.state").lower() in ("", "off"):
            return not_applicable("This zone is not signed.")
        specs = [spec for spec in mappings(asset, "dnssecConfig.defaultKeySpecs") if spec.get("keyType") == kind]
        algorithms = [str(spec.get("algorithm") or "") for spec in specs]
        evidence = [Fact("dnssecConfig.defaultKeySpecs", algorithms, "rsasha256 or an ECDSA algorithm")]
        # Before names that are not known: one weak algorithm is enough.
        if "rsasha1" in algorithms:
            return failed(f"Its {label} is of RSASHA1.", evidence)
        if not algorithms:  # what was signed without a choice: https://cloud.google.com/dns/docs/dnssec-advanced
            return passed(f"Its {label} is of Cloud DNS's default, RSASHA256.")
        odd = [name for name in algorithms if name not in _STRONG]
        return (
            unknown(f"Its {label} is of an algorithm that is not known here.", evidence)
            if odd
            else passed(f"Its {label} is of {algorithms[0]}.")
        )

    return posture_check(
        identifier,
        f"Zone's {label} is of SHA-1",
        Severity.MEDIUM,
        "dns",
        "gcp.dns.managed_zone",
        why="Signatures of SHA-1 can be forged with effort that an attacker can buy, and resolvers begin to refuse "
        "them.",
        console="Network services, Cloud DNS: turn DNSSEC off for the zone, and on again with another algorithm (first "
        "take the DS record away at your registrar).",
        command="gcloud dns managed-zones update <zone> --dnssec-state=off\ngcloud dns managed-zones update <zone> "
        f"--dnssec-state=on --{'ksk' if kind == 'keySigning' else 'zsk'}-algorithm=rsasha256",
        references=cite("dns/docs/dnssec-advanced"),
    )(evaluate)


_STRONG = ("rsasha256", "rsasha512", "ecdsap256sha256", "ecdsap384sha384")
key_signing = _algorithm("keySigning", "key-signing key", "gcp_dns_key_signing_sha1")
zone_signing = _algorithm("zoneSigning", "zone-signing key", "gcp_dns_zone_signing_sha1")


@posture_check(
    "gcp_network_dns_logging",
    "Network does not log DNS queries",
    Severity.LOW,
    "compute",
    "gcp.compute.network",
    why="Names that machines look up tell of programs that call home, and of data that leaves inside of queries.",
    console="Network services, Cloud DNS, DNS server policies: a policy for the network, with Logs on.",
    command="gcloud dns policies create <policy> --networks=<network> --enable-logging --description=<text>",
    references=cite("dns/docs/monitoring"),
    expected={"dns_policies": "one with enableLogging"},
)
def dns_logging(asset: Asset) -> Evaluation:
    # A network has at most one policy. "Defaults to no logging": https://cloud.google.com/dns/docs/reference/v1/policies
    logging = [policy.get("enableLogging") for policy in rows(asset, "dns_policies")]
    if True in logging:
        return passed("A policy for it logs queries.")
    if any(value not in (None, False) for value in logging):
        return unknown("Whether its policy logs queries is told in a way that is not known here.")
    return failed("Its policy logs no queries." if logging else "No policy is bound to it.")


CHECKS = (
    default_network,
    legacy_network,
    flow_logs,
    flow_log_detail,
    dnssec,
    key_signing,
    zone_signing,
    dns_logging,
)
