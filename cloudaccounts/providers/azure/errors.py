"""Entra ID's, Resource Manager's and the SDK's errors, each with its message in `error_messages`.

The SDK's message is read to distinguish cases but never shown: it may echo parts of the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from azure.core import exceptions as sdk

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.error_messages import ErrorMessage
from cloudaccounts.providers.azure import error_messages as messages

_AADSTS = re.compile(r"AADSTS([0-9]{4,9})")
_DISCOVERY_STATUS = re.compile(r"HTTP status: ([0-9]{3})")


def explain(error: BaseException, action: str = "") -> ProviderError:
    """The error as a value for people. ``action`` is the Azure action, named where a permission is missing.

    A `ProviderError` is returned as it is, so callers need not sort.
    """
    if isinstance(error, ProviderError):
        return error
    code = azure_code(error)
    message = _message_for(error, code)
    cause = f"Azure knows the app and denies it {action}." if message is messages.DENIED and action else ""
    return message.to_error(code, cause=cause)


def azure_code(error: BaseException) -> str:
    """Azure's own error id (``AADSTS7000215``, ``AuthorizationFailed``), or the SDK's exception name."""
    # Entra ID's number first: where signing in failed, an HTTP error may be in the chain as well and says less.
    for link in _chain(error):
        if match := _AADSTS.search(_sdk_message(link)):
            return f"AADSTS{match[1]}"
    for link in _chain(error):
        if isinstance(link, sdk.HttpResponseError) and (code := arm_code(link)):
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
    """Azure knows the app and refuses the action."""
    return not isinstance(error, ProviderError) and _message_for(error, azure_code(error)) in (
        messages.DENIED,
        messages.DENIED_BY_ASSIGNMENT,
    )


def status_of(error: BaseException) -> int:
    """The HTTP status of Azure's answer; 0 where there was none."""
    return next((link.status_code or 0 for link in _chain(error) if isinstance(link, sdk.HttpResponseError)), 0)


def _message_for(error: BaseException, code: str) -> ErrorMessage:
    if code.startswith("AADSTS"):
        return _message_for_aadsts(code.removeprefix("AADSTS"), _all_sdk_messages(error))
    if message := messages.ARM.get(code):
        return message
    if _network_error(error) is not None:
        return _message_for_network(error)
    status = status_of(error) or _discovery_status(error)
    if status:
        return _message_for_status(status)
    # MSAL's words where the tenant's metadata could not be read, although the network worked.
    if "get authority configuration" in _all_sdk_messages(error):
        return messages.TENANT_UNKNOWN
    return messages.UNEXPECTED


def _message_for_aadsts(number: str, sdk_message: str) -> ErrorMessage:
    if number == "700027":
        if re.search(r"key used is expired", sdk_message, re.IGNORECASE):
            return messages.CERTIFICATE_EXPIRED
        return messages.CERTIFICATE_UNKNOWN
    return messages.AADSTS.get(number, messages.SIGN_IN_REFUSED)


def _message_for_status(status: int) -> ErrorMessage:
    if status == 429:
        return messages.THROTTLED
    if status == 403:
        return messages.DENIED
    if status == 401:
        return messages.TOKEN_REFUSED
    if status == 404:
        return messages.NOT_FOUND
    return messages.UNAVAILABLE if status >= 500 else messages.UNEXPECTED


def _discovery_status(error: BaseException) -> int:
    """MSAL reports any 4xx at the tenant's discovery as a wrong tenant. The real status is in the error behind it."""
    for link in _chain(error):
        match = _DISCOVERY_STATUS.search(_sdk_message(link))
        if match and match[1] not in ("400", "404"):
            return int(match[1])
    return 0


def _message_for_network(error: BaseException) -> ErrorMessage:
    inner = _network_error(error)
    names = {type(nested).__name__ for nested in _deep(error)}
    if "ProxyError" in names:
        return messages.PROXY
    if "SSLCertVerificationError" in names:
        return messages.TLS
    if names & {"NameResolutionError", "gaierror"}:
        return messages.DNS
    if isinstance(inner, sdk.ServiceRequestTimeoutError):
        return messages.CONNECT_TIMEOUT
    if isinstance(inner, sdk.ServiceResponseTimeoutError):
        return messages.READ_TIMEOUT
    if isinstance(inner, sdk.ServiceResponseError):
        return messages.BROKEN_OFF
    return messages.UNREACHABLE


def _network_error(error: BaseException) -> BaseException | None:
    kinds = (sdk.ServiceRequestError, sdk.ServiceResponseError)
    return next((link for link in _chain(error) if isinstance(link, kinds)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those that caused it: azure-identity wraps everything in a ClientAuthenticationError."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _deep(error: BaseException) -> Iterator[BaseException]:
    """As `_chain`, with the errors that urllib3 and requests keep as arguments and reasons.

    The SDK has one class for all failures to connect: only these say whether it was the proxy, TLS or DNS.
    """
    waiting: list[Any] = list(_chain(error))
    seen: set[int] = set()
    while waiting:
        nested = waiting.pop()
        if not isinstance(nested, BaseException) or id(nested) in seen:
            continue
        seen.add(id(nested))
        yield nested
        inner = (getattr(nested, name, None) for name in ("inner_exception", "reason", "__cause__", "__context__"))
        waiting += [*inner, *nested.args]


def _sdk_message(error: BaseException) -> str:
    return str(getattr(error, "message", "") or error)


def _all_sdk_messages(error: BaseException) -> str:
    return "\n".join(_sdk_message(link) for link in _chain(error))
