"""The live validation of access: with new credentials, and with those that are stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from django.conf import settings

from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.rate_limits import Attempt, TooManyAttemptsError, begin_attempt
from cloudaccounts.accounts.resolution import ResolvedAccount, resolve_account
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target, VisibleAccount
from cloudaccounts.contract.report import CheckResult, CheckStatus, CloudValidationResult, ValidationProgress
from cloudaccounts.provider_kit.deadlines import within
from cloudaccounts.work.threads import release_connections

Listen = Callable[[CloudValidationResult], None]


def validate_cloud_account(
    *,
    owner: str,
    details: AccountDetails,
    credentials: Credentials,
    listen: Listen | None = None,
    deadline: float = 120.0,
) -> CloudValidationResult:
    """Proves access with new credentials, live; every failure of the proof is in the report. Stores no secret.

    Asks the network. ``listen`` gets a snapshot at each step. ``deadline`` in seconds. After too many failures the
    report is a refusal (``too_many_tries``) without a question to the cloud. Raises `InputError` for details that are
    wrong.
    """
    return validate_resolved(resolve_account(owner, details), credentials, listen=listen, deadline=deadline)


def validate_resolved(
    account: ResolvedAccount,
    credentials: Credentials,
    *,
    listen: Listen | None = None,
    deadline: float = 120.0,
    address: str = "",
) -> CloudValidationResult:
    """As `validate_cloud_account`, where the account was resolved already. Raises nothing that is expected.

    ``address``: of the client who asked.
    """
    try:
        attempt = begin_attempt(account, address=address)
    except TooManyAttemptsError as error:
        return refusal_report(ValidationProgress(listen=listen), error)
    return prove_access(account, credentials, attempt=attempt, listen=listen, deadline=deadline)


def prove_access(
    account: ResolvedAccount,
    credentials: Credentials,
    *,
    attempt: Attempt,
    listen: Listen | None = None,
    deadline: float = 120.0,
    external_id: str = "",
    former_external_id: str = "",
) -> CloudValidationResult:
    """As `validate_resolved`, where the rate limits were asked already. External IDs as in `target_for`.

    Whoever tries keys that are not theirs must not learn here which of them work, as often as they like: so it takes
    an ``attempt``, and counts it where it failed.
    """
    progress = ValidationProgress(listen=listen)
    target = target_for(
        account.owner,
        account.details,
        deadline=deadline,
        external_id=external_id,
        former_external_id=former_external_id,
    )
    # No transaction is open here: the cloud may take as long as the deadline, and nothing must wait for it.
    release_connections()
    try:
        # Expected failures are in the report; what a provider raises all the same becomes one, so that every caller
        # has one shape to show.
        report = account.provider.validate(credentials, target, progress)
    except ProviderError as error:
        report = refusal_report(progress, error)
    # Afterwards, and only failures: an owner who connects a hundred accounts in a row is not slowed down.
    attempt.count(report)
    return report


def visible_accounts(account: ResolvedAccount, credentials: Credentials, *, limit: int) -> list[VisibleAccount]:
    """The other accounts that these credentials see, at most ``limit``. Asks the network. Raises `ProviderError`."""
    target = target_for(account.owner, account.details)
    release_connections()
    return within(
        target.deadline,
        account.provider.short_label,
        # Read to the end within the deadline: a generator that is handed out would ask the network wherever it is
        # read.
        lambda: list(islice(account.provider.visible_accounts(credentials, target), limit)),
    )


def target_for(
    owner: str,
    details: AccountDetails,
    *,
    deadline: float = 120.0,
    external_id: str = "",
    former_external_id: str = "",
) -> Target:
    """``external_id`` is the owner's, where the caller has looked it up already."""
    return Target(
        account_id=details.account_id,
        partition=details.partition,
        regions=details.regions,
        all_regions=details.all_regions,
        # The owner's own, and never from input: see `Target`.
        external_id=external_id or external_id_for(owner),
        former_external_id=former_external_id,
        timeout=float(settings.CONNECTION_TIMEOUT_SECONDS),
        deadline=deadline,
    )


def refusal_report(progress: ValidationProgress, error: ProviderError) -> CloudValidationResult:
    """A report that ends with this error, for failures outside the provider's own checks."""
    progress.done(
        CheckResult(
            name=progress.report.running or "start",
            title="Connection",
            status=CheckStatus.FAILED,
            code=error.code,
            cause=error.cause,
            remedy=error.remedy,
            sdk_error=error.sdk_error,
            retry_helps=not error.permanent,
        )
    )
    return replace(progress.finish(), finished=True)
