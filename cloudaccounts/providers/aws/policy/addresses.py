"""How much of the internet the addresses in conditions let in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cloudaccounts.provider_kit.reach.addresses import (
    INTERNET_V4,
    INTERNET_V6,
    PUBLIC_V4,
    PUBLIC_V6,
    WHOLE_V4,
    WHOLE_V6,
    networks,
)
from cloudaccounts.providers.aws.policy.answers import Answer


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition on the address."""

    values: tuple[str, ...]
    allowed: bool  # IpAddress, or NotIpAddress


def leave_out_the_internet(asked: Iterable[Asked], *, present: bool = False) -> Answer:
    """Whether the addresses that fulfil all these conditions are few. ``present``: another condition asks for the key.

    S3 counts ranges broader than /8, and /32 of IPv6, as public ("The meaning of public"). Here all that is let in
    counts together, so that halves of the internet are no less than the whole; one /8 alone is still a network.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
    """
    asked = list(asked)
    # Requests through a VPC endpoint lack the key, and a negated condition holds where it is missing: so NotIpAddress
    # alone leaves none of the strangers out who have an endpoint.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceip
    if not present and not any(condition.allowed for condition in asked):
        return Answer.NO
    unsure = False
    v4, v6 = WHOLE_V4, WHOLE_V6
    for condition in asked:
        if condition.allowed and "*" in condition.values:
            continue  # no address, but meant as all of them
        named = networks(condition.values)
        if named.unclear:
            unsure = True
        elif condition.allowed:
            v4, v6 = v4 & named.v4, v6 & named.v6
        else:
            v4, v6 = v4 - named.v4, v6 - named.v6
    if (v4 & PUBLIC_V4).size > INTERNET_V4 or (v6 & PUBLIC_V6).size > INTERNET_V6:
        return Answer.UNSURE if unsure else Answer.NO
    return Answer.YES
