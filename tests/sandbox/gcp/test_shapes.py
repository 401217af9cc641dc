"""The emulated shapes, held against Google's discovery documents (they ship in google-api-python-client)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from google.auth import exceptions as auth

from sandbox.gcp import assets, company, rest
from sandbox.gcp.directory import Directory
from sandbox.gcp.state import State
from sandbox.rig import Rig
from tests.sandbox.gcp.conftest import PROJECT, Rest, token_of

# oauth2's token endpoint is described by RFC 7523, not by a discovery document.
DOCUMENTS = {
    "sts.googleapis.com": "sts.v1",
    "iamcredentials.googleapis.com": "iamcredentials.v1",
    "serviceusage.googleapis.com": "serviceusage.v1",
    "iam.googleapis.com": "iam.v1",
    "monitoring.googleapis.com": "monitoring.v3",
    "logging.googleapis.com": "logging.v2",
    "orgpolicy.googleapis.com": "orgpolicy.v2",
    "compute.googleapis.com": "compute.v1",
    "essentialcontacts.googleapis.com": "essentialcontacts.v1",
    "admin.googleapis.com": "admin.directory_v1",
}


@cache
def document(name: str) -> dict[str, Any]:
    path = files("googleapiclient").joinpath(f"discovery_cache/documents/{name}.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def methods(node: dict[str, Any]) -> list[dict[str, Any]]:
    own = list(node.get("methods", {}).values())
    return own + [method for child in node.get("resources", {}).values() for method in methods(child)]


def test_every_host_has_a_document() -> None:
    assert set(rest.ROUTES) - {"oauth2.googleapis.com"} == set(DOCUMENTS)


@pytest.mark.parametrize("host", DOCUMENTS)
def test_every_emulated_path_is_google_s(host: str) -> None:
    described = document(DOCUMENTS[host])
    assert described["rootUrl"] == f"https://{host}/"
    base = described["servicePath"]
    known = {
        (method["httpMethod"], base + method.get("flatPath", method["path"])): method for method in methods(described)
    }
    for verb, path, action in rest.ROUTES[host]:
        assert known[verb, path]["id"].endswith(action)


def conforms(value: Any, schema: dict[str, Any], schemas: dict[str, Any], where: str) -> list[str]:
    """What the value has that the schema does not know, or in another type."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kind = schema.get("type")
    if kind == "object":
        if not isinstance(value, dict):
            return [f"{where}: not an object"]
        known, more = schema.get("properties", {}), schema.get("additionalProperties")
        wrong = [f"{where}.{name}: unknown" for name in value if name not in known and more is None]
        pairs = [(name, item, known.get(name, more)) for name, item in value.items()]
        return wrong + [
            problem for name, item, of in pairs if of for problem in conforms(item, of, schemas, f"{where}.{name}")
        ]
    if kind == "array":
        if not isinstance(value, list):
            return [f"{where}: not a list"]
        return [problem for item in value for problem in conforms(item, schema["items"], schemas, f"{where}[]")]
    types: dict[str, Any] = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "any": object}
    if not isinstance(value, types[str(kind)]):
        return [f"{where}: not a {kind}"]
    return [] if "enum" not in schema or value in schema["enum"] else [f"{where}: {value!r} is no value of it"]


def assert_shape(answer: dict[str, Any], name: str, schema: str) -> None:
    schemas = document(name)["schemas"]
    assert conforms(answer, {"$ref": schema}, schemas, schema) == []
    assert answer


def test_the_answers_have_google_s_shapes(rig: Rig, token: str) -> None:
    ask = Rest(rig, token)
    email = f"{company.READER_NAME}@{PROJECT}.iam.gserviceaccount.com"
    keys = ask("GET", f"https://iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts/{email}/keys")
    assert_shape(keys.json(), "iam.v1", "ListServiceAccountKeysResponse")
    parent = f"projects/{PROJECT}"
    names = [f"{parent}/services/iam.googleapis.com", f"{parent}/services/dns.googleapis.com"]
    services = ask("GET", f"https://serviceusage.googleapis.com/v1/{parent}/services:batchGet", params={"names": names})
    assert_shape(services.json(), "serviceusage.v1", "BatchGetServicesResponse")
    assert [item["state"] for item in services.json()["services"]] == ["ENABLED", "DISABLED"]


def test_the_log_of_changes_has_google_s_shape(rig: Rig, token: str) -> None:
    rig.control.gcp.put_entry(PROJECT, "storage.googleapis.com", "storage.buckets.update")
    log = f'"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Factivity"'
    question = {
        "resourceNames": [f"projects/{PROJECT}"],
        "filter": f'logName=({log}) AND timestamp>="2026-01-01T00:00:00Z"',
        "orderBy": "timestamp desc",
        "pageSize": 1,
    }
    assert conforms(question, {"$ref": "ListLogEntriesRequest"}, document("logging.v2")["schemas"], "request") == []
    url = "https://logging.googleapis.com/v2/entries:list"
    answer = Rest(rig, token)("POST", url, json=question).json()
    assert_shape(answer, "logging.v2", "ListLogEntriesResponse")
    assert answer["entries"][0]["protoPayload"]["methodName"] == "storage.buckets.update"
    refused = Rest(rig, token)("POST", url, json={**question, "filter": "severity=ERROR"})
    assert refused.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_the_contacts_have_google_s_shape(rig: Rig, token: str) -> None:
    url = f"https://essentialcontacts.googleapis.com/v1/projects/{PROJECT}/contacts:compute"
    answer = Rest(rig, token)("GET", url, params={"notificationCategories": ["LEGAL", "SECURITY"]}).json()
    assert_shape(answer, "essentialcontacts.v1", "GoogleCloudEssentialcontactsV1ComputeContactsResponse")


def test_the_effective_firewalls_have_google_s_shape(rig: Rig, token: str) -> None:
    url = f"https://compute.googleapis.com/compute/v1/projects/{PROJECT}/global/networks"
    ask = Rest(rig, token)
    headers = {"Authorization": f"Bearer {token}", "x-goog-user-project": PROJECT}
    answer = ask("GET", f"{url}/default/getEffectiveFirewalls", headers=headers)
    assert_shape(answer.json(), "compute.v1", "NetworksGetEffectiveFirewallsResponse")
    assert ask("GET", f"{url}/nothing/getEffectiveFirewalls", headers=headers).status_code == 404


def test_an_effective_policy_has_google_s_shape(rig: Rig) -> None:
    admin = rig.control.gcp
    admin.put_project("policy-project")
    admin.set_api("policy-project", "orgpolicy.googleapis.com", True)
    email = admin.put_service_account("policy-project", "looker-on", roles=["roles/orgpolicy.policyViewer"])
    admin.set_policy("policy-project", "iam.disableServiceAccountKeyCreation", True)
    ask = Rest(rig, token_of(rig, admin.put_key(email)))
    base = "https://orgpolicy.googleapis.com/v2/projects/policy-project/policies"
    for constraint, enforced in (
        ("iam.disableServiceAccountKeyCreation", True),
        ("iam.managed.disableServiceAccountKeyCreation", False),
    ):
        answer = ask("GET", f"{base}/{constraint}:getEffectivePolicy").json()
        assert_shape(answer, "orgpolicy.v2", "GoogleCloudOrgpolicyV2Policy")
        assert answer["spec"]["rules"] == [{"enforce": enforced}]


def test_impersonation_has_google_s_shape(rig: Rig) -> None:
    own = token_of(rig, Path(rig.env["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
    email = f"{company.READER_NAME}@{PROJECT}.iam.gserviceaccount.com"
    url = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    body = {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "3600s"}
    schemas = document("iamcredentials.v1")["schemas"]
    assert set(body) <= set(schemas["GenerateAccessTokenRequest"]["properties"])
    answer = Rest(rig, own)("POST", url, json=body)
    assert_shape(answer.json(), "iamcredentials.v1", "GenerateAccessTokenResponse")


def test_the_exchange_has_google_s_shape(rig: Rig) -> None:
    number = next(one["number"] for one in rig.control.gcp.projects() if one["id"] == company.SHOP)
    pool = f"projects/{number}/locations/global/workloadIdentityPools/{company.POOL_NAME}/providers/{company.POOL_NAME}"
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "subject_token": rig.control.gcp.identity_token(),
        "audience": f"//iam.googleapis.com/{pool}",
    }
    answer = Rest(rig)("POST", "https://sts.googleapis.com/v1/token", data=form)
    assert_shape(answer.json(), "sts.v1", "GoogleIdentityStsV1ExchangeTokenResponse")


RESOURCES = {
    "compute": "compute.v1",
    "storage": "storage.v1",
    "sqladmin": "sqladmin.v1beta4",
    "secretmanager": "secretmanager.v1",
    "cloudfunctions": "cloudfunctions.v2",
    "iam": "iam.v1",
    "cloudresourcemanager": "cloudresourcemanager.v3",
    "serviceusage": "serviceusage.v1",
    "cloudkms": "cloudkms.v1",
    "dns": "dns.v1",
    "bigquery": "bigquery.v2",
    "container": "container.v1",
    "apikeys": "apikeys.v2",
    "logging": "logging.v2",
    "monitoring": "monitoring.v3",
    "dataproc": "dataproc.v1",
    "cloudfunctions.googleapis.com/CloudFunction": "cloudfunctions.v1",
}


def test_every_resource_is_as_its_own_api_tells_it(tmp_path: Any) -> None:
    directory = Directory(State(tmp_path))
    company.build(directory)
    seen = set()
    for project in directory.projects.values():
        for one in [*assets.directory_assets(directory, project), *project.assets]:
            name = RESOURCES.get(one["assetType"]) or RESOURCES[one["assetType"].split(".")[0]]
            assert_shape(one["resource"]["data"], name, one["resource"]["discoveryName"])
            assert one["resource"]["version"] == name.split(".")[1]
            seen.add(name)
    assert seen == set(RESOURCES.values())


def test_errors_are_read_by_google_s_own_library(rig: Rig, token: str) -> None:
    from google.api_core.exceptions import from_http_response

    url = "https://iam.googleapis.com/v1/projects/not-mine/serviceAccounts/a@b/keys"
    error = from_http_response(Rest(rig, token)("GET", url))
    assert (error.code, error.reason) == (403, "IAM_PERMISSION_DENIED")
    assert error.metadata["permission"] == "iam.serviceAccountKeys.list"
    with pytest.raises(auth.RefreshError, match="invalid_grant"):
        token_of(rig, rig.scenario("Disabled key", "gcp")["fields"]["service_account_json"])
