"""AWS's posture checks: pure functions of an asset, each with its remediation.

No Django, no SDK, no network, no clock: a rule about ages reads the time of observation from the asset (`Asset.as_of`)
and is marked with ``time_dependent``. What could not be read is unknown, with the reason.

References are pages of AWS. Which controls of a benchmark a rule answers stands in `scans/compliance/frameworks/`.
"""

from __future__ import annotations

from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.provider_kit.posture import with_expectations
from cloudaccounts.provider_kit.remediation import with_snippets
from cloudaccounts.providers.aws.checks import (
    account,
    compute,
    database_snapshots,
    databases,
    iam,
    iam_policies,
    keys_and_secrets,
    load_balancers,
    messaging,
    monitoring,
    network,
    reachability,
    region_settings,
    resource_policies,
    s3,
    storage,
)
from cloudaccounts.providers.aws.checks.expected import EXPECTED
from cloudaccounts.providers.aws.checks.terraform import SNIPPETS

CHECKS: tuple[PostureCheck, ...] = with_expectations(
    EXPECTED,
    *with_snippets(
        SNIPPETS,
        *account.CHECKS,
        *iam.CHECKS,
        *iam_policies.CHECKS,
        *s3.CHECKS,
        *network.CHECKS,
        *reachability.CHECKS,
        *region_settings.CHECKS,
        *load_balancers.CHECKS,
        *compute.CHECKS,
        *storage.CHECKS,
        *databases.CHECKS,
        *database_snapshots.CHECKS,
        *messaging.CHECKS,
        *keys_and_secrets.CHECKS,
        *resource_policies.CHECKS,
        *monitoring.CHECKS,
    ),
)
