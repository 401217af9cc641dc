"""The reference: the same calls to Azure with its SDK as the documentation shows it."""

from __future__ import annotations

from collections.abc import Mapping

from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

API_VERSION = "2022-04-01"


def connection_test(fields: Mapping[str, str], subscription_id: str) -> None:
    """One after the other: which tenant and subscription is it, what else is there, what may I do, where."""
    with (
        ClientSecretCredential(fields["tenant_id"], fields["client_id"], fields["client_secret"]) as credential,
        SubscriptionClient(credential) as subscriptions,
        ResourceManagementClient(credential, subscription_id) as resources,
    ):
        list(subscriptions.tenants.list())
        subscriptions.subscriptions.get(subscription_id)
        list(subscriptions.subscriptions.list())
        list(subscriptions.subscriptions.list_locations(subscription_id))
        list(resources.providers.list())
        base = f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization"
        for path, more in (("permissions", {}), ("denyAssignments", {"$filter": "atScope()"})):
            request = HttpRequest("GET", f"{base}/{path}", params={"api-version": API_VERSION, **more})
            response = resources.send_request(request)
            response.raise_for_status()
            response.json()
