"""RSA private keys of strangers (PEM): what opening one would cost is read from its outside, before any work is done.

Whoever pastes a key chooses every byte. A key of 3 kB can ask for gigabytes (scrypt), for minutes of key derivation
(PBKDF2), or for the primality test of numbers of 16,000 bits, and none of it can be interrupted once it runs. So the
DER of the key is walked first (X.690, section 8.1), by a reader that does nothing but compare lengths and numbers.

Shapes: PKCS #8 `PRIVATE KEY` and `ENCRYPTED PRIVATE KEY` (RFC 5208, RFC 5958), PKCS #1 `RSA PRIVATE KEY` (RFC 8017,
A.1.2), encrypted or not. Keys of other kinds (EC, OpenSSH, DSA) are refused by their label.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from enum import Enum
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported where used: every start of manage.py would pay for it
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

MAX_BITS = 4096
MAX_ITERATIONS = 1_000_000  # of PBKDF2, half a second; OpenSSL writes 2,048, password managers up to 600,000
MAX_DER = 3072  # bytes: a key of 4096 bits has 2,375, and some 100 more where it is encrypted
LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY")

# rsaEncryption, and RSASSA-PSS (RFC 8017, appendix C)
_RSA = ("2a864886f70d010101", "2a864886f70d01010a")
_PBES2, _PBKDF2 = "2a864886f70d01050d", "2a864886f70d01050c"  # RFC 8018, appendix A
# PBES1 (RFC 8018, A.3) and the methods of PKCS #12 (RFC 7292, appendix C): salt, then iterations.
_PBES1 = ("2a864886f70d0105", "2a864886f70d010c01")
_INTEGER, _OCTETS, _OID, _SEQUENCE = 0x02, 0x04, 0x06, 0x30

# The primes of one key are asked about several times on its way in (form, validation, storing), at 40 to 300 ms each.
# Marks alone are remembered, under a key that ends with this process: nothing can be read from them.
_TESTED_AT_MOST = 256
_tested: OrderedDict[bytes, None] = OrderedDict()
_marking = secrets.token_bytes(32)

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----\n(.*?)-----END \1-----\s*", re.DOTALL)


class KeyProblem(Enum):
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"  # and there is no password
    PASSWORD = "password"  # noqa: S105 # it is wrong, or the key is damaged: both look the same
    COSTLY = "costly"  # deriving the key from its password
    LARGE = "large"
    OTHER_KIND = "other kind"


class UnusableKeyError(Exception):
    def __init__(self, problem: KeyProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def load_rsa_key(pem: str, password: str = "") -> RSAPrivateKey:
    """The key of one PEM block, whole and consistent. Raises `UnusableKeyError`.

    Takes at most about two seconds, whatever is pasted: `MAX_ITERATIONS`, and two primes of 2,048 bits.
    """
    label, text = _block(pem)
    encrypted = label.startswith("ENCRYPTED") or "ENCRYPTED" in text
    if encrypted and not password:
        raise UnusableKeyError(KeyProblem.ENCRYPTED)
    der = _decode(text)
    try:
        _refuse_costly(label, der, encrypted=encrypted)
    except (ValueError, IndexError):
        raise UnusableKeyError(KeyProblem.DAMAGED) from None
    return _load(pem, password if encrypted else "")


def accepted_rsa_key(pem: str) -> RSAPrivateKey:
    """One without a password that `load_rsa_key` has accepted before, so its primes are not tested again.

    Raises `UnusableKeyError` where it is none.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):
        raise UnusableKeyError(KeyProblem.DAMAGED) from None
    if not isinstance(key, RSAPrivateKey):
        raise UnusableKeyError(KeyProblem.OTHER_KIND)
    return key


def _block(pem: str) -> tuple[str, str]:
    match = _PEM.fullmatch(pem)
    if match is None:
        raise UnusableKeyError(KeyProblem.DAMAGED)
    if match[1] not in LABELS:
        raise UnusableKeyError(KeyProblem.OTHER_KIND)
    return match[1], match[2]


def _decode(text: str) -> bytes:
    if len(text) > 2 * MAX_DER:
        raise UnusableKeyError(KeyProblem.LARGE)
    lines = (line for line in text.splitlines() if ":" not in line)  # OpenSSL's older header: Proc-Type, DEK-Info
    try:
        der = base64.b64decode("".join(lines), validate=True)
    except ValueError:
        raise UnusableKeyError(KeyProblem.DAMAGED) from None
    if len(der) > MAX_DER:
        raise UnusableKeyError(KeyProblem.LARGE)
    return der


def _refuse_costly(label: str, der: bytes, *, encrypted: bool) -> None:
    """Raises `UnusableKeyError`; ValueError or IndexError where this is no DER."""
    if label == "ENCRYPTED PRIVATE KEY":
        _refuse_costly_derivation(der)
    elif encrypted:
        return  # OpenSSL's older form hashes the password once, and the size of what it protects is bounded
    elif label == "RSA PRIVATE KEY":
        _refuse_large(der)
    else:
        _, algorithm, key = _first(_values(der, _SEQUENCE), 3)
        if _first(_parts(algorithm[1]), 1)[0] not in [(_OID, bytes.fromhex(oid)) for oid in _RSA]:
            raise UnusableKeyError(KeyProblem.OTHER_KIND)
        _refuse_large(key[1])


def _refuse_costly_derivation(der: bytes) -> None:
    """By the algorithm that an EncryptedPrivateKeyInfo names: known ones with a bounded count alone.

    Scrypt (RFC 7914) is refused: its memory is a number in the key, and no tool writes it unless told to.
    """
    algorithm, parameters = _first(_parts(_first(_values(der, _SEQUENCE), 1)[0][1]), 2)
    oid = algorithm[1].hex()
    if oid == _PBES2:
        derivation = _first(_parts(parameters[1]), 1)[0]
        kind, parameters = _first(_parts(derivation[1]), 2)
        if kind[1].hex() != _PBKDF2:
            raise UnusableKeyError(KeyProblem.COSTLY)
    # By a list of what is known to be bounded: a scheme that is new may cost anything.
    elif not oid.startswith(_PBES1):
        raise UnusableKeyError(KeyProblem.COSTLY)
    # Salt, iterations, and with PBKDF2 a length and the hash. The count is the second; any number may not be larger.
    numbers = [int.from_bytes(value, "big", signed=True) for tag, value in _parts(parameters[1]) if tag == _INTEGER]
    if not numbers or not all(0 < number <= MAX_ITERATIONS for number in numbers):
        raise UnusableKeyError(KeyProblem.COSTLY)


def _refuse_large(der: bytes) -> None:
    """Of an RSAPrivateKey: version, modulus, exponents, then the primes, whose test is what costs."""
    bits = [8 * len(value.lstrip(b"\0")) for tag, value in _values(der, _SEQUENCE) if tag == _INTEGER]
    if not _bounded(bits[1], bits[2:4], bits[4:]):
        raise UnusableKeyError(KeyProblem.LARGE)


def _bounded(modulus: int, exponents: list[int], primes: list[int]) -> bool:
    """In bits. A prime has half of the modulus, so a larger one was made to cost time: two bytes are leeway."""
    half = modulus // 2 + 16
    return modulus <= MAX_BITS and max(exponents, default=0) <= MAX_BITS and max(primes, default=0) <= half


def _load(pem: str, password: str) -> RSAPrivateKey:
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        # What was encrypted was not seen above. So it is opened unchecked, measured, and only then checked.
        key = load_pem_private_key(pem.encode(), password.encode() or None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):  # the last: OpenSSL's own refusals
        raise UnusableKeyError(KeyProblem.PASSWORD if password else KeyProblem.DAMAGED) from None
    if not isinstance(key, RSAPrivateKey):
        raise UnusableKeyError(KeyProblem.OTHER_KIND)
    numbers = key.private_numbers()
    exponents = [number.bit_length() for number in (numbers.public_numbers.e, numbers.d)]
    factors = (numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    primes = [number.bit_length() for number in factors]
    if not _bounded(numbers.public_numbers.n.bit_length(), exponents, primes):
        raise UnusableKeyError(KeyProblem.LARGE)
    mark = blake2b(
        repr([numbers.public_numbers.n, numbers.public_numbers.e, numbers.d, *factors]).encode(), key=_marking
    )
    if mark.digest() in _tested:
        return key
    try:
        tested = numbers.private_key()
    except (ValueError, InternalError):
        raise UnusableKeyError(KeyProblem.DAMAGED) from None
    _tested[mark.digest()] = None
    while len(_tested) > _TESTED_AT_MOST:
        _tested.popitem(last=False)
    return tested


Value = tuple[int, bytes]  # tag and content


def _values(der: bytes, tag: int) -> list[Value]:
    """The parts of the one value that this is. Raises ValueError, IndexError."""
    ((outer, content),) = _first(_parts(der), 1)
    if outer != tag:
        raise ValueError
    return list(_parts(content))


def _first(values: Iterator[Value] | list[Value], count: int) -> list[Value]:
    head = list(values)[:count]
    if len(head) < count:
        raise ValueError
    return head


def _parts(data: bytes) -> Iterator[Value]:
    """The values that follow each other in ``data``. Raises ValueError, IndexError."""
    at = 0
    while at < len(data):
        tag, length, begin = data[at], data[at + 1], at + 2
        if length >= 0x80:
            size = length & 0x7F
            # The indefinite form (size 0) is no DER, and four bytes are more than any key that is accepted.
            if not 1 <= size <= 4:
                raise ValueError
            begin += size
            length = int.from_bytes(data[at + 2 : begin], "big")
        if begin + length > len(data):
            raise ValueError
        yield tag, data[begin : begin + length]
        at = begin + length
