"""The connection check: one call of STS proves that the credential still opens the account. No Django."""

from __future__ import annotations

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.provider_kit.check_results import require_passed
from cloudaccounts.provider_kit.deadlines import Deadline
from cloudaccounts.providers.aws import check_results
from cloudaccounts.providers.aws.plan import CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE
from cloudaccounts.providers.aws.signin import caller, sign_in_role


def check_connection(credentials: Credentials, target: Target) -> None:
    """AssumeRole or GetCallerIdentity, and whose account it is. Raises `ProviderError`."""
    require_passed(check_results.account(_account_of(credentials, target), target.account_id))


def _account_of(credentials: Credentials, target: Target) -> str:
    if credentials.method in (CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE):
        # The deadline of one request, which leaves no time for a second attempt: those are for roles made a moment ago,
        # and this one is known to have worked.
        session = sign_in_role(credentials, target, Deadline(target.timeout, "AWS"))
        session.connection.close()
        return session.account_id
    identity = caller(credentials, target)
    identity.connection.close()
    return identity.account_id
