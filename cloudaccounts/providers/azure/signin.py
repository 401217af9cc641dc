"""Signing in: an app's token, what it says of itself, and the subscription that it is for. No Django."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from azure.core.exceptions import AzureError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.providers.azure import check_results
from cloudaccounts.providers.azure.client import Connection
from cloudaccounts.providers.azure.clouds import require_regions
from cloudaccounts.providers.azure.errors import azure_code, explain, is_denied
from cloudaccounts.providers.azure.plan import FEDERATED
from cloudaccounts.providers.azure.server import claims_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Access:
    """A signed-in app. ``principal_id`` is its service principal's object ID; empty where the token does not tell."""

    tenant_id: str
    client_id: str
    principal_id: str
    token_tenant: str
    connection: Connection = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """As Azure shows it to the app."""

    id: str
    name: str
    state: str
    tenant_id: str
    managed_by: frozenset[str]  # tenants, through Azure Lighthouse
    tags: Mapping[str, str]


def sign_in(credentials: Credentials, target: Target) -> Access:
    """Raises `ProviderError`."""
    require_regions(target.partition, target.regions)
    try:
        connection = Connection(
            credentials, partition=target.partition, subscription_id=target.account_id, timeout=target.timeout
        )
    except (AzureError, ValueError) as error:  # ValueError: the SDK cannot read the certificate
        raise explain(error) from None
    try:
        token = connection.token()
    except (AzureError, ProviderError) as error:
        connection.close()
        raise explain(error) from None
    claims = claims_of(token) or {}
    return Access(
        tenant_id=credentials["tenant_id"],
        client_id=credentials["client_id"],
        principal_id=str(claims.get("oid", "")),
        token_tenant=str(claims.get("tid", "")).lower(),
        connection=connection,
    )


def asked(call: Callable[[], T], doing: str) -> T:
    """The call's result; its SDK errors as `ProviderError`. ``doing`` is the Azure action that it needs."""
    try:
        return call()
    except (AzureError, ProviderError) as error:
        raise explain(error, doing) from None


def subscription(access: Access) -> Subscription:
    """Raises `ProviderError`; ``no_permissions`` where Azure knows the app and shows it nothing."""
    try:
        told = access.connection.subscriptions.subscriptions.get(access.connection.subscription_id)
    except (AzureError, ProviderError) as error:
        if is_denied(error) and azure_code(error) == "AuthorizationFailed":
            nothing = check_results.nothing_granted()
            raise ProviderError(nothing.code, nothing.cause, nothing.remedy, sdk_error=azure_code(error)) from None
        raise explain(error, "Microsoft.Resources/subscriptions/read") from None
    return Subscription(
        id=str(told.subscription_id or "").lower(),
        name=str(told.display_name or ""),
        state=str(getattr(told.state, "value", told.state) or ""),
        tenant_id=str(told.tenant_id or "").lower(),
        managed_by=frozenset(str(one.tenant_id or "").lower() for one in told.managed_by_tenants or ()),
        tags=dict(told.tags or {}),
    )


def require_open(credentials: Credentials, target: Target, found: Subscription) -> None:
    """What a scan checks again each time: the state, and on federated credentials the owner's mark."""
    if not check_results.is_readable(found.state):
        raise check_results.subscription_error(found.state)
    if credentials.method == FEDERATED:
        error = check_results.external_id_error(found.tags, target.external_id, target.account_id)
        if error is not None:
            raise error


def visible_subscriptions(access: Access) -> list[Subscription]:
    """All that the app can see, the asked one included. Raises `ProviderError`."""

    def listed() -> list[Subscription]:
        return [
            Subscription(
                id=str(one.subscription_id or "").lower(),
                name=str(one.display_name or ""),
                state=str(getattr(one.state, "value", one.state) or ""),
                tenant_id=str(one.tenant_id or "").lower(),
                managed_by=frozenset(),
                tags=dict(one.tags or {}),
            )
            for one in access.connection.subscriptions.subscriptions.list()
        ]

    return asked(listed, "Microsoft.Resources/subscriptions/read")
