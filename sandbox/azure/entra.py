"""Microsoft Entra ID's part: a tenant's OpenID configuration and its token endpoint (client credentials only).

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import hmac
import time
from typing import Any
from urllib.parse import parse_qs

from sandbox.azure.clouds import AUDIENCES, GRAPH_AUDIENCES, Endpoint
from sandbox.azure.directory import App, Directory, Tenant
from sandbox.azure.errors import EntraError
from sandbox.azure.tokens import LIFE, Tokens, is_own_assertion

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Entra:
    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        self._directory = directory
        self._tokens = tokens

    def answer(self, endpoint: Endpoint, method: str, path: str, form: dict[str, str]) -> dict[str, Any]:
        """Raises EntraError; LookupError for a path that is not simulated."""
        parts = path.strip("/").split("/")
        # The product switches this question off (`disable_instance_discovery`); other clients may ask it.
        if method == "GET" and path == "/common/discovery/instance":
            return _instances(endpoint)
        if method == "GET" and parts[1:] == ["v2.0", ".well-known", "openid-configuration"]:
            return _configuration(endpoint, self._tenant(endpoint, parts[0]))
        if method == "POST" and parts[1:] == ["oauth2", "v2.0", "token"]:
            return self._token(endpoint, self._tenant(endpoint, parts[0]), form)
        raise LookupError(path)

    def _tenant(self, endpoint: Endpoint, name: str) -> Tenant:
        tenant = self._directory.tenants.get(name.lower())
        if tenant is None or tenant.cloud != endpoint.cloud:
            text = f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into "
            text += "the correct cloud. Check with your subscription administrator."
            raise EntraError("invalid_tenant", 90002, text)
        return tenant

    def _token(self, endpoint: Endpoint, tenant: Tenant, form: dict[str, str]) -> dict[str, Any]:
        if form.get("grant_type") != "client_credentials":
            raise EntraError("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        app = self._directory.apps.get((tenant.id, form.get("client_id", "").lower()))
        if app is None:
            text = f"Application with identifier '{form.get('client_id')}' was not found in the directory "
            text += f"'{tenant.name}'. You may have sent your authentication request to the wrong tenant."
            raise EntraError("unauthorized_client", 700016, text)
        if not app.enabled:
            text = f"Application '{app.client_id}'({app.name}) is disabled."
            raise EntraError("unauthorized_client", 7000112, text)
        # Before the credential, so that a wrong scope is answered as such even with a good secret.
        audience = _audience(endpoint, form.get("scope", ""))
        self._authenticate(endpoint, app, form)
        token = self._tokens.give(app, audience)
        return {"token_type": "Bearer", "expires_in": LIFE, "ext_expires_in": LIFE, "access_token": token}

    def _authenticate(self, endpoint: Endpoint, app: App, form: dict[str, str]) -> None:
        if "client_assertion" in form:
            if form.get("client_assertion_type") != JWT_BEARER:
                raise EntraError("invalid_request", 900144, "The request body must contain 'client_assertion_type'.")
            assertion = form["client_assertion"]
            # Both kinds come in the same field; who issued the assertion says which it is.
            if is_own_assertion(assertion, app.client_id):
                base = f"https://{endpoint.host}/{app.tenant.id}"
                self._tokens.check_certificate(app, assertion, (f"{base}/oauth2/v2.0/token", f"{base}/v2.0"))
            else:
                self._tokens.check_federation(app, assertion)
            return
        sent = form.get("client_secret", "")
        if not sent:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise EntraError("invalid_client", 7000218, text, 401)
        # An app may have several secrets, as while one is rotated: any of them opens it.
        for secret in app.secrets:
            if hmac.compare_digest(secret.value, sent) and secret.known_from <= time.monotonic():
                if secret.expires < time.time():
                    text = f"The provided client secret keys for app '{app.client_id}' are expired."
                    raise EntraError("invalid_client", 7000222, text, 401)
                return
        text = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        )
        text += f"not the client secret ID, for a secret added to app '{app.client_id}'."
        raise EntraError("invalid_client", 7000215, text, 401)


def form_of(body: bytes) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(body.decode("latin-1")).items()}


def _audience(endpoint: Endpoint, scope: str) -> str:
    resource = scope.split(" ")[0].removesuffix("/.default").rstrip("/")
    if not scope.split(" ")[0].endswith("/.default"):
        raise EntraError("invalid_scope", 1002012, f"The provided value for scope {scope} is not valid.")
    if resource not in AUDIENCES[endpoint.cloud] + GRAPH_AUDIENCES[endpoint.cloud]:
        text = f"The resource principal named {resource} was not found in the tenant."
        raise EntraError("invalid_resource", 500011, text)
    return resource


def _configuration(endpoint: Endpoint, tenant: Tenant) -> dict[str, Any]:
    base = f"https://{endpoint.host}/{tenant.id}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": endpoint.host.removeprefix("login."),
    }


def _instances(endpoint: Endpoint) -> dict[str, Any]:
    host = endpoint.host
    return {
        "tenant_discovery_endpoint": f"https://{host}/common/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }
