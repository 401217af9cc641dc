"""What rules about policies share: reading one of an asset's, and the verdict on whom it lets in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation
from cloudaccounts.provider_kit.posture import UnknownFactError, failed, optional, passed, unknown
from cloudaccounts.providers.aws.policy.access import Opening, openings
from cloudaccounts.providers.aws.policy.document import (
    Policy,
    PolicyError,
    parse_identity_policy,
    parse_resource_policy,
)

ACTIONS_SHOWN = 3
NAMES_ONLY = "The policy lets in only whom it names."


def resource_policy(asset: Asset, name: str = "policy") -> Policy | None:
    """None where the resource has none. Raises `UnknownFactError` for what was not read or is no policy."""
    document = optional(asset, name, dict)
    return None if document is None else understood(parse_resource_policy, document)


def identity_policy(document: Any) -> Policy:
    """Raises `UnknownFactError` for what is no policy."""
    return understood(parse_identity_policy, document)


def understood(parse: Callable[[Any], Policy], document: Any) -> Policy:
    """Raises `UnknownFactError` where the parser refuses the document."""
    try:
        return parse(document)
    except PolicyError as error:
        raise UnknownFactError(str(error)) from None


def evaluate_access(asset: Asset, *, through_services: bool = False) -> Evaluation:
    """On a resource's policy: fails where it lets strangers in. See `openings`."""
    policy = resource_policy(asset)
    ways_in = () if policy is None else openings(policy, through_services=through_services)
    return evaluate_openings(
        ways_in, NAMES_ONLY if policy else "There is no policy: the account's own permissions decide."
    )


def evaluate_openings(ways_in: Sequence[Opening], success: str, *, whose: str = "The policy") -> Evaluation:
    """Fails by the first statement that surely lets strangers in; unknown where it may."""
    # All that are sure come first: a statement that may let somebody in must not hide one that does.
    for opening in ways_in:
        if opening.sure:
            return failed(f"{whose} lets {opening.who} in: {opening.statement} ({_actions(opening)}).")
    for opening in ways_in:
        return unknown(
            f"{whose} may let {opening.who} in: {opening.statement} rests on what is not known here "
            f"({_actions(opening)})."
        )
    return passed(success)


def _actions(opening: Opening) -> str:
    shown = ", ".join(opening.actions[:ACTIONS_SHOWN])
    return f"{shown} …" if len(opening.actions) > ACTIONS_SHOWN else shown
