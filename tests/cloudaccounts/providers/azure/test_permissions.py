"""Azure's rules of access, and the list of what a scan needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError

from cloudaccounts.contract.report import CheckStatus, PermissionResult, PermissionStatus
from cloudaccounts.providers.azure import check_results, setup_texts
from cloudaccounts.providers.azure.client import Connection
from cloudaccounts.providers.azure.permission_check import deny_assignments, evaluate
from cloudaccounts.providers.azure.permissions import BY_ACTION, NAMESPACES, PERMISSIONS, blind_topics
from cloudaccounts.providers.azure.rbac import EVERYONE, DenyAssignment, Entry, Reach, granted
from sandbox.azure.access import READER

SUBSCRIPTION = "cccccccc-1111-4222-8333-444444444444"
ME = "dddddddd-1111-4222-8333-444444444444"
READ = "Microsoft.Storage/storageAccounts/read"


def entry(*actions: str, but: tuple[str, ...] = ()) -> Entry:
    return Entry.of({"actions": list(actions), "notActions": list(but)})


@pytest.mark.parametrize(
    ("actions", "action", "expected"),
    [
        (["*"], READ, True),
        (["*/read"], READ, True),
        (["*/READ"], READ, True),
        (["microsoft.storage/STORAGEACCOUNTS/Read"], READ, True),
        (["Microsoft.Storage/*"], READ, True),
        (["Microsoft.Storage/*/read"], "Microsoft.Storage/storageAccounts/blobServices/containers/read", True),
        (["Microsoft.Storage/storageAccounts/*"], READ, True),
        (["Microsoft.Storage/storageAccounts"], READ, False),
        (["Microsoft.Storage/storageAccounts/read/"], READ, False),
        (["Microsoft.Storage/*/write"], READ, False),
        (["MicrosoftXStorage/storageAccounts/read"], READ, False),
        (["Microsoft.Storage/storageAccounts/rea?"], READ, False),
        (["Microsoft.Storage/storageAccounts/[r]ead"], READ, False),
        (["**/read"], READ, True),
        ([], READ, False),
    ],
)
def test_a_star_spans_slashes_and_case_does_not_count(actions: list[str], action: str, expected: bool) -> None:
    assert granted([entry(*actions)], action) is expected


def test_not_actions_count_within_their_own_role_only() -> None:
    """Pooling them would take away what another role gives."""
    without_storage = entry("*/read", but=("Microsoft.Storage/*",))
    storage_alone = entry("Microsoft.Storage/*/read", but=("Microsoft.Compute/*",))
    assert not granted([without_storage], READ)
    assert granted([without_storage, storage_alone], READ)
    assert granted([without_storage, storage_alone], "Microsoft.Compute/disks/read")


def test_missing_lists_are_empty_lists() -> None:
    assert Entry.of({}) == Entry(())
    assert Entry.of({"actions": None, "notActions": None, "dataActions": ["*"]}) == Entry((), (), ("*",))


USUAL = {
    "denyAssignmentName": "stack",
    "permissions": [{"actions": ["*"], "notActions": []}],
    "scope": f"/subscriptions/{SUBSCRIPTION}",
    "principals": [{"id": ME, "type": "ServicePrincipal"}],
    "excludePrincipals": [],
}


def denial(**properties: Any) -> DenyAssignment | None:
    return DenyAssignment.of({"properties": {**USUAL, **properties}}, SUBSCRIPTION)


@pytest.mark.parametrize(
    ("properties", "reach"),
    [
        ({}, Reach.YES),
        ({"principals": [{"id": ME.upper(), "type": "ServicePrincipal"}]}, Reach.YES),
        ({"principals": [{"id": EVERYONE, "type": "SystemDefined"}]}, Reach.YES),
        ({"principals": [{"id": SUBSCRIPTION, "type": "User"}]}, Reach.NO),
        ({"principals": [{"id": SUBSCRIPTION, "type": "Group"}]}, Reach.MAYBE),
        (
            {
                "principals": [{"id": EVERYONE, "type": "SystemDefined"}],
                "excludePrincipals": [{"id": ME, "type": "ServicePrincipal"}],
            },
            Reach.NO,
        ),
        ({"excludePrincipals": [{"id": SUBSCRIPTION, "type": "Group"}]}, Reach.MAYBE),
        ({"permissions": [{"actions": ["*/write"]}]}, Reach.NO),
        ({"permissions": [{"actions": ["*"], "notActions": ["*/read"]}]}, Reach.NO),
        ({"condition": "@Resource[x] StringEquals 'y'"}, Reach.MAYBE),
        ({"doNotApplyToChildScopes": True}, Reach.MAYBE),
        ({"scope": "/"}, Reach.YES),
        ({"scope": "/providers/Microsoft.Management/managementGroups/root"}, Reach.YES),
    ],
)
def test_whom_a_deny_assignment_reaches(properties: dict[str, Any], reach: Reach) -> None:
    found = denial(**properties)
    assert found is not None
    assert found.reaches(READ, ME) == reach


@pytest.mark.parametrize(
    "properties",
    [
        {"scope": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/one"},
        {"scope": "/", "doNotApplyToChildScopes": True},
    ],
)
def test_a_deny_assignment_about_something_else_is_left_out(properties: dict[str, Any]) -> None:
    assert denial(**properties) is None


IN_A_GROUP = {"principals": [{"id": SUBSCRIPTION, "type": "Group"}]}
SPARES_A_GROUP = {"excludePrincipals": [{"id": SUBSCRIPTION, "type": "Group"}]}


@pytest.mark.parametrize(
    ("properties", "assigned", "reach"),
    [
        (IN_A_GROUP, {"/one"}, Reach.YES),
        (IN_A_GROUP, {"/two"}, Reach.NO),
        ({}, set(), Reach.YES),  # of no group: what it says itself counts
        ({"principals": [*IN_A_GROUP["principals"], {"id": EVERYONE, "type": "SystemDefined"}]}, set(), Reach.YES),
        # Who is among those that are spared, Azure does not tell.
        (IN_A_GROUP | SPARES_A_GROUP, {"/one"}, Reach.MAYBE),
        (IN_A_GROUP | {"condition": "@Resource[x] StringEquals 'y'"}, {"/one"}, Reach.MAYBE),
    ],
)
def test_a_group_is_told_apart_by_what_is_assigned_to_the_app(
    properties: dict[str, Any], assigned: set[str], reach: Reach
) -> None:
    found = DenyAssignment.of({"id": "/One", "properties": {**USUAL, **properties}}, SUBSCRIPTION)
    assert found is not None
    assert found.among_groups(ME, assigned).reaches(READ, ME) == reach


class Listing:
    """An Azure that lists deny assignments, and not by whom they reach."""

    subscription_id = SUBSCRIPTION

    def pages(self, path: str, api_version: str, **parameters: str) -> Iterator[dict[str, Any]]:
        if "assignedTo" in parameters["$filter"]:
            raise HttpResponseError("This filter is not known.")
        yield {"id": "/one", "properties": {**USUAL, **IN_A_GROUP}}


def test_a_filter_that_azure_does_not_take_leaves_it_uncertain() -> None:
    [found] = deny_assignments(cast("Connection", Listing()), ME)
    assert found.reaches(READ, ME) == Reach.MAYBE


def test_an_unknown_principal_makes_a_deny_assignment_uncertain() -> None:
    found = denial()
    assert found is not None
    assert found.reaches(READ, "") == Reach.MAYBE


def test_a_denial_goes_before_every_role() -> None:
    found = denial()
    assert found is not None
    permission = BY_ACTION[READ]
    assert evaluate(permission, [entry("*")], [], ME).status == PermissionStatus.GRANTED
    assert evaluate(permission, [entry("*")], [found], ME).status == PermissionStatus.DENIED
    assert evaluate(permission, [entry("*")], [found], "").status == PermissionStatus.UNVERIFIABLE


# The list ------------------------------------------------------------------------------------------------------------


def test_each_permission_is_listed_once_and_is_a_read() -> None:
    assert len(BY_ACTION) == len(PERMISSIONS)
    assert all(item.action.endswith("/read") for item in PERMISSIONS)
    assert all(item.action.startswith(f"{item.namespace}/") for item in PERMISSIONS)
    assert "Microsoft.Resources" not in NAMESPACES


def test_the_role_of_the_guides_grants_everything_that_is_needed_and_no_more_than_reading() -> None:
    assert READER.id == setup_texts.READER
    assert all(granted([entry(*READER.actions)], action) for action in BY_ACTION)
    assert READER.actions == ("*/read",)


def results(**statuses: PermissionStatus) -> tuple[PermissionResult, ...]:
    by_end = {name.replace("_", "/") + "/read": status for name, status in statuses.items()}
    return tuple(
        PermissionResult(
            item.service,
            item.action,
            next((status for end, status in by_end.items() if item.action.endswith(end)), PermissionStatus.GRANTED),
        )
        for item in PERMISSIONS
    )


def test_the_verdict_follows_from_the_results() -> None:
    assert check_results.permissions(results(), None).status == CheckStatus.PASSED
    nothing = tuple(PermissionResult(item.service, item.action, PermissionStatus.DENIED) for item in PERMISSIONS)
    assert check_results.permissions(nothing, None).code == "no_permissions"
    assert check_results.permissions(nothing, None).status == CheckStatus.FAILED
    gap = check_results.permissions(results(disks=PermissionStatus.DENIED), None)
    assert (gap.status, gap.code) == (CheckStatus.WARNING, "permissions_missing")
    assert "managed disks" in gap.detail
    unsure = check_results.permissions(results(disks=PermissionStatus.UNVERIFIABLE), None)
    assert unsure.status == CheckStatus.PASSED
    assert "1 could not be verified." in unsure.detail


def only(*ends: str) -> tuple[PermissionResult, ...]:
    allowed = tuple(f"/{end}/read" for end in ends)
    return tuple(
        PermissionResult(
            item.service,
            item.action,
            PermissionStatus.GRANTED if item.action.endswith(allowed) else PermissionStatus.DENIED,
        )
        for item in PERMISSIONS
    )


CONNECTION = ("subscriptions", "locations", "providers", "denyAssignments", "values")


@pytest.mark.parametrize(
    ("granted_ends", "status"),
    [
        (("subscriptions",), CheckStatus.FAILED),
        (CONNECTION, CheckStatus.FAILED),
        # Without the list of resources nobody knows which vault to read.
        ((*CONNECTION, "vaults", "storageAccounts", "servers"), CheckStatus.FAILED),
        (("subscriptions", "resources"), CheckStatus.WARNING),
        (("subscriptions", "resources", "vaults"), CheckStatus.WARNING),
        (("subscriptions", "resourceGroups"), CheckStatus.WARNING),
        (("subscriptions", "roleAssignments"), CheckStatus.WARNING),
        (("subscriptions", "pricings"), CheckStatus.WARNING),
    ],
)
def test_an_app_that_could_read_no_asset_is_refused(granted_ends: tuple[str, ...], status: CheckStatus) -> None:
    result = check_results.permissions(only(*granted_ends), None)
    assert result.status == status
    assert result.code == ("no_permissions" if status == CheckStatus.FAILED else "permissions_missing")


def test_what_could_not_be_verified_is_no_reason_to_refuse() -> None:
    unsure = tuple(PermissionResult(item.service, item.action, PermissionStatus.UNVERIFIABLE) for item in PERMISSIONS)
    assert check_results.permissions(unsure, None).status == CheckStatus.PASSED


def test_what_will_be_missing_is_told_in_words() -> None:
    denied = PermissionStatus.DENIED
    assert blind_topics(results()) == ""
    assert blind_topics(results(vaults=denied)) == "key vaults"
    assert blind_topics(results(vaults=denied, disks=denied, sites=denied)) == "managed disks, key vaults and web apps"
