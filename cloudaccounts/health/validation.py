from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from django.conf import settings

from cloudaccounts import registry
from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.rate_limits import check_rate_limits, count_failure, validation_rate_limits
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target, VisibleAccount
from cloudaccounts.contract.report import CheckResult, CheckStatus, CloudValidationResult, ValidationProgress

Listen = Callable[[CloudValidationResult], None]


def validate_cloud_account(
    *,
    owner: str,
    details: AccountDetails,
    credentials: Credentials,
    listen: Listen | None = None,
    deadline: float = 120.0,
    known: bool = False,
) -> CloudValidationResult:
    """Proves access live with the provider's SDK; every failure is in the report. Asks the network, stores no secret.

    ``details`` is clean (see `clean_details`). ``listen`` gets a snapshot at each step. ``deadline`` in seconds.

    Whoever tries keys that are not theirs must not learn here which of them work, as often as they like: failures are
    counted, and after too many the report is a refusal (``too_many_tries``) without a question to the cloud. ``known``
    is for what is no guess of a person's: credentials that are stored with an account, and the operator's own files.
    """
    provider = registry.get(details.provider)
    progress = ValidationProgress(listen=listen)
    brakes = () if known else validation_rate_limits(owner, details.provider, details.account_id)
    try:
        check_rate_limits(brakes)
        report = provider.validate(credentials, target_for(owner, details, deadline=deadline), progress)
    except ProviderError as error:
        report = refused(progress, error)
    count_failure(brakes, report)
    return report


def visible_accounts(
    *, owner: str, details: AccountDetails, credentials: Credentials, limit: int
) -> list[VisibleAccount]:
    """The other accounts that these credentials see, at most ``limit``. Asks the network. Raises `ProviderError`."""
    provider = registry.get(details.provider)
    return list(islice(provider.visible_accounts(credentials, target_for(owner, details)), limit))


def target_for(owner: str, details: AccountDetails, *, deadline: float = 120.0, external_id: str = "") -> Target:
    """``external_id`` is the owner's, where the caller has looked it up already."""
    return Target(
        account_id=details.account_id,
        partition=details.partition,
        regions=details.regions,
        external_id=external_id or external_id_for(owner),
        timeout=float(settings.CONNECTION_TIMEOUT_SECONDS),
        deadline=deadline,
    )


def refused(progress: ValidationProgress, error: ProviderError) -> CloudValidationResult:
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
