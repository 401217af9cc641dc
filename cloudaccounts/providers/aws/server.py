"""This server's own AWS identity: the one with which customers' roles are assumed. No Django.

It is found in the SDK's usual ways (environment, profile, web identity, task or instance role), as operators expect.
"""

from __future__ import annotations

import os
import threading
import time

from botocore.credentials import Credentials as SdkCredentials
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.session import Session as SdkSession

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import ServerIdentity
from cloudaccounts.provider_kit.deadlines import Deadline, start
from cloudaccounts.providers.aws.client import LOADER, Connection, config
from cloudaccounts.providers.aws.errors import Who, explain
from cloudaccounts.providers.aws.regions import PARTITIONS, is_region

# Credentials are looked up again after this many seconds, so that a renewed credentials file is noticed.
_KEEP_SECONDS = 60.0
_LOOKUP_SECONDS = 5.0  # for each call of the lookup, such as to the instance metadata service
_POOL = 50  # connections to STS, for many validations at once


class _Ambient:
    """The server's credentials and its connections, one set for all threads.

    The lookup can take seconds where there are none, and one pool of connections to STS serves all accounts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._credentials: SdkCredentials | None = None
        self._connections: dict[tuple[str, float], Connection] = {}
        self._identity: ServerIdentity | None = None
        self._environment: tuple[tuple[str, str], ...] = ()
        self._until = 0.0

    def connection(self, partition: str, timeout: float) -> Connection:
        """Raises botocore's `NoCredentialsError`, or its other errors where the set-up is broken."""
        with self._lock:
            self._look_up()
            if self._credentials is None:
                raise NoCredentialsError
            place = (partition, timeout)
            if place not in self._connections:
                self._connections[place] = Connection(
                    self._credentials, partition=partition, timeout=timeout, who=Who.SERVER, pool=_POOL
                )
            return self._connections[place]

    def identity(self, partition: str, timeout: float) -> ServerIdentity:
        """One call for each lookup, since every set-up page needs the answer. Raises the SDK's errors."""
        client = self.connection(partition, timeout).client("sts")
        with self._lock:
            if self._identity is not None:
                return self._identity
        # Asked outside of the lock: while AWS is slow, other threads go on with the connection that they have.
        answer = client.get_caller_identity()
        identity = ServerIdentity(principal=answer["Arn"], account_id=answer["Account"])
        with self._lock:
            self._identity = identity
        return identity

    def forget(self) -> None:
        """The next call looks credentials up again. Running calls keep their connection."""
        with self._lock:
            self._until = 0.0

    def _look_up(self) -> None:
        environment = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
        if self._credentials is not None and environment == self._environment and time.monotonic() < self._until:
            return
        credentials = _session().get_credentials()
        # Connections are kept while the credentials stay the same: each new one costs a TLS handshake.
        if (
            credentials is None
            or self._credentials is None
            or environment != self._environment
            or _differ(credentials, self._credentials)
        ):
            self._credentials, self._connections, self._environment = credentials, {}, environment
        self._identity = None
        self._until = time.monotonic() + _KEEP_SECONDS


def _differ(new: SdkCredentials, old: SdkCredentials) -> bool:
    """Whether connections must be made anew. Refreshable credentials of the same source refresh themselves."""
    if isinstance(new, RefreshableCredentials) and isinstance(old, RefreshableCredentials):
        return str(new.method) != str(old.method)
    return bool(new.get_frozen_credentials() != old.get_frozen_credentials())


_AMBIENT = _Ambient()


def _session() -> SdkSession:
    session = SdkSession()
    session.register_component("data_loader", LOADER)
    session.set_default_client_config(config(_LOOKUP_SECONDS))
    return session


def server_partition() -> str:
    """The partition of the region that this server is set up for; the standard one where none is."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    return next((name for name in PARTITIONS if is_region(name, region)), "aws")


def connect(partition: str, timeout: float) -> Connection:
    """The connection with this server's own identity, shared by all threads.

    Raises `ProviderError` where there is none.
    """
    try:
        return _AMBIENT.connection(partition, timeout)
    except (BotoCoreError, ClientError) as error:
        raise explain(error, Who.SERVER) from None


def forget() -> None:
    """After AWS refused this server's identity, which may have been renewed since it was found."""
    _AMBIENT.forget()


def server_identity(timeout: float) -> ServerIdentity:
    """Who this server is at AWS, within ``timeout`` seconds in all. A failure is in the result, never raised.

    The answer may be a minute old.
    """
    deadline = Deadline(timeout, "AWS")
    try:
        return deadline.wait(start(lambda: _identity(timeout)))
    except ProviderError as error:
        return ServerIdentity.missing(error)


def _identity(timeout: float) -> ServerIdentity:
    try:
        return _AMBIENT.identity(server_partition(), timeout)
    except (BotoCoreError, ClientError) as error:
        forget()
        raise explain(error, Who.SERVER, "sts:GetCallerIdentity") from None
