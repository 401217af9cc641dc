"""Signing in: an app's token, what the token says about the app, and the subscription. No Django."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from azure.core.exceptions import AzureError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import RegionResult
from cloudaccounts.provider_kit.jwt import unverified_claims
from cloudaccounts.providers.azure import check_results
from cloudaccounts.providers.azure.client import Connection
from cloudaccounts.providers.azure.clouds import require_regions
from cloudaccounts.providers.azure.errors import azure_code, explain, is_denied
from cloudaccounts.providers.azure.plan import FEDERATED

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Access:
    """A signed-in app. ``principal_id`` is the object ID of its service principal; empty where the token lacks it."""

    tenant_id: str
    client_id: str
    principal_id: str
    token_tenant: str
    connection: Connection = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription, as Azure shows it to the app."""

    id: str
    name: str
    state: str
    tenant_id: str
    managed_by: frozenset[str]  # tenants, through Azure Lighthouse
    tags: Mapping[str, str]


def sign_in(credentials: Credentials, target: Target) -> Access:
    """Raises `ProviderError`."""
    # Before any call, as for all clouds: an unknown region must not get as far as a host name or a path.
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
    # Nothing is granted by these claims: they name the app in texts, and in Azure's own lists.
    claims = unverified_claims(token) or {}
    return Access(
        tenant_id=credentials["tenant_id"],
        client_id=credentials["client_id"],
        principal_id=str(claims.get("oid", "")),
        # Compared later with the tenant that the person named: Azure may know the app in several.
        token_tenant=str(claims.get("tid", "")).lower(),
        connection=connection,
    )


def call_azure(call: Callable[[], T], action: str) -> T:
    """The call's result; the SDK's errors as `ProviderError`. ``action`` is the permission that it needs."""
    try:
        return call()
    except (AzureError, ProviderError) as error:
        raise explain(error, action) from None


def subscription_regions(connection: Connection) -> tuple[RegionResult, ...]:
    """The locations that are open to the subscription. Azure has nothing to enable. Raises `ProviderError`.

    Logical ones (``europe``, ``global``), where no resource is, are left out:
    https://learn.microsoft.com/rest/api/resources/subscriptions/list-locations
    """

    def list_locations() -> tuple[RegionResult, ...]:
        locations = connection.subscriptions.subscriptions.list_locations(connection.subscription_id)
        names = {str(item.name or "").lower() for item in locations if not _is_logical(item)}
        return tuple(RegionResult(name, True) for name in sorted(names - {""}))

    return call_azure(list_locations, "Microsoft.Resources/subscriptions/locations/read")


def logical_locations(connection: Connection) -> frozenset[str]:
    """Whole geographies and the like, in which services lie that have no region. Raises `ProviderError`."""

    def list_locations() -> frozenset[str]:
        locations = connection.subscriptions.subscriptions.list_locations(connection.subscription_id)
        return frozenset(str(item.name or "").lower() for item in locations if _is_logical(item))

    return call_azure(list_locations, "Microsoft.Resources/subscriptions/locations/read")


def _is_logical(location: Any) -> bool:
    kind = location.metadata.region_type if location.metadata else None
    return str(getattr(kind, "value", kind)).lower() == "logical"


def get_subscription(access: Access) -> Subscription:
    """Raises `ProviderError`; ``no_permissions`` where Azure knows the app and shows it nothing."""
    try:
        answer = access.connection.subscriptions.subscriptions.get(access.connection.subscription_id)
    except (AzureError, ProviderError) as error:
        if is_denied(error) and azure_code(error) == "AuthorizationFailed":
            # The role is missing as a whole, so naming one permission would mislead.
            no_role = check_results.nothing_granted()
            raise ProviderError(no_role.code, no_role.cause, no_role.remedy, sdk_error=azure_code(error)) from None
        raise explain(error, "Microsoft.Resources/subscriptions/read") from None
    managed_by = frozenset(str(tenant.tenant_id or "").lower() for tenant in answer.managed_by_tenants or ())
    return _subscription(answer, managed_by)


def _subscription(answer: Any, managed_by: frozenset[str] = frozenset()) -> Subscription:
    return Subscription(
        id=str(answer.subscription_id or "").lower(),
        name=str(answer.display_name or ""),
        state=str(getattr(answer.state, "value", answer.state) or ""),  # an enum, or a text that the SDK does not know
        tenant_id=str(answer.tenant_id or "").lower(),
        managed_by=managed_by,
        tags=dict(answer.tags or {}),
    )


def require_readable(credentials: Credentials, target: Target, subscription: Subscription) -> None:
    """What each scan and connection check requires: the state and, with a federated credential, the owner's tag.

    Raises `ProviderError`. With a federated credential this server's own identity opens the subscription, so whoever
    removes the tag ends our access.
    """
    if credentials.method == FEDERATED:  # first: of an unmarked subscription nothing is told, not even its state
        error = check_results.external_id_error(subscription.tags, target.external_id, target.account_id)
        if error is not None:
            raise error
    if not check_results.is_readable(subscription.state):
        raise check_results.subscription_error(subscription.state)


def visible_subscriptions(access: Access) -> list[Subscription]:
    """All that the app can see, the connected one included. Raises `ProviderError`."""

    def list_all() -> list[Subscription]:
        return [_subscription(answer) for answer in access.connection.subscriptions.subscriptions.list()]

    return call_azure(list_all, "Microsoft.Resources/subscriptions/read")
