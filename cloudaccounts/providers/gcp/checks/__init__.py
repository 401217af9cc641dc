"""Google Cloud's posture checks: pure functions of an asset. No Django, no SDK, no network.

Properties are the resource as its own API tells it, which leaves out what is at its default; what another resource
tells is joined by the inventory (`inventory.relations`). Numbers are those of the CIS Google Cloud Platform Foundation
Benchmark 2.0.0.
"""

from __future__ import annotations

from cloudaccounts.contract import PostureCheck
from cloudaccounts.providers.gcp.checks import compute, data, databases, identity, network, services

CHECKS: tuple[PostureCheck, ...] = (
    *identity.CHECKS,
    *network.CHECKS,
    *compute.CHECKS,
    *data.CHECKS,
    *databases.CHECKS,
    *services.CHECKS,
)
