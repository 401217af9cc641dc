"""A group's accounts, checked all at once, from the page that shows what became of each."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.person import Person

GOOD, GAPS = "Everything granted", "Some permissions denied"


def connect(person: Person, title: str, name: str) -> None:
    scenario = person.scenario(title)
    person.to_authentication(scenario, name)
    person.give_keys(scenario["fields"])
    person.wait_for_verdict()
    person.finish()


def test_a_groups_accounts_are_revalidated(person: Person) -> None:
    connect(person, GOOD, "data-platform")
    connect(person, GAPS, "payments-prod")
    page = person.page

    page.goto("/groups/")
    page.get_by_role("link", name="New group").first.click()
    page.get_by_label("Name").fill("Journey group")
    person.press("Create the group")
    page.get_by_label("Choose data-platform").check()
    page.get_by_label("Choose payments-prod").check()
    person.check_accessibility()
    person.press("Add the selected")
    person.sees("2 accounts are added to Journey group.")
    person.check_accessibility()

    page.get_by_role("link", name=re.compile("^Check access")).click()
    person.sees("Check access, for 2 accounts?")
    person.check_accessibility()
    person.press("Check access")
    expect(page.locator("#job")).to_contain_text("2 of 2: 2 done, 0 failed, 0 skipped", timeout=60_000)
    person.check_accessibility()

    page.goto("/accounts/")
    page.locator("#id_group").select_option(label="Journey group")
    expect(page.locator("main table tbody tr")).to_have_count(2)

    page.goto("/audit/?subject=job")
    person.sees("Check access: group Journey group: 2 done, 0 failed, 0 skipped")
    person.check_accessibility()

    page.goto("/groups/")
    page.get_by_role("link", name="Journey group").click()
    page.get_by_role("link", name="Delete").click()
    person.press("Delete the group")
    person.sees("Its accounts stay.")
