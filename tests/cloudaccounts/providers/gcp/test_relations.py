"""Facts of one resource that stand in another: however Google writes the project's name, they find each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import UNREADABLE, Asset
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.gcp.checks import data, services
from cloudaccounts.providers.gcp.inventory.joins import with_overview_facts
from cloudaccounts.providers.gcp.inventory.overview import Overview
from cloudaccounts.providers.gcp.inventory.relations import Policies, with_related_facts

ID, NUMBER = "projects/shop-prod", "projects/123456789012"
EDITOR = "builder@shop-prod.iam.gserviceaccount.com"


def policy(resource: str, kind: str, **roles: list[str]) -> Asset:
    bindings = [{"role": f"roles/{role}", "members": members, "condition": None} for role, members in roles.items()]
    properties = {"resource_type": kind, "bindings": bindings}
    return Asset("gcp.iam_policy.policy", "iam-policy", "global", resource, resource, properties=properties)


def resource(kind: str, native_id: str, name: str = "x") -> Asset:
    return Asset(kind, kind.split(".")[1], "global", native_id, name)


def related(asset: Asset, *policies: Asset) -> dict[str, Any]:
    def explain(error: Exception) -> ProviderError:
        return ProviderError("permission_denied", str(error))

    return dict(with_related_facts(asset, Policies(lambda: policies), explain).properties)


OF_PROJECT = {"owner": ["user:ana@shop.example"], "editor": [f"serviceAccount:{EDITOR}"]}
TOKENS = ["user:tom@shop.example"]


@pytest.mark.parametrize("answered", [ID, NUMBER, "projects/anything-else"])
@pytest.mark.parametrize("listed", [ID, NUMBER])
def test_the_policy_of_the_project_is_known_by_its_type(answered: str, listed: str) -> None:
    own = policy(
        f"//cloudresourcemanager.googleapis.com/{answered}",
        "cloudresourcemanager.googleapis.com/Project",
        **OF_PROJECT,
        **{"iam.serviceAccountTokenCreator": TOKENS},
    )
    project = resource("gcp.cloudresourcemanager.project", f"//cloudresourcemanager.googleapis.com/{listed}")
    facts = related(project, own)
    assert facts["basic_roles"] == {"roles/owner": OF_PROJECT["owner"], "roles/editor": OF_PROJECT["editor"]}
    assert facts["acting_roles"]["roles/iam.serviceAccountTokenCreator"] == TOKENS
    account = resource("gcp.iam.service_account", f"//iam.googleapis.com/{listed}/serviceAccounts/1", EDITOR)
    assert related(account, own)["project_roles"] == ["roles/editor"]


@pytest.mark.parametrize("answered", [ID, NUMBER])
@pytest.mark.parametrize("listed", [ID, NUMBER])
@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("gcp.secretmanager.secret", "//secretmanager.googleapis.com/{}/secrets/orders"),
        ("gcp.pubsub.topic", "//pubsub.googleapis.com/{}/topics/orders"),
        ("gcp.cloudkms.crypto_key", "//cloudkms.googleapis.com/{}/locations/eu/keyRings/a/cryptoKeys/b"),
        ("gcp.storage.bucket", "//storage.googleapis.com/orders"),
    ],
)
def test_a_resource_finds_its_policy_by_id_and_by_number(kind: str, path: str, answered: str, listed: str) -> None:
    open_to_all = policy(path.format(answered), "any/Type", viewer=["allUsers"])
    other = policy(path.format(answered) + "-2", "any/Type", editor=["allUsers"])
    assert related(resource(kind, path.format(listed)), open_to_all, other)["public_roles"] == ["roles/viewer"]


@pytest.mark.parametrize("named", [EDITOR, "112233445566778899000"])
def test_a_service_account_is_found_by_its_address_and_by_its_number(named: str) -> None:
    account = Asset(
        "gcp.iam.service_account",
        "iam",
        "global",
        f"//iam.googleapis.com/{ID}/serviceAccounts/112233445566778899000",
        EDITOR,
        properties={"email": EDITOR, "uniqueId": "112233445566778899000"},
    )
    open_to_all = policy(
        f"//iam.googleapis.com/{NUMBER}/serviceAccounts/{named}",
        "iam.googleapis.com/ServiceAccount",
        **{"iam.serviceAccountTokenCreator": ["allAuthenticatedUsers"]},
    )
    facts = related(account, open_to_all)
    assert (facts["public_roles"], facts["project_roles"]) == (["roles/iam.serviceAccountTokenCreator"], [])


def test_what_lies_in_something_open_is_open() -> None:
    ring = policy(f"//cloudkms.googleapis.com/{ID}/locations/eu/keyRings/r", "any", viewer=["allUsers"])
    key = resource("gcp.cloudkms.crypto_key", f"//cloudkms.googleapis.com/{ID}/locations/eu/keyRings/r/cryptoKeys/k")
    assert related(key, ring)["public_roles"] == ["roles/viewer"]
    dataset = policy(f"//bigquery.googleapis.com/{ID}/datasets/d", "any", viewer=["allUsers"])
    table = resource("gcp.bigquery.table", f"//bigquery.googleapis.com/{ID}/datasets/d/tables/t")
    assert related(table, dataset)["public_roles"] == ["roles/viewer"]
    other = resource("gcp.bigquery.table", f"//bigquery.googleapis.com/{ID}/datasets/e/tables/t")
    assert related(other, dataset)["public_roles"] == []


@pytest.mark.parametrize(
    "path", ["//storage.googleapis.com/projects/_/buckets/orders", "//storage.googleapis.com/orders"]
)
@pytest.mark.parametrize(("folder", "told"), [("reports/", "reports"), ("reports/2026/", "reports/2026")])
def test_a_bucket_is_open_where_one_of_its_managed_folders_is(path: str, folder: str, told: str) -> None:
    kind = "storage.googleapis.com/ManagedFolder"
    shared = policy(f"{path}/managedFolders/{folder}", kind, **{"storage.objectViewer": ["allUsers"]})
    bucket = resource("gcp.storage.bucket", "//storage.googleapis.com/orders", "orders")
    facts = related(bucket, shared)
    assert facts["public_roles"] == [f"roles/storage.objectViewer on the managed folder {told}"]
    found = data.bucket_public.evaluate(replace(bucket, properties=facts))
    assert found.verdict is Verdict.FAIL
    assert told in found.reason
    # Folders of others, other members, and folders that are none of Cloud Storage's change nothing.
    other = resource("gcp.storage.bucket", "//storage.googleapis.com/orders-2", "orders-2")
    assert related(other, shared)["public_roles"] == []
    named = policy(f"{path}/managedFolders/{folder}", kind, **{"storage.objectViewer": ["user:ana@shop.example"]})
    assert related(bucket, named)["public_roles"] == []
    strange = policy(f"//run.googleapis.com/orders/managedFolders/{folder}", kind, viewer=["allUsers"])
    assert related(bucket, strange)["public_roles"] == []


def test_a_function_of_the_second_generation_is_called_through_its_service() -> None:
    service = f"{ID}/locations/europe-west1/services/export"
    function = Asset(
        "gcp.cloudfunctions.function",
        "cloudfunctions",
        "europe-west1",
        f"//cloudfunctions.googleapis.com/{ID}/locations/europe-west1/functions/export",
        "export",
        properties={"serviceConfig": {"service": service}},
    )
    by_number = f"//run.googleapis.com/{service.replace(ID, NUMBER)}"
    open_to_all = policy(by_number, "run.googleapis.com/Service", **{"run.invoker": ["allUsers"]})
    assert related(function, open_to_all)["public_roles"] == ["roles/run.invoker"]


@pytest.mark.parametrize(("listed", "unchecked"), [(NUMBER, True), (ID, True), (ID, False)])
def test_a_function_knows_whether_its_service_asks_who_calls(listed: str, unchecked: bool) -> None:
    annotations = {"run.googleapis.com/invoker-iam-disabled": "true"} if unchecked else {}
    path = f"//run.googleapis.com/{listed}/locations/europe-west1/services/export"
    service = Asset("gcp.run.service", "run", "europe-west1", path, "export", properties={
        "metadata": {"annotations": annotations, "labels": {"a": "b"}}, "spec": {"template": "large"},
    })  # fmt: skip
    named = {"serviceConfig": {"service": f"{ID}/locations/europe-west1/services/export"}, "public_roles": []}
    function = Asset("gcp.cloudfunctions.function", "cloudfunctions", "europe-west1", "//f", "export", properties=named)
    overview = Overview(lambda: [service])
    assert "spec" not in overview.kinds()["gcp.run.service"][0].properties, "only what is asked of it is kept"
    told = with_overview_facts(function, overview, lambda error: ProviderError("odd", str(error)))
    verdict = services.function_public.evaluate(told).verdict
    assert verdict is (Verdict.FAIL if unchecked else Verdict.PASS)
    # A service that is not in the list says nothing about who is asked.
    alone = with_overview_facts(function, Overview(list), lambda error: ProviderError("odd", str(error)))
    assert services.function_public.evaluate(alone).verdict is Verdict.UNKNOWN


def test_policies_that_could_not_be_searched_are_unreadable() -> None:
    def refused() -> Any:
        raise RuntimeError("refused")

    bucket = resource("gcp.storage.bucket", "//storage.googleapis.com/orders")
    told = with_related_facts(bucket, Policies(refused), lambda error: ProviderError("throttled", str(error)))
    assert told.properties == {"public_roles": None, UNREADABLE: {"public_roles": "throttled"}}
