"""Kubernetes clusters."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity, Verdict
from cloudaccounts.provider_kit.posture import expect, failed, flag, mappings, passed, posture_check, unknown
from cloudaccounts.provider_kit.reach.addresses import Reach, networks
from cloudaccounts.provider_kit.reach.verdicts import evaluation
from cloudaccounts.providers.gcp.checks.references import cite

# The newer of two places: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
_ADDRESSES = "controlPlaneEndpointsConfig.ipEndpointsConfig"
# Authorized networks are of the other endpoints: https://cloud.google.com/kubernetes-engine/docs/concepts/network-isolation
_BY_NAME = "controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic"
_AUTHORIZED = ("masterAuthorizedNetworksConfig", f"{_ADDRESSES}.authorizedNetworksConfig")


@posture_check(
    "gcp_gke_legacy_abac",
    "Kubernetes cluster uses the old authorization",
    Severity.HIGH,
    "container",
    "gcp.container.cluster",
    why="Attribute-based access control gives every account of the cluster wide rights that roles cannot take away.",
    console="Kubernetes Engine, Clusters, choose the cluster, Security: disable Legacy authorization.",
    command="gcloud container clusters update <cluster> --location=<location> --no-enable-legacy-authorization",
    references=cite("kubernetes-engine/docs/how-to/hardening-your-cluster"),
)
def legacy_abac(asset: Asset) -> Evaluation:
    return expect(not flag(asset, "legacyAbac.enabled"), "Legacy authorization is on.", "Legacy authorization is off.")


@posture_check(
    "gcp_gke_api_open",
    "Kubernetes API is reachable from every network",
    Severity.MEDIUM,
    "container",
    "gcp.container.cluster",
    why="The API commands all that runs in the cluster: a leaked token or a new flaw in it is tried from everywhere.",
    console="Kubernetes Engine, Clusters, choose the cluster, Networking: enable Control plane authorized networks.",
    command="gcloud container clusters update <cluster> --location=<location> --enable-master-authorized-networks "
    "--master-authorized-networks=<your-network>",
    references=cite("kubernetes-engine/docs/how-to/authorized-networks"),
)
def api_open(asset: Asset) -> Evaluation:
    by_address = _open_by_address(asset)
    # What is reached by address is open already; what is unknown there stays so.
    if by_address.verdict != Verdict.PASS or not flag(asset, _BY_NAME):
        return by_address
    # It asks for container.clusters.connect before the API is reached, and perimeters may keep networks away.
    return unknown(
        "Its DNS endpoint takes requests from every network, of whoever may connect by IAM, unless a perimeter of VPC "
        "Service Controls keeps them away: perimeters are not read."
    )


def _open_by_address(asset: Asset) -> Evaluation:
    if flag(asset, "privateClusterConfig.enablePrivateEndpoint"):
        return passed("Its API has a private address only.")
    if not flag(asset, f"{_ADDRESSES}.enabled", default=True):
        return passed("Its API is not reached by address.")
    if not flag(asset, f"{_ADDRESSES}.enablePublicEndpoint", default=True):
        return passed("Its API has a private address only.")
    named = [path for path in _AUTHORIZED if flag(asset, f"{path}.enabled")]
    if not named:
        return failed("Every network may reach its API.")
    blocks = [block.get("cidrBlock") for path in named for block in mappings(asset, f"{path}.cidrBlocks")]
    reach = networks(blocks).reach
    # After the ranges, which would be the wider opening.
    if reach != Reach.OPEN and any(flag(asset, f"{path}.gcpPublicCidrsAccessEnabled") for path in named):
        return failed("Every machine in Google Cloud with a public address, of any customer, may reach its API.")
    return evaluation(
        reach,
        "Networks as large as the internet may reach its API.",
        "Only named networks may reach its API.",
        "An authorized network has a form that is not known here.",
    )


CHECKS = (legacy_abac, api_open)
