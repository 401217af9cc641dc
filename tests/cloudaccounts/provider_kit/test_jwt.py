"""Claims of tokens that others verify."""

from __future__ import annotations

import base64
import json

import pytest

from cloudaccounts.provider_kit.jwt import unverified_claims


def token(payload: str) -> str:
    return f"e30.{base64.urlsafe_b64encode(payload.encode()).decode().rstrip('=')}.c2ln"


def test_claims_are_read_whatever_the_padding() -> None:
    for name in ("a", "ab", "abc", "abcd"):
        assert unverified_claims(token(json.dumps({"sub": name}))) == {"sub": name}


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c.d", "e30.%%%.x", token("[1]"), token("{"), token("[" * 100_000)])
def test_anything_else_has_none(text: str) -> None:
    assert unverified_claims(text) is None
