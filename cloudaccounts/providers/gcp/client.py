"""Connections to Google Cloud: one set of tokens and gRPC channels per account. No Django.

Host names are constants that the SDK is given: no ``GOOGLE_*`` variable of this server (mTLS endpoints, universe
domains) and no value of a credential decides one. The CA bundle and the proxy are the exceptions, because operators
need them for an egress proxy.

Every call has a timeout and bounded retries. The SDK's own defaults retry for 60 s, whatever the timeout of the call:
measured at 40 s for an endpoint that could not be reached, with ``timeout=3``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from google.api_core import exceptions as api
from google.api_core.client_options import ClientOptions
from google.api_core.retry import Retry, if_exception_type
from google.auth import credentials as sdk
from google.auth.transport.requests import AuthorizedSession, Request

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.providers.gcp.channels import Channels

if TYPE_CHECKING:
    from google.cloud.asset_v1 import AssetServiceClient
    from google.cloud.resourcemanager_v3 import FoldersClient, OrganizationsClient, ProjectsClient

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
# Of a token of its own, which is asked for where people are listed: a scan that lists none never asks for it.
# https://developers.google.com/workspace/admin/directory/v1/guides/authorizing
PEOPLE_SCOPES = ("https://www.googleapis.com/auth/admin.directory.user.readonly",)
RESOURCE_MANAGER_HOST = "cloudresourcemanager.googleapis.com"
CLOUD_ASSET_HOST = "cloudasset.googleapis.com"
_SERVICE_USAGE = "https://serviceusage.googleapis.com/v1"
_IAM = "https://iam.googleapis.com/v1"
_LOGGING = "https://logging.googleapis.com/v2"
_COMPUTE = "https://compute.googleapis.com/compute/v1"
_MONITORING = "https://monitoring.googleapis.com/v3"
_DIRECTORY = "https://admin.googleapis.com/admin/directory/v1"
_ORG_POLICY = "https://orgpolicy.googleapis.com/v2"
_AUDIT_LOGS = ("activity", "system_event")
RETRY_SECONDS = 6.0  # how long `short_retry` waits for throttling to end
_LOG_PAGE = 1000  # the most that entries.list gives
_MOST_PAGES = 1000  # a log with more is not read to its end: everything is then read again


class BoundedRequest(Request):
    """google-auth's transport with our timeout (its own is 120 s). It follows no redirect: a token would go along."""

    def __init__(self, timeout: float) -> None:
        super().__init__(requests.Session())
        self._timeout = timeout

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # The SDK may ask for less, never for more.
        kwargs["timeout"] = min(kwargs.get("timeout") or self._timeout, self._timeout)
        return super().__call__(*args, allow_redirects=False, **kwargs)  # type: ignore[no-untyped-call]


class Tokens(sdk.Credentials):
    """Access tokens of a credential, renewed by one thread at a time and always within the timeout.

    One token serves gRPC and REST. By default the SDK would sign tokens of its own for gRPC, which the token endpoint
    never sees: a deleted key would then show as a bare 401, without Google's reason.
    """

    def __init__(self, source: sdk.Credentials, timeout: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._source = source
        self.request = BoundedRequest(timeout)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "<Tokens not shown>"

    def refresh(self, request: Any) -> None:
        """Raises google-auth's errors. The SDK's ``request`` is ignored in favour of our bounded one."""
        with self._lock:
            if self.valid:
                return
            self._source.refresh(self.request)
            # Copied: the SDK reads both from this object.
            self.token, self.expiry = self._source.token, self._source.expiry

    def close(self) -> None:
        self.request.session.close()


def retry_for(seconds: float) -> Retry:
    """Tries again after throttling and Google's own failures, with growing pauses, for so many seconds in all."""
    return Retry(
        # Over REST throttling is TooManyRequests, over gRPC a kind of that.
        predicate=if_exception_type(api.TooManyRequests, api.ServiceUnavailable),
        # So that a short patience has room for several attempts.
        initial=min(1.0, seconds / 8),
        maximum=20.0,
        multiplier=2.0,
        timeout=seconds,
    )


def short_retry() -> Retry:
    """For calls that a person waits for."""
    return retry_for(RETRY_SECONDS)


def _endless() -> ProviderError:
    return ProviderError("too_many_pages", "Google's list has no end.", "Try again; if it stays so, tell us.")


class Connection:
    """One account's clients, made by the first call that needs them. Safe to use from several threads."""

    def __init__(self, tokens: Tokens, *, email: str, timeout: float, people: sdk.Credentials | None = None) -> None:
        self.email = email
        self.timeout = timeout
        self._tokens = tokens
        self._people_tokens = Tokens(people, timeout) if people is not None else tokens
        self._channels = Channels(tokens)

    def __repr__(self) -> str:
        return f"<Connection of {self.email}>"

    @cached_property
    def _rest(self) -> AuthorizedSession:
        """One for all REST calls: each session would read the CA bundle again and open connections of its own."""
        return self._session(self._tokens)

    @cached_property
    def _people_rest(self) -> AuthorizedSession:
        return self._session(self._people_tokens)

    def _session(self, tokens: Tokens) -> AuthorizedSession:
        return AuthorizedSession(
            # Not renewed by the session itself: `Tokens` does that, one thread at a time.
            tokens,
            refresh_timeout=self.timeout,
            max_refresh_attempts=0,
            auth_request=tokens.request,
        )

    @cached_property
    def projects(self) -> ProjectsClient:
        from google.cloud.resourcemanager_v3 import ProjectsClient
        from google.cloud.resourcemanager_v3.services.projects.transports import ProjectsGrpcTransport

        channel = self._channels.open(RESOURCE_MANAGER_HOST)
        return ProjectsClient(
            transport=ProjectsGrpcTransport(host=RESOURCE_MANAGER_HOST, channel=channel),
            client_options=ClientOptions(),
        )

    @cached_property
    def folders(self) -> FoldersClient:
        from google.cloud.resourcemanager_v3 import FoldersClient
        from google.cloud.resourcemanager_v3.services.folders.transports import FoldersGrpcTransport

        channel = self._channels.open(RESOURCE_MANAGER_HOST)
        return FoldersClient(
            transport=FoldersGrpcTransport(host=RESOURCE_MANAGER_HOST, channel=channel),
            client_options=ClientOptions(),
        )

    @cached_property
    def organizations(self) -> OrganizationsClient:
        from google.cloud.resourcemanager_v3 import OrganizationsClient
        from google.cloud.resourcemanager_v3.services.organizations.transports import OrganizationsGrpcTransport

        channel = self._channels.open(RESOURCE_MANAGER_HOST)
        return OrganizationsClient(
            transport=OrganizationsGrpcTransport(host=RESOURCE_MANAGER_HOST, channel=channel),
            client_options=ClientOptions(),
        )

    @cached_property
    def assets(self) -> AssetServiceClient:
        from google.cloud.asset_v1 import AssetServiceClient
        from google.cloud.asset_v1.services.asset_service.transports import AssetServiceGrpcTransport

        channel = self._channels.open(CLOUD_ASSET_HOST)
        return AssetServiceClient(transport=AssetServiceGrpcTransport(host=CLOUD_ASSET_HOST, channel=channel))

    def services(self, project: str, names: list[str]) -> dict[str, str]:
        """State (``ENABLED``, ``DISABLED``) of at most 30 APIs in a project. Raises the SDK's errors."""
        parent = f"projects/{project}"
        answer = self._get(
            f"{_SERVICE_USAGE}/{parent}/services:batchGet", {"names": [f"{parent}/services/{name}" for name in names]}
        )
        return {str(item["name"]).rsplit("/", 1)[-1]: str(item.get("state", "")) for item in answer.get("services", ())}

    def keys(self, host_project: str) -> list[dict[str, Any]]:
        """The service account's own user-managed keys. Raises the SDK's errors."""
        return list(self._get(f"{self._own(host_project)}/keys", {"keyTypes": "USER_MANAGED"}).get("keys", ()))

    def key_certificate(self, host_project: str, key_id: str) -> str:
        """The public half of a key, as Google has it: base64 of a PEM certificate. Raises the SDK's errors."""
        url = f"{self._own(host_project)}/keys/{quote(key_id, safe='')}"
        return str(self._get(url, {"publicKeyType": "TYPE_X509_PEM_FILE"}).get("publicKeyData", ""))

    def upload_key(self, host_project: str, certificate: str) -> dict[str, Any]:
        """Adds a public key, given as base64 of a PEM certificate. Sent once. Raises the SDK's errors."""
        return self._request("POST", f"{self._own(host_project)}/keys:upload", {}, {"publicKeyData": certificate})

    def disable_key(self, host_project: str, key_id: str) -> None:
        """Raises the SDK's errors."""
        self._request("POST", f"{self._own(host_project)}/keys/{quote(key_id, safe='')}:disable", {}, {})

    def delete_key(self, host_project: str, key_id: str) -> None:
        """Raises the SDK's errors."""
        self._request("DELETE", f"{self._own(host_project)}/keys/{quote(key_id, safe='')}", {})

    def own_permissions(self, host_project: str, names: list[str]) -> frozenset[str]:
        """Those of the permissions that the service account has on itself. Raises the SDK's errors."""
        answer = self._request("POST", f"{self._own(host_project)}:testIamPermissions", {}, {"permissions": names})
        return frozenset(str(name) for name in answer.get("permissions", ()))

    def key_uses(self, host_project: str, key_id: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Cloud Monitoring's points for a key. Raises the SDK's errors.

        https://cloud.google.com/iam/docs/service-account-monitoring
        """
        metric = "iam.googleapis.com/service_account/key/authn_events_count"
        params = {
            "filter": f'metric.type="{metric}" AND metric.labels.key_id="{key_id}"',
            "interval.startTime": since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "interval.endTime": until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        url = f"{_MONITORING}/projects/{quote(host_project, safe='')}/timeSeries"
        return [point for series in self.pages(url, params, "timeSeries") for point in series.get("points") or ()]

    def _own(self, host_project: str) -> str:
        return f"{_IAM}/projects/{quote(host_project, safe='')}/serviceAccounts/{quote(self.email, safe='@')}"

    def effective_policy(self, project: str, constraint: str) -> dict[str, Any]:
        """An organization policy as it applies to a project, with what is inherited. Raises the SDK's errors."""
        name = f"projects/{quote(project, safe='')}/policies/{quote(constraint, safe='.')}"
        return self._get(f"{_ORG_POLICY}/{name}:getEffectivePolicy", {})

    def audit_entries(self, project: str, since: datetime) -> Iterator[dict[str, Any]]:
        """Entries of the audit logs that are always on, service and method only. Raises the SDK's errors."""
        logs = " OR ".join(f'"projects/{project}/logs/cloudaudit.googleapis.com%2F{name}"' for name in _AUDIT_LOGS)
        start = since.astimezone(UTC).isoformat().replace("+00:00", "Z")
        body: dict[str, Any] = {
            "resourceNames": [f"projects/{project}"],
            "filter": f'logName=({logs}) AND timestamp>="{start}"',
            "orderBy": "timestamp desc",
            "pageSize": _LOG_PAGE,
        }
        # Only these fields: the payloads are large, and hold names and addresses of people.
        fields = {"fields": "nextPageToken,entries(protoPayload(serviceName,methodName))"}
        for _ in range(_MOST_PAGES):
            answer = self._request("POST", f"{_LOGGING}/entries:list", fields, body)
            yield from answer.get("entries", ())
            if not (token := answer.get("nextPageToken")):
                return
            body["pageToken"] = token
        raise _endless()

    def log_sinks(self, place: str) -> list[dict[str, Any]]:
        """The sinks of a folder or an organization, by its name. Raises the SDK's errors."""
        # The name comes from Google, and is a path all the same: nothing but these two words and an id.
        kind, _, identifier = place.partition("/")
        return list(self.pages(f"{_LOGGING}/{quote(kind, safe='')}/{quote(identifier, safe='')}/sinks", {}, "sinks"))

    def effective_policies(self, project: str, network: str) -> list[dict[str, Any]]:
        """The firewall policies that apply to a network, also those of folders and the organization.

        Counted against the project itself: there Compute Engine is on, which it may not be where the service account
        lives. https://cloud.google.com/compute/docs/reference/rest/v1/networks/getEffectiveFirewalls and
        https://cloud.google.com/docs/quotas/quota-project. Raises the SDK's errors.
        """
        url = f"{_COMPUTE}/projects/{quote(project, safe='')}/global/networks/{quote(network, safe='')}"
        fields = {"fields": "firewallPolicys(name,shortName,type,priority,rules)"}
        answer = self._request("GET", f"{url}/getEffectiveFirewalls", fields, headers={"x-goog-user-project": project})
        return [policy for policy in answer.get("firewallPolicys", ()) if isinstance(policy, dict)]

    def people(self, customer: str) -> Iterator[dict[str, Any]]:
        """Everybody of a customer of Cloud Identity, without names. Raises the SDK's errors."""
        fields = "nextPageToken,users(isAdmin,isEnrolledIn2Sv,suspended,archived)"
        params = {"customer": customer, "maxResults": 500, "projection": "basic", "fields": fields}
        return self.pages(f"{_DIRECTORY}/users", params, "users", session=self._people_rest)

    def pages(
        self, url: str, params: dict[str, Any], name: str, *, session: AuthorizedSession | None = None
    ) -> Iterator[dict[str, Any]]:
        """The objects under ``name`` in all pages of a list. Raises the SDK's errors."""
        for _ in range(_MOST_PAGES):
            answer = self._request("GET", url, params, session=session)
            yield from (item for item in answer.get(name, ()) if isinstance(item, dict))
            if not (token := answer.get("nextPageToken")):
                return
            params = {**params, "pageToken": token}
        raise _endless()

    def close(self) -> None:
        self._channels.close()
        self._tokens.close()
        self._people_tokens.close()
        # Only where they were ever used: asking for the property would open it.
        for name in ("_rest", "_people_rest"):
            if name in vars(self):
                getattr(self, name).close()

    def _get(self, url: str, params: dict[str, Any]) -> dict[str, Any]:
        return self._request("GET", url, params)

    def _request(
        self,
        method: str,
        url: str,
        params: dict[str, Any],
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        session: AuthorizedSession | None = None,
    ) -> dict[str, Any]:
        response = (session or self._rest).request(
            method,
            url,
            params=params,
            json=body,
            headers=headers,
            timeout=self.timeout,
            max_allowed_time=self.timeout,
            allow_redirects=False,
        )
        # A redirect is an error as well: it was not followed.
        if response.status_code != 200:
            raise api.from_http_response(response)
        answer = response.json()
        return answer if isinstance(answer, dict) else {}
