"""An OpenID Connect provider that runs in the tests, and a person who goes there and comes back."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.test import Client


class Idp:
    def __init__(self, port: int) -> None:
        self.issuer = f"http://localhost:{port}"

    def knows(self, sub: str, **claims: Any) -> None:
        requests.put(f"{self.issuer}/users/{sub}", json=claims, timeout=10).raise_for_status()

    def answer(self, address: str, sub: str) -> str:
        """What the provider sends the browser back to, once this person has agreed there."""
        back = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=10)
        assert back.status_code == 302, back.text
        parts = urlsplit(back.headers["location"])
        return f"{parts.path}?{parts.query}"

    def sign_in(self, client: Client, sub: str, back: str = "") -> Any:
        there = client.get("/login/sso/", {"next": back} if back else {})
        assert there.status_code == 302, there.content
        return client.get(self.answer(there["Location"], sub))


def asked(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
