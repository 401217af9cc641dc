"""The smallest grant for a provider's checks: for one account, and as a way to set access up."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cloudaccounts.accounts.enabled_checks import enabled_checks, switched_off
from cloudaccounts.contract.least_privilege import LeastPrivilege
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.setup import SetupGuide, Snippet
from cloudaccounts.models import CloudAccount
from cloudaccounts.registry import UnknownProviderError

GUIDE = "least-privilege"


def smallest_grant(account: CloudAccount, off: frozenset[str] | None = None) -> LeastPrivilege | None:
    """For the checks that its team has switched on (``off``: known already), and the regions that it names.

    None where the provider does not say.
    """
    try:
        provider = account.spec
    except UnknownProviderError:
        return None
    # New regions join by the next scan where all are read, so the grant must not name some.
    regions = () if account.all_regions else account.regions
    off = switched_off(account.owner) if off is None else off
    return _grant(provider, off, account.account_id, account.auth_method, regions)


def smallest_guide(provider: Provider, owner: str, account_id: str, method: str) -> SetupGuide | None:
    """A tab of instructions with it; for all regions, since they are chosen later."""
    smallest = _grant(provider, switched_off(owner), account_id, method, ())
    if smallest is None:
        return None
    intro = (
        "Instead of what the other instructions grant for reading. It is enough for the checks that the team has "
        "switched on today: a new release may need more, and a report then says what. What no check is about is not "
        "listed with it."
    )
    snippet = Snippet(smallest.title, text_of(smallest), "json", smallest.filename)
    return SetupGuide(GUIDE, "Least privilege", intro, snippets=(snippet,))


def text_of(smallest: LeastPrivilege) -> str:
    return json.dumps(smallest.document, indent=2)


def _grant(
    provider: Provider, off: frozenset[str], account_id: str, method: str, regions: Sequence[str]
) -> LeastPrivilege | None:
    checks = enabled_checks(provider, off)
    return provider.least_privilege(checks, account_id=account_id, method=method, regions=regions)
