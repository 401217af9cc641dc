"""Whom the simulated Entra ID lets in, and how it refuses the others."""

from __future__ import annotations

import base64
import time
import uuid
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sandbox.azure.conftest import LOGIN, Azure, code_of

UNKNOWN = "0f0f0f0f-1111-4222-8333-444444444444"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_a_tenants_configuration_names_its_own_endpoints(azure: Azure) -> None:
    tenant = azure.fields("Everything granted")["tenant_id"]
    answer = azure.http.get(f"https://{LOGIN}/{tenant}/v2.0/.well-known/openid-configuration", timeout=10)
    told = answer.json()
    assert told["token_endpoint"] == f"https://{LOGIN}/{tenant}/oauth2/v2.0/token"
    assert told["issuer"] == f"https://{LOGIN}/{tenant}/v2.0"
    assert told["authorization_endpoint"].startswith(f"https://{LOGIN}/{tenant}/")


@pytest.mark.parametrize("tenant", [UNKNOWN, "common", "evil.com"])
def test_an_unknown_tenant_has_no_configuration(azure: Azure, tenant: str) -> None:
    answer = azure.http.get(f"https://{LOGIN}/{tenant}/v2.0/.well-known/openid-configuration", timeout=10)
    assert code_of(answer) == (400, "AADSTS90002")


def test_a_tenant_lives_in_one_cloud(azure: Azure) -> None:
    answer = azure.sign_in(azure.fields("Azure China"))
    assert code_of(answer) == (400, "AADSTS90002")


def test_a_secret_gives_a_token_of_its_app(azure: Azure) -> None:
    fields = azure.fields("Everything granted")
    claims = jwt.decode(azure.token(fields), options={"verify_signature": False})
    assert (claims["tid"], claims["appid"]) == (fields["tenant_id"], fields["client_id"])
    assert claims["aud"] == "https://management.azure.com"
    assert 3500 < claims["exp"] - time.time() <= 3600


@pytest.mark.parametrize(
    ("title", "changes", "expected"),
    [
        ("Everything granted", {"client_secret": "w" * 40}, (401, "AADSTS7000215")),
        ("Everything granted", {"client_id": UNKNOWN}, (400, "AADSTS700016")),
        ("Everything granted", {"scope": "https://vault.azure.net/.default"}, (400, "AADSTS500011")),
        ("Everything granted", {"scope": "openid"}, (400, "AADSTS1002012")),
        ("Everything granted", {"grant_type": "password"}, (400, "AADSTS70003")),
        ("Everything granted", {"client_secret": ""}, (401, "AADSTS7000218")),
        ("Expired secret", {}, (401, "AADSTS7000222")),
        ("Wrong tenant", {}, (400, "AADSTS700016")),
    ],
)
def test_what_is_wrong_is_said_as_entra_id_says_it(
    azure: Azure, title: str, changes: dict[str, str], expected: tuple[int, str]
) -> None:
    assert code_of(azure.sign_in(azure.fields(title), **changes)) == expected


def test_a_disabled_app_is_refused(azure: Azure) -> None:
    made = azure.control.put_app(azure.place("payments-prod"), "switched-off")
    azure.control.set_app(made["client_id"], enabled=False)
    assert code_of(azure.sign_in(made)) == (400, "AADSTS7000112")


# Certificates ------------------------------------------------------


def assertion(fields: dict[str, str], audience: str, *, key: Any = None, seconds: int = 600) -> str:
    """https://learn.microsoft.com/entra/identity-platform/certificate-credentials#assertion-format"""
    pem = fields["certificate_pem"].encode()
    thumbprint = x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256())
    now, own = int(time.time()), fields["client_id"]
    claims = {"aud": audience, "iss": own, "sub": own, "jti": str(uuid.uuid4()), "nbf": now, "exp": now + seconds}
    headers = {"x5t#S256": base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")}
    signing: Any = key or serialization.load_pem_private_key(pem, fields["password"].encode())
    return jwt.encode(claims, signing, algorithm="PS256", headers=headers)


def test_a_certificate_is_proven_by_its_signature(azure: Azure) -> None:
    fields = azure.fields("Certificate")
    audience = f"https://{LOGIN}/{fields['tenant_id']}/oauth2/v2.0/token"
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    tries = {
        "good": assertion(fields, audience),
        "another key": assertion(fields, audience, key=stranger),
        "another audience": assertion(fields, "https://evil.com/"),
        "too old": assertion(fields, audience, seconds=-60),
    }
    answers = {
        name: azure.sign_in(fields, client_assertion=token, client_assertion_type=BEARER)
        for name, token in tries.items()
    }
    assert answers.pop("good").status_code == 200
    assert code_of(answers.pop("too old")) == (400, "AADSTS700024")
    assert {code_of(answer) for answer in answers.values()} == {(401, "AADSTS700027")}


def test_a_certificate_of_no_app_is_unknown(azure: Azure) -> None:
    fields = azure.fields("Certificate")
    other = azure.control.put_app(azure.place("partner-shop"), "without-certificate")
    fields = {**fields, "client_id": other["client_id"]}
    token = assertion(fields, f"https://{LOGIN}/{fields['tenant_id']}/oauth2/v2.0/token")
    answer = azure.sign_in(fields, client_assertion=token, client_assertion_type=BEARER)
    assert code_of(answer) == (401, "AADSTS700027")
    assert "The key was not found." in answer.text


# Federation ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "seconds", "expected"),
    [
        ({}, 3600, (200, "")),
        ({"iss": "https://other.example"}, 3600, (400, "AADSTS700211")),
        ({"sub": "other"}, 3600, (400, "AADSTS700213")),
        ({"aud": "api://other"}, 3600, (400, "AADSTS700212")),
        ({}, -60, (400, "AADSTS700024")),
    ],
)
def test_this_servers_token_must_fit_the_federated_credential(
    azure: Azure, claims: dict[str, str], seconds: int, expected: tuple[int, str]
) -> None:
    token = azure.control.server_token(seconds, **claims)
    fields = azure.fields("Federated credential")
    answer = azure.sign_in(fields, client_assertion=token, client_assertion_type=BEARER)
    assert (answer.status_code, "") == expected if answer.status_code == 200 else code_of(answer) == expected


def test_a_token_that_somebody_else_signed_is_refused(azure: Azure) -> None:
    claims = jwt.decode(azure.control.server_token(), options={"verify_signature": False})
    forged = jwt.encode(claims, rsa.generate_private_key(public_exponent=65537, key_size=2048), algorithm="RS256")
    fields = azure.fields("Federated credential")
    answer = azure.sign_in(fields, client_assertion=forged, client_assertion_type=BEARER)
    assert code_of(answer) == (400, "AADSTS50013")
    garbage = azure.sign_in(fields, client_assertion="not.a.token", client_assertion_type=BEARER)
    assert code_of(garbage) == (400, "AADSTS50027")


# Switches ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("throttle", {"seconds": 7}, (429, "AADSTS90055")),
        ("error", {"status": 503}, (503, "AADSTS90033")),
        ("deny", {}, (400, "AADSTS53003")),
        ("expired_token", {}, (401, "AADSTS7000222")),
        ("clock_skew", {}, (401, "AADSTS700024")),
    ],
)
def test_faults_are_told_in_entra_ids_words(
    azure: Azure, kind: str, settings: dict[str, int], expected: tuple[int, str]
) -> None:
    fields = azure.fields("Everything granted")
    azure.control.fault(kind, service="entra", action="token", key=fields["client_id"], times=1, **settings)
    answer = azure.sign_in(fields)
    assert code_of(answer) == expected
    assert answer.headers.get("Retry-After") == ("7" if kind == "throttle" else None)
    assert azure.sign_in(fields).status_code == 200


def test_the_journal_tells_each_sign_in_but_no_secret(azure: Azure) -> None:
    fields = azure.fields("Everything granted")
    azure.sign_in({**fields, "client_secret": str(uuid.uuid4())})
    azure.sign_in(fields)
    calls = [call for call in azure.control.calls("azure") if call["action"] == "token"]
    assert [(call["key"], call["status"], call["code"]) for call in calls] == [
        (fields["client_id"], 401, "AADSTS7000215"),
        (fields["client_id"], 200, ""),
    ]
    assert fields["client_secret"] not in str(azure.control.calls())
