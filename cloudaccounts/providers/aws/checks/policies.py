"""What rules about policies share: reading one of an asset's, and the verdict on whom it lets in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation
from cloudaccounts.provider_kit.evidence import record
from cloudaccounts.provider_kit.posture import UnknownFactError, failed, optional, passed, unknown
from cloudaccounts.providers.aws.policy.access import Opening, openings, openings_to_use
from cloudaccounts.providers.aws.policy.document import (
    Policy,
    PolicyError,
    parse_identity_policy,
    parse_resource_policy,
)

ACTIONS_SHOWN = 3
# Of what is read here. The page's list of services, which grows: SNS and Lambda are not in it.
_CONTROLLED = frozenset(
    {"aws.s3.bucket", "aws.kms.key", "aws.sqs.queue", "aws.secretsmanager.secret", "aws.ecr.repository"}
)
# A resource control policy of the organization may keep strangers from what a policy opens. No account may read which
# apply to it: DescribeEffectivePolicy leaves them out, and their list is for the management account. So the verdict
# goes by what the account says, and its evidence names what was not read. They never open anything.
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html and
# https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeEffectivePolicy.html
CONTROL_POLICIES = "resource_control_policies"
_UNREAD = "not read: only the organization's management account may"
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


def evaluate_access(asset: Asset, *, through_services: bool = False, to_use: Collection[str] = ()) -> Evaluation:
    """On a resource's policy: fails where it lets strangers in. See `openings` and `openings_to_use`."""
    policy = resource_policy(asset)
    if policy is None:
        ways_in: tuple[Opening, ...] = ()
    else:
        ways_in = openings_to_use(policy, to_use) if to_use else openings(policy, through_services=through_services)
    note_control_policies(asset, ways_in)
    return evaluate_openings(
        ways_in, NAMES_ONLY if policy else "There is no policy: the account's own permissions decide."
    )


def note_control_policies(asset: Asset, opened: Sequence[object]) -> None:
    """In the evidence of what is open, of the types that such policies are for."""
    if opened and asset.type in _CONTROLLED:
        record(CONTROL_POLICIES, _UNREAD)


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
