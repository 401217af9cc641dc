"""This server's own Google Cloud identity: the one that impersonates customers' service accounts. No Django.

It is found in the SDK's usual ways (``GOOGLE_APPLICATION_CREDENTIALS``, gcloud, an attached service account), as
operators expect. Workload identity needs none: it presents the token that `token_file` reads.
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

# Credentials are looked up again after this many seconds, so that a renewed credentials file is noticed.
_KEEP_SECONDS = 60.0
_LOOKUP_SECONDS = 5.0  # for each call of the lookup, such as to the metadata server


class _Ambient:
    """The server's credentials, one set for all threads. The lookup can take seconds where there are none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._credentials: sdk.Credentials | None = None
        self._environment: tuple[tuple[str, str], ...] = ()
        self._until = 0.0

    def credentials(self) -> sdk.Credentials:
        """Raises google-auth's errors."""
        with self._lock:
            environment = tuple(
                sorted(item for item in os.environ.items() if item[0].startswith(("GOOGLE_", "CLOUDSDK_", "GCE_")))
            )
            if self._credentials is None or environment != self._environment or time.monotonic() > self._until:
                # Before the lookup: where that fails, the old credentials must not stay as if they were found again.
                self._credentials = None
                self._credentials, _ = google.auth.default(scopes=SCOPES, request=BoundedRequest(_LOOKUP_SECONDS))
                self._environment = environment
                self._until = time.monotonic() + _KEEP_SECONDS
            return self._credentials

    def forget(self) -> None:
        """The next call looks credentials up again."""
        with self._lock:
            self._credentials = None


_AMBIENT = _Ambient()


def credentials() -> sdk.Credentials:
    """This server's own. Raises `ProviderError` where there are none."""
    try:
        return _AMBIENT.credentials()
    except (GoogleAuthError, ValueError, OSError) as error:
        # Other errors go on without their texts, which may name files of this server.
        raise explain(error if isinstance(error, GoogleAuthError) else ValueError(), Who.SERVER) from None


def forget() -> None:
    """After Google refused this server's identity, which may have been renewed since it was found."""
    _AMBIENT.forget()


def server_identity(timeout: float) -> ServerIdentity:
    """Who this server is at Google Cloud, within ``timeout`` seconds in all. A failure is in the result, never
    raised.
    """
    try:
        return Deadline(timeout, "Google Cloud").wait(start(lambda: _identity(timeout)))
    except ProviderError as error:
        return ServerIdentity.missing(error)


def _identity(timeout: float) -> ServerIdentity:
    own = credentials()
    request = BoundedRequest(min(timeout, _LOOKUP_SECONDS))
    try:
        if not own.valid:
            own.refresh(request)
    except (GoogleAuthError, ValueError) as error:
        forget()
        raise explain(error, Who.SERVER) from None
    finally:
        request.session.close()
    # An attached service account is called "default" until its first token.
    email = str(getattr(own, "service_account_email", "") or getattr(own, "signer_email", "") or "").lower()
    # A person's own sign-in by gcloud, say: customers cannot grant that access by a service account's address.
    if not identifiers.host_project(email):
        raise ProviderError(
            "server_identity_no_service_account",
            "This server's Google Cloud identity is not a service account, so nobody can be told whom to let in.",
            "The operator must give this server a service account of its own.",
        )
    return ServerIdentity(principal=email, account_id=identifiers.host_project(email))
