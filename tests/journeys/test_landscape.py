"""In a company's landscape: channels, a file of accounts imported in the browser, an organization with a rule.

One product for all three, and one walk: what the import connects is scanned, and what the scan finds the channels tell.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from sandbox.files import DESCRIPTION_FILE, read_json
from tests.journeys.looks import look
from tests.journeys.person import Person
from tests.stack import wait_for

KINDS = ("slack", "jira", "webhook")
SECRETS = ("secret_access_key", "session_token")


def add_channel(person: Person, kind: str) -> None:
    page = person.page
    described = read_json(person.stack.folder / "data" / "clouds" / DESCRIPTION_FILE) or {}
    (settings,) = [item["settings"] for item in described["channels"] if item["kind"] == kind]
    page.goto(f"/channels/new/{kind}/")
    page.get_by_label("Name", exact=True).fill(f"Our {kind}")
    for name, value in settings.items():
        page.locator(f'[name="settings.{name}"]').fill(value)
    page.locator("[name=min_severity]").select_option("critical")
    if page.locator("[name=digest_minutes]").count():
        page.locator("[name=digest_minutes]").fill("0")
    person.press("Add the channel")
    if kind == "webhook":
        secret = page.locator("section code").first.inner_text()
        person.stack.control.set_webhook_secret(secret)
        page.get_by_role("link", name="I have copied it").click()
    person.press("Send a test")
    wait_for(lambda: person.stack.control.received(kind), seconds=90, what=f"a test at {kind}")


def file_of(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    names = sorted({name for row in rows for name in row["fields"]})
    own = ["provider", "account_id", "name", "environment", "auth_method", "regions"]
    table = csv.writer(text)
    table.writerow([*own, *(f"credentials.{name}" for name in names)])
    for row in rows:
        start = [row["cloud"], row["account_id"], row["title"], "production", row["method"], "us-east-1"]
        table.writerow([*start, *(row["fields"].get(name, "") for name in names)])
    return text.getvalue().encode()


@pytest.mark.timeout(900)
def test_channels_an_import_and_the_rule_of_an_organization(person: Person) -> None:
    page, control = person.page, person.stack.control
    control.clear_received()
    for kind in KINDS:
        add_channel(person, kind)

    # A dry run: two rows fit, two are refused for one cause and one for another.
    scenarios = [person.scenario(title) for title in ("Everything granted", "Organization", "Inactive key")]
    again = {**scenarios[2], "account_id": "888899990000", "title": "Inactive key elsewhere"}
    rows = [*scenarios, again, {**scenarios[0], "account_id": "12", "title": "No account id"}]
    page.goto("/import/")
    file = {"name": "fleet.csv", "mimeType": "text/csv", "buffer": file_of(rows)}
    page.get_by_label("File").set_input_files(file)  # type: ignore[arg-type]
    person.press("Begin the dry run")
    start = page.get_by_role("button", name="Import 2 accounts")
    expect(start).to_be_visible(timeout=120_000)
    person.sees("Refused, by cause")
    person.sees(re.compile("3 rows"))
    look(person, "import-dry-run")
    secrets = {row["fields"][name] for row in rows for name in SECRETS if name in row["fields"]}
    assert len(secrets) > 2
    assert not any(secret in page.content() for secret in secrets)
    start.click()
    expect(page.get_by_text(re.compile("2 connected"))).to_be_visible(timeout=120_000)

    # An organization: a rule is tried before it is saved, and says what it would do.
    page.goto("/organizations/")
    choice = page.get_by_label("Account", exact=True)
    choice.select_option(choice.locator("option", has_text="Organization").get_attribute("value"))
    person.press("Continue")
    person.press("Connect and sync")
    expect(page).to_have_url(re.compile(r"/organizations/[0-9a-f-]{36}/$"))
    address = page.url
    expect(page.get_by_role("region", name="Activity").get_by_text("members joined")).to_be_visible(timeout=120_000)
    page.goto(f"{address}rules/")
    place = page.locator("[name=under]")
    place.select_option(place.locator("option", has_text="Workloads").get_attribute("value"))
    page.locator("[name=environment]").select_option("staging")
    person.press("Dry run")
    person.sees("would wait for somebody")
    expect(page.get_by_text("after review", exact=True).first).to_be_visible()
    look(person, "organization-rule-dry-run")
    person.press("Save rule")
    page.goto(address)
    person.sees("1 rule")
    look(person, "organization-with-data")

    # What the first scan found has arrived, as people read it there, and no secret with it.
    def arrived() -> bool:
        texts = {kind: " ".join(json.dumps(item) for item in control.received(kind)) for kind in KINDS}
        return all("Everything granted" in text for text in texts.values())

    wait_for(arrived, seconds=300, what="findings at Slack, Jira and the webhook")
    everything = json.dumps([item for kind in KINDS for item in control.received(kind)])
    assert not any(secret in everything for secret in secrets)
    assert all("signature verified" in item["shown"][0] for item in control.received("webhook"))
    assert control.refused_hosts() == []
    page.goto("/channels/")
    look(person, "channels-with-data")
    page.get_by_role("link", name="Our jira").first.click()
    person.sees("Delivery log")
    look(person, "channel-connected")
