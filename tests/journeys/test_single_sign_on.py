"""Single sign-on with a second factor, in a browser, with a provider that runs beside the product."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import Browser, expect

from config.env import ROOT
from tests.config.signin.conftest import code_of
from tests.config.signin.idp import Idp
from tests.journeys.looks import look
from tests.journeys.person import Person
from tests.servers import EMBEDDED
from tests.stack import Stack

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated and will be removed in version 1.8")


@pytest.fixture(scope="module")
def idp() -> Iterator[Idp]:
    with run_server_in_thread() as running:
        yield Idp(running.server_port)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory, idp: Idp) -> Iterator[Stack]:
    settings = {
        "OIDC_ISSUER": idp.issuer, "OIDC_CLIENT_ID": "cam", "OIDC_CLIENT_SECRET": "not-a-secret",
        "OIDC_TEAM_MAP": "cloud-team=Platform:operator", "REQUIRE_SECOND_FACTOR": "1", "REQUIRE_SSO": "1",
    }  # fmt: skip
    with Stack(tmp_path_factory.mktemp("sso"), {**EMBEDDED, **settings}) as stack:
        command(stack, "read_identity_providers")  # the scheduler does it within a minute
        yield stack


def command(stack: Stack, *words: str) -> str:
    """What `manage.py` says, beside the running product."""
    env = {**os.environ, **stack.databases, "DATA_DIR": str(stack.folder / "data"), "CLOUD_ACCOUNTS_SANDBOX": "1"}
    arguments = [sys.executable, "manage.py", *words]
    done = subprocess.run(
        arguments, cwd=ROOT, env={**env, "SECRET_KEY": ""}, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def person(chromium: Browser, own_stack: Stack) -> Iterator[Person]:
    context = chromium.new_context(base_url=own_stack.url, viewport={"width": 1280, "height": 900})
    yield Person(context.new_page(), own_stack)
    context.close()


def agree_at_the_provider(person: Person, sub: str) -> None:
    person.page.locator("input[name=sub]").first.fill(sub)
    person.page.get_by_role("button", name="Authorize").click()
    person.page.wait_for_url(f"{person.stack.url}/**")
    person.complaints.clear()  # the provider's own page asks for a stylesheet of another host


def come_by_sso(person: Person, sub: str) -> None:
    person.page.goto("/login/")
    person.page.get_by_role("link", name="Log in with single sign-on").click()
    agree_at_the_provider(person, sub)


def set_up_an_app(person: Person) -> str:
    """Its secret."""
    page = person.page
    page.goto("/profile/security/app/")
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_label("Code", exact=True).fill(code_of(secret))
    person.press("Set it up")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return secret


def give_a_code(person: Person, secret: str) -> None:
    expect(person.page).to_have_url(re.compile("/login/code/"))
    # One of the next half minute: that of this one was used, or is about to end.
    person.page.get_by_label("Code", exact=True).fill(code_of(secret, steps=1))
    person.page.get_by_role("button", name="Log in", exact=True).click()


def log_in_by_password(person: Person, name: str, password: str) -> None:
    person.page.goto("/login/")
    person.page.get_by_label("Username").fill(name)
    person.page.get_by_label("Password").fill(password)
    person.page.get_by_role("button", name="Log in", exact=True).click()


@pytest.mark.timeout(400)
def test_somebody_of_the_company_comes_in_and_sets_up_a_second_factor(person: Person, idp: Idp) -> None:
    idp.knows("u-1", preferred_username="carol", email="carol@example.org", groups=["cloud-team"])
    page = person.page
    page.goto("/login/")
    look(person, "login-sso-alone")
    come_by_sso(person, "u-1")
    expect(page).to_have_url(re.compile("/profile/security/"))
    look(person, "security-required")
    secret = set_up_an_app(person)
    page.goto("/accounts/")
    expect(page).to_have_url(f"{person.stack.url}/accounts/")
    expect(page.get_by_text("Platform").first).to_be_visible()
    page.context.clear_cookies()
    come_by_sso(person, "u-1")
    give_a_code(person, secret)
    expect(page).to_have_url(f"{person.stack.url}/")


@pytest.mark.timeout(400)
def test_a_superuser_breaks_the_glass_and_connects_single_sign_on(person: Person, idp: Idp) -> None:
    """The provider was away; afterwards they are the same user by single sign-on."""
    page, stack = person.page, person.stack
    # A right password alone opens nothing, a superuser's included.
    log_in_by_password(person, "admin", stack.password)
    person.sees("do not fit together")
    command(stack, "break_glass", "admin", "--minutes", "30")
    log_in_by_password(person, "admin", stack.password)
    # A second factor is asked for all the same: nothing else opens before.
    expect(page).to_have_url(re.compile("/profile/security/"))
    page.goto("/admin/")
    expect(page).to_have_url(re.compile("/profile/security/"))
    secret = set_up_an_app(person)
    page.goto("/admin/")
    expect(page).to_have_url(f"{stack.url}/admin/")

    idp.knows("u-2", preferred_username="a.operator", email="operator@company.example", groups=[])
    page.goto("/profile/security/")
    page.get_by_role("link", name="Connect single sign-on").click()
    agree_at_the_provider(person, "u-2")
    expect(page.get_by_role("heading", name="Connect single sign-on")).to_be_visible()
    person.sees("operator@company.example")
    look(person, "identity-connect")
    person.press("Connect")
    person.sees("Connected: single sign-on opens your user from now on.")
    look(person, "security-identity")

    # The glass is whole again: the session that the password opened ends, and the identity opens the same user.
    command(stack, "break_glass", "admin", "--end")
    page.goto("/accounts/")
    expect(page).to_have_url(re.compile("/login/"))
    person.sees("This server takes single sign-on alone")
    log_in_by_password(person, "admin", stack.password)
    person.sees("do not fit together")
    come_by_sso(person, "u-2")
    give_a_code(person, secret)
    expect(page).to_have_url(f"{stack.url}/")
    page.goto("/admin/")
    expect(page).to_have_url(f"{stack.url}/admin/")
    # Their only way in now, which the page keeps them from taking away.
    page.goto("/profile/security/")
    person.sees("Your only way in")
