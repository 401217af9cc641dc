"""How a second engine signs in to a subscription: as the app, by its client secret in the environment.

- https://learn.microsoft.com/python/api/azure-identity/azure.identity.environmentcredential (the variables)
- `prowler azure --help` of 5.46.0 (``--sp-env-auth``, ``--subscription-ids``, ``--azure-region``)
"""

from __future__ import annotations

from collections.abc import Sequence

from cloudaccounts.contract.engines import EngineAccess
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.provider_kit.engine_pairs import unsupported
from cloudaccounts.providers.azure.clouds import cloud_of
from cloudaccounts.providers.azure.connection_check import check_connection
from cloudaccounts.providers.azure.plan import CLIENT_SECRET


def access(engine: str, credentials: Credentials, target: Target, regions: Sequence[str]) -> EngineAccess:
    """See `Provider.engine_access`. ``regions`` do not narrow it: a subscription is read as a whole."""
    if credentials.method != CLIENT_SECRET:
        # With a certificate or a federated token the scanner cannot sign in: it knows a secret, a CLI and a browser.
        raise unsupported(credentials.method.replace("_", " "), "a client secret")
    check_connection(credentials, target)
    environment = {
        "AZURE_TENANT_ID": credentials["tenant_id"],
        "AZURE_CLIENT_ID": credentials["client_id"],
        "AZURE_CLIENT_SECRET": credentials["client_secret"],
    }
    cloud = cloud_of(target.partition).cli
    arguments = ("azure", "--sp-env-auth", "--subscription-ids", target.account_id, "--azure-region", cloud)
    return EngineAccess(arguments, environment)
