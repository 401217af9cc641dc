"""Links into Google Cloud's console: each kind of name, and names that somebody made up."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.console import _TABLE
from cloudaccounts.providers.gcp.provider import PROVIDER
from tests.cloudaccounts.providers.gcp.conftest import Cloud

OWN = "my-project-123"
EMAIL = f"reader@{OWN}.iam.gserviceaccount.com"


def link(name: str, *, kind: str = "gcp.any.thing", account: str = OWN, partition: str = "gcp") -> str:
    asset = Asset(kind, "any", "global", name, "x")
    return PROVIDER.build_console_link(asset, account_id=account, partition=partition)


def at(service: str, rest: str) -> str:
    return f"//{service}.googleapis.com/projects/{OWN}/{rest}"


CASES = [
    (f"//cloudresourcemanager.googleapis.com/projects/{OWN}", "home/dashboard"),
    (f"//cloudidentity.googleapis.com/projects/{OWN}", "iam-admin/iam"),
    ("//cloudresourcemanager.googleapis.com/projects/123456789012", "home/dashboard"),
    (f"//compute.googleapis.com/projects/{OWN}", "compute/metadata"),
    (at("compute", "zones/europe-west1-b/instances/a"), "compute/instancesDetail/zones/europe-west1-b/instances/a"),
    (at("compute", "zones/europe-west1-b/disks/a"), "compute/disksDetail/zones/europe-west1-b/disks/a"),
    (at("compute", "regions/europe-west1/disks/a"), "compute/disksDetail/regions/europe-west1/disks/a"),
    (at("compute", "global/snapshots/a"), f"compute/snapshotsDetail/projects/{OWN}/global/snapshots/a"),
    (at("compute", "global/images/a"), f"compute/imagesDetail/projects/{OWN}/global/images/a"),
    (at("compute", "zones/us-east1-b/instanceGroupManagers/a"), "compute/instanceGroups/details/us-east1-b/a"),
    (at("compute", "global/instanceTemplates/a"), "compute/instanceTemplates/details/a"),
    (at("compute", "global/networks/a"), "networking/networks/details/a"),
    (at("compute", "regions/us-east1/subnetworks/a"), "networking/subnetworks/details/us-east1/a"),
    (at("compute", "global/firewalls/a"), "networking/firewalls/details/a"),
    (at("compute", "global/routes/a"), "networking/routes/details/a"),
    (at("compute", "regions/us-east1/addresses/a"), "networking/addresses/list"),
    (at("compute", "regions/us-east1/routers/a"), "hybrid/routers/details/us-east1/a"),
    ("//storage.googleapis.com/my.bucket_1", "storage/browser/my.bucket_1"),
    (at("container", "locations/us-east1/clusters/a"), "kubernetes/clusters/details/us-east1/a/details"),
    (at("container", "zones/us-east1-b/clusters/a"), "kubernetes/clusters/details/us-east1-b/a/details"),
    (at("container", "locations/us-east1/clusters/a/nodePools/b"), "kubernetes/nodepool/us-east1/a/b"),
    (at("cloudsql", "instances/a"), "sql/instances/a/overview"),
    (at("sqladmin", "instances/a"), "sql/instances/a/overview"),
    (at("iam", "serviceAccounts/123456789012345678901"), "iam-admin/serviceaccounts/details/123456789012345678901"),
    (
        at("iam", f"serviceAccounts/{EMAIL}"),
        f"iam-admin/serviceaccounts/details/reader%40{OWN}.iam.gserviceaccount.com",
    ),
    (at("iam", f"serviceAccounts/1234567890/keys/{'a' * 40}"), "iam-admin/serviceaccounts/details/1234567890/keys"),
    (at("iam", "roles/partialAuditor"), "iam-admin/roles"),
    (at("cloudkms", "locations/eu/keyRings/r/cryptoKeys/k"), "security/kms/key/manage/eu/r/k"),
    (at("cloudkms", "locations/eu/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"), "security/kms/key/manage/eu/r/k"),
    (at("cloudkms", "locations/europe-west1/keyRings/r"), "security/kms/keyring/manage/europe-west1/r/key"),
    (at("pubsub", "topics/some.topic"), "cloudpubsub/topic/detail/some.topic"),
    (at("pubsub", "subscriptions/some-sub"), "cloudpubsub/subscription/detail/some-sub"),
    (at("cloudfunctions", "locations/us-east1/functions/f"), "functions/details/us-east1/f"),
    (at("run", "locations/us-east1/services/s"), "run/detail/us-east1/s/general"),
    (at("run", "locations/us-east1/revisions/s-1"), "run"),
    ("//secretmanager.googleapis.com/projects/123456789012/secrets/s", "security/secret-manager/secret/s"),
    ("//secretmanager.googleapis.com/projects/123456789012/secrets/s/versions/1", "security/secret-manager/secret/s"),
    (at("dns", "managedZones/z"), "net-services/dns/zones/z/details"),
    ("//serviceusage.googleapis.com/projects/123456789012/services/iam.googleapis.com", "apis/api/iam.googleapis.com"),
    (at("apikeys", "locations/global/keys/5f0c2b7e-1a2b-4c3d"), "apis/credentials/key/5f0c2b7e-1a2b-4c3d"),
    (at("spanner", "instances/i"), "spanner/instances/i/details/databases"),
    (at("logging", "sinks/_Default"), "logs/router"),
    (at("logging", "sinks/central"), "logs/router"),
    (at("logging", "locations/global/buckets/central"), "logs/storage"),
    (f"//appengine.googleapis.com/apps/{OWN}", "appengine"),
    (f"//appengine.googleapis.com/apps/{OWN}/services/default", "appengine/services"),
    (at("artifactregistry", "locations/eu/repositories/r"), "artifacts"),
    (at("bigquery", "datasets/d_1"), "bigquery"),
    (at("bigquery", "datasets/d_1/tables/t"), "bigquery"),
    (at("dataproc", "regions/us-east1/clusters/c"), "dataproc/clusters/c/monitoring"),
    (
        at("redis", "locations/us-east1/instances/i"),
        "memorystore/redis/locations/us-east1/instances/i/details/overview",
    ),
]


@pytest.mark.parametrize(("name", "page"), CASES)
def test_each_kind_has_its_page(name: str, page: str) -> None:
    parts = urlsplit(link(name))
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == (
        "https",
        "console.cloud.google.com",
        f"/{page}",
        "",
    )
    assert parse_qs(parts.query)["project"] == [OWN]


def test_each_pattern_is_tried() -> None:
    assert len(_TABLE) >= 25
    assert len({page for _, page in CASES}) >= 40


def test_datasets_and_tables_are_named_in_the_query() -> None:
    query = parse_qs(urlsplit(link(at("bigquery", "datasets/d_1/tables/t"))).query)
    assert query == {"p": [OWN], "d": ["d_1"], "t": ["t"], "page": ["table"], "project": [OWN]}


def test_a_policy_is_shown_with_its_resource_and_the_projects_under_iam() -> None:
    kind = "gcp.iam_policy.policy"
    assert link(f"//cloudresourcemanager.googleapis.com/projects/{OWN}", kind=kind).endswith(
        f"/iam-admin/iam?project={OWN}"
    )
    assert "/storage/browser/" in link("//storage.googleapis.com/my-bucket", kind=kind)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "//",
        "//storage.googleapis.com/",
        "//storage.googleapis.com/../evil",
        "//storage.googleapis.com/bucket/object",
        "//storage.googleapis.com/bucket?x",
        "//storage.googleapis.com/bucket#x",
        "//storage.googleapis.com/buck\net",
        "//storage.googleapis.com/bucket\n",
        "//evil.com/projects/my-project-123/topics/abc",
        "//pubsub.googleapis.com.evil.com/projects/my-project-123/topics/abc",
        "//pubsub.googleapis.com/projects/other-project-1/topics/abc",
        "//compute.googleapis.com/projects/my-project-123/zones/../instances/a",
        "//compute.googleapis.com/projects/my-project-123/zones/a@evil.com/instances/a",
        "//compute.googleapis.com/projects/my-project-123/zones/europe-west1-b/instances/a b",
        "//iam.googleapis.com/projects/my-project-123/serviceAccounts/a@evil.com",
        "https://evil.com/",
        "//compute.googleapis.com/projects/my-project-123/zones/europe-west1-b/unheardOf/a",
    ],
)
def test_what_does_not_fit_has_no_link(name: str) -> None:
    assert link(name) == ""


@pytest.mark.parametrize(
    "wrong", [{"account": "evil.com"}, {"account": ""}, {"account": "123456"}, {"partition": "aws"}]
)
def test_what_is_around_it_is_validated_as_well(wrong: dict[str, str]) -> None:
    assert link("//storage.googleapis.com/my-bucket", **wrong) == ""


pieces = st.sampled_from(["/", "..", "@", "#", ":", "?", "&", "%2f", "\\", "evil.com", OWN, "\n", "é", "projects"])


@given(
    start=st.sampled_from([name for name, _ in CASES]),
    tail=st.lists(pieces | st.text(max_size=6), max_size=6),
    cut=st.integers(0, 60),
)
def test_no_crafted_name_leads_elsewhere(start: str, tail: list[str], cut: int) -> None:
    found = link(start[: max(0, len(start) - cut)] + "".join(tail))
    if found:
        parts = urlsplit(found)
        assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "console.cloud.google.com", "")
        assert parse_qs(parts.query)["project"] == [OWN]
        assert found.isascii()
        assert ".." not in parts.path.split("/")
        assert not set(found) & set(" \\\n<>\"'#@")


def test_everything_that_a_scan_finds_has_a_link(cloud: Cloud) -> None:
    project = "meadowlark-data-prod"
    session = cloud.open(cloud.scenario("Everything granted"), account_id=project)
    for unit in session.units(("europe-west1",)):
        for asset in session.collect(unit):
            assert link(asset.native_id, kind=asset.type, account=project), asset.native_id
