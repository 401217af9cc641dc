"""A certificate with its private key, as people paste it (PEM): parsed, checked and rebuilt. No SDK.

Whoever pastes it chooses every byte. So their size is limited, deriving the key from a password may not take longer
than a few seconds (the cost is a number in the file), and only the needed parts are passed on.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from cloudaccounts.contract.errors import ProviderError

if TYPE_CHECKING:  # imported where used: x509 takes 20 ms, which every start of manage.py would pay
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

MAX_PEM = 64 * 1024  # characters: a chain of certificates and a key
MAX_KEY = 16 * 1024  # characters: an RSA key of 8192 bits has about 6,400
MAX_CERTIFICATES = 10
MAX_PASSWORD = 1024
KEY_BITS = range(2048, 8193)  # Entra ID accepts no shorter ones
MAX_COST = 10_000_000  # iterations of PBKDF2; OpenSSL writes 2,048, password managers up to 600,000
CODE = "certificate_pem_invalid"

_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_KEYS = {"PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"}
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
    text = "\n".join(line.strip() for line in raw.strip().splitlines())
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
    leaf = next((certificate for certificate in chain if certificate.public_key() == key.public_key()), None)
    if leaf is None:
        _refuse(
            "The private key does not belong to the certificate.",
            "Paste the certificate together with the key that it was made with.",
        )
    ordered = [leaf, *(certificate for certificate in chain if certificate is not leaf)]
    certificates = "".join(certificate.public_bytes(serialization.Encoding.PEM).decode() for certificate in ordered)
    return Certificate(
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
        if label and line == f"-----END {label}-----":
            yield label, "\n".join(block) + "\n"
            label = ""


def _key_block(blocks: list[tuple[str, str]]) -> str:
    keys = [pem for label, pem in blocks if label in _KEYS]
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
    if len(keys[0]) > MAX_KEY:
        _refuse("The private key is too long.", "Use an RSA key of 2048 to 4096 bits.")
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


def _load_key(pem: str, password: str) -> RSAPrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    # In the label (PKCS #8) or in a header line (the older format of OpenSSL).
    encrypted = "ENCRYPTED" in pem
    if encrypted and not password:
        _refuse(
            "The private key is protected by a password.",
            "Enter its password as well.",
            code="certificate_password_wrong",
        )
    # Before the key is opened: the derivation cannot be interrupted once it runs.
    if "-----BEGIN ENCRYPTED" in pem and max(_numbers(pem), default=0) > MAX_COST:
        _refuse("Deriving the key from its password would take too long.", "Export the key with usual settings.")
    try:
        key = serialization.load_pem_private_key(pem.encode(), password.encode() if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if encrypted:
            _refuse(
                "The private key cannot be opened: the password is wrong, or the key is damaged.",
                "Enter the password again, or export the key anew.",
                code="certificate_password_wrong",
            )
        _refuse("The private key cannot be read: it is damaged or incomplete.", "Copy the whole PEM file again.")
    if not isinstance(key, RSAPrivateKey):
        _refuse("The private key is not an RSA key, which is all that Microsoft Entra ID takes.", "Use an RSA key.")
    if key.key_size not in KEY_BITS:
        _refuse(f"The RSA key has {key.key_size} bits.", "Use one of 2048 to 4096 bits.")
    return key


def _numbers(pem: str) -> Iterator[int]:
    """The integers in the header of an encrypted key (RFC 5958). The cost of deriving the key is among them.

    Which one it is depends on the algorithm, so the largest counts.
    """
    body = "".join(line for line in pem.splitlines() if "-----" not in line)
    try:
        data = base64.b64decode(body, validate=True)
        start, end = _content(data, 0)
        head_start, head_end = _content(data, start)  # AlgorithmIdentifier; what follows is the encrypted key
        yield from _integers(data, head_start, min(head_end, end), depth=0)
    except (ValueError, IndexError):
        yield MAX_COST + 1  # a header that cannot be read is refused like one that costs too much


def _integers(data: bytes, start: int, end: int, depth: int) -> Iterator[int]:
    while start < end:
        first, last = _content(data, start)
        if last > len(data) or depth > 8:
            raise ValueError
        if data[start] == 0x02:
            yield int.from_bytes(data[first:last], "big")
        elif data[start] & 0x20:  # constructed
            yield from _integers(data, first, last, depth + 1)
        start = last


def _content(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the DER value at this offset begins and ends (X.690, 8.1.3)."""
    length = data[at + 1]
    if length < 0x80:
        return at + 2, at + 2 + length
    size = length & 0x7F
    if not 1 <= size <= 4:
        raise ValueError
    begin = at + 2 + size
    return begin, begin + int.from_bytes(data[at + 2 : begin], "big")
