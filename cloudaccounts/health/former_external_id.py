"""Asks a stored account's cloud with the team's present external ID, and after a refusal with the former one.

The former one is in a target only within its grace time, only for the team's own accounts, and only for those that no
check has proven with the present one yet (`accounts.external_id_change`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from cloudaccounts.accounts.details import details_of
from cloudaccounts.accounts.external_id_change import ended_text, former_of_team, formers_of, record_proven
from cloudaccounts.accounts.rate_limits import NOT_A_GUESS
from cloudaccounts.accounts.resolution import ResolvedAccount
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.health.validation import Listen, prove_access, target_for
from cloudaccounts.models import CloudAccount
from cloudaccounts.provider_kit.deadlines import within

T = TypeVar("T")


def ask_both(target: Target, call: Callable[[Target], T]) -> tuple[T, bool]:
    """The call's result, and whether it took the former external ID. Raises the `ProviderError` that decides."""
    try:
        return call(target), False
    except ProviderError as refusal:
        # What is only out of reach says nothing about trust.
        if not target.former_external_id or not refusal.permanent:
            raise
        try:
            return call(_with_former(target)), True
        except ProviderError as error:
            # The present one's: its remedy names what the account must trust.
            raise (refusal if error.permanent else error) from None


def validate_with_both(
    target: Target, validate: Callable[[Target], CloudValidationResult]
) -> tuple[CloudValidationResult, bool]:
    """The same for reports, which hold the failure."""
    report = validate(target)
    if report.ok or not report.permanent or not target.former_external_id:
        return report, False
    again = validate(_with_former(target))
    return (again, True) if again.ok or not again.permanent else (report, False)


def prove_stored(
    account: CloudAccount, credentials: Credentials, *, listen: Listen | None = None, deadline: float = 120.0
) -> CloudValidationResult:
    """Proves access with the stored credentials, and remembers what proved it. Asks the network."""
    resolved = ResolvedAccount.of(account)

    def validate(target: Target) -> CloudValidationResult:
        return prove_access(
            resolved, credentials, attempt=NOT_A_GUESS, listen=listen, deadline=deadline,
            external_id=target.external_id, former_external_id=target.former_external_id,
        )  # fmt: skip

    report, used_former = validate_with_both(target_of(account), validate)
    if report.ok and account.former_external_id and not used_former:
        record_proven(account)
    if not report.ok and (more := ended_text(account)):
        return replace(report, cause=report.cause + more)
    return report


def proven_target(account: CloudAccount, provider: Provider, credentials: Credentials) -> Target:
    """A target with the external ID that the account trusts, for calls that cannot be asked twice (a walk by pages).

    What is listed may bear either of the team's, while both are valid: tags and labels are replaced one by one, and a
    member that bears the other one is not gone. Asks the network where there is a former one. Raises `ProviderError`.
    """
    target = target_of(account)
    if former := former_of_team(account.owner):
        target = replace(target, listed_external_ids=frozenset({target.external_id, former}))
    if not target.former_external_id:
        return target

    def check(target: Target) -> Target:
        within(target.deadline, provider.short_label, lambda: provider.check_connection(credentials, target))
        return target

    return ask_both(target, check)[0]


def target_of(account: CloudAccount) -> Target:
    former = formers_of([account]).get(account.pk, "")
    return target_for(account.owner, details_of(account), former_external_id=former)


def _with_former(target: Target) -> Target:
    return replace(target, external_id=target.former_external_id, former_external_id="")
