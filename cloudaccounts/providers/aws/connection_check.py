"""The light check: one call of STS proves that the credential still opens the account. No Django."""

from __future__ import annotations

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import CheckStatus
from cloudaccounts.provider_kit.deadlines import Deadline
from cloudaccounts.providers.aws import check_results
from cloudaccounts.providers.aws.plan import CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE
from cloudaccounts.providers.aws.role import RoleGate
from cloudaccounts.providers.aws.signin import caller, member_gate


def check_connection(credentials: Credentials, target: Target) -> None:
    """AssumeRole or GetCallerIdentity, and whose account it is. Raises `ProviderError`."""
    verdict = check_results.account(_account_of(credentials, target), target.account_id)
    if verdict.status == CheckStatus.FAILED:
        raise ProviderError(verdict.code, verdict.cause, verdict.remedy)


def _account_of(credentials: Credentials, target: Target) -> str:
    if credentials.method in (CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE):
        # No time for a second try, which is for roles that were made a moment ago.
        deadline = Deadline(target.timeout, "AWS")
        member = credentials.method == ORGANIZATION_ROLE
        gate = member_gate(credentials, target, deadline) if member else RoleGate(credentials["role_arn"], target)
        session = gate.enter(deadline)
        session.connection.close()
        return session.account_id
    identity = caller(credentials, target)
    identity.connection.close()
    return identity.account_id
