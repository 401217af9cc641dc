"""The connected project as Google describes it, and the other projects that a credential can see. No Django."""

from __future__ import annotations

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.provider_kit.check_results import require_passed
from cloudaccounts.providers.gcp import check_results
from cloudaccounts.providers.gcp.check_results import ProjectFacts
from cloudaccounts.providers.gcp.client import short_retry
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain
from cloudaccounts.providers.gcp.identity import Identity
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY


def project_facts(identity: Identity, target: Target) -> ProjectFacts:
    """Raises `ProviderError`. Calls the network."""
    try:
        project = identity.connection.projects.get_project(
            name=f"projects/{target.account_id}", retry=short_retry(), timeout=target.timeout
        )
    except SDK_ERRORS as error:
        explained = explain(error, permission="resourcemanager.projects.get")
        raise check_results.project_hidden(explained, target.account_id, identity.email) from None
    return ProjectFacts(
        project_id=project.project_id,
        number=project.name.removeprefix("projects/"),
        display_name=project.display_name,
        state=project.state.name,
        labels=dict(project.labels),
        parent=project.parent,
    )


def require_usable(credentials: Credentials, target: Target, identity: Identity) -> None:
    """What each scan and connection check requires: an active project and, without a key, the owner's label.

    Raises `ProviderError`. Without a key this server's own identity opens the project, so whoever removes the label
    ends our access.
    """
    facts = project_facts(identity, target)
    if credentials.method != SERVICE_ACCOUNT_KEY:  # first: of an unmarked project nothing is told, not even its state
        error = check_results.external_id_error(facts.labels, target.account_id, target.external_id)
        if error is not None:
            raise error
    require_passed(check_results.project(facts, target.account_id))
