"""How a second engine signs in to an account of AWS: by a key in its environment, of a role a temporary one.

- https://docs.aws.amazon.com/boto3/latest/guide/configuration.html (the environment variables)
- `prowler aws --help` of 5.46.0 (``--region``)
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cloudaccounts.contract.engines import EngineAccess
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.providers.aws.inventory import open_connection
from cloudaccounts.providers.aws.plan import ACCESS_KEYS
from cloudaccounts.providers.aws.regions import signing_region
from cloudaccounts.providers.aws.role import SESSION_SECONDS


def access(engine: str, credentials: Credentials, target: Target, regions: Sequence[str]) -> EngineAccess:
    """See `Provider.engine_access`. Refuses another account and the root user, as a scan does."""
    connection = open_connection(credentials, target)
    try:
        key = connection.frozen_credentials()
    finally:
        connection.close()
    environment = {
        "AWS_ACCESS_KEY_ID": str(key.access_key),
        "AWS_SECRET_ACCESS_KEY": str(key.secret_key),
        "AWS_DEFAULT_REGION": signing_region(target.partition, target.regions),
        # Nothing of this server's own: without them the scanner could find the server's identity.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    if key.token:
        environment["AWS_SESSION_TOKEN"] = key.token
    # A key that a person pasted with its token ends at a time that only AWS knows.
    seconds = 0 if credentials.method == ACCESS_KEYS else SESSION_SECONDS
    return EngineAccess(("aws", *(("--region", *regions) if regions else ())), environment, seconds=seconds)
