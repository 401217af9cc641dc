"""Connections to Azure: one credential, one pool of connections and the SDK's two clients for each account. No Django.

The clients use policies of our choice rather than the SDK's defaults: those would register resource providers when one
is missing (a write), follow redirects to other hosts, and wait as long as any Retry-After asks. Nothing in this
server's environment (``AZURE_*``) chooses a host. Proxy and CA bundle (HTTPS_PROXY, REQUESTS_CA_BUNDLE) are the
exceptions, because operators need them for an egress proxy.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from azure.core import AzureClouds, PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse, policies
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.identity import CertificateCredential, ClientAssertionCredential, ClientSecretCredential
from azure.mgmt.core.exceptions import ARMErrorFormat
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.providers.azure import server
from cloudaccounts.providers.azure.clouds import Cloud, cloud_of
from cloudaccounts.providers.azure.plan import CERTIFICATE, CLIENT_SECRET, FEDERATED

ATTEMPTS = 3  # in all
LONGEST_WAIT = 15.0  # seconds that a Retry-After may ask for; a longer one is reported as throttling
GRAPH_VERSION = "v1.0"
MOST_PAGES = 10_000  # a list with more is a loop: Azure's next links are followed as they come

# Failures are reported as values. The SDK's own log lines about them would quote Azure's messages.
_SDK_LOGGERS = ("azure", "msal")


class BoundedRetryPolicy(policies.RetryPolicy[Any, Any]):
    """Three attempts with growing pauses. Retry-After is respected up to `LONGEST_WAIT`; beyond that nothing is
    tried.
    """

    def __init__(self, **_: Any) -> None:
        retries = ATTEMPTS - 1
        super().__init__(
            retry_total=retries,
            retry_connect=retries,
            retry_read=1,  # what hangs once seldom answers later, and each attempt takes the whole timeout
            retry_status=retries,
            retry_backoff_factor=0.4,
            retry_backoff_max=5,
        )

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        retry_after = self.get_retry_after(response)
        # Whoever waits for a validation is better served by hearing that Azure throttles.
        if retry_after is not None and retry_after > LONGEST_WAIT:
            return False
        return bool(super().is_retry(settings, response))


class SignInRetryPolicy(BoundedRetryPolicy):
    """As above. Failures that are not about the credential keep their status, which MSAL would drop."""

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        response = super().send(request)
        # MSAL drops the status, and throttling would read as a refusal of the credential.
        if response.http_response.status_code == 429 or response.http_response.status_code >= 500:
            raise HttpResponseError(response=response.http_response)
        return response


class OneHostPolicy(policies.SansIOHTTPPolicy[Any, Any]):
    """Allows requests to one host only: a next link in an answer must not send our token elsewhere."""

    def __init__(self, host: str) -> None:
        self._host = host

    def on_request(self, request: PipelineRequest[Any]) -> None:
        parts = urlsplit(request.http_request.url)
        if (parts.scheme, parts.netloc.lower()) not in (("https", self._host), ("https", f"{self._host}:443")):
            raise ProviderError(
                "link_refused", "Azure's answer led to another host, which was not followed.", "Tell the operator."
            )


class Connection:
    """One subscription as one app sees it. Safe to use from several threads. No call is made before `token`."""

    def __init__(self, credentials: Credentials, *, partition: str, subscription_id: str, timeout: float) -> None:
        for name in _SDK_LOGGERS:  # at each connection, because configuring logging again resets the level
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.cloud: Cloud = cloud_of(partition)
        self.subscription_id = subscription_id
        self._transport = RequestsTransport(connection_timeout=timeout, read_timeout=timeout)
        self._transport.open()
        self._credential = _credential(credentials, self.cloud, self._transport)
        self._graph: PipelineClient[Any, Any] | None = None
        setting = AzureClouds(self.cloud.sdk)
        self.subscriptions = SubscriptionClient(
            self._credential, cloud_setting=setting, policies=self._policies(), transport=self._transport
        )
        self.resources = ResourceManagementClient(
            self._credential,
            subscription_id,
            cloud_setting=setting,
            policies=self._policies(),
            transport=self._transport,
        )

    def __repr__(self) -> str:
        return f"<Connection to {self.subscription_id} in {self.cloud.name}>"

    def token(self) -> str:
        """Signs in; the clients use the same token afterwards. Raises the SDK's errors and `ProviderError`."""
        return self._credential.get_token(self.cloud.scope).token

    def get(self, path: str, api_version: str, **parameters: str) -> dict[str, Any]:
        """One answer of Resource Manager, for operations that the SDK's clients lack. Raises HttpResponseError."""
        request = HttpRequest("GET", path, params={"api-version": api_version, **parameters})
        return self._read(request)

    def follow(self, link: str) -> dict[str, Any]:
        """A list's next page, by the link in the one before. Raises HttpResponseError, `ProviderError`."""
        return self._read(HttpRequest("GET", link))

    def pages(self, path: str, api_version: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """The items of a list, page by page. Raises HttpResponseError."""
        page = self.get(path, api_version, **parameters)
        for _ in range(MOST_PAGES):
            yield from page.get("value") or ()
            link = page.get("nextLink")
            if not link:
                return
            page = self._read(HttpRequest("GET", str(link)))
        raise too_many_pages()

    def graph_get(self, path: str, **parameters: str) -> dict[str, Any]:
        """One answer of Microsoft Graph, by a path below its version. Raises the SDK's errors and `ProviderError`."""
        return self._read_graph(HttpRequest("GET", f"/{GRAPH_VERSION}/{path}", params=parameters))

    def graph_pages(self, path: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """The items of a list, page by page. Raises as `graph_get`."""
        page = self.graph_get(path, **parameters)
        for _ in range(MOST_PAGES):
            yield from page.get("value") or ()
            link = page.get("@odata.nextLink")
            if not link:
                return
            page = self._read_graph(HttpRequest("GET", str(link)))
        raise too_many_pages()

    def graph_post(self, path: str, body: dict[str, Any], *, once: bool = False) -> dict[str, Any]:
        """The answer to a call that changes something; empty where it has none. Raises as `graph_get`.

        With ``once`` it is sent once, whatever happens: a repeated one would make a second secret.
        """
        limits = dict.fromkeys(("retry_total", "retry_connect", "retry_read", "retry_status"), 0) if once else {}
        return self._read_graph(HttpRequest("POST", f"/{GRAPH_VERSION}/{path}", json=body), **limits)

    def graph_token(self) -> str:
        """The token for Microsoft Graph. Raises the SDK's errors and `ProviderError`."""
        return self._credential.get_token(f"https://{self.cloud.graph}/.default").token

    def close(self) -> None:
        """Closes the connections; calls that still run end with an error."""
        self._transport.close()

    def _read(self, request: HttpRequest) -> dict[str, Any]:
        response = self.resources.send_request(request)
        # `send_request` raises nothing itself, whatever Azure answers.
        if response.status_code != 200:
            raise HttpResponseError(response=response, error_format=ARMErrorFormat)
        content = response.json()
        # An answer of another shape is an empty one here; what a rule needs of it is then missing, and so unknown.
        return content if isinstance(content, dict) else {}

    def _read_graph(self, request: HttpRequest, **limits: Any) -> dict[str, Any]:
        # Made when it is first asked: most connections never are.
        if self._graph is None:
            self._graph = PipelineClient(
                f"https://{self.cloud.graph}",
                policies=self._policies(self.cloud.graph, f"https://{self.cloud.graph}/.default"),
                transport=self._transport,
            )
        request.url = self._graph.format_url(request.url)
        response = self._graph.send_request(request, **limits)
        if response.status_code == 204:
            return {}
        if response.status_code not in (200, 201):
            raise HttpResponseError(response=response)
        content = response.json()
        return content if isinstance(content, dict) else {}

    def _policies(self, host: str = "", scope: str = "") -> list[Any]:
        """Of Resource Manager, where nothing else is named."""
        authentication = (
            policies.BearerTokenCredentialPolicy(self._credential, scope)
            if scope
            else (ARMChallengeAuthenticationPolicy(self._credential, self.cloud.scope))
        )
        return [
            # Each policy wraps those that follow: the host is checked first, and each retry is authenticated again.
            policies.RequestIdPolicy(),
            # AZURE_HTTP_USER_AGENT would otherwise be added: nothing of this server's environment is to reach Azure.
            policies.UserAgentPolicy("cloud-accounts", user_agent_use_env=False),
            policies.ContentDecodePolicy(),
            OneHostPolicy(host or self.cloud.management),
            BoundedRetryPolicy(),
            authentication,
        ]


def too_many_pages() -> ProviderError:
    return ProviderError("too_many_pages", "Azure's list has no end.", "Try again; if it stays so, tell the operator.")


def _credential(credentials: Credentials, cloud: Cloud, transport: RequestsTransport) -> TokenCredential:
    """The SDK's credential for the method."""
    tenant_id, client_id = credentials["tenant_id"], credentials["client_id"]
    common: dict[str, Any] = {
        "authority": cloud.login,
        "transport": transport,
        "retry_policy_class": SignInRetryPolicy,
        # Else the SDK asks a Microsoft host first whether the authority is genuine. Ours are from our own table.
        "disable_instance_discovery": True,
    }
    if credentials.method == FEDERATED:
        return ClientAssertionCredential(tenant_id, client_id, server.assertion, **common)
    credential: CertificateCredential | ClientSecretCredential
    if credentials.method == CERTIFICATE:
        pem, password = credentials["certificate_pem"].encode(), credentials.get("password") or None
        credential = CertificateCredential(tenant_id, client_id, certificate_data=pem, password=password, **common)
    elif credentials.method == CLIENT_SECRET:
        credential = ClientSecretCredential(tenant_id, client_id, credentials["client_secret"], **common)
    else:
        raise ProviderError("method_unknown", "Azure has no such way to sign in.", "Choose one that is offered.")
    # False, not None: else AZURE_REGIONAL_AUTHORITY_NAME or MSAL_FORCE_REGION would choose another host.
    credential._regional_authority = False  # type: ignore[assignment] # MSAL's azure_region takes it
    return credential
