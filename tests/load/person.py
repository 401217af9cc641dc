"""Somebody with a browser and a token, and what they send."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.tokens.services import create_token
from tests.toycloud.provider import STATE

HELD = [f"mm{letter}{other}mm" for letter in "abcdef" for other in "abcd"]  # accounts whose cloud never answers


def fetch(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, float]:
    """(status, seconds); status 0 where nothing came back."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        status = answer.status
    except (OSError, http.client.HTTPException):
        status = 0
    finally:
        connection.close()
    return status, time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Person:
    owner: str
    port: int
    cookie: str
    token: str

    @classmethod
    def create(cls, name: str, port: int) -> Self:
        user = User.objects.create_user(name)
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        _, token = create_token(owner=str(user.pk), actor=SYSTEM, name="load", scope="write")
        return cls(str(user.pk), port, f"{settings.SESSION_COOKIE_NAME}={cookie.value}", token)

    def page(self) -> tuple[int, float]:
        return fetch(self.port, "GET", "/accounts/", Cookie=self.cookie)

    def call(self, path: str, body: object = None) -> tuple[int, float]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = b"" if body is None else json.dumps(body).encode()
        return fetch(self.port, "POST", f"/api/v1/cloud-accounts/{path}", data, **headers)

    def validate(self, account_id: str = "alicea") -> tuple[int, float]:
        return self.call("validate", toybox(account_id))


def toybox(account_id: str) -> dict[str, object]:
    return {
        "provider": "toy", "account_id": account_id, "name": "one", "environment": "production", "regions": ["left"],
        "auth_method": "token", "credentials": {"token": STATE.good_token},
    }  # fmt: skip
