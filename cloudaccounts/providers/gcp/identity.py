"""Signing in: from a stored credential to a connection whose first token Google has given. No Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from google.auth import credentials as sdk
from google.auth import crypt, identity_pool, impersonated_credentials
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.provider_kit.private_keys import UnusableKeyError, accepted_rsa_key
from cloudaccounts.providers.gcp import identifiers, keyfile, server, token_file
from cloudaccounts.providers.gcp.client import PEOPLE_SCOPES, SCOPES, Connection, Tokens
from cloudaccounts.providers.gcp.errors import Who, explain
from cloudaccounts.providers.gcp.plan import IMPERSONATION, SERVICE_ACCOUNT_KEY

_STS = "https://sts.googleapis.com/v1/token"
_JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
LIFETIME_SECONDS = 3600  # the most that an impersonated token can have without an organization policy


@dataclass(frozen=True, slots=True)
class Identity:
    """``email`` is the service account that acts, ``host_project`` the project that it belongs to."""

    email: str
    host_project: str
    key_id: str  # empty where there is no key
    connection: Connection = field(repr=False)


def sign_in(credentials: Credentials, target: Target) -> Identity:
    """Gets the first token. Raises `ProviderError`. Calls the network."""
    if credentials.method == SERVICE_ACCOUNT_KEY:
        info = keyfile.for_sdk(credentials["service_account_json"])
        email, key_id, who = info["client_email"], info["private_key_id"], Who.KEY
        try:
            source: sdk.Credentials = _of_key(info)
            people = _of_key(info, PEOPLE_SCOPES)
        except UnusableKeyError:  # not for stored keys, which were checked
            raise keyfile.broken_key() from None
    else:
        email, key_id, who = identifiers.clean_email(credentials["service_account_email"]), "", Who.SERVER
        own = _server_credentials(credentials)
        source, people = _impersonated(email, own), _impersonated(email, own, PEOPLE_SCOPES)
    tokens = Tokens(source, target.timeout)
    try:
        # Here, rather than with the first call: so a bad credential is told as such, with Google's reason.
        tokens.refresh(None)
    # ValueError: the SDK refuses a configuration before it calls anything.
    except (GoogleAuthError, ProviderError, ValueError) as error:
        tokens.close()
        # This server's own credentials may have been renewed since they were found.
        if who is Who.SERVER:
            server.forget()
        raise explain(error, who) from None
    connection = Connection(tokens, email=email, timeout=target.timeout, people=people)
    return Identity(email, identifiers.host_project(email), key_id, connection)


def _of_key(info: dict[str, str], scopes: tuple[str, ...] = SCOPES) -> sdk.Credentials:
    """As the SDK's `from_service_account_info`, which tests the key's primes again: 40 ms of the processor, more than
    the rest of a heartbeat takes. They were tested when the key was accepted.
    """
    return service_account.Credentials(
        crypt.RSASigner(accepted_rsa_key(info["private_key"]), info["private_key_id"]),
        service_account_email=info["client_email"],
        token_uri=info["token_uri"],
        project_id=info["project_id"],
        universe_domain=info["universe_domain"],
        scopes=scopes,
    )


def _server_credentials(credentials: Credentials) -> sdk.Credentials:
    """This server's own identity, or its token at the customer's workload identity provider."""
    if credentials.method == IMPERSONATION:
        return server.credentials()
    token_file.read()  # raises what is wrong with it; the SDK would hide that in an error of its own
    return identity_pool.Credentials(
        audience=identifiers.clean_audience(credentials["audience"]),
        subject_token_type=_JWT_TYPE,
        token_url=_STS,
        subject_token_supplier=_ServerToken(),
        universe_domain=keyfile.UNIVERSE,
    )


def _impersonated(email: str, source: sdk.Credentials, scopes: tuple[str, ...] = SCOPES) -> sdk.Credentials:
    """The usual scope allows more than reading: Google has no narrower one for these APIs. The service account's roles
    limit it.
    """
    return impersonated_credentials.Credentials(
        source_credentials=source, target_principal=email, target_scopes=list(scopes), lifetime=LIFETIME_SECONDS
    )


class _ServerToken(identity_pool.SubjectTokenSupplier):
    def get_subject_token(self, context: Any, request: Any) -> str:
        """Raises `ProviderError`, which the SDK passes on."""
        return token_file.read().text
