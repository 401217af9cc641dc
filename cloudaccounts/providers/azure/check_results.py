"""The results of a validation's checks, in words. Pure functions: no SDK, no network, no Django."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.report import (
    CheckResult,
    CheckStatus,
    PermissionResult,
    PermissionStatus,
    PlannedCheck,
    RegionResult,
)
from cloudaccounts.provider_kit.check_results import Remediation, failed, passed, skipped, warned
from cloudaccounts.provider_kit.regions import check_result
from cloudaccounts.providers.azure import permissions as needed
from cloudaccounts.providers.azure import setup_texts
from cloudaccounts.providers.azure.plan import EXPIRY, EXTERNAL_ID_PROOF, PERMISSIONS, PROVIDERS, REGIONS, SUBSCRIPTION

TAG = setup_texts.TAG
# https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states
_READABLE = {"Enabled", "Warned", "PastDue"}


def subscription(state: str, name: str, others: int) -> CheckResult:
    """``name`` is empty where it may not be shown yet; ``others`` is how many more the credential can see."""
    summary = f"It is “{name}” and enabled." if name else "It is visible and enabled."
    more = f" The same credential sees {others} other subscription{'' if others == 1 else 's'}." if others else ""
    if state == "Enabled":
        return passed(SUBSCRIPTION, summary + more)
    # Warned and PastDue are read as ever; disabling is what follows if nobody pays.
    if state in _READABLE:
        error = ProviderError(
            "subscription_past_due",
            f"The subscription can be read, but Azure reports its state as {state}: a payment is open.",
            "Its owner must settle the payment before Azure disables it.",
        )
        return warned(SUBSCRIPTION, error)
    return failed(SUBSCRIPTION, subscription_error(state))


def subscription_error(state: str) -> ProviderError:
    # Only words that are known here are shown, as in all texts that a cloud takes part in.
    known = state if state in ("Disabled", "Deleted", "Expired") else "not enabled"
    return ProviderError(
        "subscription_disabled",
        f"Azure reports the state of the subscription as {known}.",
        "Its owner must reactivate it, or connect another subscription.",
    )


def is_readable(state: str) -> bool:
    return state in _READABLE


def external_id_of(tags: Mapping[str, str]) -> str:
    """What the subscription's tag holds; empty without one. In Azure, tag names have no case, values have."""
    return next((value for name, value in tags.items() if name.lower() == TAG), "")


def external_id_error(tags: Mapping[str, str], external_id: str, subscription_id: str) -> ProviderError | None:
    """None where the subscription carries the owner's external ID. In Azure, tag names have no case, values have.

    The tag's value is never shown: it is another customer's external ID.
    """
    value = next((value for name, value in tags.items() if name.lower() == TAG), None)
    # An empty external ID must not fit an empty tag.
    if external_id and value == external_id:
        return None
    command = setup_texts.tag_command(subscription_id, external_id)
    cause = (
        f"The subscription has no tag {TAG}"
        if value is None
        else f"The subscription's tag {TAG} holds another value than your external ID"
    )
    return ProviderError(
        "external_id_missing" if value is None else "external_id_mismatch",
        f"{cause}. This server's own identity opens it, so without your mark anybody could connect it here.",
        f"Whoever administers the subscription must run: {command}",
    )


def external_id_proven() -> CheckResult:
    return passed(EXTERNAL_ID_PROOF, f"Its tag {TAG} holds your external ID. Nobody else can connect it here.")


def expiry(ends: datetime | None, now: datetime) -> CheckResult:
    if ends is None:
        return skipped(EXPIRY, "Azure does not tell when a secret ends; give its date, and we warn in time.")
    days = (ends - now).days
    return passed(EXPIRY, f"Ends on {ends:%d %B %Y}, in {days} day{'' if days == 1 else 's'}.")


def remediation(results: Iterable[PermissionResult], client_id: str, subscription_id: str) -> Remediation:
    if not any(result.status == PermissionStatus.DENIED for result in results):
        return {}
    return {
        "mending": setup_texts.role_command(client_id, subscription_id),
        "mending_title": "Run this as an administrator of the subscription, then check again",
    }


def permissions(results: tuple[PermissionResult, ...], denials_unread: ProviderError | None) -> CheckResult:
    count = {status: sum(result.status == status for result in results) for status in PermissionStatus}
    granted, total = count[PermissionStatus.GRANTED], len(results)
    how = (
        "Azure listed what the app's roles allow. What a deny assignment with a condition denies, or one that spares a "
        "group, the next scan tells."
    )
    if denials_unread is not None:
        how += " Deny assignments could not be looked at."
    if granted == total:
        return passed(PERMISSIONS, f"All {total} granted. {how}")
    # Before the gaps: an app that may read only the subscription itself would be accepted and find nothing.
    if not needed.reads_something(results):
        return failed(PERMISSIONS, nothing_granted())
    parts = [f"{granted} of {total} granted."]
    if blind := needed.blind_topics(results):
        parts.append(f"Findings about {blind} will be missing.")
    if unknown := count[PermissionStatus.UNVERIFIABLE]:
        parts.append(f"{unknown} could not be verified.")
    detail = " ".join([*parts, how])
    # Nothing is denied, some could not be verified: no reason to warn about gaps that may not exist.
    if not blind:
        return CheckResult(PERMISSIONS.name, PERMISSIONS.title, CheckStatus.PASSED, detail)
    gap = ProviderError(
        "permissions_missing",
        f"{count[PermissionStatus.DENIED]} of the {total} permissions that a scan needs are denied.",
        "Give the app the role Reader at the subscription, with the command below. Where a deny assignment is named as "
        "the reason, whoever made it must except the app.",
    )
    return warned(PERMISSIONS, gap, detail)


def nothing_granted() -> ProviderError:
    return ProviderError(
        "no_permissions",
        "The credentials are valid, but the app may read nothing of what a scan looks at in this subscription.",
        "Give the app the role Reader at the subscription, then check again. A change can take a few minutes to work "
        "everywhere.",
    )


def providers(states: Mapping[str, str]) -> CheckResult:
    """``states`` by namespace in lower case, with Azure's words (``Registered``, ``NotRegistered``)."""
    # A provider that is being registered can be read within minutes.
    off = [name for name in needed.NAMESPACES if states.get(name.lower(), "") not in ("Registered", "Registering")]
    total = len(needed.NAMESPACES)
    blind = [name for name in off if name in needed.OF_THE_SUBSCRIPTION]
    if not off:
        return passed(PROVIDERS, f"All {total} that a scan reads are registered.")
    if not blind:
        # No gap: a resource of a type that is not registered cannot have been made.
        return passed(PROVIDERS, f"Not registered, so that nothing of theirs can exist: {', '.join(off)}.")
    gap = ProviderError(
        "provider_not_registered",
        f"Not registered in the subscription: {', '.join(blind)}. What they tell of the subscription cannot be read.",
        "Register them: " + "; ".join(f"az provider register --namespace {name}" for name in blind),
    )
    return warned(PROVIDERS, gap, f"{total - len(off)} of {total} registered.")


def regions(results: tuple[RegionResult, ...], target: Target) -> CheckResult:
    remedy = "Ask Azure for access to them, or leave them out."
    return check_result(REGIONS, results, target, state="open to the subscription", remedy=remedy)


def unknown(planned: PlannedCheck, error: ProviderError) -> CheckResult:
    """For a check that decides nothing: not knowing the answer is a warning."""
    return warned(planned, error, "This could not be found out.")
