"""What is kept over a restart: a seed for all ids and secrets, keys, and what people made."""

import base64
import hashlib
import hmac
import secrets
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.files import read_json, write_json

STATE_FILE = "azure.json"


class State:
    """One file, 0600. Keys are made when first asked for: each costs about 100 ms."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / STATE_FILE
        stored: dict[str, Any] = read_json(self._path) or {}
        self.seed: str = stored.get("seed") or secrets.token_hex(32)
        self.born = datetime.fromisoformat(stored["born"]) if "born" in stored else datetime.now(UTC)
        self.texts: dict[str, str] = stored.get("texts", {})  # keys and certificates, as PEM
        self.app_secrets: dict[str, list[list[Any]]] = stored.get("app_secrets", {})  # as Graph's calls left them
        self.made: list[list[Any]] = stored.get("made", [])  # commands to repeat at the next start
        self.save()

    def save(self) -> None:
        content: dict[str, Any] = {
            "seed": self.seed,
            "born": self.born.isoformat(),
            "texts": self.texts,
            "made": self.made,
        }
        content["app_secrets"] = self.app_secrets
        write_json(self._path, content)

    def uuid(self, *names: str) -> str:
        """The same one after each restart, another one in each data folder."""
        return str(uuid.UUID(bytes=self._digest(*names)[:16], version=4))

    def secret(self, *names: str) -> str:
        """In the form of Entra ID's: 40 characters, with ``~`` and ``.`` among them."""
        text = base64.urlsafe_b64encode(self._digest("secret", *names)).decode().replace("-", ".").replace("=", "")
        return f"{text[:3]}8Q~{text[3:37]}"

    def key(self, name: str) -> rsa.RSAPrivateKey:
        if name not in self.texts:
            generated = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            plain = serialization.NoEncryption()
            pem = generated.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
            self.texts[name] = pem.decode()
            self.save()
        return _loaded(self.texts[name])

    def remember(self, command: str, arguments: dict[str, Any]) -> None:
        # Commands and not their results: repeated at the next start, they meet the company as it is built then.
        if [command, arguments] not in self.made:
            self.made.append([command, arguments])
            self.save()

    def _digest(self, *names: str) -> bytes:
        return hmac.new(self.seed.encode(), "/".join(names).encode(), hashlib.sha512).digest()


@cache  # each load tests its primes: 40 ms of the processor
def _loaded(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
