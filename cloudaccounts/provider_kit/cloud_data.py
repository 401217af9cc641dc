"""The one way in for what a cloud says of resources: what databases, rules and pages get is storable and bounded.

Whoever may create a resource chooses its names, tags and descriptions. Texts of errors, names of members, identities
and reports are made storable where their records are made: `contract.errors`, `contract.organizations`,
`contract.identity` and `contract.report`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cloudaccounts.contract.inventory import ALTERED, UNREADABLE, Asset
from cloudaccounts.storable import Bounds, Changes, clean_identifier, is_storable, short_text, storable

# Policies of 20 kB and lists of a thousand rules are common; MongoDB's documents have 16 MB at most.
PROPERTIES = Bounds(text=100_000, items=20_000, depth=40, total=200_000)
# AWS and Azure allow 50 tags a resource, Google Cloud 64 labels: the bounds are for what would be no tags any
# more.
TAGS = Bounds(text=2_000, items=1_000, depth=1, total=20_000)
# The columns of an asset.
MOST_TYPE, MOST_SERVICE, MOST_REGION, MOST_ID, MOST_NAME = 80, 40, 60, 2048, 300
TOO_LARGE = "too_large"
REPLACED = "characters or numbers replaced"
CUT = "cut"


def storable_asset(asset: Asset) -> Asset:
    """The asset as it can be stored, itself where nothing has to change.

    What was changed is named under `ALTERED`, by property. A property of which something is missing now counts as
    unreadable too: of a list of rules that is cut, no rule may say that it is harmless.
    """
    names = {
        "type": clean_identifier(asset.type, MOST_TYPE),
        "service": clean_identifier(asset.service, MOST_SERVICE),
        "region": clean_identifier(asset.region, MOST_REGION),
        "native_id": clean_identifier(asset.native_id, MOST_ID),
        "name": short_text(asset.name, MOST_NAME),
    }
    changed: dict[str, Any] = {name: text for name, text in names.items() if text != getattr(asset, name)}
    altered = dict.fromkeys(changed, REPLACED)
    # Looked at before it is rebuilt: nearly every asset is storable as it is, and is handed on without a copy.
    if not is_storable(dict(asset.tags), TAGS):
        changes = Changes()
        tags = storable(asset.tags, TAGS, changes)
        changed["tags"] = {key: text if isinstance(text, str) else str(text) for key, text in tags.items()}
        altered |= _mark("tags", changes)
    if altered or not is_storable(dict(asset.properties), PROPERTIES):
        changed["properties"] = _properties(asset.properties, altered)
    return replace(asset, **changed) if changed else asset


def _properties(properties: Mapping[str, Any], altered: dict[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    missing: list[str] = []
    left = PROPERTIES.total
    # One by one, so that each is known to be whole or not; no more than a half of what is left to one of them.
    for raw, value in properties.items():
        name, changes = clean_identifier(str(raw), 200), Changes()
        kept[name] = storable(value, replace(PROPERTIES, total=max(left // 2, 8)), changes)
        left -= changes.spent
        altered |= _mark(name, changes)
        missing += [name] if changes.cut else []
    refused = kept.get(UNREADABLE)
    if missing:
        # Beside the refusals that the inventory noted, which stay.
        kept[UNREADABLE] = {**(refused if isinstance(refused, dict) else {}), **dict.fromkeys(missing, TOO_LARGE)}
    if altered:
        kept[ALTERED] = dict(sorted(altered.items()))
    return kept


def _mark(name: str, changes: Changes) -> dict[str, str]:
    if changes.cut:
        return {name: CUT}
    return {name: REPLACED} if changes.replaced else {}
