"""Entra ID's and Resource Manager's errors in their own shapes.

Entra ID: https://learn.microsoft.com/entra/identity-platform/reference-error-codes; Resource Manager:
https://github.com/cloud-and-ai-microsoft/resource-provider-contract (error response), also in the SDK's ErrorResponse.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass
class EntraError(Exception):
    """``error`` is OAuth's word; ``number`` Entra ID's own."""

    error: str
    number: int
    text: str
    status: int = 400
    retry_after: int = 0

    @property
    def code(self) -> str:
        return f"AADSTS{self.number}"


@dataclass
class ArmError(Exception):
    code: str
    text: str
    status: int = 400
    headers: tuple[tuple[str, str], ...] = field(default=())


def render_entra(error: EntraError, trace: str) -> Answer:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    description = f"{error.code}: {error.text} Trace ID: {trace} Correlation ID: {trace} Timestamp: {now}"
    body = {
        "error": error.error,
        "error_description": description,
        "error_codes": [error.number],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": trace,
        "error_uri": f"https://login.microsoftonline.com/error?code={error.number}",
    }
    headers = [("Content-Type", "application/json; charset=utf-8"), ("x-ms-request-id", trace)]
    if error.retry_after:
        headers.append(("Retry-After", str(error.retry_after)))
    return error.status, headers, json.dumps(body).encode()


def render_arm(error: ArmError, trace: str) -> Answer:
    body = {"error": {"code": error.code, "message": error.text}}
    headers = [("Content-Type", "application/json; charset=utf-8"), ("x-ms-request-id", trace), *error.headers]
    return error.status, headers, json.dumps(body).encode()


def denied(app_id: str, object_id: str, action: str, scope: str, *, by_assignment: str = "") -> ArmError:
    """As Resource Manager words it."""
    who = f"The client '{app_id}' with object id '{object_id}'"
    if by_assignment:
        text = (
            f"{who} has permission to perform action '{action}' on scope '{scope}'; however, the access is denied "
            f"because of the deny assignment with name '{by_assignment}' at scope '{scope}'."
        )
        return ArmError("DenyAssignmentAuthorizationFailed", text, 403)
    # The same words for a scope that does not exist: Azure does not tell which scopes there are.
    text = (
        f"{who} does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials."
    )
    return ArmError("AuthorizationFailed", text, 403)


def is_uuid(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) is not None
