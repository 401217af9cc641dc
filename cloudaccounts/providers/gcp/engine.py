"""How a second engine signs in to a project: by a service account key in a file, since the SDK takes it from nowhere
else.

- https://cloud.google.com/docs/authentication/application-default-credentials (GOOGLE_APPLICATION_CREDENTIALS)
- `prowler gcp --help` of 5.46.0 (``--project-ids``)
"""

from __future__ import annotations

from collections.abc import Sequence

from cloudaccounts.contract.engines import EngineAccess
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.provider_kit.engine_pairs import unsupported
from cloudaccounts.providers.gcp.connection_check import check_connection
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY


def access(engine: str, credentials: Credentials, target: Target, regions: Sequence[str]) -> EngineAccess:
    """See `Provider.engine_access`. ``regions`` do not narrow it: a project is read as a whole."""
    if credentials.method != SERVICE_ACCOUNT_KEY:
        raise unsupported(credentials.method.replace("_", " "), "a service account key")
    check_connection(credentials, target)
    # The metadata server would be asked for this server's own identity.
    environment = {"NO_GCE_CHECK": "true", "GOOGLE_CLOUD_PROJECT": target.account_id}
    files = {"GOOGLE_APPLICATION_CREDENTIALS": credentials["service_account_json"]}
    return EngineAccess(("gcp", "--project-ids", target.account_id), environment, files)
