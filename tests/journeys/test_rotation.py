"""A credential replaced in the browser: while a scan runs, by a way without a secret, and after the password."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.looks import look
from tests.journeys.person import Person

ACCOUNT = "111122223333"
AUDIT = ["SecurityAudit", "job-function/ViewOnlyAccess"]


def connect(person: Person, user: str) -> str:
    """An account with a key of a new user; its address."""
    key = person.stack.control.put_user(ACCOUNT, user, policies=AUDIT)
    person.to_authentication({"account_id": ACCOUNT}, user)
    person.give_keys(key)
    person.wait_for_verdict()
    person.finish()
    return person.page.url.split("?")[0]


def test_a_key_is_replaced_while_a_scan_runs(person: Person) -> None:
    address = connect(person, "journey-rotated")
    person.sees(re.compile("completed"))
    person.stack.control.fault("delay", service="ec2", seconds=2)
    person.page.get_by_role("link", name="Scan …").click()
    person.page.locator("main form button.primary").click()
    person.page.goto(address)
    person.sees(re.compile("running|queued"))
    person.page.goto(f"{address}access/")
    person.page.get_by_role("link", name="Replace credential").click()
    person.sees("create-access-key --user-name journey-rotated")
    look(person, "rotate-form")
    new = person.stack.control.put_user(ACCOUNT, "journey-rotated-new", policies=AUDIT)
    person.page.get_by_label("Access key ID").fill(new["access_key_id"])
    person.page.get_by_label("Secret access key").fill(new["secret_access_key"])
    person.press("Test and replace")
    expect(person.page.get_by_text("Nothing was interrupted")).to_be_visible(timeout=60_000)
    look(person, "rotate-replaced")
    assert new["secret_access_key"] not in person.page.content()
    person.stack.control.clear_faults()
    person.page.goto(address)
    expect(person.page.get_by_text("completed").first).to_be_visible(timeout=90_000)
    person.page.goto("/scans/")
    expect(person.page.locator("main tbody").get_by_text("failed")).to_have_count(0)
    person.page.goto("/rotation/")
    person.sees("journey-rotated")
    look(person, "rotation")


def test_keys_are_replaced_by_a_role(person: Person) -> None:
    address = connect(person, "journey-to-role")
    person.page.goto(f"{address}rotate/")
    person.sees("needs no secret, and so no rotation")
    person.page.get_by_role("radio", name="Cross-account role").check()
    external_id = person.page.locator("#external-id").inner_text()
    role = person.stack.control.put_role(ACCOUNT, "journey-role", external_id=external_id)
    person.page.get_by_label("Role ARN").fill(role)
    person.press("Test and replace")
    expect(person.page.get_by_text("Nothing was interrupted")).to_be_visible(timeout=60_000)
    person.sees("is kept encrypted")
    person.page.goto(f"{address}access/")
    person.sees("no rotation")
    person.press("Check access")
    person.sees(re.compile("validated"))


def test_a_refused_key_shows_why_and_the_old_one_stays(person: Person) -> None:
    address = connect(person, "journey-refused")
    person.page.goto(f"{address}rotate/")
    new = person.stack.control.put_user(ACCOUNT, "journey-refused-new", policies=AUDIT)
    person.page.get_by_label("Access key ID").fill(new["access_key_id"])
    person.page.get_by_label("Secret access key").fill(new["secret_access_key"][::-1])
    person.press("Test and replace")
    expect(person.page.get_by_text("the old credential stays in use")).to_be_visible(timeout=60_000)
    expect(person.check("identity")).to_have_attribute("data-state", "failed")
    look(person, "rotate-refused")
    person.press("Discard the new one")
    person.sees("stays in use")
    person.page.goto("/confirm/?next=/accounts/")
    look(person, "confirm")
    person.page.get_by_label("Your password").fill(person.stack.password)
    person.press("Go on")
    expect(person.page).to_have_url(re.compile(r"/accounts/$"))
