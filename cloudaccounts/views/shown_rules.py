"""Rules as the organization's page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudaccounts.models import Environment, Organization
from cloudaccounts.organizations.queries import Container, Tree
from cloudaccounts.organizations.rules import ROOT, rules_json
from teams.scope import Scope

WAITS = "Wait for review"


def shown_rules(scope: Scope, organization: Organization, tree: Tree) -> list[dict[str, Any]]:
    """For the organization's page: each with the name of its place."""
    root = tree.nodes.get(organization.root_id)
    names = {ROOT: root.name if root else "The whole organization"}
    names |= {key: node.name for key, node in tree.nodes.items()}
    return [
        {
            **rule,
            "place": names.get(rule["under"], rule["under"]),
            "environment_label": _environment(rule["environment"]),
        }
        for rule in rules_json(organization, scope=scope)
    ]


def say_what_becomes(
    rules: Sequence[Mapping[str, Any]], organization: Organization, tree: Tree, node: Container
) -> None:
    """Writes onto this container and those in it what their new members become, in words."""
    by_place = {rule["under"]: rule for rule in rules}
    if ROOT in by_place:
        by_place.setdefault(organization.root_id, by_place[ROOT])
    for container in (node, *node.children):
        container.becomes = _becomes(tree, container, by_place)


def _becomes(tree: Tree, node: Container, rules: Mapping[str, Mapping[str, Any]]) -> str:
    own = rules.get(node.node_id)
    if own is not None:
        when = "automatic" if own["auto"] else "after review"
        return ", ".join([_environment(own["environment"]), *own["groups"], when])
    above = next((ancestor for ancestor in reversed(tree.way_to(node.node_id)) if ancestor.node_id in rules), None)
    return f"as {above.name}" if above is not None else WAITS


def _environment(key: str) -> str:
    return str(dict(Environment.choices).get(key, key))
