"""Azure's posture checks: pure functions of an asset. No Django, no SDK, no network.

References are pages of Microsoft. Which controls of a benchmark a check answers stands in
`scans/compliance/frameworks/`.
"""

from __future__ import annotations

from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.provider_kit.posture import with_expectations
from cloudaccounts.provider_kit.remediation import with_snippets
from cloudaccounts.providers.azure.checks import (
    access,
    analytics,
    compute,
    databases,
    defender,
    directory,
    directory_guests,
    gateways,
    monitoring,
    network,
    storage,
    storage_data,
    vaults,
    web,
)
from cloudaccounts.providers.azure.checks.expected import EXPECTED
from cloudaccounts.providers.azure.checks.terraform import SNIPPETS

CHECKS: tuple[PostureCheck, ...] = with_expectations(
    EXPECTED,
    *with_snippets(
        SNIPPETS,
        *access.CHECKS,
        *directory.CHECKS,
        *directory_guests.CHECKS,
        *monitoring.CHECKS,
        *defender.CHECKS,
        *network.CHECKS,
        *gateways.CHECKS,
        *storage.CHECKS,
        *storage_data.CHECKS,
        *vaults.CHECKS,
        *databases.CHECKS,
        *web.CHECKS,
        *compute.CHECKS,
        *analytics.CHECKS,
    ),
)
