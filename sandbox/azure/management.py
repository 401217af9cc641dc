"""Management groups: the tree above the subscriptions, and who may read it.

https://learn.microsoft.com/rest/api/managementgroups/ (2020-05-01 to 2023-04-01). A root group is named by its tenant.
"""

from dataclasses import dataclass, field
from typing import Any

from sandbox.azure.access import covers
from sandbox.azure.directory import App, Directory, Role
from sandbox.azure.errors import ArmError, denied

VERSIONS = ("2020-05-01", "2021-04-01", "2023-04-01")
PREFIX = ["providers", "microsoft.management", "managementgroups"]
SCOPE = "/providers/Microsoft.Management/managementGroups"


@dataclass
class Group:
    id: str
    name: str
    parent: str  # empty for a tenant's root


@dataclass
class Tree:
    groups: dict[str, Group] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)  # subscription to group
    grants: list[tuple[str, str, Role]] = field(default_factory=list)  # group, principal, role

    def way_up(self, group: str) -> list[str]:
        way = []
        while group in self.groups:
            way.append(group)
            group = self.groups[group].parent
        return way

    def below(self, group: str) -> list[str]:
        return [name for name in self.groups if group in self.way_up(name)]


def action_of(parts: list[str]) -> str:
    if parts[:3] != PREFIX or len(parts) not in (4, 5):
        return ""
    if len(parts) == 4:
        return "Microsoft.Management/managementGroups/read"
    return "Microsoft.Management/managementGroups/descendants/read" if parts[4] == "descendants" else ""


def find(tree: Tree, parts: list[str], app: App, path: str) -> Group:
    """Raises ArmError: a group that does not exist, or lies in another tenant, is denied alike."""
    group = next((candidate for candidate in tree.groups.values() if candidate.id.lower() == parts[3]), None)
    way = tree.way_up(group.id) if group else []
    action = action_of(parts)
    allowed = any(
        at in way and principal == app.object_id and covers(role.entry(), action) for at, principal, role in tree.grants
    )
    # One answer for both, so that nobody finds out which groups exist.
    if group is None or not allowed:
        raise denied(app.client_id, app.object_id, action, path)
    return group


def show(group: Group) -> dict[str, Any]:
    return {
        "id": f"{SCOPE}/{group.id}",
        "type": "Microsoft.Management/managementGroups",
        "name": group.id,
        "properties": {"displayName": group.name, "details": {"parent": {"id": f"{SCOPE}/{group.parent}"}}},
    }


def descendants(tree: Tree, directory: Directory, group: Group) -> list[dict[str, Any]]:
    """Subscriptions first: a parent may come after its children, as in Azure's own list."""
    inside = tree.below(group.id)
    subscriptions = [
        _item(
            f"/subscriptions/{key}", "Microsoft.Management/managementGroups/subscriptions", key, subscription.name, at
        )
        for key, subscription in directory.subscriptions.items()
        if (at := tree.places.get(key, "")) in inside
    ]
    groups = [
        _item(f"{SCOPE}/{name}", "Microsoft.Management/managementGroups", name, tree.groups[name].name,
              tree.groups[name].parent)
        for name in inside
        if name != group.id
    ]  # fmt: skip
    return [*subscriptions, *groups]


def _item(identifier: str, kind: str, name: str, label: str, parent: str) -> dict[str, Any]:
    properties = {"displayName": label, "parent": {"id": f"{SCOPE}/{parent}"}}
    return {"id": identifier, "type": kind, "name": name, "properties": properties}


def check_version(version: str) -> None:
    if version not in VERSIONS:
        raise ArmError("InvalidApiVersionParameter", f"The api-version '{version}' is invalid.", 400)
