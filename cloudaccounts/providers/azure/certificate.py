"""A certificate with its private key, as people paste it (PEM): parsed, checked and rebuilt. No SDK.

Whoever pastes it chooses every byte. So their size is limited, what opening the key would cost is looked at first
(`provider_kit.private_keys`), and only the needed parts are passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.pasted_text import without_byte_order_marks
from cloudaccounts.provider_kit.private_keys import LABELS, MAX_BITS, KeyProblem, UnusableKeyError, load_rsa_key

if TYPE_CHECKING:  # imported where used: x509 takes 20 ms, which every start of manage.py would pay
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

MAX_PEM = 64 * 1024  # characters: a chain of certificates and a key
MAX_CERTIFICATES = 10
MAX_PASSWORD = 1024
MIN_BITS = 2048  # Entra ID accepts no shorter ones
CODE = "certificate_pem_invalid"

_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_MAKE_PEM = "openssl pkcs12 -in FILE.pfx -out FILE.pem"


@dataclass(frozen=True, slots=True)
class Certificate:
    """``pem`` holds the key as it was pasted (encrypted or not), then the certificate, then the rest of its chain."""

    pem: str
    thumbprint: str  # SHA-1 in capital hexadecimal digits, as Azure shows it
    subject: str
    not_before: datetime
    not_after: datetime

    def __repr__(self) -> str:
        return f"<Certificate {self.thumbprint}>"


def _refuse(cause: str, remedy: str = "", code: str = CODE) -> NoReturn:
    raise ProviderError(code, cause, remedy)


def too_long(_size: int) -> ProviderError:
    return ProviderError(
        CODE, f"This is far too long: at most {MAX_PEM // 1024} KB are expected.", "Give one certificate and its key."
    )


def not_pem() -> ProviderError:
    """Of a file that holds no text: the other form in which certificates come."""
    return ProviderError(CODE, "This file is not text, and so no PEM.", f"Convert a PFX file: {_MAKE_PEM}")


def parse(raw: str, password: str = "") -> Certificate:
    """Codes ``certificate_pem_invalid`` and ``certificate_password_wrong``. Its dates are not checked here: a stored
    certificate must still be readable when it has expired.
    """
    if len(raw) > MAX_PEM:
        _refuse(
            f"This is far too long: at most {MAX_PEM // 1024} KB are expected.", "Paste one certificate and its key."
        )
    from cryptography.hazmat.primitives import hashes, serialization

    if len(password) > MAX_PASSWORD:
        _refuse(f"The password is longer than {MAX_PASSWORD} characters.", code="certificate_password_wrong")
    # Mail programs and web forms add spaces and change line ends.
    text = "\n".join(line.strip() for line in without_byte_order_marks(raw).strip().splitlines())
    if not text:
        _refuse("This field is empty.", "Paste the certificate and its private key.")
    if not text.isascii() or "\0" in text:
        _refuse(
            "There is a character in it that PEM never has.",
            f"Paste the text of a PEM file. A .pfx file becomes one by: {_MAKE_PEM}",
        )
    blocks = list(_blocks(text.split("\n")))
    key_pem, chain = _key_block(blocks), _certificates(blocks)
    key = _load_key(key_pem, password)
    # People paste chains in any order: the certificate of the key is found by its public key, not by its place.
    leaf = next((certificate for certificate in chain if _public_key(certificate) == key.public_key()), None)
    if leaf is None:
        _refuse(
            "The private key does not belong to the certificate.",
            "Paste the certificate together with the key that it was made with.",
        )
    ordered = [leaf, *(certificate for certificate in chain if certificate is not leaf)]
    certificates = "".join(certificate.public_bytes(serialization.Encoding.PEM).decode() for certificate in ordered)
    return Certificate(
        # The key first, then its own certificate: the SDK takes the first certificate for the one that signs.
        pem=key_pem + certificates,
        thumbprint=leaf.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 # nosec B303 # a name, not a proof
        subject=leaf.subject.rfc4514_string()[:200],
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
    )


def _blocks(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Label and text of each complete block. Text between blocks (openssl's "Bag Attributes") is left out."""
    label = ""
    block: list[str] = []
    for line in lines:
        if match := _BEGIN.fullmatch(line):
            label, block = match[1], []
        block.append(line)
        # Only whole blocks: a BEGIN without its END is the rest of another paste.
        if label and line == f"-----END {label}-----":
            yield label, "\n".join(block) + "\n"
            label = ""


def _key_block(blocks: list[tuple[str, str]]) -> str:
    keys = [pem for label, pem in blocks if label in LABELS]
    if not blocks:
        _refuse(
            "This is not PEM: there is no line -----BEGIN …-----.",
            f"Paste the text of a PEM file. A .pfx file becomes one by: {_MAKE_PEM}",
        )
    if not keys:
        if any(label.endswith("PRIVATE KEY") for label, _ in blocks):
            _refuse("The private key is not an RSA key, which is all that Microsoft Entra ID takes.", "Use an RSA key.")
        _refuse(
            "There is no private key in it.",
            "Paste the -----BEGIN PRIVATE KEY----- part as well: the certificate alone cannot sign in.",
        )
    # Which of them belongs to the app cannot be guessed.
    if len(keys) > 1:
        _refuse("There is more than one private key in it.", "Paste one certificate and its key.")
    return keys[0]


def _certificates(blocks: list[tuple[str, str]]) -> list[x509.Certificate]:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    pems = [pem for label, pem in blocks if label == "CERTIFICATE"]
    if not pems:
        _refuse(
            "There is no certificate in it.",
            "Paste the -----BEGIN CERTIFICATE----- part as well: its dates and its thumbprint are needed.",
        )
    if len(pems) > MAX_CERTIFICATES:
        _refuse("There are too many certificates in it.", "Paste one certificate and its key.")
    try:
        return [x509.load_pem_x509_certificate(pem.encode()) for pem in pems]
    except (ValueError, UnsupportedAlgorithm):
        _refuse("The certificate cannot be read: it is damaged or incomplete.", "Copy the whole PEM file again.")


_USE_RSA = f"Use an RSA key of {MIN_BITS} to {MAX_BITS} bits."
_WRONG_PASSWORD = "certificate_password_wrong"  # noqa: S105 # a code
_PROBLEMS = {
    KeyProblem.DAMAGED: (
        "The private key cannot be read: it is damaged or incomplete.",
        "Copy the whole PEM file again.",
    ),
    KeyProblem.ENCRYPTED: ("The private key is protected by a password.", "Enter its password as well."),
    KeyProblem.PASSWORD: (
        "The private key cannot be opened: the password is wrong, or the key is damaged.",
        "Enter the password again, or export the key anew.",
    ),
    KeyProblem.COSTLY: (
        "Deriving the key from its password would take too much time or memory.",
        "Export the key anew: openssl pkcs8 -topk8 -in FILE.pem -out NEW.pem",
    ),
    KeyProblem.LARGE: (f"The private key is larger than one of {MAX_BITS} bits.", _USE_RSA),
    KeyProblem.OTHER_KIND: ("The private key is not an RSA key, which is all that Microsoft Entra ID takes.", _USE_RSA),
}


def _public_key(certificate: x509.Certificate) -> object:
    """None where it is of a kind that cannot be read."""
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm

    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm, InternalError):
        return None


def _load_key(pem: str, password: str) -> RSAPrivateKey:
    try:
        key = load_rsa_key(pem, password)
    except UnusableKeyError as error:
        about_password = error.problem in (KeyProblem.ENCRYPTED, KeyProblem.PASSWORD)
        _refuse(*_PROBLEMS[error.problem], code=_WRONG_PASSWORD if about_password else CODE)
    if key.key_size < MIN_BITS:
        _refuse(f"The RSA key has {key.key_size} bits.", _USE_RSA)
    return key
