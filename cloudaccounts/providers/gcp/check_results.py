"""The results of a validation's checks, in words. Pure functions: no SDK, no network, no Django."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.report import CheckResult, PermissionResult, PermissionStatus, RegionResult
from cloudaccounts.provider_kit.check_results import Remediation, failed, join_names, passed, skipped, warned
from cloudaccounts.provider_kit.regions import check_result
from cloudaccounts.providers.gcp import permissions as needed
from cloudaccounts.providers.gcp.plan import APIS, EXTERNAL_ID_LABEL, KEY_AGE, KEY_POLICY, PERMISSIONS, PROJECT, REGIONS

LABEL = "cloud-accounts-external-id"
Permissions = tuple[PermissionResult, ...]


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A project as Resource Manager describes it; ``state`` is ``ACTIVE`` or ``DELETE_REQUESTED``."""

    project_id: str
    number: str
    display_name: str
    state: str
    labels: Mapping[str, str]
    parent: str = ""  # organizations/NUMBER, folders/NUMBER


def project_hidden(error: ProviderError, project_id: str, email: str) -> ProviderError:
    """Google answers the same for a project that does not exist and one that may not be seen."""
    if error.code not in ("permission_denied", "not_found"):
        return error
    return ProviderError(
        "project_not_visible",
        f"The service account cannot see a project {project_id}. Google gives one answer for several causes: there is "
        "no such project, or the service account has no role on it.",
        f"Check the project ID, and grant {email} the roles on this project with one of the guides. A new grant can "
        "take two minutes to work everywhere.",
        sdk_error=error.sdk_error,
    )


def project(facts: ProjectFacts, claimed: str) -> CheckResult:
    """An account is the project named in step 2, and only while it is active."""
    if facts.project_id != claimed:
        return failed(
            PROJECT,
            ProviderError(
                "account_mismatch",
                f"Google Cloud answered with the project {facts.project_id}, and the one to connect is {claimed}.",
                "Change the project ID in step 2.",
            ),
        )
    if facts.state != "ACTIVE":
        return failed(
            PROJECT,
            ProviderError(
                "project_not_active",
                "This project is marked for deletion: Google removes it for good 30 days after that.",
                f"Restore it first: gcloud projects undelete {shlex.quote(claimed)}",
            ),
        )
    name = f" “{facts.display_name}”" if facts.display_name and facts.display_name != claimed else ""
    return passed(PROJECT, f"The project {claimed}{name} (number {facts.number}) is visible and active.")


def label_command(project_id: str, external_id: str) -> str:
    """Only the alpha command sets labels of projects: the stable one knows ``--name`` alone.

    https://cloud.google.com/sdk/gcloud/reference/projects/update and
    https://cloud.google.com/sdk/gcloud/reference/alpha/projects/update
    """
    return f"gcloud alpha projects update {shlex.quote(project_id)} --update-labels={LABEL}={shlex.quote(external_id)}"


def external_id_of(labels: Mapping[str, str]) -> str:
    """What the project's label holds; empty without one."""
    return str(labels.get(LABEL, ""))


def external_id_error(labels: Mapping[str, str], project_id: str, external_id: str) -> ProviderError | None:
    """None where the project carries the owner's external ID.

    The label's value is never shown: it is another customer's external ID.
    """
    value = labels.get(LABEL, "")
    # An empty external ID must not fit a missing label.
    if value == external_id and external_id:
        return None
    what = (
        f"The label {LABEL} of this project holds another external ID than yours"
        if value
        else f"This project has no label {LABEL}"
    )
    return ProviderError(
        "external_id_missing" if not value else "external_id_other",
        f"{what}. It proves that the project's administrators mean you: our identity may be let in by several "
        "customers, and any of them could guess the name of this project.",
        f"An administrator of the project must set it: {label_command(project_id, external_id)}",
    )


def external_id_proven() -> CheckResult:
    return passed(EXTERNAL_ID_LABEL, f"The project's label {LABEL} holds your external ID.")


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key's validity; None for what Google does not say, and for a key that never expires."""

    created_at: datetime | None
    expires_at: datetime | None


def age(facts: KeyFacts, now: datetime) -> CheckResult:
    if facts.created_at is None:
        return skipped(KEY_AGE, "Google did not tell when the key was made: its age counts from today.")
    days = (now - facts.created_at).days
    detail = f"Made on {facts.created_at:%d %B %Y}, {days} day{'' if days == 1 else 's'} ago."
    if facts.expires_at is not None:
        detail += f" It expires on {facts.expires_at:%d %B %Y}."
    return passed(KEY_AGE, detail)


def age_unknown(error: ProviderError) -> CheckResult:
    return skipped(KEY_AGE, "Google did not tell when the key was made: its age counts from today.", error.cause)


def is_enforced(policy: Mapping[str, Any]) -> bool:
    """Of a boolean constraint's effective policy. A rule with a condition counts as well, although it may not apply."""
    spec = policy.get("spec")
    content = spec.get("rules") if isinstance(spec, Mapping) else None
    rules = content if isinstance(content, list) else []
    return any(isinstance(rule, Mapping) and rule.get("enforce") is True for rule in rules)


def key_policy(forbidding: tuple[str, ...], project_id: str) -> CheckResult:
    """``forbidding`` are the policies in force that forbid new keys. A warning only: the present key works."""
    if not forbidding:
        return passed(KEY_POLICY, "No organization policy forbids new keys here, so this one can be rotated.")
    names = " and ".join(forbidding)
    error = ProviderError(
        "key_creation_forbidden",
        f"Your organization forbids new keys of service accounts in {project_id} ({names}). This key works, but no "
        "other can be made when it is due for rotation.",
        "Use impersonation or workload identity federation, which need no key; or let an organization policy "
        "administrator exempt this project. What is in force: "
        f"gcloud org-policies describe {forbidding[0]} --project={shlex.quote(project_id)} --effective",
    )
    return warned(KEY_POLICY, error)


def key_policy_unknown(error: ProviderError, host_project: str) -> CheckResult:
    """Most customers do not grant the permission to read policies. Then the result says how they could."""
    detail = "Whether new keys are allowed could not be asked; when it is due for rotation, it will show."
    result = skipped(KEY_POLICY, detail, error.cause)
    remedy = error.remedy
    if error.code == "permission_denied":
        remedy = "To have it checked, grant roles/orgpolicy.policyViewer to the service account on the organization."
    if error.code == "api_disabled" and host_project:
        remedy = f"To have it checked: {needed.enabling_command([needed.ORG_POLICY], host_project)}"
    return replace(result, code=error.code, remedy=remedy)


@dataclass(frozen=True, slots=True)
class ApiFacts:
    """From two sources: Service Usage's states (or why they are unreadable), and a small read of Cloud Asset (or its
    error).

    Two, because these credentials may not be allowed to read the states, and because an enabled API may still refuse.
    """

    off: tuple[str, ...]
    unreadable: ProviderError | None
    asset_error: ProviderError | None


def apis(facts: ApiFacts, disabled: ProviderError | None) -> CheckResult:
    """``disabled`` is the error about the APIs that are off; None where all are on."""
    # Without these no scan is possible; the others cost a part of the findings.
    vital = [name for name in facts.off if name not in needed.OPTIONAL_APIS]
    if disabled is not None and vital:
        return failed(APIS, disabled)
    if disabled is not None:
        return warned(APIS, disabled, "A scan works without them, but tells less about keys and APIs.")
    # A missing permission is for the next check, which names all of them.
    error = facts.asset_error
    if error is not None and error.code != "permission_denied":
        return failed(APIS, error)
    if facts.unreadable is not None:
        if error is not None:
            return skipped(APIS, "Could not be asked; the permissions below come first.", facts.unreadable.cause)
        return passed(APIS, "Cloud Asset answered. Service Usage, which lists all APIs, may not be asked.")
    return passed(
        APIS, "All APIs that a scan needs are enabled" + (", and Cloud Asset answered." if not error else ".")
    )


def remediation(results: Permissions, project_id: str, email: str) -> Remediation:
    commands = needed.granting_commands(results, project_id, email)
    if not commands:
        return {}
    return {"mending": commands, "mending_title": "Run this as an administrator of the project, then check again"}


# testIamPermissions answers by roles, their conditions and deny policies. The other two refuse calls, not permissions:
# https://cloud.google.com/resource-manager/docs/organization-policy/restricting-resources
_UNTOLD = (
    "What VPC Service Controls or the organization policy gcp.restrictServiceUsage refuse, Google does not tell "
    "beforehand: the next scan tells."
)


def permissions(results: Permissions) -> CheckResult:
    granted = sum(result.status == PermissionStatus.GRANTED for result in results)
    total = len(results)
    if granted == total:
        return passed(PERMISSIONS, f"All {total} granted. {_UNTOLD}")
    if not needed.can_scan(results):
        return failed(
            PERMISSIONS,
            ProviderError(
                "no_permissions",
                "The credentials are valid, but they may read nothing that a scan looks at.",
                f"Grant the service account {join_names(needed.ROLES)} on the project, then check again. A change can "
                "take two minutes to work everywhere.",
            ),
        )
    gap = ProviderError(
        "permissions_missing",
        f"{total - granted} of the {total} permissions that a scan needs are denied.",
        "Run the commands below. Where the role is granted already, look for a deny policy or a condition.",
    )
    detail = f"{granted} of {total} granted. Findings about {needed.blind_topics(results)} will be missing."
    return warned(PERMISSIONS, gap, f"{detail} {_UNTOLD}")


def regions(results: tuple[RegionResult, ...], target: Target) -> CheckResult:
    """Every project can use every region; none has to be enabled."""
    return check_result(REGIONS, results, target, state="open to every project", remedy="Choose regions from the list.")
