"""Cases of networks, names and load balancers."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.gcp.benchmark_cases import SEEN, Case, F, N, P, U, each, named
from tests.cloudaccounts.providers.gcp.test_checks import ODD, unread


def signed(*algorithms: str, kind: str = "keySigning", state: str = "on") -> dict[str, Any]:
    specs = [{"keyType": kind, "algorithm": one} for one in algorithms]
    return {"visibility": "public", "dnssecConfig": {"state": state, "defaultKeySpecs": specs}}


def balancer(enable: Any = None, **more: Any) -> dict[str, Any]:
    log = {} if enable is None else {"logConfig": {"enable": enable}}
    return {"protocol": "HTTPS", "loadBalancingScheme": "EXTERNAL_MANAGED", **log, **more}


def tls(version: str | None = "TLS_1_2", profile: str | None = "MODERN", **more: Any) -> dict[str, Any]:
    told = {"name": "p", "minTlsVersion": version, "profile": profile, **more}
    return {"sslPolicy": "x", "ssl_policy": {key: one for key, one in told.items() if one is not None}, **SEEN}


def flow(enable: Any = True, **more: Any) -> dict[str, Any]:
    whole = {"aggregationInterval": "INTERVAL_5_SEC", "flowSampling": 1, "metadata": "INCLUDE_ALL_METADATA"}
    told = {"enable": enable, **whole, **more}
    return {"purpose": "PRIVATE", "logConfig": {key: one for key, one in told.items() if one is not None}}


def let_in(action: str, port: str, source: str = "0.0.0.0/0") -> dict[str, Any]:
    match = {"srcIpRanges": [source], "layer4Configs": [{"ipProtocol": "tcp", **({"ports": [port]} if port else {})}]}
    rule = {"priority": 1, "action": action, "match": match}
    return {
        "firewall_policies": [{"name": "a", "type": "NETWORK", "before": False, "rules": [rule]}],
        "classic_denies": [],
    }


CASES: list[Case] = [
    *named(
        (
            "gcp_network_dns_logging",
            [
                (P, {"dns_policies": [{"name": "a", "enableLogging": True}]}),
                (P, {"dns_policies": [{"name": "a", "enableLogging": False}, {"name": "b", "enableLogging": True}]}),
                (F, {"dns_policies": []}),
                (F, {"dns_policies": [{"name": "a", "enableLogging": False}]}),
                (F, {"dns_policies": [{"name": "a"}]}),
                (U, {"dns_policies": [{"name": "a", "enableLogging": "new"}]}),
                (U, unread("dns_policies")),
                (U, {}),
            ],
        ),
        ("gcp_network_dns_logging", [(P, {"dns_policies": [{"name": "b", "enableLogging": True}], "IPv4Range": "x"})]),
        (
            "gcp_dns_key_signing_sha1",
            [
                (P, signed("rsasha256")),
                (P, signed("ecdsap256sha256", state="transfer")),
                (P, signed("rsasha1", kind="zoneSigning")),
                (P, {"dnssecConfig": {"state": "on"}}),
                (F, signed("rsasha1")),
                (F, signed("rsasha256", "rsasha1")),
                (F, signed("rsasha1", state="transfer")),
                (N, signed("rsasha1", state="off")),
                (N, {"visibility": "private"}),
                (N, {}),
                (U, signed("rsasha3")),
                (U, {"visibility": "shared"}),
                (U, {"dnssecConfig": {"state": "on", "defaultKeySpecs": ODD}}),
            ],
        ),
        (
            "gcp_dns_zone_signing_sha1",
            [
                (P, signed("rsasha512", kind="zoneSigning")),
                (P, signed("rsasha1")),
                (P, {"dnssecConfig": {"state": "on", "defaultKeySpecs": []}}),
                (F, signed("rsasha1", kind="zoneSigning")),
                (F, signed("rsasha1", "rsasha256", kind="zoneSigning")),
                (F, signed("rsasha1", kind="zoneSigning", state="transfer")),
                (N, signed("rsasha1", kind="zoneSigning", state="off")),
                (U, signed("new", kind="zoneSigning")),
            ],
        ),
        (
            "gcp_subnet_flow_logs",
            [
                (N, {"purpose": "GLOBAL_MANAGED_PROXY"}),
                (N, {"purpose": "PRIVATE_NAT"}),
                (N, {"purpose": "PRIVATE_SERVICE_CONNECT"}),
                (U, {"purpose": "ORBITAL"}),
                (P, {"purpose": "PRIVATE_RFC_1918", "logConfig": {"enable": True}}),
            ],
        ),
        (
            "gcp_subnet_flow_logs",
            [
                (P, {"enableFlowLogs": True}),
                (F, {"purpose": "PRIVATE", "logConfig": {"enable": False}}),
                (F, {"enableFlowLogs": False}),
            ],
        ),
        ("gcp_dns_dnssec", [(U, {"dnssecConfig": {"state": "halfway"}}), (P, {"dnssecConfig": {"state": "transfer"}})]),
        (
            "gcp_dns_dnssec",
            [
                (P, {"visibility": "public", "dnssecConfig": {"state": "on", "defaultKeySpecs": []}}),
                (F, {"dnssecConfig": {"state": "off"}}),
                (F, {"visibility": "public", "dnssecConfig": {}}),
            ],
        ),
        (
            "gcp_subnet_flow_log_detail",
            [
                (P, flow()),
                (P, flow(flowSampling=1.0, filterExpr="true")),
                (P, flow(aggregationInterval=None)),
                (F, flow(flowSampling=0.5)),
                (F, flow(flowSampling=None)),
                (F, flow(aggregationInterval="INTERVAL_1_MIN")),
                (F, flow(metadata="CUSTOM_METADATA")),
                (F, flow(metadata=None)),
                (F, flow(filterExpr="inIpRange(connection.src_ip, '10.0.0.0/8')")),
                (N, flow(enable=False)),
                (N, flow(enable=None)),
                (N, {**flow(flowSampling=0.1), "purpose": "PRIVATE_NAT"}),
                (U, {**flow(), "purpose": "ORBITAL"}),
                (U, flow(flowSampling="all")),
                (U, {"logConfig": ODD}),
            ],
        ),
        (
            "gcp_legacy_network",
            [
                (P, {}),
                (P, {"autoCreateSubnetworks": True}),
                (F, {"IPv4Range": "10.0.0.0/8"}),
                (F, {"IPv4Range": "192.168.0.0/16", "autoCreateSubnetworks": False}),
            ],
        ),
    ),
    *each(
        ("gcp_lb_logging", "gcp_lb_regional_logging"),
        [
            (P, balancer(True)),
            (P, balancer(True, protocol="HTTP2", loadBalancingScheme="EXTERNAL")),
            (P, balancer(True, protocol="HTTP")),
            (F, balancer()),
            (F, balancer(False)),
            (F, balancer(False, loadBalancingScheme="EXTERNAL")),
            (N, balancer(loadBalancingScheme="INTERNAL_MANAGED")),
            (N, balancer(protocol="TCP", loadBalancingScheme="EXTERNAL")),
            (U, balancer(protocol="QUIC")),
            (U, balancer(loadBalancingScheme="SIDEWAYS")),
            (U, {"logConfig": {"enable": True}}),
            (U, balancer(ODD)),
        ],
    ),
    *each(
        ("gcp_lb_https_tls", "gcp_lb_ssl_tls"),
        [
            (P, tls()),
            (P, tls("TLS_1_3", "RESTRICTED")),
            (P, tls("TLS_1_2", "FIPS_202205", enabledFeatures=["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"])),
            (P, tls("TLS_1_2", "CUSTOM", customFeatures=["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"])),
            (F, {"ssl_policy": {}}),
            (F, tls("TLS_1_0")),
            (F, tls("TLS_1_1", "RESTRICTED")),
            (F, tls("TLS_1_2", "COMPATIBLE")),
            (F, tls("TLS_1_2", "CUSTOM", customFeatures=["TLS_RSA_WITH_3DES_EDE_CBC_SHA"])),
            (F, tls("TLS_1_2", "FIPS_202205", enabledFeatures=["TLS_RSA_WITH_AES_128_GCM_SHA256"])),
            (U, tls("TLS_1_2", "FIPS_202205")),
            (U, tls("TLS_1_2", "CUSTOM")),
            (U, tls("TLS_2_0")),
            (U, tls(None)),
            (U, tls("TLS_1_2", "POST_QUANTUM")),
            (U, unread("ssl_policy")),
            (U, {}),
        ],
    ),
]
for _name, _port in (("ssh", "22"), ("rdp", "3389"), ("all", "")):
    CASES += named(
        (
            f"gcp_network_policy_{_name}_open",
            [
                (P, {"firewall_policies": [], "classic_denies": []}),
                (P, let_in("deny", _port)),
                (P, let_in("allow", _port, "10.0.0.0/8")),
                (F, let_in("allow", _port)),
                (F, let_in("allow", _port, "128.0.0.0/1")),
                (F, let_in("allow", "0-65535")),
                (U, let_in("inspect", _port)),
                (U, let_in("allow", _port, "everywhere")),
                (U, {"firewall_policies": [], **unread("classic_denies")}),
                (U, unread("firewall_policies")),
                (U, {}),
            ],
        )
    )
