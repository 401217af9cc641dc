"""Two people of one team with different roles: what one invites the other to, the other sees, and not more."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import WINDOW
from tests.journeys.looks import look
from tests.journeys.person import Person
from tests.stack import Stack

PASSWORD = "runa-knows-this-place"


@pytest.fixture
def second(chromium: Browser, stack: Stack) -> Iterator[Page]:
    context = chromium.new_context(base_url=stack.url, viewport=WINDOW)
    yield context.new_page()
    context.close()


def make_runa(person: Person) -> None:
    """By an operator, in the admin: nobody signs up."""
    person.page.goto("/admin/auth/user/add/")
    person.page.locator("#id_username").fill("runa")
    person.page.locator("#id_password1").fill(PASSWORD)
    person.page.locator("#id_password2").fill(PASSWORD)
    person.page.locator("input[name=_save]").click()
    expect(person.page.get_by_text("was added successfully")).to_be_visible()


def test_two_people_of_one_team(person: Person, second: Page) -> None:
    make_runa(person)
    page = person.page
    page.goto("/team/new/")
    page.get_by_label("Name", exact=True).fill("Journey crew")
    person.press("Make the team")
    person.sees("Journey crew is made")
    page.get_by_label("Role", exact=True).select_option("viewer")
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.locator("#link").inner_text()
    person.check_accessibility()

    runa = Person(second, person.stack)
    second.goto(link)
    second.get_by_label("Username").fill("runa")
    second.get_by_label("Password").fill(PASSWORD)
    second.get_by_role("button", name=re.compile("sign in|log in", re.I)).click()
    runa.sees("Join Journey crew?")
    runa.check_accessibility()
    runa.press("Join the team")
    runa.sees("Welcome to Journey crew")
    expect(second.get_by_role("link", name="Connect", exact=True)).to_have_count(0)
    answer = second.goto("/wizard/")
    assert answer is not None
    assert answer.status == 403
    runa.sees("This takes the role operator or owner")
    runa.complaints.clear()  # the browser tells of each 403
    runa.check_accessibility()

    page.goto("/team/")
    person.sees("2 members")
    look(person, "team")
    page.get_by_role("link", name="Change runa").click()
    page.get_by_label("Role", exact=True).select_option("operator")
    person.press("Save")
    person.sees("Saved.")
    assert (answer := second.goto("/wizard/")) is not None
    assert answer.status == 200

    page.get_by_role("link", name="Change runa").click()
    person.press("Remove runa")
    person.sees("runa is no member any more.")
    second.goto("/team/")
    expect(second.get_by_role("heading", name="runa")).to_be_visible()
