"""A stranger's key costs nothing before it is known what it would cost."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudaccounts.provider_kit import private_keys
from cloudaccounts.provider_kit.private_keys import KeyProblem, UnusableKeyError, load_rsa_key
from tests.cloudaccounts.provider_kit import der

PASSWORD = "sesame"
HUGE, LARGE = 2**9689 - 1, 2**4423 - 1  # two primes of Mersenne's: their test takes half a minute
GIBIBYTE = der.encrypted(der.scrypt(2**20, 8, 1))


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def written(key: Any, style: str = "PKCS8", password: str = "") -> str:
    encryption: Any = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    pem: bytes = key.private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, style), encryption)
    return pem.decode()


def problem(pem: str, password: str = PASSWORD) -> KeyProblem:
    with pytest.raises(UnusableKeyError) as caught:
        load_rsa_key(pem, password)
    return caught.value.problem


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test where a key is opened at all."""

    def opened(*_: object) -> Any:
        raise AssertionError("The key was opened before its cost was known.")

    monkeypatch.setattr(private_keys, "_load", opened)


@pytest.mark.parametrize("style", ["PKCS8", "TraditionalOpenSSL"])
@pytest.mark.parametrize("password", ["", PASSWORD])
def test_what_tools_write_is_read(key: rsa.RSAPrivateKey, style: str, password: str) -> None:
    assert load_rsa_key(written(key, style, password), password).private_numbers() == key.private_numbers()


def test_the_largest_key_is_read() -> None:
    largest = rsa.generate_private_key(65537, private_keys.MAX_BITS)
    assert load_rsa_key(written(largest, password=PASSWORD), PASSWORD).key_size == 4096


@pytest.mark.parametrize(
    "pem",
    [
        GIBIBYTE,
        der.encrypted(der.scrypt(2**14, 8, 1)),  # cheap, and as much of a stranger's choice
        der.encrypted(der.pbkdf2(private_keys.MAX_ITERATIONS + 1)),
        der.encrypted(der.pbkdf2(2**31 - 1)),
        der.encrypted(der.pbkdf2(2**200)),
        der.encrypted(der.pbkdf2(0)),
        der.encrypted(der.pbkdf2(-5)),
        der.encrypted(der.pbkdf2(2048, der.integer(2**31))),  # the length of what is derived
        der.encrypted(der.sequence(der.oid("1.3.6.1.4.1.99999.1"), der.sequence(der.SALT, der.integer(1)))),
        der.encrypted_by("1.2.840.113549.1.12.1.3", 2**31 - 1),
        der.encrypted_by("1.2.840.113549.1.5.10", 10**7),
        der.encrypted_by("1.3.6.1.4.1.99999.1", 1),
    ],
    ids=range(12),
)
@pytest.mark.usefixtures("no_work")
def test_a_costly_derivation_is_refused_before_it_runs(pem: str) -> None:
    assert problem(pem) == KeyProblem.COSTLY


@pytest.mark.parametrize(
    "pem",
    [
        der.pem("RSA PRIVATE KEY", der.rsa_numbers(HUGE * LARGE, 65537, 5, HUGE, LARGE)),
        der.plain(der.rsa_numbers(HUGE * LARGE, 65537, 5, HUGE, LARGE)),
        der.pem("RSA PRIVATE KEY", der.rsa_numbers(2**4096 + 1, 3, 5, 7, 11)),
        der.pem("RSA PRIVATE KEY", der.rsa_numbers(2**2047 + 1, 3, 5, HUGE, 11)),  # a small modulus, a huge prime
        der.pem("RSA PRIVATE KEY", der.rsa_numbers(2**2047 + 1, 3, 5, 7, LARGE)),
        der.pem("RSA PRIVATE KEY", der.rsa_numbers(2**2047 + 1, 2**9000, 5, 7, 11)),
        der.encrypted(der.pbkdf2(2048), b"\0" * 4096),
        "-----BEGIN PRIVATE KEY-----\n" + "A" * 60_000 + "\n-----END PRIVATE KEY-----\n",
    ],
    ids=range(8),
)
@pytest.mark.usefixtures("no_work")
def test_a_large_key_is_refused_before_its_primes_are_tested(pem: str) -> None:
    assert problem(pem) == KeyProblem.LARGE


def locked(content: bytes) -> str:
    """The content of a PKCS #8 key, well encrypted: what is in it shows only when it is opened."""
    secret = PBKDF2HMAC(hashes.SHA256(), 32, der.SALT[2:], 1000).derive(PASSWORD.encode())
    writer = Cipher(algorithms.AES(secret), modes.CBC(der.SALT[2:])).encryptor()
    padding = 16 - len(content) % 16
    return der.encrypted(der.pbkdf2(1000), writer.update(content + bytes([padding]) * padding) + writer.finalize())


def test_a_large_prime_within_what_is_encrypted_is_refused_untested() -> None:
    inner = der.rsa_numbers(HUGE * 7, 3, 5, HUGE, 7)
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.value(0x05, b""))
    assert problem(locked(der.sequence(der.integer(0), algorithm, der.octets(inner)))) == KeyProblem.LARGE


@pytest.mark.parametrize(
    "make",
    [
        lambda: written(ec.generate_private_key(ec.SECP256R1())),
        lambda: written(ec.generate_private_key(ec.SECP256R1()), "TraditionalOpenSSL"),
        lambda: written(ed25519.Ed25519PrivateKey.generate(), "OpenSSH"),
        lambda: written(ec.generate_private_key(ec.SECP256R1()), "OpenSSH"),
        lambda: der.pem("DSA PRIVATE KEY", der.sequence(der.integer(0))),
        lambda: der.plain(der.octets(b"x"), algorithm="1.2.840.113549.1.3.1"),
    ],
    ids=range(6),
)
@pytest.mark.usefixtures("no_work")
def test_a_key_of_another_kind_is_refused_unopened(make: Callable[[], str]) -> None:
    assert problem(make()) == KeyProblem.OTHER_KIND


def test_one_that_is_encrypted_is_refused_once_it_is_opened() -> None:
    for other in (ec.generate_private_key(ec.SECP256R1()), dsa.generate_private_key(2048)):
        assert problem(written(other, password=PASSWORD)) == KeyProblem.OTHER_KIND


def test_the_password_is_told_from_a_damaged_key(key: rsa.RSAPrivateKey) -> None:
    assert problem(written(key, password=PASSWORD), "") == KeyProblem.ENCRYPTED
    assert problem(written(key, password=PASSWORD), "open") == KeyProblem.PASSWORD
    assert problem(written(key, "TraditionalOpenSSL", PASSWORD), "") == KeyProblem.ENCRYPTED
    numbers = key.private_numbers()
    wrong = der.rsa_numbers(numbers.public_numbers.n, 65537, numbers.d, numbers.p, numbers.q)
    for pem in (der.plain(wrong), "", "hello", written(key)[:-40], der.plain(b"\x30\x03\x02\x01\x00")):
        assert problem(pem) == KeyProblem.DAMAGED


def test_primes_that_were_tested_are_not_tested_again(key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    load_rsa_key(written(key))

    def tested(*_: object) -> Any:
        raise AssertionError("The primes were tested once more.")

    monkeypatch.setattr(rsa.RSAPrivateNumbers, "private_key", tested)
    for pem, password in ((written(key), ""), (written(key, "TraditionalOpenSSL", PASSWORD), PASSWORD)):
        assert load_rsa_key(pem, password).private_numbers() == key.private_numbers()


@pytest.mark.parametrize("place", range(3, 9))
def test_a_key_that_differs_from_a_tested_one_in_one_number_is_tested(key: rsa.RSAPrivateKey, place: int) -> None:
    load_rsa_key(written(key))
    one = key.private_numbers()
    modulus, exponent = one.public_numbers.n, one.public_numbers.e
    numbers = [0, modulus, exponent, one.d, one.p, one.q, one.dmp1, one.dmq1, one.iqmp]
    numbers[place] += 2
    assert problem(der.plain(der.sequence(*map(der.integer, numbers)))) == KeyProblem.DAMAGED


def test_no_more_than_some_tested_keys_are_remembered(key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_keys, "_tested", OrderedDict())
    monkeypatch.setattr(private_keys, "_TESTED_AT_MOST", 1)
    for one in (key, rsa.generate_private_key(65537, 2048)):
        load_rsa_key(written(one))
        assert len(private_keys._tested) == 1


@settings(deadline=None, max_examples=200)  # how long it takes is the machine's matter
@given(st.binary(max_size=300), st.sampled_from(private_keys.LABELS))
def test_no_bytes_break_the_reader(data: bytes, label: str) -> None:
    body = base64.b64encode(data).decode()
    assert problem(f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n") in KeyProblem


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Only Linux tells a process's peak by itself.")
def test_a_key_that_asks_for_a_gibibyte_gets_none_of_it() -> None:
    program = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from cloudaccounts.provider_kit.private_keys import UnusableKeyError, load_rsa_key\n"
        "try: load_rsa_key(sys.stdin.read(), 'sesame')\n"
        # Not `ru_maxrss`: Linux hands the parent's on, and a process of many tests is large.
        "except UnusableKeyError: print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    done = subprocess.run(  # this interpreter
        [sys.executable, "-c", program], input=GIBIBYTE, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 300 * 1024  # KiB
