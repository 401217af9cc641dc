"""Entra ID's, Resource Manager's and the SDK's errors, told one by one: code, cause, remedy, and whether waiting helps.

The SDK's message is read to tell cases apart but never shown: it may echo parts of the request. Codes of Entra ID:
https://learn.microsoft.com/entra/identity-platform/reference-error-codes; of Resource Manager:
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from azure.core import exceptions as sdk

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.providers.azure import error_messages as texts
from cloudaccounts.providers.azure.error_messages import Told

_AADSTS = re.compile(r"AADSTS([0-9]{4,9})")
_DISCOVERY_STATUS = re.compile(r"HTTP status: ([0-9]{3})")


def explain(error: BaseException, doing: str = "") -> ProviderError:
    """The error as a value for people. ``doing`` is the Azure action, named where a permission is missing.

    A `ProviderError` is given back as it is, so callers need not sort.
    """
    if isinstance(error, ProviderError):
        return error
    code = azure_code(error)
    told = _told_of(error, code)
    cause = told.cause
    if told is texts.DENIED and doing:
        cause = f"Azure knows the app and denies it {doing}."
    return ProviderError(told.code, cause, told.remedy, permanent=told.permanent, sdk_error=code)


def azure_code(error: BaseException) -> str:
    """Azure's own error id (``AADSTS7000215``, ``AuthorizationFailed``), or the SDK's exception name."""
    for one in _chain(error):
        if match := _AADSTS.search(_message(one)):
            return f"AADSTS{match[1]}"
    for one in _chain(error):
        if isinstance(one, sdk.HttpResponseError) and (code := arm_code(one)):
            return code
    inner = _network_error(error)
    return type(inner or error).__name__


def arm_code(error: sdk.HttpResponseError) -> str:
    """The code in the body's ``error``; the HTTP status where there is none. Only letters and digits: it is shown."""
    code = getattr(error.error, "code", None)
    if isinstance(code, str) and re.fullmatch(r"[A-Za-z0-9_.]{1,80}", code):
        return code
    return str(error.status_code) if error.status_code else ""


def is_denied(error: BaseException) -> bool:
    """Azure knows who asks and says no."""
    return not isinstance(error, ProviderError) and _told_of(error, azure_code(error)) in (
        texts.DENIED,
        texts.DENIED_BY_ASSIGNMENT,
    )


def status_of(error: BaseException) -> int:
    """The HTTP status of Azure's answer; 0 where there was none."""
    return next((one.status_code or 0 for one in _chain(error) if isinstance(one, sdk.HttpResponseError)), 0)


def _told_of(error: BaseException, code: str) -> Told:
    if code.startswith("AADSTS"):
        return _aadsts(code.removeprefix("AADSTS"), _all_messages(error))
    if told := texts.ARM.get(code):
        return told
    if _network_error(error) is not None:
        return _told_of_network(error)
    status = status_of(error) or _discovery_status(error)
    if status:
        return _told_of_status(status)
    if "get authority configuration" in _all_messages(error):
        return texts.TENANT_UNKNOWN
    return texts.UNEXPECTED


def _aadsts(number: str, message: str) -> Told:
    if number == "700027":
        if re.search(r"key used is expired", message, re.IGNORECASE):
            return texts.CERTIFICATE_EXPIRED
        return texts.CERTIFICATE_UNKNOWN
    return texts.AADSTS.get(number, texts.SIGN_IN_REFUSED)


def _told_of_status(status: int) -> Told:
    if status == 429:
        return texts.THROTTLED
    if status == 403:
        return texts.DENIED
    if status == 401:
        return texts.TOKEN_REFUSED
    if status == 404:
        return texts.NOT_FOUND
    return texts.UNAVAILABLE if status >= 500 else texts.UNEXPECTED


def _discovery_status(error: BaseException) -> int:
    """MSAL tells any 4xx at the tenant's discovery as a wrong tenant: the real status stands in what it came from."""
    for one in _chain(error):
        match = _DISCOVERY_STATUS.search(_message(one))
        if match and match[1] not in ("400", "404"):
            return int(match[1])
    return 0


def _told_of_network(error: BaseException) -> Told:
    inner = _network_error(error)
    names = {type(one).__name__ for one in _deep(error)}
    if "ProxyError" in names:
        return texts.PROXY
    if "SSLCertVerificationError" in names:
        return texts.TLS
    if names & {"NameResolutionError", "gaierror"}:
        return texts.DNS
    if isinstance(inner, sdk.ServiceRequestTimeoutError):
        return texts.CONNECT_TIMEOUT
    if isinstance(inner, sdk.ServiceResponseTimeoutError):
        return texts.READ_TIMEOUT
    if isinstance(inner, sdk.ServiceResponseError):
        return texts.BROKEN_OFF
    return texts.UNREACHABLE


def _network_error(error: BaseException) -> BaseException | None:
    kinds = (sdk.ServiceRequestError, sdk.ServiceResponseError)
    return next((one for one in _chain(error) if isinstance(one, kinds)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from: azure-identity wraps everything in a ClientAuthenticationError."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _deep(error: BaseException) -> Iterator[BaseException]:
    """As `_chain`, with the errors that urllib3 and requests carry as arguments and reasons."""
    waiting: list[Any] = list(_chain(error))
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (getattr(one, name, None) for name in ("inner_exception", "reason", "__cause__", "__context__"))
        waiting += [*inner, *one.args]


def _message(error: BaseException) -> str:
    return str(getattr(error, "message", "") or error)


def _all_messages(error: BaseException) -> str:
    return "\n".join(_message(one) for one in _chain(error))
