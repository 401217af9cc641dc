"""Google Cloud's posture checks: pure functions of an asset. No Django, no SDK, no network.

Properties are the resource as its own API returns it, which leaves out what is at its default. Facts from other
resources are joined by the inventory (`inventory.relations`).

References are pages of Google Cloud. Which controls of a benchmark a check answers stands in
`scans/compliance/frameworks/`.
"""

from __future__ import annotations

from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.provider_kit.posture import with_expectations
from cloudaccounts.provider_kit.remediation import with_snippets
from cloudaccounts.providers.gcp.checks import (
    cloud_identity,
    clusters,
    compute,
    data,
    database_flags,
    databases,
    encryption,
    firewalls,
    identity,
    load_balancers,
    log_alerts,
    network,
    project,
    public,
    services,
    support,
)
from cloudaccounts.providers.gcp.checks.expected import EXPECTED
from cloudaccounts.providers.gcp.checks.terraform import SNIPPETS

CHECKS: tuple[PostureCheck, ...] = with_expectations(
    EXPECTED,
    *with_snippets(
        SNIPPETS,
        *identity.CHECKS,
        *cloud_identity.CHECKS,
        *firewalls.CHECKS,
        *network.CHECKS,
        *compute.CHECKS,
        *data.CHECKS,
        *public.CHECKS,
        *databases.CHECKS,
        *services.CHECKS,
        *clusters.CHECKS,
        *database_flags.CHECKS,
        *encryption.CHECKS,
        *load_balancers.CHECKS,
        *log_alerts.CHECKS,
        *project.CHECKS,
        *support.CHECKS,
    ),
)
