"""The light check: a token and one look at the project, its state and the owner's label. No Django."""

from __future__ import annotations

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import CheckStatus
from cloudaccounts.providers.gcp import check_results
from cloudaccounts.providers.gcp.identity import sign_in
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY
from cloudaccounts.providers.gcp.validation import project_facts


def check_connection(credentials: Credentials, target: Target) -> None:
    """Raises `ProviderError`."""
    identity = sign_in(credentials, target)
    try:
        facts = project_facts(identity, target)
    finally:
        identity.connection.close()
    verdict = check_results.project(facts, target.account_id)
    if verdict.status == CheckStatus.FAILED:
        raise ProviderError(verdict.code, verdict.cause, verdict.remedy)
    if credentials.method != SERVICE_ACCOUNT_KEY:
        error = check_results.external_id_error(facts.labels, target.account_id, target.external_id)
        if error is not None:
            raise error
