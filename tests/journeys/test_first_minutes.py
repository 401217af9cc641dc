"""What a newcomer does first: opens the credentials of the simulated clouds, and connects an account in two clicks."""

from __future__ import annotations

import re
import subprocess
import sys

from playwright.sync_api import Locator, expect

from config.env import ROOT
from tests.journeys.looks import look
from tests.journeys.person import Person


def entry(person: Person, title: str) -> Locator:
    heading = person.page.get_by_role("heading", name=re.compile(rf"^{title}"))
    return person.page.locator("li.scenario").filter(has=heading).first


def test_from_the_banner_to_a_finished_scan(person: Person) -> None:
    page = person.page
    page.get_by_role("complementary", name="Sandbox").get_by_role("link", name="Their credentials").click()
    expect(page).to_have_url(re.compile("/sandbox/$"))
    granted = entry(person, "Everything granted")
    granted.get_by_text("Credentials: Access keys").click()
    granted.get_by_role("button", name="Copy Access key ID").click()
    assert (
        page.evaluate("navigator.clipboard.readText()")
        == person.scenario("Everything granted")["fields"]["access_key_id"]
    )
    granted.get_by_role("button", name="Use in the wizard").click()
    person.wait_for_verdict()
    expect(person.check("permissions")).to_have_attribute("data-state", "passed")
    person.finish()
    person.sees(re.compile("completed"))
    account = re.sub(r"^https?://[^/]+", "", page.url).split("?")[0]

    page.goto("/sandbox/")
    granted = entry(person, "Everything granted")
    expect(granted.get_by_text("connected", exact=True)).to_be_visible()
    expect(granted.get_by_role("link", name="Open the account")).to_have_attribute("href", account)
    for summary in page.locator("li.scenario summary").all():
        summary.click()
    look(person, "sandbox-open")


def test_the_command_that_plays_the_customer_works_as_it_is_shown(person: Person) -> None:
    page = person.page
    page.goto("/sandbox/")
    role = entry(person, "Cross-account role")
    command = role.locator(".command pre").inner_text()
    found = re.fullmatch(r"make role ACCOUNT=(\S+) EXTERNAL_ID=(\S+)", command)
    assert found
    folder = person.stack.folder / "data" / "clouds"
    told = ["--data-dir", str(folder), "--account", found[1], "--external-id", found[2]]
    subprocess.run([sys.executable, "-m", "sandbox.role", *told], cwd=ROOT, check=True, capture_output=True)
    role.get_by_role("button", name="Use in the wizard").click()
    expect(page.get_by_role("radio", name="Cross-account role")).to_be_checked()
    person.sees(re.compile("Play the customer first"))
    expect(page.locator("#external-id")).to_have_text(found[2])
    person.press("Continue to validation")
    person.wait_for_verdict()
    expect(person.check("external_id_proof")).to_have_attribute("data-state", "passed")
    person.finish()


def test_what_shows_a_refusal_shows_it(person: Person) -> None:
    person.page.goto("/sandbox/")
    root = entry(person, "Root user.s key")
    expect(root.get_by_text("shows what a refusal looks like")).to_be_visible()
    root.get_by_role("button", name="Use in the wizard").click()
    person.wait_for_verdict()
    expect(person.page.locator(".notice.error")).to_be_visible()
