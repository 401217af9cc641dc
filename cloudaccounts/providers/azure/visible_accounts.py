"""The other subscriptions that a credential can see, for connecting them in the same go. No Django."""

from __future__ import annotations

from collections.abc import Iterator

from cloudaccounts.contract.identity import Credentials, Target, VisibleAccount
from cloudaccounts.providers.azure import check_results
from cloudaccounts.providers.azure.plan import FEDERATED
from cloudaccounts.providers.azure.signin import require_open, sign_in, subscription, visible_subscriptions


def visible_accounts(credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
    """Without the target's own. Raises `ProviderError`.

    With a federated credential only those that carry the owner's external ID: the others may be somebody else's.
    """
    access = sign_in(credentials, target)
    try:
        require_open(credentials, target, subscription(access))
        found = visible_subscriptions(access)
    finally:
        access.connection.close()
    for one in found:
        if one.id == target.account_id:
            continue
        if credentials.method == FEDERATED and check_results.external_id_error(one.tags, target.external_id, one.id):
            continue
        yield VisibleAccount(one.id, one.name, enabled=check_results.is_readable(one.state))
