"""Azure's credentials: checked across fields, described, derived for members. No SDK, no network."""

from __future__ import annotations

from collections.abc import Mapping

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.providers.azure import certificate, identifiers
from cloudaccounts.providers.azure.clouds import CLOUDS, cloud_of
from cloudaccounts.providers.azure.plan import CERTIFICATE, CLIENT_SECRET, FEDERATED, PLANS


def clean(method: str, values: Mapping[str, str], *, account_id: str, partition: str) -> Credentials:
    """See `Provider.clean_credentials`."""
    if method not in PLANS:
        raise ProviderError("method_unknown", "Azure has no such way to sign in.", "Choose one that is offered.")
    cloud_of(partition)
    _check_cloud(values.get("cloud", ""), partition)
    cleaned = {
        "tenant_id": identifiers.clean_tenant_id(values.get("tenant_id", "")),
        "client_id": identifiers.clean_client_id(values.get("client_id", "")),
    }
    identifiers.check_ids_differ(cleaned["tenant_id"], cleaned["client_id"], account_id)
    if method == CERTIFICATE:
        cleaned |= _clean_certificate(values.get("certificate_pem", ""), values.get("password", ""))
    if method == CLIENT_SECRET:
        cleaned["client_secret"] = identifiers.clean_client_secret(values.get("client_secret", ""))
        cleaned["expires_on"] = identifiers.clean_expires_on(values.get("expires_on", ""))
    return Credentials(method, {key: value for key, value in cleaned.items() if value})


def _check_cloud(name: str, partition: str) -> None:
    """A call may name the cloud together with the credential; it must be the account's."""
    partitions = {"": partition} | {cloud.name: cloud.name for cloud in CLOUDS.values()}
    partitions |= {cloud.cli.lower(): cloud.name for cloud in CLOUDS.values()}
    if partitions.get(name.strip().lower()) != partition:
        raise ProviderError(
            "cloud_mismatch",
            "The cloud that is named with the credential is not the one of the account.",
            f"Leave it out, or name {partition}.",
        )


def _clean_certificate(pem: str, password: str) -> dict[str, str]:
    """The password is kept only where the key needs it. An expired certificate is refused by the form, or by Azure."""
    parsed = certificate.parse(pem, password)
    return {"certificate_pem": parsed.pem, "password": password if "ENCRYPTED" in parsed.pem else ""}


def describe(credentials: Credentials) -> CredentialFacts:
    """See `Provider.describe`."""
    app, tenant = f"app {credentials['client_id']}", credentials["tenant_id"]
    if credentials.method == FEDERATED:
        return CredentialFacts("Federated credential", hint=app, secretless=True, tenant=tenant)
    if credentials.method == CERTIFICATE:
        parsed = certificate.parse(credentials["certificate_pem"], credentials.get("password"))
        hint = f"{app}, thumbprint {parsed.thumbprint}"
        begins, ends = parsed.not_before, parsed.not_after
        return CredentialFacts("Certificate", hint, tenant=tenant, created_at=begins, expires_at=ends)
    last_day = identifiers.end_of_day(credentials.get("expires_on"))
    return CredentialFacts("Client secret", hint=app, tenant=tenant, expires_at=last_day)


def for_member(connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]) -> Credentials:
    """The same app: its roles at the management group decide what it may do in each subscription."""
    identifiers.clean_subscription_id(account_id)
    return Credentials(connection.method, dict(connection.values))
