"""gRPC channels of one account: they carry requests and know no credential. No Django.

Each call brings the account's token in its metadata, put there in the calling thread. With gRPC's own way, credentials
as a plugin that is called back from another thread, ``channel.close()`` of grpcio 1.85 hung in two of seven benchmark
runs, outside of every deadline. Closing is left to a thread that nobody waits for all the same.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import grpc
from google.auth import credentials as sdk

from cloudaccounts.provider_kit.deadlines import start

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),  # a page of assets may exceed the 4 MB default
    ("grpc.enable_retries", 0),  # ours are bounded, see `client.patient`
    ("grpc.use_local_subchannel_pool", 1),  # no account waits for the back-off of another one's connection
)


class _CallDetails(NamedTuple):
    """What grpc.ClientCallDetails asks for; grpc has no class of its own to make one."""

    method: str
    timeout: float | None
    metadata: list[tuple[str, str | bytes]]
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: Any


class _WithToken(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]  # grpc ships no types
    """Puts the account's token on each call, renewed in the calling thread and within its timeout."""

    def __init__(self, tokens: sdk.Credentials) -> None:
        self._tokens = tokens

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        if not self._tokens.valid:
            self._tokens.refresh(None)
        metadata = [*(details.metadata or ()), ("authorization", f"Bearer {self._tokens.token}")]
        own = _CallDetails(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            getattr(details, "wait_for_ready", None),
            getattr(details, "compression", None),
        )
        return continuation(own, request)


class Channels:
    """Opens channels to hosts of ours, and closes them all."""

    def __init__(self, tokens: sdk.Credentials) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()
        self._open: list[grpc.Channel] = []

    def to(self, host: str) -> grpc.Channel:
        channel = grpc.secure_channel(f"{host}:443", grpc.ssl_channel_credentials(_roots() or None), options=_OPTIONS)
        with self._lock:
            self._open.append(channel)
        return grpc.intercept_channel(channel, _WithToken(self._tokens))

    def close(self) -> None:
        """Calls that still run end with an error."""
        with self._lock:
            closing, self._open = self._open, []
        for channel in closing:
            start(channel.close)


def _roots() -> bytes:
    """The operator's CA bundle where one is set. gRPC itself reads the variable only once in a process' life."""
    path = os.environ.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "")
    return Path(path).read_bytes() if path else b""
