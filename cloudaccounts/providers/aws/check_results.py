"""The results of a validation's checks, in words. Pure functions: no SDK, no network, no Django."""

from __future__ import annotations

from datetime import datetime

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.report import CheckResult, CheckStatus, PermissionResult, PermissionStatus, RegionResult
from cloudaccounts.provider_kit.check_results import Remediation, failed, passed, skipped, warned
from cloudaccounts.provider_kit.regions import check_result
from cloudaccounts.providers.aws import permissions as needed
from cloudaccounts.providers.aws.least_privilege import SIMULATOR
from cloudaccounts.providers.aws.permissions import WORKS, How
from cloudaccounts.providers.aws.plan import (
    ACCOUNT_MATCH,
    KEY_AGE,
    PERMISSIONS,
    REGIONS,
    ROOT_REFUSED,
)

Regions = tuple[RegionResult, ...]
_IN_TURN = "Heartbeats try one in turn, so a permission that is taken away may be told only by the daily report."


def account(actual: str, claimed: str) -> CheckResult:
    if actual == claimed:
        return passed(ACCOUNT_MATCH, f"It is account {claimed}, as you named it.")
    return failed(
        ACCOUNT_MATCH,
        ProviderError(
            "account_mismatch",
            f"These credentials belong to account {actual}, and the account to connect is {claimed}.",
            "Use credentials of that account, or change the account ID.",
        ),
    )


def root(arn: str) -> CheckResult:
    """Refuses a working key of the root user: no policy can limit what it does, or what whoever stole it does."""
    # Root's ARN is arn:PARTITION:iam::ACCOUNT:root, and no user's or role's ends so.
    if not arn.endswith(":root"):
        return passed(ROOT_REFUSED, "The key is not the root user's.")
    return failed(
        ROOT_REFUSED,
        ProviderError(
            "root_key_refused",
            "This is a key of the account's root user, which may do everything and cannot be limited. It is not "
            "accepted.",
            "Discard this draft, delete the key in AWS (CIS AWS 1.4: the root user should have none), and use a "
            "cross-account role or the key of a user that may only read.",
        ),
    )


def external_id_gap(*, refused_without: bool, refused_wrong: bool) -> str:
    """What is wrong with a role that trusts us too widely; empty where its trust policy requires the external ID.

    The confused deputy problem: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    if refused_without and refused_wrong:
        return ""
    how = "without any external ID" if not refused_without else "with a wrong external ID"
    return (
        f"AWS let us assume this role {how}: another customer who guesses its ARN could read your account through us."
    )


def age(created: datetime | None, now: datetime) -> CheckResult:
    """``created`` is None for temporary keys."""
    if created is None:
        return skipped(KEY_AGE, "Temporary keys have no age; they expire automatically.")
    days = (now - created).days
    return passed(KEY_AGE, f"Made on {created:%d %B %Y}, {days} day{'' if days == 1 else 's'} ago.")


def age_unknown(error: ProviderError) -> CheckResult:
    return skipped(KEY_AGE, "AWS did not tell when the key was made: its age counts from today.", error.cause)


def remediation(results: tuple[PermissionResult, ...]) -> Remediation:
    statement, forbidden = needed.missing_statement(results), needed.forbidden(results)
    if statement:
        title = "Add this statement to a policy of the role or user, then check again"
        if forbidden:
            # A Deny goes before every Allow, so adding a statement would not help with those.
            title += f". {len(forbidden)} more are denied explicitly: that must be lifted where it is said"
        return {"mending": statement, "mending_title": title}
    if forbidden:
        title = "A policy denies these explicitly. Take them out of its Deny statement, then check again"
        return {"mending": "\n".join(forbidden), "mending_title": title}
    return {}


def permissions(results: tuple[PermissionResult, ...], *, how: How) -> CheckResult:
    count = {status: sum(result.status == status for result in results) for status in PermissionStatus}
    granted, total = count[PermissionStatus.GRANTED], len(results)
    said = _how(results, how)
    if granted == total:
        return passed(PERMISSIONS, f"All {total} granted. {said}")
    if granted == 0:
        return failed(PERMISSIONS, _nothing_granted(any_denied=count[PermissionStatus.DENIED] > 0))
    blind = needed.blind_topics(results)
    parts = [f"{granted} of {total} granted."]
    if blind:
        parts.append(f"Findings about {blind} will be missing.")
    if unknown := count[PermissionStatus.UNVERIFIABLE]:
        parts.append(f"{unknown} could not be verified.")
    # Nothing is denied, some could not be verified: no reason to warn about gaps that may not exist.
    if not blind:
        return CheckResult(PERMISSIONS.name, PERMISSIONS.title, CheckStatus.PASSED, " ".join([*parts, said]))
    gap = ProviderError(
        "permissions_missing",
        f"{count[PermissionStatus.DENIED]} of the {total} permissions that a scan needs are denied.",
        "Attach the AWS managed policies SecurityAudit and ViewOnlyAccess, or add the statement below. Where an "
        "explicit deny, a boundary or a service control policy is named as the reason, that must be changed instead.",
    )
    return warned(PERMISSIONS, gap, " ".join([*parts, said]))


def _how(results: tuple[PermissionResult, ...], how: How) -> str:
    """By what they are known, and where that is so, that a loss waits for the daily report, with what mends it."""
    if how is How.TEMPORARY:
        return (
            "Each was tried with a small read: IAM's policy simulator does not know what narrows temporary keys. "
            f"{_IN_TURN} Connect with a role, or with a user's key, to hear of it with the next heartbeat."
        )
    if how is How.REFUSED:
        return (
            "Each was tried with a small read: IAM's policy simulator may not be asked with these credentials. "
            f"{_IN_TURN} Grant {SIMULATOR} to the role or user to hear of it with the next heartbeat."
        )
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
    text = (
        "By IAM's policy simulator, which does not know resource control policies: what those deny, the next scan "
        "tells."
    )
    if doubted := sum(result.status == PermissionStatus.GRANTED and result.reason == WORKS for result in results):
        text += f" It denies {doubted} that work. {_IN_TURN}"
    return text


def _nothing_granted(*, any_denied: bool) -> ProviderError:
    # Without a denial AWS never answered the question, so that trying again is the only remedy.
    if any_denied:
        return ProviderError(
            "no_permissions",
            "The credentials are valid, but none of the permissions that a scan needs is granted.",
            "Attach the AWS managed policies SecurityAudit and ViewOnlyAccess to the role or user, then check again. A "
            "change can take a minute to work everywhere.",
        )
    return ProviderError(
        "permissions_unverifiable",
        "The credentials are valid, but AWS gave no answer about any of the permissions that a scan needs.",
        "Try again in a few minutes.",
        permanent=False,
    )


def regions(results: Regions, target: Target) -> CheckResult:
    remedy = "Enable them in AWS under Account, AWS Regions, or leave them out."
    return check_result(REGIONS, results, target, state="enabled in this account", remedy=remedy)


def regions_unknown(error: ProviderError) -> CheckResult:
    return warned(REGIONS, error, "Which regions are enabled could not be found out.")
