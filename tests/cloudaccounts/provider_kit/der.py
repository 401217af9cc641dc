"""Writes DER (X.690), for keys that no tool makes."""

from __future__ import annotations

import base64
import textwrap


def value(tag: int, content: bytes) -> bytes:
    length = len(content)
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([length]) if length < 0x80 else bytes([0x80 | len(size)]) + size) + content


def sequence(*parts: bytes) -> bytes:
    return value(0x30, b"".join(parts))


def integer(number: int) -> bytes:
    return value(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def octets(content: bytes) -> bytes:
    return value(0x04, content)


def oid(dotted: str) -> bytes:
    first, second, *others = map(int, dotted.split("."))
    content = bytes([first * 40 + second])
    for number in others:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.insert(0, 0x80 | number & 0x7F)
        content += bytes(groups)
    return value(0x06, content)


def pem(label: str, der: bytes) -> str:
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


SALT = octets(b"0123456789abcdef")
CIPHER = sequence(oid("2.16.840.1.101.3.4.1.42"), SALT)  # AES-256-CBC
HASH = sequence(oid("1.2.840.113549.2.9"), value(0x05, b""))  # HMAC with SHA-256


def pbkdf2(iterations: int, *more: bytes) -> bytes:
    return sequence(oid("1.2.840.113549.1.5.12"), sequence(SALT, integer(iterations), *more, HASH))


def scrypt(cost: int, blocks: int, parallel: int) -> bytes:
    return sequence(oid("1.3.6.1.4.1.11591.4.11"), sequence(SALT, integer(cost), integer(blocks), integer(parallel)))


def encrypted(derivation: bytes, content: bytes = b"\0" * 1232) -> str:
    """A PKCS #8 key whose key is derived so (PBES2)."""
    algorithm = sequence(oid("1.2.840.113549.1.5.13"), sequence(derivation, CIPHER))
    return pem("ENCRYPTED PRIVATE KEY", sequence(algorithm, octets(content)))


def encrypted_by(algorithm: str, iterations: int) -> str:
    """A PKCS #8 key in one of the older ways: PBES1, or those of PKCS #12."""
    parameters = sequence(octets(b"12345678"), integer(iterations))
    return pem("ENCRYPTED PRIVATE KEY", sequence(sequence(oid(algorithm), parameters), octets(b"\0" * 1232)))


def rsa_numbers(modulus: int, exponent: int, private: int, first: int, second: int) -> bytes:
    """An RSAPrivateKey that nobody has checked."""
    return sequence(*map(integer, (0, modulus, exponent, private, first, second, 5, 5, 5)))


def plain(key: bytes, algorithm: str = "1.2.840.113549.1.1.1") -> str:
    return pem("PRIVATE KEY", sequence(integer(0), sequence(oid(algorithm), value(0x05, b"")), octets(key)))
