"""Rules as the organization's page shows them."""

from __future__ import annotations

from typing import Any

from cloudaccounts.models import Organization
from cloudaccounts.organizations.queries import Tree
from cloudaccounts.organizations.rules import ROOT, rules_json
from teams.scope import Scope


def shown_rules(scope: Scope, organization: Organization, tree: Tree) -> list[dict[str, Any]]:
    """For the organization's page: each with the name of its place."""
    root = tree.nodes.get(organization.root_id)
    names = {ROOT: root.name if root else "The whole organization"}
    names |= {key: node.name for key, node in tree.nodes.items()}
    return [
        {**rule, "place": names.get(rule["under"], rule["under"])} for rule in rules_json(organization, scope=scope)
    ]
