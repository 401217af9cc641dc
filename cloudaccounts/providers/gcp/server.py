"""This server's own Google Cloud identity: the one that impersonates customers' service accounts. No Django.

It comes the SDK's usual way (``GOOGLE_APPLICATION_CREDENTIALS``, gcloud, an attached service account) and belongs to
the operator. Workload identity needs none: it presents the token that `token_file` reads.
"""

from __future__ import annotations

import os
import threading
import time

import google.auth
from google.auth import credentials as sdk
from google.auth.exceptions import GoogleAuthError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import ServerIdentity
from cloudaccounts.provider_kit.deadlines import Deadline, start
from cloudaccounts.providers.gcp import identifiers
from cloudaccounts.providers.gcp.client import SCOPES, BoundedRequest
from cloudaccounts.providers.gcp.errors import Who, explain

# Found credentials are looked for again after this many seconds, so that a renewed credentials file is noticed.
_KEEP_SECONDS = 60.0
_LOOK_SECONDS = 5.0  # for each call that finding credentials may need


class _Ambient:
    """The server's credentials, one set for all threads. Looking for them can take seconds where there are none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: sdk.Credentials | None = None
        self._environment: tuple[tuple[str, str], ...] = ()
        self._until = 0.0

    def credentials(self) -> sdk.Credentials:
        """Raises google-auth's errors."""
        with self._lock:
            environment = tuple(
                sorted(item for item in os.environ.items() if item[0].startswith(("GOOGLE_", "CLOUDSDK_", "GCE_")))
            )
            if self._found is None or environment != self._environment or time.monotonic() > self._until:
                self._found = None
                self._found, _ = google.auth.default(scopes=SCOPES, request=BoundedRequest(_LOOK_SECONDS))
                self._environment = environment
                self._until = time.monotonic() + _KEEP_SECONDS
            return self._found

    def forget(self) -> None:
        """The next call looks for credentials again."""
        with self._lock:
            self._found = None


_AMBIENT = _Ambient()


def credentials() -> sdk.Credentials:
    """This server's own. Raises `ProviderError` where there are none."""
    try:
        return _AMBIENT.credentials()
    except (GoogleAuthError, ValueError, OSError) as error:
        raise explain(error if isinstance(error, GoogleAuthError) else ValueError(), Who.SERVER) from None


def forget() -> None:
    """After Google refused this server's identity: it may have been renewed since it was found."""
    _AMBIENT.forget()


def server_identity(timeout: float) -> ServerIdentity:
    """Who this server is at Google Cloud, within ``timeout`` seconds in all; a failure is told, never raised."""
    try:
        return Deadline(timeout, "Google Cloud").wait(start(lambda: _ask(timeout)))
    except ProviderError as error:
        return ServerIdentity(error_code=error.code, error=error.cause, remedy=error.remedy)


def _ask(timeout: float) -> ServerIdentity:
    found = credentials()
    request = BoundedRequest(min(timeout, _LOOK_SECONDS))
    try:
        if not found.valid:
            found.refresh(request)
    except (GoogleAuthError, ValueError) as error:
        forget()
        raise explain(error, Who.SERVER) from None
    finally:
        request.session.close()
    # An attached service account is called "default" until its first token.
    email = str(getattr(found, "service_account_email", "") or getattr(found, "signer_email", "") or "").lower()
    if not identifiers.host_project(email):
        raise ProviderError(
            "server_identity_no_service_account",
            "This server's Google Cloud identity is not a service account, so nobody can be told whom to let in.",
            "The operator must give this server a service account of its own.",
        )
    return ServerIdentity(principal=email, account_id=identifiers.host_project(email))
