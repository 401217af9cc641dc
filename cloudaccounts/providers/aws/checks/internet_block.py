"""Whether VPC Block Public Access keeps the internet out of a network, whatever is below it allows.

https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html: both modes drop all that comes in from internet
gateways, less the VPCs and subnets with an exclusion of the mode ``allow-bidirectional``; ``allow-egress`` lets nothing
in. Values: botocore data/ec2, `InternetGatewayBlockMode`, `VpcBlockPublicAccessState` and
`VpcBlockPublicAccessExclusionState`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.posture import UnknownFactError, mapping
from cloudaccounts.provider_kit.reach.addresses import EVERYBODY
from cloudaccounts.provider_kit.reach.rules import Rule
from cloudaccounts.provider_kit.reach.spans import PartialSet
from cloudaccounts.provider_kit.reach.traffic import ALL_PORTS, ALL_PROTOCOLS

NAME = "internet_block"
KEPT_OUT = "VPC Block Public Access keeps the internet out of this network."
_BLOCKS = ("block-bidirectional", "block-ingress")
_SETTLED = ("update-complete", "default-state")
_LETS_IN, _LETS_OUT = "allow-bidirectional", "allow-egress"
_AT_WORK = ("create-complete", "update-complete")
_NOT_AT_WORK = ("create-failed", "delete-complete", "disable-complete")


def blocked(asset: Asset) -> bool | None:
    """None where that is not known. Of an asset that was stored before this was read it is False: its rules decide."""
    if NAME not in asset.properties:
        return False
    try:
        block = mapping(asset, NAME)
    except UnknownFactError:
        return None
    if block.get("mode") == "off" and block.get("state") in (None, *_SETTLED):
        return False
    if block.get("mode") not in _BLOCKS or block.get("state") not in _SETTLED:
        return None
    exclusions = block.get("exclusions")
    if not isinstance(exclusions, list):
        return None
    opened = [_lets_in(each) for each in exclusions]
    if True in opened:
        return False
    return None if None in opened else True


def above(asset: Asset) -> list[Rule]:
    """As a rule before all others; none where nothing is blocked."""
    kept_out = blocked(asset)
    if kept_out is False:
        return []
    everything = PartialSet(ALL_PROTOCOLS), PartialSet(ALL_PORTS)
    return [Rule("", False, EVERYBODY, *everything, priority=-1, doubtful=kept_out is None)]


def why_unknown(asset: Asset) -> str:
    try:
        mapping(asset, NAME)
    except UnknownFactError as error:
        return f"What VPC Block Public Access keeps out, above the rules, is not known: {error}"
    return "Whether VPC Block Public Access keeps the internet out here, above the rules, cannot be told."


def _lets_in(exclusion: Any) -> bool | None:
    given: Mapping[str, Any] = exclusion if isinstance(exclusion, Mapping) else {}
    mode, state = given.get("mode"), given.get("state")
    if state in _NOT_AT_WORK:
        return False
    if state not in _AT_WORK or not given.get("of"):
        # On its way to another mode or out of force, or of a network that cannot be told.
        return None
    return {_LETS_IN: True, _LETS_OUT: False}.get(str(mode))
