"""Where a resource is shown in Google Cloud's console. No Django, no SDK, no network.

A full resource name (``//SERVICE/projects/PROJECT/…``) is checked against one pattern for each type, part by part. What
fits none has no link. https://cloud.google.com/asset-inventory/docs/asset-names
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.identifiers import PROJECT_ID
from cloudaccounts.providers.gcp.regions import PARTITION

HOST = "console.cloud.google.com"

_PARTS = {
    "p": r"[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{6,20}",  # Google names a project by its id, or by its number
    "z": r"[a-z]{2,24}(?:-[a-z0-9]{1,24}){1,3}",  # region or zone
    "l": r"[a-z]{2,24}[0-9]{0,2}(?:-[a-z0-9]{1,24}){0,3}",  # any location: europe-west1, eu, nam4, global
    "n": r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}",
    "b": r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]",  # a bucket
    "i": r"[0-9]{6,25}|[a-z0-9][a-z0-9-]{0,62}@[a-z0-9.-]{1,120}\.gserviceaccount\.com",  # a service account
    "t": r"[A-Za-z_][A-Za-z0-9._~-]{2,254}",  # topic, subscription, sink
    "k": r"[0-9a-f-]{8,64}",
    "a": r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}",  # an API
    "d": r"[A-Za-z0-9_]{1,255}",  # dataset, table
}
# Resource name and page. `{p}` and the others stand for parts (`{n2}`: another of the same kind).
_TABLE: tuple[tuple[str, str], ...] = (
    ("//cloudresourcemanager.googleapis.com/projects/{p}", "home/dashboard"),
    ("//cloudidentity.googleapis.com/projects/{p}", "iam-admin/iam"),  # people are kept in the Admin console
    ("//compute.googleapis.com/projects/{p}", "compute/metadata"),
    (
        "//compute.googleapis.com/projects/{p}/zones/{z}/instances/{n}",
        "compute/instancesDetail/zones/{z}/instances/{n}",
    ),
    ("//compute.googleapis.com/projects/{p}/zones/{z}/disks/{n}", "compute/disksDetail/zones/{z}/disks/{n}"),
    ("//compute.googleapis.com/projects/{p}/regions/{z}/disks/{n}", "compute/disksDetail/regions/{z}/disks/{n}"),
    (
        "//compute.googleapis.com/projects/{p}/global/snapshots/{n}",
        "compute/snapshotsDetail/projects/{own}/global/snapshots/{n}",
    ),
    (
        "//compute.googleapis.com/projects/{p}/global/images/{n}",
        "compute/imagesDetail/projects/{own}/global/images/{n}",
    ),
    (
        "//compute.googleapis.com/projects/{p}/zones/{z}/instanceGroupManagers/{n}",
        "compute/instanceGroups/details/{z}/{n}",
    ),
    ("//compute.googleapis.com/projects/{p}/global/instanceTemplates/{n}", "compute/instanceTemplates/details/{n}"),
    ("//compute.googleapis.com/projects/{p}/global/networks/{n}", "networking/networks/details/{n}"),
    ("//compute.googleapis.com/projects/{p}/regions/{z}/subnetworks/{n}", "networking/subnetworks/details/{z}/{n}"),
    ("//compute.googleapis.com/projects/{p}/global/firewalls/{n}", "networking/firewalls/details/{n}"),
    ("//compute.googleapis.com/projects/{p}/global/routes/{n}", "networking/routes/details/{n}"),
    ("//compute.googleapis.com/projects/{p}/regions/{z}/addresses/{n}", "networking/addresses/list"),
    ("//compute.googleapis.com/projects/{p}/regions/{z}/routers/{n}", "hybrid/routers/details/{z}/{n}"),
    ("//compute.googleapis.com/projects/{p}/global/backendServices/{n}", "net-services/loadbalancing/list/backends"),
    (
        "//compute.googleapis.com/projects/{p}/regions/{z}/backendServices/{n}",
        "net-services/loadbalancing/list/backends",
    ),
    (
        "//compute.googleapis.com/projects/{p}/global/targetHttpsProxies/{n}",
        "net-services/loadbalancing/list/loadBalancers",
    ),
    (
        "//compute.googleapis.com/projects/{p}/global/targetSslProxies/{n}",
        "net-services/loadbalancing/list/loadBalancers",
    ),
    ("//compute.googleapis.com/projects/{p}/global/sslPolicies/{n}", "net-security/sslpolicies/list"),
    ("//compute.googleapis.com/projects/{p}/global/firewallPolicies/{n}", "net-security/firewall-manager/manage/list"),
    (
        "//compute.googleapis.com/projects/{p}/regions/{z}/firewallPolicies/{n}",
        "net-security/firewall-manager/manage/list",
    ),
    ("//storage.googleapis.com/{b}", "storage/browser/{b}"),
    (
        "//container.googleapis.com/projects/{p}/locations/{z}/clusters/{n}",
        "kubernetes/clusters/details/{z}/{n}/details",
    ),
    ("//container.googleapis.com/projects/{p}/zones/{z}/clusters/{n}", "kubernetes/clusters/details/{z}/{n}/details"),
    (
        "//container.googleapis.com/projects/{p}/locations/{z}/clusters/{n}/nodePools/{n2}",
        "kubernetes/nodepool/{z}/{n}/{n2}",
    ),
    ("//cloudsql.googleapis.com/projects/{p}/instances/{n}", "sql/instances/{n}/overview"),
    ("//sqladmin.googleapis.com/projects/{p}/instances/{n}", "sql/instances/{n}/overview"),
    ("//iam.googleapis.com/projects/{p}/serviceAccounts/{i}", "iam-admin/serviceaccounts/details/{i}"),
    ("//iam.googleapis.com/projects/{p}/serviceAccounts/{i}/keys/{k}", "iam-admin/serviceaccounts/details/{i}/keys"),
    ("//iam.googleapis.com/projects/{p}/roles/{t}", "iam-admin/roles"),
    (
        "//cloudkms.googleapis.com/projects/{p}/locations/{l}/keyRings/{n}/cryptoKeys/{n2}",
        "security/kms/key/manage/{l}/{n}/{n2}",
    ),
    (
        "//cloudkms.googleapis.com/projects/{p}/locations/{l}/keyRings/{n}/cryptoKeys/{n2}/cryptoKeyVersions/{n3}",
        "security/kms/key/manage/{l}/{n}/{n2}",
    ),
    ("//cloudkms.googleapis.com/projects/{p}/locations/{l}/keyRings/{n}", "security/kms/keyring/manage/{l}/{n}/key"),
    ("//pubsub.googleapis.com/projects/{p}/topics/{t}", "cloudpubsub/topic/detail/{t}"),
    ("//pubsub.googleapis.com/projects/{p}/subscriptions/{t}", "cloudpubsub/subscription/detail/{t}"),
    ("//cloudfunctions.googleapis.com/projects/{p}/locations/{z}/functions/{n}", "functions/details/{z}/{n}"),
    ("//run.googleapis.com/projects/{p}/locations/{z}/services/{n}", "run/detail/{z}/{n}/general"),
    ("//run.googleapis.com/projects/{p}/locations/{z}/revisions/{n}", "run"),
    ("//secretmanager.googleapis.com/projects/{p}/secrets/{n}", "security/secret-manager/secret/{n}"),
    ("//secretmanager.googleapis.com/projects/{p}/secrets/{n}/versions/{n2}", "security/secret-manager/secret/{n}"),
    ("//dns.googleapis.com/projects/{p}/managedZones/{n}", "net-services/dns/zones/{n}/details"),
    ("//dns.googleapis.com/projects/{p}/policies/{n}", "net-services/dns/policies"),
    ("//serviceusage.googleapis.com/projects/{p}/services/{a}", "apis/api/{a}"),
    ("//apikeys.googleapis.com/projects/{p}/locations/global/keys/{k}", "apis/credentials/key/{k}"),
    ("//spanner.googleapis.com/projects/{p}/instances/{n}", "spanner/instances/{n}/details/databases"),
    ("//logging.googleapis.com/projects/{p}/sinks/{t}", "logs/router"),
    ("//logging.googleapis.com/projects/{p}/metrics/{t}", "logs/metrics"),
    ("//logging.googleapis.com/projects/{p}/locations/{l}/buckets/{t}", "logs/storage"),
    ("//monitoring.googleapis.com/projects/{p}/alertPolicies/{n}", "monitoring/alerting/policies/{n}"),
    ("//appengine.googleapis.com/apps/{p}", "appengine"),
    ("//appengine.googleapis.com/apps/{p}/services/{n}", "appengine/services"),
    ("//artifactregistry.googleapis.com/projects/{p}/locations/{l}/repositories/{n}", "artifacts"),
    ("//bigquery.googleapis.com/projects/{p}/datasets/{d}", "bigquery?p={own}&d={d}&page=dataset"),
    ("//bigquery.googleapis.com/projects/{p}/datasets/{d}/tables/{d2}", "bigquery?p={own}&d={d}&t={d2}&page=table"),
    ("//dataproc.googleapis.com/projects/{p}/regions/{z}/clusters/{n}", "dataproc/clusters/{n}/monitoring?region={z}"),
    (
        "//redis.googleapis.com/projects/{p}/locations/{z}/instances/{n}",
        "memorystore/redis/locations/{z}/instances/{n}/details/overview",
    ),
)
_POLICY = "gcp.iam_policy.policy"


def _pattern(name: str) -> re.Pattern[str]:
    """Each part is a letter and perhaps a number; the letter chooses the allow-list."""
    pieces = re.split(r"\{(\w+)\}", name)
    return re.compile("".join(re.escape(p) if n % 2 == 0 else f"(?P<{p}>{_PARTS[p[0]]})" for n, p in enumerate(pieces)))


_PATTERNS = tuple((_pattern(name), page) for name, page in _TABLE)


def build_console_link(asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
    """Empty where none can be built safely, and for resources of another project. ``tenant`` is for other clouds."""
    if partition != PARTITION or not PROJECT_ID.fullmatch(account_id):
        return ""
    for pattern, page in _PATTERNS:
        if match := pattern.fullmatch(asset.native_id):
            return _link(match.groupdict(), page, asset.type, account_id)
    return ""


def _link(parts: dict[str, str], page: str, kind: str, account_id: str) -> str:
    """Only within the account's own project: there is no link for a name with another project's id."""
    project = parts.get("p", account_id)
    # A number cannot be compared with the id; the link then leads to the own project all the same.
    if project != account_id and not project.isdigit():
        return ""
    if kind == _POLICY and page == "home/dashboard":
        page = "iam-admin/iam"
    path = page.format(own=account_id, **{name: quote(part, safe="") for name, part in parts.items()})
    link = f"https://{HOST}/{path}{'&' if '?' in path else '?'}project={account_id}"
    address = urlsplit(link)
    return link if (address.scheme, address.netloc) == ("https", HOST) else ""
