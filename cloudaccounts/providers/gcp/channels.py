"""gRPC channels of one account. They know no credential: each call has the token in its metadata. No Django.

The calling thread puts it there. With gRPC's own way, credentials as a plugin that is called from another thread,
``channel.close()`` of grpcio 1.85 hung in two of seven benchmark runs, outside of every deadline. Even so, channels are
closed by a thread that nobody waits for.
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
    ("grpc.max_receive_message_length", -1),  # no limit: a page of assets may exceed the default of 4 MB
    ("grpc.enable_retries", 0),  # ours are bounded (see `client.retry_for`)
    ("grpc.use_local_subchannel_pool", 1),  # else all accounts share one connection, and its back-off
)


class _CallDetails(NamedTuple):
    """grpc.ClientCallDetails is an interface; grpc has no public class that implements it."""

    method: str
    timeout: float | None
    metadata: list[tuple[str, str | bytes]]
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: Any


class _WithToken(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]  # grpc ships no types
    """Adds the account's token to each call. It is renewed in the calling thread, within that thread's timeout."""

    def __init__(self, tokens: sdk.Credentials) -> None:
        self._tokens = tokens

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        # In the calling thread, so the renewal counts against that call's deadline.
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
    """Opens channels to given hosts, and closes them all."""

    def __init__(self, tokens: sdk.Credentials) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()
        self._channels: list[grpc.Channel] = []

    def open(self, host: str) -> grpc.Channel:
        channel = grpc.secure_channel(f"{host}:443", grpc.ssl_channel_credentials(_roots() or None), options=_OPTIONS)
        with self._lock:
            self._channels.append(channel)
        return grpc.intercept_channel(channel, _WithToken(self._tokens))

    def close(self) -> None:
        """Calls that still run end with an error."""
        with self._lock:
            # Taken out under the lock, so that two threads do not close the same channels.
            channels, self._channels = self._channels, []
        for channel in channels:
            start(channel.close)


def _roots() -> bytes:
    """The operator's CA bundle where one is set. gRPC itself reads the variable only once in a process."""
    path = os.environ.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "")
    return Path(path).read_bytes() if path else b""
