"""How the API answers. Every error has one shape: ``{code, message, remedy?, details?}``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse

from cloudaccounts.accounts.rate_limits import TooManyAttemptsError
from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import (
    AccountDeletedError,
    AccountSuspendedError,
    ChangedMeanwhileError,
    ConnectionInUseError,
    CredentialsUnreadableError,
    DuplicateAccountError,
    InputError,
    RotationUnderWayError,
    TeamLimitError,
    ValidationRefusedError,
)
from cloudaccounts.lifecycle.onboarding import CheckUnderWayError
from cloudaccounts.outages import RETRY_AFTER, DatabaseUnavailableError
from cloudaccounts.rotation.automatic.requests import NotRotatableError
from cloudaccounts.rotation.losses import AccessWouldBeLostError, as_json
from cloudaccounts.tokens.idempotency import KeyBusyError, KeyReusedError
from teams import present

SOON = 2  # seconds, of Retry-After
# The status of each kind of refusal. Anything else that a service refuses is about the input: 422.
STATUSES: dict[type[ProviderError], int] = {
    RotationUnderWayError: 409,
    DuplicateAccountError: 409,
    AccountDeletedError: 409,
    AccountSuspendedError: 409,
    ConnectionInUseError: 409,
    CheckUnderWayError: 409,
    ChangedMeanwhileError: 412,
    AccessWouldBeLostError: 409,
    NotRotatableError: 409,
    KeyBusyError: 409,
    CredentialsUnreadableError: 503,
    DatabaseUnavailableError: 503,
    KeyReusedError: 422,
    TooManyAttemptsError: 429,
    TeamLimitError: 429,
}
NOT_FOUND = ("not_found", "There is nothing of yours at this address.")


class ApiError(Exception):
    """Ends a call with this answer, from wherever it is raised."""

    def __init__(self, answer: JsonResponse) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


def reply(data: Any, status: int = 200) -> JsonResponse:
    # `safe=False`: Django's guard against lists is for browsers before ECMAScript 5.
    return JsonResponse(data, status=status, safe=False)


def problem(
    status: int,
    code: str,
    message: str,
    remedy: str = "",
    *,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    **extra: str,
) -> JsonResponse:
    """``extra`` are further keys of the answer, as ``scan_run_id`` where a scan is active already."""
    body: dict[str, Any] = {"code": code, "message": message}
    if remedy:
        body["remedy"] = remedy
    if details:
        body["details"] = details
    return JsonResponse({**body, **extra}, status=status, headers=headers)


def not_found() -> JsonResponse:
    return problem(404, *NOT_FOUND)


def problem_of(error: ProviderError, request: HttpRequest | None = None) -> JsonResponse:
    """A service's refusal. ``details`` holds the refused fields, the report, or the id of the account that exists.

    Without ``request`` the id is left out: it is given to the account's own owner alone.
    """
    # By the class or the nearest ancestor that has a status, so that a subclass needs no entry of its own.
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 422)
    details: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if isinstance(error, InputError):
        details["fields"] = error.fields
    if isinstance(error, AccessWouldBeLostError):
        details["gaps"] = as_json(error.losses)
    if isinstance(error, ValidationRefusedError):
        details["validation"] = error.report.to_dict()
    if isinstance(error, DuplicateAccountError) and request is not None:
        own = visible_accounts(present.scope_of(request)).filter(provider=error.provider, account_id=error.account_id)
        if key := own.values_list("pk", flat=True).first():
            details["id"] = str(key)
    # Retry-After only where trying again can help: permanent refusals have none.
    if isinstance(error, TooManyAttemptsError | TeamLimitError):
        headers["Retry-After"] = str(error.seconds)
    elif isinstance(error, DatabaseUnavailableError):
        headers["Retry-After"] = str(RETRY_AFTER)
    elif status in {409, 503} and not error.permanent:
        headers["Retry-After"] = str(SOON)
    return problem(status, error.code, error.cause, error.remedy, details=details, headers=headers)
