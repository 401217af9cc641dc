"""Codes as an authenticator app makes them, and a person who has one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

PASSWORD = "alice-knows-this"


def code_of(secret: str, *, steps: int = 0) -> str:
    """RFC 6238 with its defaults; ``steps`` of 30 seconds from now."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    number: int = struct.unpack(">I", digest[offset : offset + 4])[0]
    return f"{(number & 0x7FFFFFFF) % 10**6:06d}"


def wrong_code(secret: str) -> str:
    near = {code_of(secret, steps=steps) for steps in range(-3, 4)}
    return next(code for code in (f"{number:06d}" for number in range(10)) if code not in near)


def found(pattern: str, response: Any) -> list[str]:
    return re.findall(pattern, response.content.decode())


@pytest.fixture
def set_up_app() -> Callable[[Client], tuple[str, list[str]]]:
    """Sets up an app on the pages: its secret, and the recovery codes that were shown."""

    def set_up(client: Client) -> tuple[str, list[str]]:
        (secret,) = found(r'id="totp-secret">([A-Z2-7]+)<', client.get("/profile/security/app/"))
        done = client.post("/profile/security/app/", {"code": code_of(secret)})
        assert done["Location"] == "/profile/security/recovery-codes/"
        return secret, found(r"<li><code>(\d+)</code>", client.get(done["Location"]))

    return set_up


def log_in(client: Client, user: User, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login/", {"username": user.username, "password": password, **more})
