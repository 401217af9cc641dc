"""Answers of an odd shape: each value of each simulated resource is left out once, made null, or made a new word.

What is left out may make a fact unknown: it raises nothing, and makes no failure a pass, or the matter of another rule,
but where Azure documents what its absence means.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import PostureCheck, Verdict
from cloudaccounts.provider_kit.normalization import with_unreadable
from cloudaccounts.providers.azure.checks import CHECKS
from cloudaccounts.providers.azure.inventory.common import READ_ERRORS, at
from cloudaccounts.providers.azure.inventory.details import DETAILS
from sandbox.azure.company import SUBSCRIPTIONS

NEW = "SomethingNew"
# By type and path: what its absence means, and where Azure says so.
DOCUMENTED = {
    # The gateway's default policy, which it names: https://learn.microsoft.com/azure/application-gateway/application-gateway-ssl-policy-overview
    ("microsoft.network/applicationgateways", "properties.sslPolicy"),
    ("microsoft.network/applicationgateways", "properties.sslPolicy.policyName"),
    # A gateway that no single machine connects to: https://learn.microsoft.com/azure/vpn-gateway/point-to-site-about
    ("microsoft.network/virtualnetworkgateways", "properties.vpnClientConfiguration"),
    # A log of something else than the rule asks about.
    ("microsoft.network/networkwatchers/flowlogs", "properties.targetResourceId"),
}
OF_TYPE: dict[str, list[PostureCheck]] = defaultdict(list)
for check in CHECKS:
    OF_TYPE[check.asset_type].append(check)
ITEMS = {
    f"{item.kind.lower()} {item.name}": item
    for spec in SUBSCRIPTIONS
    for item in spec.items
    if item.kind.lower() in DETAILS
}


def told(kind: str, answer: dict[str, Any]) -> dict[str, Any]:
    """As `resources` makes it, with children that are empty."""
    properties: dict[str, Any] = {"resource_type": kind, "kind": "StorageV2"}
    refused: dict[str, str] = {}
    sources = {name: (source, answer) for name, source in DETAILS[kind].sources.items()}
    for name, (source, whole) in sources.items():
        try:
            properties[name] = source(whole) if callable(source) else at(whole, source)
        except READ_ERRORS:
            properties[name], refused[name] = None, "unexpected_answer"
    for child in DETAILS[kind].children:
        properties[child.name] = child.extract([])
    return with_unreadable(properties, refused) | {"observed": {"at": "2026-12-01T12:00:00+00:00"}}


def verdicts(kind: str, answer: dict[str, Any]) -> dict[str, Verdict]:
    own, properties = DETAILS[kind].type, told(kind, answer)
    return {
        one.id: one.evaluate(Asset(own, one.service, "westeurope", "/x", "server/x", {}, properties)).verdict
        for one in OF_TYPE[own]
    }


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for name, one in inner:
        if isinstance(value, dict):
            yield (*path, name)
        yield from places(one, (*path, name))


def changed(answer: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    for how in ("absent", None, NEW):
        other = copy.deepcopy(answer)
        holder: Any = other
        for part in path[:-1]:
            holder = holder[part]
        if how == NEW and not isinstance(holder[path[-1]], str):
            continue
        if how == "absent":
            del holder[path[-1]]
        else:
            holder[path[-1]] = how
        yield other


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_what_is_absent_or_new_is_no_reason_to_pass(name: str) -> None:
    item = ITEMS[name]
    kind, answer = item.kind.lower(), {"properties": item.properties}
    before = verdicts(kind, answer)
    wrong: list[str] = []
    for path in list(places(answer)):
        named = ".".join(part for part in path if isinstance(part, str))
        if (kind, named) in DOCUMENTED:
            continue
        for other in changed(answer, path):
            after = verdicts(kind, other)
            wrong += [
                f"{one} by {named}"
                for one, was in before.items()
                if was is Verdict.FAIL and after[one] not in (Verdict.FAIL, Verdict.UNKNOWN)
            ]
    assert wrong == []
