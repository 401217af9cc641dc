"""Signing in with a passkey, in a browser with a virtual authenticator; and the pages around second factors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.config.signin.conftest import code_of
from tests.journeys.looks import look
from tests.journeys.person import Person
from tests.stack import Stack

DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def here(chromium: Browser, stack: Stack) -> Iterator[Person]:
    """By the host name: browsers know no passkeys of an address."""
    base = stack.url.replace("127.0.0.1", "localhost")
    context = chromium.new_context(base_url=base, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield Person(page, stack)
    context.close()


def type_password(person: Person, base: str) -> None:
    page: Page = person.page
    page.goto(f"{base}/login/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(person.stack.password)
    page.get_by_role("button", name="Log in", exact=True).click()


def log_out(person: Person) -> None:
    """By the session's end alone: where the button stands is the shell's matter."""
    person.page.context.clear_cookies()
    person.page.goto("/login/")


@pytest.mark.timeout(400)
def test_a_passkey_is_added_signs_in_by_itself_and_is_the_second_factor(here: Person, stack: Stack) -> None:
    page, base = here.page, stack.url.replace("127.0.0.1", "localhost")
    type_password(here, base)
    expect(page).to_have_url(f"{base}/")
    page.goto("/profile/security/")
    look(here, "security-none")
    page.get_by_role("link", name="Add a passkey").click()
    look(here, "passkey-new")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    look(here, "recovery-codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Laptop", exact=True)).to_be_visible()
    look(here, "security")
    page.goto("/profile/sessions/")
    look(here, "sessions")
    log_out(here)

    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{base}/")
    page.goto("/profile/security/app/")
    secret = page.locator("#totp-secret").inner_text()
    look(here, "app-new")
    page.get_by_label("Code", exact=True).fill(code_of(page.locator("#totp-secret").inner_text()))
    assert page.locator("#totp-secret").inner_text() == secret
    here.press("Set it up")
    expect(page.get_by_role("link", name="Remove the app")).to_be_visible()
    log_out(here)

    type_password(here, base)
    expect(page).to_have_url(re.compile("/login/code/"))
    look(here, "second-factor")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{base}/")
    _without_factors(here)
    assert not here.complaints


def _without_factors(person: Person) -> None:
    """Other journeys sign in by the password alone."""
    page: Any = person.page
    page.goto("/profile/security/app/remove/")
    person.press("Remove it")
    page.goto("/profile/security/")
    page.get_by_role("link", name=re.compile("Remove")).first.click()
    look(person, "passkey-remove")
    person.press("Remove it")
    expect(page.get_by_text("Your password alone opens")).to_be_visible()
