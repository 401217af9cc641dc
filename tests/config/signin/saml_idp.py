"""A SAML identity provider that signs what it is told to say."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

ENTITY = "https://idp.example.com/saml"
SSO = "https://idp.example.com/sso"
ACS = "http://127.0.0.1:8000/login/saml/acs/"
US = "http://127.0.0.1:8000/login/saml/metadata/"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_NS = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion", "samlp": "urn:oasis:names:tc:SAML:2.0:protocol"}


def _key_and_certificate() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def _bare(certificate: str) -> str:
    return "".join(line for line in certificate.splitlines() if "CERTIFICATE" not in line)


@dataclass
class SamlIdp:
    keys: list[tuple[str, str]] = field(default_factory=lambda: [_key_and_certificate()])

    def metadata(self, *, sso: str = SSO) -> str:
        certificates = "".join(
            "<md:KeyDescriptor use='signing'><ds:KeyInfo xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><ds:X509Data>"
            f"<ds:X509Certificate>{_bare(certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for _, certificate in self.keys
        )
        return (
            f"<md:EntityDescriptor xmlns:md='urn:oasis:names:tc:SAML:2.0:metadata' entityID='{ENTITY}'>"
            "<md:IDPSSODescriptor protocolSupportEnumeration='urn:oasis:names:tc:SAML:2.0:protocol'>"
            f"{certificates}<md:SingleSignOnService "
            f"Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect' Location='{sso}'/>"
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    def response(
        self,
        request_id: str,
        *,
        name: str,
        attributes: dict[str, list[str]],
        name_format: str = PERSISTENT,
        audience: str = US,
        minutes: int = 5,
        key: int = 0,
        sign: bool = True,
        seen: timedelta = timedelta(),  # how long ago the person logged in at the provider
        asked: bool = True,  # False: the assertion was made without a request, and the envelope says otherwise
        tamper: tuple[str, str] = ("", ""),
    ) -> str:
        now = datetime.now(UTC)
        instant, until = f"{now:%Y-%m-%dT%H:%M:%SZ}", f"{now + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
        values = "".join(
            f"<saml:Attribute Name='{escape(attribute)}'>"
            + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in found)
            + "</saml:Attribute>"
            for attribute, found in attributes.items()
        )
        answered = f" InResponseTo='{request_id}'" if request_id else ""
        assertion = (
            f"<saml:Assertion xmlns:saml='{_NS['saml']}' ID='_a1' Version='2.0' IssueInstant='{instant}'>"
            f"<saml:Issuer>{ENTITY}</saml:Issuer>"
            f"<saml:Subject><saml:NameID Format='{name_format}'>{escape(name)}</saml:NameID>"
            "<saml:SubjectConfirmation Method='urn:oasis:names:tc:SAML:2.0:cm:bearer'>"
            f"<saml:SubjectConfirmationData{answered if asked else ''} NotOnOrAfter='{until}' Recipient='{ACS}'/>"
            "</saml:SubjectConfirmation></saml:Subject>"
            f"<saml:Conditions NotBefore='{now - timedelta(minutes=9):%Y-%m-%dT%H:%M:%SZ}' NotOnOrAfter='{until}'>"
            f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>"
            f"</saml:Conditions><saml:AuthnStatement AuthnInstant='{now - seen:%Y-%m-%dT%H:%M:%SZ}'><saml:AuthnContext>"
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"
            f"</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>{values}</saml:AttributeStatement>"
            "</saml:Assertion>"
        )
        if sign:
            private, certificate = self.keys[key]
            signed: bytes | str = OneLogin_Saml2_Utils.add_sign(assertion, private, certificate)
            assertion = signed.decode() if isinstance(signed, bytes) else signed
        text = (
            f"<samlp:Response xmlns:samlp='{_NS['samlp']}' ID='_r1' Version='2.0' IssueInstant='{instant}' "
            f"Destination='{ACS}'{answered}><saml:Issuer xmlns:saml='{_NS['saml']}'>{ENTITY}</saml:Issuer>"
            "<samlp:Status><samlp:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></samlp:Status>"
            f"{assertion}</samlp:Response>"
        )
        return base64.b64encode(text.replace(*tamper).encode() if tamper[0] else text.encode()).decode()


def id_of_request(address: str) -> str:
    (request,) = parse_qs(urlsplit(address).query)["SAMLRequest"]
    return str(etree.fromstring(zlib.decompress(base64.b64decode(request), -15)).get("ID"))
