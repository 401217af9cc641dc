"""What the simulated Azure answers, and what the inventory reads, has names that Azure publishes.

``published.json`` holds the names of properties by type and path, from the models of Microsoft's SDKs (or the page that
its ``source`` names). Whoever simulates or reads something new adds its names there, from the newest release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudaccounts.providers.azure.inventory.details import DETAILS
from sandbox.azure import compute_resources
from sandbox.azure.company import SUBSCRIPTIONS
from sandbox.azure.resources import Item

PUBLISHED: dict[str, Any] = {
    kind.lower(): entry for kind, entry in json.loads(Path(__file__).with_name("published.json").read_text()).items()
}
NOT_READ = {"microsoft.network/dnszones"}  # stored as listed, without details


def answers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Types and properties of all that is simulated, children and extensions included."""
    alerts = (compute_resources.activity_alert("x", "/s"), compute_resources.service_health_alert("/s"))
    for item in (*alerts, *(item for spec in SUBSCRIPTIONS for item in spec.items)):
        yield item.kind.lower(), item.properties
        yield from _children(item)
    for spec in SUBSCRIPTIONS:
        for below, properties in spec.extensions:
            yield below.rpartition("/")[0].lower(), properties


def _children(item: Item) -> Iterator[tuple[str, dict[str, Any]]]:
    for below, _, properties in item.children:
        kind = below.rsplit("providers/", 1)[1] if "providers/" in below else f"{item.kind}/{below}"
        yield kind.lower(), properties


def unpublished(kind: str, path: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from unpublished(kind, path, one)
    elif isinstance(value, dict):
        names = PUBLISHED[kind]["objects"].get(path, ())
        for name, inner in value.items():
            if name not in names:
                yield f"{kind}: {path}.{name}"
            else:
                yield from unpublished(kind, f"{path}.{name}", inner)


def test_the_simulated_answers_have_published_names_only() -> None:
    strangers = {
        text
        for kind, properties in answers()
        if kind not in NOT_READ
        for text in unpublished(kind, "properties", properties)
    }
    assert strangers == set()


@pytest.mark.parametrize("kind", sorted(DETAILS))
def test_what_is_read_is_published(kind: str) -> None:
    objects = PUBLISHED[kind]["objects"]
    for source in DETAILS[kind].sources.values():
        if isinstance(source, str):
            path, _, name = source.rpartition(".")
            assert name in objects[path], source


def test_each_detailed_type_is_simulated() -> None:
    simulated = {kind for kind, _ in answers()}
    assert set(DETAILS) <= simulated
    children = {child.type.lower() for detail in DETAILS.values() for child in detail.children}
    # Rules of firewalls for IPv6 are set in the tests that need them.
    assert children - simulated == {"microsoft.sql/servers/ipv6firewallrules"}


def test_a_name_that_azure_does_not_have_is_noticed() -> None:
    assert list(unpublished("microsoft.keyvault/vaults", "properties", {"purgeProtection": True})) == [
        "microsoft.keyvault/vaults: properties.purgeProtection"
    ]
    nested = {"networkAcls": {"ipRules": [{"cidr": "x"}]}}
    assert list(unpublished("microsoft.keyvault/vaults", "properties", nested)) != []
