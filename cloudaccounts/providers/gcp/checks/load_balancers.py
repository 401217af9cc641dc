"""What stands between the internet and machines: whether it logs, and which TLS it speaks."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.dated_facts import Support, day_of
from cloudaccounts.provider_kit.posture import (
    expect,
    failed,
    flag,
    known,
    mapping,
    not_applicable,
    passed,
    posture_check,
    text,
    texts,
    unknown,
)
from cloudaccounts.providers.gcp.checks.references import cite
from cloudaccounts.providers.gcp.checks.support import PROFILES, PROTOCOLS

_WEB = ("HTTP", "HTTPS", "HTTP2", "H2C", "GRPC")
_OTHER = ("TCP", "SSL", "UDP", "UNSPECIFIED")
_EXTERNAL = ("EXTERNAL", "EXTERNAL_MANAGED")
_INSIDE = ("INTERNAL", "INTERNAL_MANAGED", "INTERNAL_SELF_MANAGED", "EXTERNAL_PASSTHROUGH")
# https://cloud.google.com/load-balancing/docs/ssl-policies-concepts#features: without forward secrecy.
_WEAK = frozenset(
    {
        *("TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA"),
        *("TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    }
)


def _logging(kind: str, identifier: str) -> PostureCheck:
    return posture_check(
        identifier,
        "Load balancer does not log requests",
        Severity.LOW,
        "compute",
        kind,
        why="Who asked for what, and was answered how, is the first thing that is needed after an attack on a site.",
        console="Network services, Load balancing, choose it, Edit, Backend configuration: Enable logging.",
        command="gcloud compute backend-services update <backend-service> --global --enable-logging "
        "--logging-sample-rate=1",
        references=cite("load-balancing/docs/https/https-logging-monitoring"),
        expected={"logConfig.enable": True},
    )(_logs)


def _logs(asset: Asset) -> Evaluation:
    protocol = text(asset, "protocol").upper()
    scheme = text(asset, "loadBalancingScheme").upper()
    if scheme in _INSIDE or protocol in _OTHER:
        return not_applicable("It serves no load balancer for the web.")
    if scheme not in _EXTERNAL or protocol not in _WEB:
        return unknown("Its scheme or protocol was not told, or is not known here.")
    # "The default value is false": https://cloud.google.com/compute/docs/reference/rest/v1/backendServices
    return expect(flag(asset, "logConfig.enable"), "Its requests are not logged.", "Its requests are logged.")


def _tls(kind: str, identifier: str, command: str) -> PostureCheck:
    return posture_check(
        identifier,
        "Load balancer speaks TLS of the past",
        Severity.MEDIUM,
        "compute",
        kind,
        why="TLS 1.0 and 1.1, and ciphers without forward secrecy, let traffic that is recorded today be read later.",
        console="Network services, Load balancing, Advanced menu, SSL policies: minimum TLS 1.2, profile Restricted or "
        "Modern; then choose it at the load balancer's frontend.",
        command=f"gcloud compute ssl-policies create <policy> --profile=MODERN --min-tls-version=1.2\n{command}",
        references=cite("load-balancing/docs/ssl-policies-concepts"),
        expected={"ssl_policy.minTlsVersion": "TLS_1_2 or later"},
        time_dependent=True,
    )(_strong_tls)


def _strong_tls(asset: Asset) -> Evaluation:
    known(asset, "ssl_policy")
    policy = mapping(asset, "ssl_policy")
    if not policy:
        return failed("It has no SSL policy: Google's default takes TLS 1.0 and ciphers without forward secrecy.")
    version, profile = text(asset, "ssl_policy.minTlsVersion"), text(asset, "ssl_policy.profile")
    support = PROTOCOLS.support(version, day_of(asset))
    secret = PROFILES.detail(profile, "forward_secrecy")
    # TLS 1.3 alone has no cipher without forward secrecy, whatever the profile.
    if support is Support.ENDED or (secret is False and version != "TLS_1_3"):
        return failed(f"Its SSL policy takes {version or 'old versions'} with the profile {profile}.")
    if support is Support.UNKNOWN:
        return unknown("The lowest version that its SSL policy takes was not told, or is not known here.")
    if secret is not None:
        return passed(f"Its SSL policy takes {version} and later, with the profile {profile}.")
    # Google lists the features of every policy: https://cloud.google.com/compute/docs/reference/rest/v1/sslPolicies
    features = {*texts(asset, "ssl_policy.customFeatures"), *texts(asset, "ssl_policy.enabledFeatures")}
    if not features:
        return unknown("The ciphers of its SSL policy were not told, and its profile is not known here.")
    weak = sorted(features & _WEAK)
    return expect(not weak, f"Its SSL policy has {weak[0] if weak else ''}.", "Its SSL policy has strong ciphers only.")


CHECKS = (
    _logging("gcp.compute.backend_service", "gcp_lb_logging"),
    _logging("gcp.compute.region_backend_service", "gcp_lb_regional_logging"),
    _tls(
        "gcp.compute.target_https_proxy",
        "gcp_lb_https_tls",
        "gcloud compute target-https-proxies update <proxy> --ssl-policy=<policy>",
    ),
    _tls(
        "gcp.compute.target_ssl_proxy",
        "gcp_lb_ssl_tls",
        "gcloud compute target-ssl-proxies update <proxy> --ssl-policy=<policy>",
    ),
)
