"""What people type or paste: good input cleaned, slips explained, hostile input refused before anything is asked."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.providers.azure import certificate, identifiers
from cloudaccounts.providers.azure.forms import CertificateForm, ClientSecretForm, FederatedForm
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.provider_kit import der
from tests.cloudaccounts.providers.azure.conftest import Cloud, Pem, make_pem

TENANT = "aaaaaaaa-1111-4222-8333-444444444444"
CLIENT = "bbbbbbbb-1111-4222-8333-444444444444"
ACCOUNT = "cccccccc-1111-4222-8333-444444444444"
SECRET = "abc8Q~" + "x7R." * 9
IDS = {"tenant_id": TENANT, "client_id": CLIENT}

HOSTILE = [
    "evil.com",
    "https://evil.com/",
    "common",
    "organizations",
    "adfs",
    "../x",
    f"{TENANT}/../evil.com",
    f"{TENANT}@evil.com",
    f"{TENANT}?x=",
    f"{TENANT}#",
    f"{TENANT}\0",
    f"{TENANT}\n{CLIENT}",
    "\0",
    "ａaaaaaaa-1111-4222-8333-444444444444",
    "٣" * 8 + TENANT[8:],
    "x" * 5_000_000,
    "%2e%2e%2fx",
    "{{7*7}}",
    "00000000-0000-0000-0000-000000000000",
    "127.0.0.1",
    "management.azure.com.evil.com",
]


def cleaned(method: str = "client_secret", **values: str) -> dict[str, str]:
    usual = {**IDS, "client_secret": SECRET} if method == "client_secret" else IDS
    return dict(PROVIDER.clean_credentials(method, {**usual, **values}, account_id=ACCOUNT, partition="public").values)


def code_of(method: str = "client_secret", **values: str) -> str:
    with pytest.raises(ProviderError) as caught:
        cleaned(method, **values)
    assert all(len(value) < 6 or value not in str(caught.value) for value in values.values())
    return caught.value.code


# Identifiers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        ACCOUNT,
        ACCOUNT.upper(),
        f"  {ACCOUNT}\n",
        f"{{{ACCOUNT}}}",
        f"/subscriptions/{ACCOUNT}",
        f"/Subscriptions/{ACCOUNT}/",
    ],
)
def test_a_subscription_id_is_canonical(raw: str) -> None:
    assert PROVIDER.clean_account_id(raw) == ACCOUNT


@pytest.mark.parametrize(
    "raw", [*HOSTILE, "", "data-platform", f"/subscriptions/{ACCOUNT}/resourceGroups/x", f'"{ACCOUNT}"']
)
def test_anything_else_is_no_subscription_id(raw: str) -> None:
    with pytest.raises(ProviderError) as caught:
        PROVIDER.clean_account_id(raw)
    assert caught.value.code == "account_id_invalid"


@pytest.mark.parametrize("raw", HOSTILE)
def test_hostile_tenants_and_clients_are_refused(raw: str) -> None:
    assert code_of(tenant_id=raw) == "tenant_id_invalid"
    assert code_of(client_id=raw) == "client_id_invalid"
    for method in ("federated", "certificate"):
        assert code_of(method, tenant_id=raw) == "tenant_id_invalid"


def test_a_domain_and_a_stand_in_are_told_apart() -> None:
    with pytest.raises(ProviderError, match="domain name"):
        identifiers.clean_tenant_id("contoso.onmicrosoft.com")
    with pytest.raises(ProviderError, match="any tenant"):
        identifiers.clean_tenant_id("Common")


def test_one_id_in_two_fields_is_noticed() -> None:
    assert code_of(tenant_id=ACCOUNT) == "tenant_id_invalid"
    assert code_of(client_id=TENANT) == "client_id_invalid"
    assert code_of(client_id=ACCOUNT) == "client_id_invalid"


@pytest.mark.parametrize(
    "raw", [CLIENT, "short", "two words" * 4, "line\nbreak", "AZURE_CLIENT_SECRET=abc", "\0" * 40, "é" * 40]
)
def test_what_is_no_client_secret_is_refused(raw: str) -> None:
    assert code_of(client_secret=raw) == "client_secret_invalid"


def test_a_secrets_id_in_place_of_its_value_is_told() -> None:
    with pytest.raises(ProviderError, match="the secret's ID"):
        cleaned(client_secret=CLIENT)


def test_ids_are_stored_in_lower_case() -> None:
    assert cleaned(tenant_id=TENANT.upper(), client_id=f" {CLIENT.upper()} ") == {**IDS, "client_secret": SECRET}


@pytest.mark.parametrize(
    "raw", ["2020-01-01", "31.12.2099", "2099-13-01", "99999-01-01", "2299-12-31", "tomorrow", "2٠99-01-01"]
)
def test_a_date_that_is_none_or_over_is_refused(raw: str) -> None:
    assert code_of(expires_on=raw) == "expires_on_invalid"


def test_today_is_still_good() -> None:
    today = datetime.now(UTC).date().isoformat()
    assert cleaned(expires_on=today)["expires_on"] == today
    assert identifiers.clean_expires_on("2027-01-31", date(2027, 1, 31)) == "2027-01-31"
    assert identifiers.clean_expires_on("  ") == ""


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_identifiers(raw: str) -> None:
    for clean in (identifiers.clean_subscription_id, identifiers.clean_tenant_id, identifiers.clean_client_id):
        with suppress(ProviderError):
            assert len(clean(raw)) == 36


def test_the_cloud_may_be_named_with_the_credential_but_must_be_the_accounts() -> None:
    assert cleaned(cloud="public") == cleaned(cloud="AzureCloud") == cleaned()
    for other in ("china", "AzureUSGovernment", "evil.com", "https://evil.com"):
        assert code_of(cloud=other) == "cloud_mismatch"


def test_an_unknown_cloud_or_method_is_refused() -> None:
    with pytest.raises(ProviderError, match="method_unknown"):
        PROVIDER.clean_credentials("password", IDS, account_id=ACCOUNT, partition="public")
    with pytest.raises(ProviderError, match="partition_unknown"):
        PROVIDER.clean_credentials("federated", IDS, account_id=ACCOUNT, partition="evil.com")


# Certificates --------------------------------------------------------------------------------------------------------


def parse_code(raw: str, password: str = "") -> str:
    with pytest.raises(ProviderError) as caught:
        certificate.parse(raw, password)
    return caught.value.code


def test_a_certificate_is_taken_apart_and_put_together(pem: Pem) -> None:
    noise = f"Bag Attributes\n    friendlyName: x\n{pem.public}\r\n\n{pem.key.replace(chr(10), chr(13) + chr(10))}"
    parsed = certificate.parse(noise)
    assert parsed.pem == pem.both
    assert len(parsed.thumbprint) == 40
    assert parsed.not_before < datetime.now(UTC) < parsed.not_after
    assert certificate.parse(parsed.pem) == parsed
    assert pem.key.splitlines()[2] not in repr(parsed)


def test_byte_order_marks_of_files_are_left_out(pem: Pem) -> None:
    """Windows' editors and shells write one before each file: joined files have several."""
    assert certificate.parse(f"\ufeff{pem.public}\ufeff{pem.key}") == certificate.parse(pem.both)
    assert parse_code(f"{pem.public}{pem.key}\u200b") == "certificate_pem_invalid"


def test_the_keys_own_certificate_comes_first(pem: Pem) -> None:
    authority = make_pem()
    parsed = certificate.parse(authority.public + pem.both)
    assert parsed.pem == pem.both + authority.public


def test_an_encrypted_key_needs_its_password() -> None:
    locked = make_pem(password="sesame")
    assert parse_code(locked.both) == "certificate_password_wrong"
    assert parse_code(locked.both, "other") == "certificate_password_wrong"
    assert "ENCRYPTED" in certificate.parse(locked.both, "sesame").pem
    assert "password" not in cleaned("certificate", certificate_pem=make_pem().both, password="not needed")


def test_what_is_no_certificate_with_its_key_is_refused(pem: Pem) -> None:
    elliptic = make_pem(key=ec.generate_private_key(ec.SECP256R1()))
    for raw in (
        "",
        "hello",
        pem.public,
        pem.key,
        make_pem().key + pem.public,
        pem.key + pem.key + pem.public,
        pem.key + pem.public * 11,
        pem.key + pem.public[:400],
        pem.key.replace("A", "B", 5) + pem.public,
        elliptic.both,
        make_pem(bits=1024).both,
        pem.both + "\0",
        "é" + pem.both,
        "-----BEGIN CERTIFICATE-----\n" * 2000,
        "-----BEGIN PRIVATE KEY-----\n" + "A" * 60_000,
        "x" * 5_000_000,
        base64.b64encode(b"\x30\x82" * 1000).decode(),
    ):
        assert parse_code(raw) == "certificate_pem_invalid"


def test_the_cost_of_a_key_is_limited(pem: Pem) -> None:
    """The cases are in tests/cloudaccounts/provider_kit/test_private_keys.py."""
    assert parse_code(der.encrypted(der.scrypt(2**20, 8, 1)) + pem.public, "sesame") == "certificate_pem_invalid"
    large = der.rsa_numbers(2**8191 + 1, 3, 5, 2**4423 - 1, 7)
    assert parse_code(der.pem("RSA PRIVATE KEY", large) + pem.public) == "certificate_pem_invalid"


def test_a_certificate_of_an_unknown_kind_of_key_is_refused(pem: Pem) -> None:
    body = base64.b64decode("".join(pem.public.splitlines()[1:-1]))
    odd = body.replace(bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d010163"))
    assert parse_code(pem.key + der.pem("CERTIFICATE", odd)) == "certificate_pem_invalid"


@settings(deadline=None)  # what it takes is the machine's matter
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_encrypted_keys(data: bytes) -> None:
    body = base64.b64encode(data).decode()
    text = f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}\n-----END ENCRYPTED PRIVATE KEY-----\n"
    assert parse_code(text + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "x").startswith(
        "certificate"
    )


# Forms ---------------------------------------------------------------------------------------------------------------


def test_the_forms_clean_what_is_good(pem: Pem) -> None:
    assert FederatedForm(IDS).is_valid()
    form = ClientSecretForm({**IDS, "client_secret": SECRET, "expires_on": "2099-01-31"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {**IDS, "client_secret": SECRET, "expires_on": "2099-01-31"}
    certified = CertificateForm({**IDS, "certificate_pem": pem.public + pem.key, "password": ""})
    assert certified.is_valid(), certified.errors
    assert certified.cleaned_data["certificate_pem"] == pem.both


def form_errors(data: dict[str, Any]) -> dict[str, list[str]]:
    form = CertificateForm({**IDS, "password": "", **data})
    assert not form.is_valid()
    return {name: [str(error) for error in errors] for name, errors in form.errors.items()}


def test_certificates_are_judged_within_the_form() -> None:
    assert "expired" in form_errors({"certificate_pem": make_pem(days=-2).both})["certificate_pem"][0]
    assert "valid only from" in form_errors({"certificate_pem": make_pem(since=-3).both})["certificate_pem"][0]
    locked = make_pem(password="sesame").both
    assert set(form_errors({"certificate_pem": locked})) == {"password"}
    assert set(form_errors({"certificate_pem": locked, "password": "wrong"})) == {"password"}
    assert set(form_errors({})) == {"certificate_pem"}
    assert set(form_errors({"certificate_pem": "x" * 70_000})) == {"certificate_pem"}


@pytest.mark.parametrize("raw", [*HOSTILE, ""])
def test_the_forms_refuse_hostile_ids_without_repeating_them(raw: str) -> None:
    for field in IDS:
        form = FederatedForm({**IDS, field: raw})
        assert not form.is_valid()
        assert set(form.errors) == {field}
        assert len(raw) < 6 or raw not in str(form.errors[field])


def test_secrets_are_never_rendered(pem: Pem) -> None:
    form = ClientSecretForm({**IDS, "client_secret": SECRET})
    assert SECRET not in form.as_p()
    secret_fields = {method.key: method.secret_fields for method in PROVIDER.methods}
    assert secret_fields == {
        "federated": frozenset(),
        "certificate": {"certificate_pem", "password"},
        "client_secret": {"client_secret"},
    }


def test_what_may_be_shown_of_a_credential_is_no_secret(pem: Pem) -> None:
    values = {**IDS, "certificate_pem": pem.both}
    facts = PROVIDER.describe(PROVIDER.clean_credentials("certificate", values, account_id=ACCOUNT, partition="public"))
    assert facts.kind == "Certificate"
    assert facts.hint.startswith(f"app {CLIENT}, thumbprint ")
    assert facts.expires_at is not None
    assert facts.expires_at - datetime.now(UTC) > timedelta(days=90)
    values = {**IDS, "client_secret": SECRET, "expires_on": "2099-01-31"}
    facts = PROVIDER.describe(
        PROVIDER.clean_credentials("client_secret", values, account_id=ACCOUNT, partition="public")
    )
    assert (facts.hint, facts.expires_at) == (f"app {CLIENT}", datetime(2099, 1, 31, 23, 59, 59, tzinfo=UTC))
    assert PROVIDER.describe(
        PROVIDER.clean_credentials("federated", IDS, account_id=ACCOUNT, partition="public")
    ).secretless


def test_hostile_input_reaches_no_host(cloud: Cloud) -> None:
    """Even past the forms: an unclean credential is never sent anywhere but to Azure's own hosts."""
    for raw in ("evil.com", "common", "../x", "..%2fx", f"{TENANT}@evil.com"):
        for method, values in (
            ("client_secret", {"client_secret": SECRET}),
            ("certificate", {"certificate_pem": make_pem().both}),
            ("federated", {}),
        ):
            report = cloud.validate(Credentials(method, {"tenant_id": raw, "client_id": CLIENT, **values}))
            assert not report.ok
    assert cloud.control.refused_hosts() == []
    assert cloud.hosts() <= {"login.microsoftonline.com"}


def test_a_certificate_can_be_chosen_as_a_file(pem: Pem) -> None:
    upload = SimpleUploadedFile("app.pem", b"\xef\xbb\xbf" + pem.both.encode())
    form = CertificateForm(IDS | {"certificate_pem": ""}, MultiValueDict({"certificate_pem-file": [upload]}))
    assert form.is_valid(), form.errors
    assert 'type="file"' in str(form)
    assert "PRIVATE KEY" not in str(form).replace("-----BEGIN PRIVATE KEY-----\n…", "")  # read, and never shown again


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x30\x82\x00\x01\xff\xfe", "This file is not text, and so no PEM."),  # PFX
        (b"x" * 70_000, "at most 64 KB"),
        (b"", "Paste the certificate and its private key, or choose their file."),
    ],
)
def test_a_certificate_file_of_another_kind_is_told_in_words(content: bytes, said: str) -> None:
    form = CertificateForm(IDS, MultiValueDict({"certificate_pem-file": [SimpleUploadedFile("app.pfx", content)]}))
    assert not form.is_valid()
    assert said in str(form.errors)
