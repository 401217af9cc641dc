"""Connections to Azure: one credential, one pool of connections and the SDK's two clients for each account. No Django.

The clients run on policies of our own choosing rather than the SDK's usual ones: those would register resource
providers by themselves (a write), follow redirects to other hosts, and wait as long as any Retry-After asks. Nothing of
this server's environment (``AZURE_*``) chooses a host; proxy and CA bundle do their part (HTTPS_PROXY,
REQUESTS_CA_BUNDLE), as an operator's egress proxy needs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from azure.core import AzureClouds
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
LONGEST_WAIT = 15.0  # seconds that a Retry-After may ask for; what asks for more is told instead
MOST_PAGES = 10_000

# Failures are told in reports, as values; the SDK's own lines about them would quote Azure's messages.
LOUD = ("azure", "msal")


class BoundedRetryPolicy(policies.RetryPolicy[Any, Any]):
    """Three attempts with growing pauses; Retry-After is honoured up to `LONGEST_WAIT`, and else not waited for."""

    def __init__(self, **_: Any) -> None:
        retries = ATTEMPTS - 1
        super().__init__(
            retry_total=retries,
            retry_connect=retries,
            retry_read=1,  # what hangs once seldom answers later, and each try costs the whole timeout
            retry_status=retries,
            retry_backoff_factor=0.4,
            retry_backoff_max=5,
        )

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        asked = self.get_retry_after(response)
        if asked is not None and asked > LONGEST_WAIT:
            return False
        return bool(super().is_retry(settings, response))


class SignInRetryPolicy(BoundedRetryPolicy):
    """As above; and failures that are not about the credential keep their status, which MSAL would swallow."""

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        response = super().send(request)
        if response.http_response.status_code == 429 or response.http_response.status_code >= 500:
            raise HttpResponseError(response=response.http_response)
        return response


class OneHostPolicy(policies.SansIOHTTPPolicy[Any, Any]):
    """Lets requests through to one host only: a link in an answer must not lead our token elsewhere."""

    def __init__(self, host: str) -> None:
        self._host = host

    def on_request(self, request: PipelineRequest[Any]) -> None:
        parts = urlsplit(request.http_request.url)
        if (parts.scheme, parts.netloc.lower()) not in (("https", self._host), ("https", f"{self._host}:443")):
            raise ProviderError(
                "link_refused", "Azure's answer led to another host, which was not followed.", "Tell the operator."
            )


class Connection:
    """One subscription as one app sees it. Safe to use from several threads. Nothing is asked before `token`."""

    def __init__(self, credentials: Credentials, *, partition: str, subscription_id: str, timeout: float) -> None:
        for name in LOUD:  # here, because whoever configures logging anew sets it back
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.cloud: Cloud = cloud_of(partition)
        self.subscription_id = subscription_id
        self._transport = RequestsTransport(connection_timeout=timeout, read_timeout=timeout)
        self._transport.open()
        self._credential = _credential(credentials, self.cloud, self._transport)
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
        """One answer of Resource Manager, where the SDK's clients have no operation. Raises HttpResponseError."""
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
        raise ProviderError(
            "too_many_pages", "Azure's list has no end.", "Try again; if it stays so, tell the operator."
        )

    def close(self) -> None:
        """Closes the connections; calls that still run end with an error."""
        self._transport.close()

    def _read(self, request: HttpRequest) -> dict[str, Any]:
        response = self.resources.send_request(request)
        if response.status_code != 200:
            raise HttpResponseError(response=response, error_format=ARMErrorFormat)
        content = response.json()
        return content if isinstance(content, dict) else {}

    def _policies(self) -> list[Any]:
        return [
            policies.RequestIdPolicy(),
            policies.UserAgentPolicy("cloud-accounts", user_agent_use_env=False),
            policies.ContentDecodePolicy(),
            OneHostPolicy(self.cloud.management),
            BoundedRetryPolicy(),
            ARMChallengeAuthenticationPolicy(self._credential, self.cloud.scope),
        ]


def _credential(credentials: Credentials, cloud: Cloud, transport: RequestsTransport) -> TokenCredential:
    """The SDK's credential of the method. ``disable_instance_discovery``: the hosts are from our own table."""
    tenant_id, client_id = credentials["tenant_id"], credentials["client_id"]
    common: dict[str, Any] = {
        "authority": cloud.login,
        "transport": transport,
        "retry_policy_class": SignInRetryPolicy,
        "disable_instance_discovery": True,
    }
    if credentials.method == FEDERATED:
        return ClientAssertionCredential(tenant_id, client_id, server.assertion, **common)
    made: CertificateCredential | ClientSecretCredential
    if credentials.method == CERTIFICATE:
        pem, password = credentials["certificate_pem"].encode(), credentials.get("password") or None
        made = CertificateCredential(tenant_id, client_id, certificate_data=pem, password=password, **common)
    elif credentials.method == CLIENT_SECRET:
        made = ClientSecretCredential(tenant_id, client_id, credentials["client_secret"], **common)
    else:
        raise ProviderError("method_unknown", "Azure has no such way to sign in.", "Choose one that is offered.")
    # False, not None: else AZURE_REGIONAL_AUTHORITY_NAME or MSAL_FORCE_REGION would choose another host.
    made._regional_authority = False  # type: ignore[assignment] # MSAL's azure_region takes it
    return made
