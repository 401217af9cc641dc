"""Google's errors in the two shapes that its clients read (https://cloud.google.com/apis/design/errors)."""

import json
from dataclasses import dataclass, field

_HTTP = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
# Reversed, so that 400 becomes INVALID_ARGUMENT, the first of the two that share it.
_BY_HTTP = {status: name for name, status in reversed(_HTTP.items())}


@dataclass
class GoogleError(Exception):
    """An answer other than success of an API; reason and metadata become its ErrorInfo."""

    status: str
    message: str
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    domain: str = "googleapis.com"

    def __str__(self) -> str:
        return f"{self.status} {self.reason}: {self.message}"

    @property
    def http(self) -> int:
        return _HTTP.get(self.status, 500)

    def body(self) -> bytes:
        error: dict[str, object] = {"code": self.http, "message": self.message, "status": self.status}
        if self.reason:
            info = {"reason": self.reason, "domain": self.domain, "metadata": self.metadata}
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", **info}]
        return json.dumps({"error": error}, indent=2).encode()


@dataclass
class OAuthError(Exception):
    """An answer other than success of a token endpoint (RFC 6749, section 5.2)."""

    error: str
    description: str
    http: int = 400

    def __str__(self) -> str:
        return f"{self.error}: {self.description}"

    def body(self) -> bytes:
        return json.dumps({"error": self.error, "error_description": self.description}).encode()


def of_http(status: int) -> GoogleError:
    return GoogleError(_BY_HTTP.get(status, "INTERNAL"), "Internal error encountered." if status >= 500 else "Refused.")


def denied(permission: str, resource: str) -> GoogleError:
    # The same words where the resource does not exist: Google does not tell which resources there are.
    text = f"Permission '{permission}' denied on resource '//{resource}' (or it may not exist)."
    return GoogleError(
        "PERMISSION_DENIED",
        text,
        "IAM_PERMISSION_DENIED",
        {"permission": permission, "resource": resource},
        domain="iam.googleapis.com",
    )


def service_disabled(service: str, project_id: str, number: str) -> GoogleError:
    link = f"https://console.developers.google.com/apis/api/{service}/overview?project={number}"
    text = (
        f"{service} has not been used in project {number} before or it is disabled. Enable it by visiting {link} then "
        "retry."
    )
    metadata = {
        "service": service,
        "serviceTitle": service,
        "consumer": f"projects/{number}",
        "containerInfo": project_id,
        "activationUrl": link,
    }
    return GoogleError("PERMISSION_DENIED", text, "SERVICE_DISABLED", metadata)


def throttled(service: str, number: str) -> GoogleError:
    text = f"Quota exceeded for quota metric 'Requests' and limit 'Requests per minute' of service '{service}'."
    metadata = {"service": service, "consumer": f"projects/{number}", "quota_limit": "RequestsPerMinutePerProject"}
    return GoogleError("RESOURCE_EXHAUSTED", text, "RATE_LIMIT_EXCEEDED", metadata)


def unauthenticated(reason: str = "ACCESS_TOKEN_EXPIRED") -> GoogleError:
    text = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential."
    )
    return GoogleError("UNAUTHENTICATED", text, reason)
