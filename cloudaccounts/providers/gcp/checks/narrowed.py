"""Roles that are given under conditions: perhaps in force, so no rule passes or fails by them alone.

https://cloud.google.com/iam/docs/conditions-overview. Those that ended are left out by the inventory already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import wraps
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Fact, Verdict
from cloudaccounts.provider_kit.deciding_parts import Rule
from cloudaccounts.provider_kit.posture import mapping, unknown

CONDITIONAL = "under_conditions"  # on the asset: the same facts as of roles without a condition, where there are any


def minding_conditions(rule: Rule) -> Rule:
    """The rule, which is unknown where it passes and would not if each condition held."""

    @wraps(rule)
    def evaluate(asset: Asset) -> Evaluation:
        evaluation = rule(asset)
        if evaluation.verdict is not Verdict.PASS:
            return evaluation
        narrowed = mapping(asset, CONDITIONAL)
        if not narrowed:
            return evaluation
        merged = {name: _together(asset.properties.get(name), more) for name, more in narrowed.items()}
        if rule(replace(asset, properties={**asset.properties, **merged})).verdict is Verdict.PASS:
            return evaluation
        return unknown(
            "A role is given under a condition that depends on the request: whether it holds is not evaluated here.",
            [Fact(CONDITIONAL, dict(narrowed))],
        )

    return evaluate


def _together(first: Any, second: Any) -> Any:
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return {name: _together(first.get(name, []), second.get(name, [])) for name in {**first, **second}}
    # Of a form that is not known: the rule then says so itself.
    return second
