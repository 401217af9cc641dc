"""SAML by python3-saml (the extra ``saml``): metadata read, requests made, responses proved.

allauth's own views keep each posted response in a session row, whoever posted it, and know one certificate of the
provider. Here a response is proved where it arrives, and what is left of it travels in a signed cookie.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from config.signin.documents import SAML, DocumentError, document, must_be_safe

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SUBJECT_ID = "urn:oasis:names:tc:SAML:attribute:subject-id"
# How providers call what a user's row holds; the first that is there counts.
_NAMES = {
    "username": ("username", "uid", "urn:oid:0.9.2342.19200300.100.1.1"),
    "email": (
        "email",
        "mail",
        "urn:oid:0.9.2342.19200300.100.1.3",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    ),
    "first_name": (
        "givenName",
        "first_name",
        "urn:oid:2.5.4.42",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
    ),
    "last_name": (
        "sn",
        "last_name",
        "urn:oid:2.5.4.4",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
    ),
}


class SamlError(Exception):
    """Why a response is not taken. For the log: it is not shown."""


def is_installed() -> bool:
    return find_spec("onelogin") is not None


def read_metadata(text: bytes) -> dict[str, Any]:
    """What is needed of a provider's metadata. Raises `DocumentError`."""
    if not is_installed():
        raise DocumentError("SAML needs the extra: pip install '.[saml]'.")
    from lxml.etree import XMLSyntaxError
    from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
    from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

    try:
        root = OneLogin_Saml2_XML.to_etree(text)
        if len(OneLogin_Saml2_XML.query(root, "//md:IDPSSODescriptor")) != 1:
            raise DocumentError("The metadata describe not exactly one identity provider.")
        idp = OneLogin_Saml2_IdPMetadataParser.parse(text)["idp"]
    except (KeyError, ValueError, XMLSyntaxError) as error:
        raise DocumentError("The metadata cannot be read.") from error
    address = idp.get("singleSignOnService", {}).get("url", "")
    must_be_safe(address)
    if not (idp.get("x509cert") or idp.get("x509certMulti", {}).get("signing")):
        raise DocumentError("The metadata have no certificate to prove signatures with.")
    kept = ("entityId", "singleSignOnService", "x509cert", "x509certMulti")
    return {name: idp[name] for name in kept if idp.get(name)}


def identity_provider() -> dict[str, Any] | None:
    """As it was read last; None before that."""
    return document(SAML)


def login_address(*, again: bool = False) -> tuple[str, str]:
    """Where to send somebody, and the request's id, which the response must name. ``again``: to prove it anew."""
    auth = _auth({})
    # Nothing of ours in RelayState: where to go afterwards stays in the session.
    return str(auth.login(return_to="", force_authn=again)), str(auth.get_last_request_id())


def our_metadata() -> bytes:
    auth_settings = _auth({}).get_settings()
    metadata: bytes | str = auth_settings.get_sp_metadata()
    return metadata.encode() if isinstance(metadata, str) else metadata


def proved(response: str) -> tuple[str, dict[str, Any]]:
    """The id of the request that was answered, and what the assertion says. Raises `SamlError`.

    Signature, audience, recipient and times are proved here; that this browser asked, by whoever knows its session.
    """
    from lxml.etree import LxmlError
    from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
    from xmlsec import Error as XmlSecError

    auth = _auth({"SAMLResponse": response})
    forged = (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, LxmlError, XmlSecError, SyntaxError, ValueError)
    try:
        auth.process_response()
    except (*forged, AttributeError, IndexError, KeyError, TypeError) as error:
        raise SamlError(f"unreadable: {type(error).__name__}") from error
    if auth.get_errors() or not auth.is_authenticated():
        raise SamlError(str(auth.get_last_error_reason() or ", ".join(auth.get_errors()) or "not authenticated")[:300])
    asked = auth.get_last_response_in_response_to()
    if not asked:
        raise SamlError("it answers no request")
    if asked not in _answered_by_assertion(auth):
        raise SamlError("its assertion answers no request")
    return str(asked), {**_claims(auth), "authenticated_at": _authenticated_at(auth)}


def _answered_by_assertion(auth: Any) -> set[str]:
    """Which requests the assertion itself answers, as it must (SAML 2.0 Profiles, 4.1.4.2).

    Signed is the assertion alone. Around one that was made without a request, for a portal of the provider, whoever
    came by it could put an answer to a request of their own; the library compares the two only where both are there.
    """
    from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
    from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

    # There is exactly one assertion here, and its signature was proved.
    confirmed = OneLogin_Saml2_XML.query(
        OneLogin_Saml2_XML.to_etree(auth.get_last_response_xml()),
        "/samlp:Response/saml:Assertion/saml:Subject/saml:SubjectConfirmation"
        f"[@Method='{Constants.CM_BEARER}']/saml:SubjectConfirmationData[@InResponseTo]",
    )
    return {str(data.get("InResponseTo")) for data in confirmed}


def _authenticated_at(auth: Any) -> float | None:
    """When the provider saw the person: the latest of the assertion's statements. Raises `SamlError`."""
    from onelogin.saml2.utils import OneLogin_Saml2_Utils
    from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

    statements = OneLogin_Saml2_XML.query(
        OneLogin_Saml2_XML.to_etree(auth.get_last_response_xml()), "/samlp:Response/saml:Assertion/saml:AuthnStatement"
    )
    try:
        instants = [OneLogin_Saml2_Utils.parse_SAML_to_time(each.get("AuthnInstant")) for each in statements]
    except (TypeError, ValueError) as error:
        raise SamlError("it says no time at which it saw the person") from error
    return max(map(float, instants), default=None)


def _claims(auth: Any) -> dict[str, Any]:
    attributes: dict[str, list[str]] = auth.get_attributes()
    subject: str | None = next(iter(attributes.get(SUBJECT_ID) or []), None)
    if subject is None and auth.get_nameid_format() != TRANSIENT:
        subject = auth.get_nameid()
    if not subject or len(str(subject)) > 191:
        # A transient name is another at each login: each would make another user.
        raise SamlError("it names nobody by a lasting name")
    claims = {"sub": str(subject), "groups": attributes.get(settings.OIDC_GROUPS_CLAIM, [])}
    for name, keys in _NAMES.items():
        if value := next((attributes[key][0] for key in keys if attributes.get(key)), None):
            claims[name] = str(value)[:254]
    return claims


def _auth(posted: dict[str, str]) -> Any:
    from onelogin.saml2.auth import OneLogin_Saml2_Auth

    idp = identity_provider()
    if idp is None:
        raise ImproperlyConfigured("The SAML metadata were not read yet.")
    base = urlsplit(settings.BASE_URL)
    acs = reverse("saml-acs")
    request = {
        "https": "on" if base.scheme == "https" else "off",
        "http_host": base.netloc,
        "script_name": acs,
        "get_data": {},
        "post_data": posted,
    }
    return OneLogin_Saml2_Auth(
        request, {"strict": True, "debug": False, "sp": _us(acs), "idp": idp, "security": SECURE}
    )


def _us(acs: str) -> dict[str, Any]:
    return {
        "entityId": f"{settings.BASE_URL}{reverse('saml-metadata')}",
        "assertionConsumerService": {
            "url": f"{settings.BASE_URL}{acs}",
            "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        },
        "NameIDFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    }


SECURE = {
    "wantAssertionsSigned": True,  # the assertion itself: a signed envelope alone can be filled with another
    "rejectDeprecatedAlgorithm": True,  # SHA-1
    "requestedAuthnContext": False,
    "wantAttributeStatement": False,
    "allowRepeatAttributeName": True,
    "allowSingleLabelDomains": True,  # https://accounts
}
