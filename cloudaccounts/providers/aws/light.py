"""The light check: one call of STS proves that the credential still opens the account. No Django."""

from __future__ import annotations

from cloudaccounts.background import Deadline
from cloudaccounts.contract import Credentials, ProviderError, Target
from cloudaccounts.providers.aws import judging
from cloudaccounts.providers.aws.plan import CROSS_ACCOUNT_ROLE
from cloudaccounts.providers.aws.role import RoleGate
from cloudaccounts.providers.aws.validation import caller
from cloudaccounts.report import CheckStatus


def check_connection(credentials: Credentials, target: Target) -> None:
    """AssumeRole or GetCallerIdentity, and whose account it is. Raises `ProviderError`."""
    verdict = judging.account(_account_of(credentials, target), target.account_id)
    if verdict.status == CheckStatus.FAILED:
        raise ProviderError(verdict.code, verdict.cause, verdict.remedy)


def _account_of(credentials: Credentials, target: Target) -> str:
    if credentials.method == CROSS_ACCOUNT_ROLE:
        # No time for a second try, which is for roles that were made a moment ago.
        session = RoleGate(credentials["role_arn"], target).enter(Deadline(target.timeout, "AWS"))
        session.connection.close()
        return session.account_id
    identity = caller(credentials, target)
    identity.connection.close()
    return identity.account_id
