"""The simulated Resource Manager: who may read what, in Azure's shapes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from sandbox.control import ControlError
from sandbox.rig import REPOSITORY, Rig
from tests.sandbox.azure.conftest import ARM, VERSIONS, Azure, code_of

UNKNOWN = "0f0f0f0f-1111-4222-8333-444444444444"
SUBSCRIPTIONS, AUTHORIZATION = VERSIONS["subscriptions"], VERSIONS["authorization"]


@pytest.fixture
def token(azure: Azure) -> str:
    return azure.token(azure.fields("Everything granted"))


@pytest.fixture
def base(azure: Azure) -> str:
    return f"/subscriptions/{azure.place('data-platform')}"


def test_without_a_good_token_nothing_is_told(azure: Azure, base: str, token: str) -> None:
    assert code_of(azure.get(base, version=SUBSCRIPTIONS)) == (401, "AuthenticationFailed")
    assert code_of(azure.get(base, token + "x", version=SUBSCRIPTIONS)) == (401, "InvalidAuthenticationToken")
    azure.control.fault("expired_token", service="arm", times=1)
    assert code_of(azure.get(base, token, version=SUBSCRIPTIONS)) == (401, "ExpiredAuthenticationToken")


def test_a_token_is_good_in_its_own_cloud_only(azure: Azure, base: str, token: str) -> None:
    answer = azure.get(f"https://management.usgovcloudapi.net{base}", token, version=SUBSCRIPTIONS)
    assert code_of(answer) == (401, "InvalidAuthenticationTokenAudience")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (UNKNOWN, (404, "SubscriptionNotFound")),
        ("nonsense", (400, "InvalidSubscriptionId")),
        ("partner-shop", (401, "InvalidAuthenticationTokenTenant")),
        ("public-sector", (404, "SubscriptionNotFound")),
        ("legacy-reporting", (403, "AuthorizationFailed")),
    ],
)
def test_each_wrong_subscription_has_its_own_answer(
    azure: Azure, token: str, place: str, expected: tuple[int, str]
) -> None:
    known = {str(one["name"]): str(one["id"]) for one in azure.control.subscriptions()}
    answer = azure.get(f"/subscriptions/{known.get(place, place)}", token, version=SUBSCRIPTIONS)
    assert code_of(answer) == expected


def test_an_app_sees_the_subscriptions_of_its_roles(azure: Azure, token: str) -> None:
    told = azure.get("/subscriptions", token, version=SUBSCRIPTIONS).json()["value"]
    assert {one["displayName"] for one in told} == {"data-platform", "payments-prod", "old-experiments"}
    assert {one["state"] for one in told} == {"Enabled", "Disabled"}
    tenants = azure.get("/tenants", token, version=SUBSCRIPTIONS).json()["value"]
    assert [one["tenantId"] for one in tenants] == [azure.fields("Everything granted")["tenant_id"]]


def test_a_version_is_needed_and_must_exist(azure: Azure, token: str, base: str) -> None:
    missing = azure.http.get(f"https://{ARM}{base}", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert code_of(missing) == (400, "MissingApiVersionParameter")
    assert code_of(azure.get(base, token, version="1999-01-01")) == (400, "InvalidApiVersionParameter")
    disk = f"{base}/resourceGroups/lake/providers/Microsoft.Compute/disks/forgotten-restore"
    assert code_of(azure.get(disk, token, version="1999-01-01")) == (400, "NoRegisteredProviderFound")
    assert azure.get(disk, token, version="2024-03-02").json()["properties"]["diskSizeGB"] == 512


def test_lists_come_in_pages_with_absolute_links(azure: Azure, token: str, base: str) -> None:
    azure.control.seed_resources(azure.place("data-platform"), 50)
    url, names, pages = f"{base}/resources", [], 0
    while url:
        page = azure.get(url, token).json()
        names += [one["name"] for one in page["value"]]
        url, pages = page.get("nextLink", ""), pages + 1
        assert not url or url.startswith(f"https://{ARM}/subscriptions/")
    assert pages >= 4
    assert len(set(names)) == len(names) > 60
    top: Any = {"$top": 3}
    assert len(azure.get(f"{base}/resources", token, **top).json()["value"]) == 3


def test_the_list_of_resources_holds_no_properties(azure: Azure, token: str, base: str) -> None:
    plain = azure.get(f"{base}/resources", token).json()["value"][0]
    assert {"id", "name", "type", "location", "tags"} <= plain.keys()
    assert not {"properties", "createdTime", "changedTime", "provisioningState"} & plain.keys()
    expand: Any = {"$expand": "createdTime,changedTime,provisioningState"}
    assert {"createdTime", "changedTime", "provisioningState"} <= azure.get(
        f"{base}/resources", token, **expand
    ).json()["value"][0].keys()


def test_resources_can_be_filtered_by_type(azure: Azure, token: str, base: str) -> None:
    told = azure.get(f"{base}/resources", token, **{"$filter": "resourceType eq 'Microsoft.KeyVault/vaults'"}).json()
    assert [one["name"] for one in told["value"]] == ["larkfield-lake"]
    assert code_of(azure.get(f"{base}/resources", token, **{"$filter": "name lt 3"})) == (
        400,
        "InvalidFilterInQueryString",
    )


def test_children_are_listed_below_their_parent(azure: Azure, token: str, base: str) -> None:
    server = f"{base}/resourcegroups/lake/providers/Microsoft.Sql/servers/larkfield-warehouse"
    rules = azure.get(f"{server}/firewallRules", token, version="2023-08-01").json()["value"]
    assert [rule["name"] for rule in rules] == ["office"]
    missing = azure.get(f"{server}x", token, version="2023-08-01")
    assert code_of(missing) == (404, "ResourceNotFound")


def test_a_provider_that_is_off_answers_as_such(azure: Azure, token: str, base: str) -> None:
    path = f"{base}/resourceGroups/lake/providers/Microsoft.DBforPostgreSQL/flexibleServers/x"
    assert code_of(azure.get(path, token, version="2024-08-01")) == (409, "MissingSubscriptionRegistration")
    told = azure.get(f"{base}/providers/Microsoft.DBforPostgreSQL", token).json()
    assert told["registrationState"] == "NotRegistered"
    with pytest.raises(ControlError, match="no such resource provider"):
        azure.control.set_subscription(azure.place("data-platform"), providers={"Contoso.Things": "Registered"})


# Access --------------------------------------------------------------------------------------------------------------


def permissions(azure: Azure, place: str, token: str) -> Any:
    path = f"/subscriptions/{azure.place(place)}/providers/Microsoft.Authorization/permissions"
    return azure.get(path, token, version=AUTHORIZATION)


def test_each_role_is_an_entry_of_its_own(azure: Azure, token: str) -> None:
    entries = permissions(azure, "data-platform", token).json()["value"]
    assert [entry["actions"] for entry in entries] == [["*/read"]]
    assert all(set(entry) == {"actions", "notActions", "dataActions", "notDataActions"} for entry in entries)


def test_not_actions_take_from_their_own_role_only(azure: Azure) -> None:
    place = azure.place("payments-prod")
    made = azure.control.put_app(place, "no-vaults", actions=["*/read"], not_actions=["Microsoft.KeyVault/*"])
    path = f"/subscriptions/{place}/resourceGroups/payments/providers/Microsoft.KeyVault/vaults/larkfield-payments"
    token = azure.token(made)
    assert code_of(azure.get(path, token, version="2023-07-01")) == (403, "AuthorizationFailed")
    azure.control.put_app(place, "no-vaults")  # now with Reader
    assert azure.get(path, token, version="2023-07-01").status_code == 200


def test_a_deny_assignment_goes_before_roles(azure: Azure) -> None:
    place = azure.place("payments-prod")
    made = azure.control.put_app(place, "denied")
    spared = azure.control.put_app(place, "spared")
    azure.control.put_denial(place, ["Microsoft.Storage/*/read"], excluded=[spared["client_id"]])
    try:
        path = f"/subscriptions/{place}/resourceGroups/payments/providers/Microsoft.Storage/storageAccounts"
        path += "/larkfieldreceipts"
        denied = azure.get(path, azure.token(made), version="2024-01-01")
        assert code_of(denied) == (403, "DenyAssignmentAuthorizationFailed")
        assert azure.get(path, azure.token(spared), version="2024-01-01").status_code == 200
        listed = azure.get(
            f"/subscriptions/{place}/providers/Microsoft.Authorization/denyAssignments",
            azure.token(made),
            version=AUTHORIZATION,
        ).json()["value"]
        assert listed[0]["properties"]["isSystemProtected"] is True
    finally:
        azure.control.put_denial(place, None)


def test_an_app_without_any_role_may_not_even_ask_for_its_permissions(azure: Azure) -> None:
    token = azure.token(azure.fields("No permission at all"))
    assert code_of(permissions(azure, "payments-prod", token)) == (403, "AuthorizationFailed")


def test_assignments_above_the_subscription_are_told_with_it(azure: Azure, token: str, base: str) -> None:
    path = f"{base}/providers/Microsoft.Authorization"
    told = azure.get(f"{path}/roleAssignments", token, version=AUTHORIZATION, **{"$filter": "atScope()"}).json()
    scopes = {one["properties"]["scope"] for one in told["value"]}
    (group,) = scopes - {base, "/"}
    assert group.startswith("/providers/Microsoft.Management/managementGroups/")
    assert {base, "/"} < scopes
    roles = azure.get(f"{path}/roleDefinitions", token, version=AUTHORIZATION).json()["value"]
    assert {"Owner", "Reader", "Security Reader"} <= {one["properties"]["roleName"] for one in roles}


def test_nothing_can_be_written(azure: Azure, token: str, base: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"https://{ARM}{base}/providers/Microsoft.Sql/register?api-version=2025-04-01"
    assert azure.http.post(url, headers=headers, timeout=10).status_code == 403


# Switches, and what stays ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("throttle", {"seconds": 9}, (429, "SubscriptionRequestsThrottled")),
        ("error", {"status": 502}, (502, "InternalServerError")),
        ("deny", {}, (403, "AuthorizationFailed")),
    ],
)
def test_faults_are_told_in_resource_managers_words(
    azure: Azure, token: str, base: str, kind: str, settings: dict[str, int], expected: tuple[int, str]
) -> None:
    azure.control.fault(kind, permission="Microsoft.Resources/subscriptions/*/read", times=1, **settings)
    answer = azure.get(f"{base}/resources", token)
    assert code_of(answer) == expected
    assert answer.headers.get("Retry-After") == ("9" if kind == "throttle" else None)
    assert azure.get(f"{base}/resources", token).status_code == 200


def test_unknown_paths_are_told_as_not_simulated(azure: Azure, token: str, base: str) -> None:
    assert code_of(azure.get("/providers/Microsoft.Management/managementGroups", token))[1] == "NotSimulated"
    assert code_of(azure.get(f"{base}/tagNames", token))[1] == "NotSimulated"


def test_scenarios_name_what_the_wizard_asks_for(rig: Rig) -> None:
    scenarios = [one for one in rig.credentials if one["cloud"] == "azure"]
    assert len({one["title"] for one in scenarios}) == len(scenarios) == 11
    fields = {
        "client_secret": {"tenant_id", "client_id", "client_secret", "expires_on"},
        "certificate": {"tenant_id", "client_id", "certificate_pem", "password"},
        "federated": {"tenant_id", "client_id"},
    }
    for one in scenarios:
        assert set(one["fields"]) <= fields[one["method"]]
        assert all(one["fields"].values())
        assert one["note"]
    assert os.path.exists(rig.env["AZURE_FEDERATED_TOKEN_FILE"])  # noqa: PTH110


def test_a_customer_marks_a_subscription_by_hand(azure: Azure) -> None:
    place = azure.place("data-platform")
    command = [sys.executable, "-m", "sandbox.azure.tag", "--data-dir", str(azure.rig.data_dir)]
    env = {**os.environ, "CLOUD_ACCOUNTS_SANDBOX": "1"}
    done = subprocess.run(
        [*command, "--subscription", place, "--external-id", "owner-7"],
        cwd=REPOSITORY,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "cloud-accounts-external-id=owner-7\n"
    token = azure.token(azure.fields("Everything granted"))
    told = azure.get(f"/subscriptions/{place}", token, version=SUBSCRIPTIONS).json()
    assert told["tags"]["cloud-accounts-external-id"] == "owner-7"
    unknown = [*command, "--subscription", UNKNOWN, "--external-id", "x"]
    assert subprocess.run(unknown, cwd=REPOSITORY, env=env, capture_output=True, check=False).returncode == 1
