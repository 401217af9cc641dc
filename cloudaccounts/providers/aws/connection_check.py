"""The connection check: one call of STS proves that the credential still opens the account. No Django."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.provider_kit.check_results import require_passed
from cloudaccounts.provider_kit.deadlines import Deadline
from cloudaccounts.providers.aws import check_results
from cloudaccounts.providers.aws.permission_probe import changed_permissions
from cloudaccounts.providers.aws.plan import CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE
from cloudaccounts.providers.aws.regions import signing_region
from cloudaccounts.providers.aws.signin import Identity, caller, sign_in_role


def check_connection(credentials: Credentials, target: Target) -> None:
    """AssumeRole or GetCallerIdentity, and whose account it is. Raises `ProviderError`."""
    probe_access(credentials, target, KnownPermissions())


def probe_access(credentials: Credentials, target: Target, known: KnownPermissions) -> frozenset[str]:
    """And a question to IAM's simulator, or one read where it cannot answer. Raises for the connection alone."""
    identity = _sign_in(credentials, target)
    try:
        require_passed(check_results.account(identity.account_id, target.account_id))
        if not known:
            return frozenset()
        region = signing_region(target.partition, target.regions)
        try:
            return changed_permissions(identity, region, known)
        except (ClientError, BotoCoreError, ProviderError):
            # Unknown is not lost. STS has just answered, so the connection is proven all the same.
            return frozenset()
    finally:
        identity.connection.close()


def _sign_in(credentials: Credentials, target: Target) -> Identity:
    if credentials.method in (CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE):
        # The deadline of one request, which leaves no time for a second attempt: those are for roles made a moment ago,
        # and this one is known to have worked.
        session = sign_in_role(credentials, target, Deadline(target.timeout, "AWS"))
        role_arn = credentials["role_arn"]
        return Identity(role_arn, session.arn, session.account_id, role_arn, session.connection)
    return caller(credentials, target)
