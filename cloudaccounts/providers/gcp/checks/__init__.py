"""Google Cloud's posture checks: pure functions of an asset. No Django, no SDK, no network.

Properties are the resource as its own API tells it, which leaves out what is at its default; what another resource
tells is joined by the inventory (`inventory.relations`).

References name the CIS Google Cloud Platform Foundation Benchmark 2.0.0; its numbers were checked against the published
list of recommendations. A rule cites those that ask what it asks; one that asks something else, or less, cites Google
alone.
"""

from __future__ import annotations

from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.providers.gcp.checks import compute, data, databases, identity, network, services

CHECKS: tuple[PostureCheck, ...] = (
    *identity.CHECKS,
    *network.CHECKS,
    *compute.CHECKS,
    *data.CHECKS,
    *databases.CHECKS,
    *services.CHECKS,
)
