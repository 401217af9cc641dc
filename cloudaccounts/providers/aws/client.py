"""Connections to AWS: one botocore session per account, with one shared loader of service models. No Django.

What is shared between accounts is immutable data (service models, endpoint rules, trusted certificates) and the lists
of built-in handlers; credentials, connection pools and clients belong to one `Connection` each. Measured on two cores:
a client costs 35 to 180 ms in a session of its own and 1 to 2 ms of these parts (see `sdk_parts` and `lean_model`).

Sessions are hermetic: no profile, config file or ``AWS_*`` variable of this server changes what they do, so that only
the tables in botocore decide a host name. The CA bundle and the proxy are the exceptions, because operators need them
for an egress proxy.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.credentials import CredentialProvider, CredentialResolver
from botocore.credentials import Credentials as SdkCredentials
from botocore.session import Session as SdkSession

from cloudaccounts.providers.aws.errors import Who
from cloudaccounts.providers.aws.lean_model import LeanLoader, ProbeLoader
from cloudaccounts.providers.aws.regions import partition_of
from cloudaccounts.providers.aws.sdk_parts import Aliaser, NoTokens, Senders, handlers_of

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_account import AccountClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

_SIMULATOR = ("iam", "simulator")  # key among a connection's clients
ATTEMPTS = 3  # in all, botocore's standard mode: exponential backoff with jitter, at most 20 s apart
POOL = 10  # connections for each client

LOADER = LeanLoader()
_PROBE = ProbeLoader(LOADER)
_USER_AGENT = SdkSession().user_agent()  # one text for all, instead of a dozen parts put together for each call

_FROM_ENVIRONMENT = {"ca_bundle"}
_VARIABLES = {
    name: (None, value[1] if name in _FROM_ENVIRONMENT else None, value[2], value[3])
    for name, value in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
} | dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))


class _FixedCredentials(CredentialProvider):
    """Provides these credentials, instead of looking for any on this server."""

    METHOD = "given"
    CANONICAL_NAME = "given"

    def __init__(self, credentials: SdkCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> SdkCredentials:
        return self._credentials


def hermetic_session(credentials: SdkCredentials) -> SdkSession:
    """A botocore session that knows these credentials and nothing of this server's environment."""
    session = SdkSession(session_vars=_VARIABLES, event_hooks=handlers_of(""), include_builtin_handlers=False)
    session.register_component("data_loader", LOADER)
    session.register_component("token_provider", NoTokens())
    session.register_component("credential_provider", CredentialResolver([_FixedCredentials(credentials)]))
    return session


def config(timeout: float, pool: int = POOL, attempts: int = ATTEMPTS) -> Config:
    """``timeout`` in seconds, for connecting and again for each wait for data."""
    return Config(  # type: ignore[call-arg] # the stubs lack ignore_configured_endpoint_urls
        connect_timeout=timeout,
        read_timeout=timeout,
        # botocore's default is "legacy", with five attempts and fewer errors that it knows to be temporary.
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=pool,
        ignore_configured_endpoint_urls=True,
        use_dualstack_endpoint=False,
        use_fips_endpoint=False,
        # Else S3 in us-east-1 is called at the global endpoint, which redirects for buckets elsewhere.
        s3={"us_east_1_regional_endpoint": "regional", "addressing_style": "auto"},
        user_agent_extra="cloud-accounts",
    )


class Connection:
    """One account's clients, made by the first call that needs them. Safe to use from several threads."""

    def __init__(
        self,
        credentials: SdkCredentials,
        *,
        partition: str,
        timeout: float,
        who: Who,
        pool: int = POOL,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.partition = partition_of(partition)
        self.who = who
        self._credentials = credentials
        self._session = hermetic_session(credentials)
        # Of proxies the senders know, through which all clients send.
        self._config = config(timeout, pool, attempts).merge(Config(user_agent=_USER_AGENT, proxies={}))
        self._timeout, self._pool = timeout, pool
        self._senders: Senders | None = None
        self._listeners: list[tuple[str, Callable[..., None]]] = []
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()  # clients are thread-safe, creating one is not: it changes its session
        self._source: Connection | None = None

    def __repr__(self) -> str:
        return f"<Connection of {self.who.value} in {self.partition.name}>"

    def frozen_credentials(self) -> ReadOnlyCredentials:
        """The key that is in use now, for a program that cannot renew it. Of a role it ends within the hour."""
        credentials = self._session.get_credentials()
        assert credentials is not None  # given at the beginning, see `hermetic_session`
        return credentials.get_frozen_credentials()

    def listen(self, event: str, listener: Callable[..., None]) -> None:
        """The listener hears an event ("before-call", …) of botocore's of every client that is made afterwards."""
        self._listeners.append((event, listener))

    @overload
    def client(self, service: Literal["sts"], region: str = "") -> STSClient: ...
    @overload
    def client(self, service: Literal["iam"], region: str = "") -> IAMClient: ...
    @overload
    def client(self, service: Literal["s3"], region: str = "") -> S3Client: ...
    @overload
    def client(self, service: Literal["ec2"], region: str = "") -> EC2Client: ...
    @overload
    def client(self, service: Literal["account"], region: str = "") -> AccountClient: ...
    @overload
    def client(self, service: str, region: str = "") -> Any: ...
    def client(self, service: str, region: str = "") -> Any:
        """The client of a service in a region (the partition's home, where none is given)."""
        # One client for each region: botocore fixes the host when it makes one.
        key = (service, region or self.partition.home)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(self._session, service, key[1])
            return self._clients[key]

    def simulator(self) -> IAMClient:
        """A client of IAM that knows `SimulatePrincipalPolicy` alone, and of its answers what `lean_model` reads."""
        with self._lock:
            if _SIMULATOR not in self._clients:
                session = hermetic_session(self._credentials)
                session.register_component("data_loader", _PROBE)
                self._clients[_SIMULATOR] = self._make(session, "iam", self.partition.home)
            return cast("IAMClient", self._clients[_SIMULATOR])

    def _make(self, session: SdkSession, service: str, region: str) -> Any:
        model = session.get_component("data_loader").load_service_model(service, "service-2")
        session.register_component("event_emitter", Aliaser(handlers_of(model["metadata"]["serviceId"])))
        client = session.create_client(cast("Any", service), region_name=region, config=self._config)
        if self._senders is None:
            self._senders = Senders(
                session.get_config_variable("ca_bundle"), timeout=self._timeout, max_pool_connections=self._pool
            )
        for event, listener in (("before-send", self._senders.answer), *self._listeners):
            client.meta.events.register(event, listener)
        return client

    def close(self) -> None:
        """Closes the connection pools; calls that still run end with an error."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            if self._senders is not None:
                self._senders.close()
            source, self._source = self._source, None
        if source is not None:
            source.close()

    def own(self, source: Connection) -> None:
        """Takes over the connection through which this one renews its credentials: both are closed together."""
        self._source = source
