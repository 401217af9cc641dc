"""What a text finds in a scope: a few of each kind, by a fixed number of bounded queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloudaccounts.accounts.queries import UNLISTED
from cloudaccounts.accounts.visibility import visible_accounts, within
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.models import CloudAccount
from scans.compliance.own.catalogue import frameworks_of
from scans.findings.checks import all_checks
from scans.findings.counts import open_by_check
from scans.models import Asset
from scans.search import keys_matching
from scans.tags import tags_with
from teams.names import name_order
from teams.scope import Scope

SHOWN = 8  # of each kind; the lists have the others
LOOKED_AT = 50  # assets: some of those that a text finds may be gone
LEAST = 2  # characters: one alone is part of everything


@dataclass(frozen=True, slots=True)
class AssetHit:
    asset: Asset
    tag: str  # by which it was found, where neither name nor id has the text


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, and how many of its findings are open in the scope."""

    check: PostureCheck
    open: int


@dataclass(frozen=True, slots=True)
class ControlHit:
    framework: str  # slug
    framework_name: str
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Hits:
    """``more_…`` say that a list has others than those shown."""

    accounts: Sequence[CloudAccount]
    more_accounts: bool
    assets: Sequence[AssetHit]
    more_assets: bool
    rules: Sequence[Rule]
    more_rules: bool
    controls: Sequence[ControlHit]
    more_controls: bool

    @property
    def empty(self) -> bool:
        return not any((self.accounts, self.assets, self.rules, self.controls))


def search(scope: Scope, text: str) -> Hits:
    """At most ten queries. ``text`` is what a person typed, at least `LEAST` characters of it."""
    accounts = _accounts(scope, text)
    assets = _assets(scope, text)
    rules = _rules(scope, text)
    controls = _controls(scope, text)
    return Hits(
        accounts[:SHOWN], len(accounts) > SHOWN,
        assets[:SHOWN], len(assets) > SHOWN,
        rules[:SHOWN], len(rules) > SHOWN,
        controls[:SHOWN], len(controls) > SHOWN,
    )  # fmt: skip


def _accounts(scope: Scope, text: str) -> list[CloudAccount]:
    rows = visible_accounts(scope).matching(text).defer(*UNLISTED).order_by("name_key", "name", "id")
    return rows.part(0, SHOWN + 1)


def _assets(scope: Scope, text: str) -> list[AssetHit]:
    """What begins with the text first; what is gone is in the list of assets alone."""
    keys = keys_matching(within(Asset.objects.all(), scope), scope, text, name="name", tags="tag_lines")[:LOOKED_AT]
    rows = Asset.objects.filter(gone_at__isnull=True).defer("tags", "properties", "unknowns").in_bulk(keys)
    return [_asset_hit(rows[key], text) for key in keys if key in rows][: SHOWN + 1]


def _asset_hit(asset: Asset, text: str) -> AssetHit:
    by_name = _has(text, asset.name, asset.native_id)
    return AssetHit(asset, "" if by_name else next(iter(tags_with(asset.tag_lines, text)), ""))


def _rules(scope: Scope, text: str) -> list[Rule]:
    checks = [check for check in all_checks() if _has(text, check.id, check.title)][: SHOWN + 1]
    counts = open_by_check(scope, [check.id for check in checks])
    rules = [Rule(check, counts.get(check.id, 0)) for check in checks]
    # Rules with findings first: those are what somebody looks for.
    return sorted(rules, key=lambda rule: (-rule.open, name_order(rule.check.title)))


def _controls(scope: Scope, text: str) -> list[ControlHit]:
    return [
        ControlHit(slug, framework.short, control.id, control.title)
        for slug, framework in frameworks_of(scope.owner).items()
        for control in framework.controls
        if _has(text, control.title) or control.id == text.strip()
    ][: SHOWN + 1]


def _has(text: str, *places: str) -> bool:
    text = text.strip().lower()
    return any(text in place.lower() for place in places)
