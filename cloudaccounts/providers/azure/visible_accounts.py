"""The other subscriptions that a credential can see, so that they can be connected together. No Django."""

from __future__ import annotations

from collections.abc import Iterator

from cloudaccounts.contract.identity import Credentials, Target, VisibleAccount
from cloudaccounts.providers.azure import check_results
from cloudaccounts.providers.azure.plan import FEDERATED
from cloudaccounts.providers.azure.signin import get_subscription, require_readable, sign_in, visible_subscriptions


def visible_accounts(credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
    """Without the target's own. Raises `ProviderError`.

    With a federated credential only those that carry the owner's external ID: the others may be another customer's,
    whose app trusts this server as well.
    """
    access = sign_in(credentials, target)
    try:
        require_readable(credentials, target, get_subscription(access))
        subscriptions = visible_subscriptions(access)
    finally:
        access.connection.close()
    for subscription in subscriptions:
        if subscription.id == target.account_id:
            continue
        if credentials.method == FEDERATED and check_results.external_id_error(
            subscription.tags, target.external_id, subscription.id
        ):
            continue
        enabled = check_results.is_readable(subscription.state)
        yield VisibleAccount(subscription.id, subscription.name, enabled=enabled)
