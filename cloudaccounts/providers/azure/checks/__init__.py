"""Azure's posture checks: pure functions of an asset. No Django, no SDK, no network.

References name the CIS Microsoft Azure Foundations Benchmark 2.0.0; its numbers were checked against the published
list of recommendations. A check cites those that require what it requires; one that requires something else is from
Microsoft's own security baseline.
"""

from __future__ import annotations

from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.providers.azure.checks import access, compute, databases, monitoring, network, storage, vaults, web

CHECKS: tuple[PostureCheck, ...] = (
    *access.CHECKS,
    *monitoring.CHECKS,
    *network.CHECKS,
    *storage.CHECKS,
    *vaults.CHECKS,
    *databases.CHECKS,
    *web.CHECKS,
    *compute.CHECKS,
)
