"""From the first scan to a finding that is suppressed: what a person does about findings."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from tests.journeys.looks import look
from tests.journeys.person import Person


@pytest.fixture
def at_findings(person: Person) -> Person:
    """With an account whose first scan has found what is to be mended."""
    person.walk_to_validation(person.scenario("Everything granted"), "data-platform")
    person.finish()
    person.sees(re.compile("completed"))
    person.page.goto("/findings/")
    expect(person.page.locator(".rule").first).to_be_visible()
    return person


def test_a_rule_is_opened_and_a_finding_read_beside_the_list(at_findings: Person) -> None:
    page = at_findings.page
    look(at_findings, "findings-by-rule")
    page.locator(".rule summary").first.focus()
    page.keyboard.press("Enter")
    row = page.locator(".rule .res th a").first
    expect(row).to_be_visible()
    row.press("Enter")
    expect(page.locator("#finding-title")).to_be_focused()
    for heading in ("Evidence", "Why it matters", "Remediation", "Controls", "History", "Comments"):
        expect(page.locator("#finding").get_by_role("heading", name=heading)).to_be_visible()
    look(at_findings, "findings-panel")
    page.keyboard.press("Escape")
    expect(page.locator("#finding")).to_be_hidden()
    expect(row).to_be_focused()
    page.locator("#filters label", has_text="High").click()
    page.wait_for_url(re.compile("severity=high"))
    expect(page.locator(".rule .sev:not(.high)")).to_have_count(0)
    page.goto("/findings/?group_by=none")
    look(at_findings, "findings-flat")


def test_a_finding_is_read_suppressed_and_unsuppressed(at_findings: Person) -> None:
    page = at_findings.page
    page.goto("/findings/?group_by=none")
    at_findings.page.goto(str(page.locator("main tbody th a").first.get_attribute("href")))
    at_findings.sees("Why it matters")
    look(at_findings, "finding")
    at_findings.press("Suppress")
    at_findings.sees("Give a reason")
    at_findings.complaints.clear()  # the browser notes the 422 that says so
    page.get_by_label("Reason").fill("Meant to be so in the sandbox")
    at_findings.press("Suppress")
    at_findings.sees(re.compile("Suppressed .* by admin"))
    at_findings.check_accessibility()
    at_findings.press("Unsuppress")
    at_findings.sees("It counts again.")


def test_a_rule_is_muted_and_all_findings_of_another_suppressed(at_findings: Person) -> None:
    page = at_findings.page
    first = page.locator(".rule > .hit input").first
    title = str(page.locator(".rule .name .t").first.text_content()).replace("New", "").strip()
    first.check()
    at_findings.press("Suppress")
    at_findings.sees(re.compile("Suppress [0-9]+ finding"))
    look(at_findings, "findings-bulk")
    page.get_by_label("Reason").fill("Meant to be so")
    at_findings.press("Suppress")
    at_findings.sees(re.compile("findings? suppressed."))
    expect(page.locator(".rule .name .t", has_text=title)).to_have_count(0)
    page.goto("/mute-rules/new/")
    look(at_findings, "mute-rule-new")
    page.get_by_label("Severity").select_option("low")
    page.get_by_label("Reason").fill("Not this year")
    at_findings.press("Mute")
    at_findings.sees(re.compile("The rule mutes [0-9]+ finding"))
    look(at_findings, "mute-rules")
    page.goto("/findings/?severity=low")
    at_findings.sees("No finding fits")
    page.goto("/views/?page=findings&query=severity%3Dhigh")
    page.get_by_label("Name").fill("High ones")
    look(at_findings, "views")
    at_findings.press("Save")
    at_findings.sees("Saved as “High ones”.")


def test_the_export_opens_and_the_console_link_names_its_account(at_findings: Person) -> None:
    page = at_findings.page
    answer = page.request.get("/findings/?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    assert rows
    assert {row["account_name"] for row in rows} == {"data-platform"}
    page.goto("/findings/?group_by=none")
    page.goto(str(page.locator("main tbody th a").first.get_attribute("href")))
    link = page.get_by_role("link", name=re.compile("console"))
    if link.count():
        assert str(link.get_attribute("href")).startswith("https://")
        assert link.get_attribute("target") == "_blank"
        at_findings.sees(re.compile("signed in to"))


def test_the_dashboard_and_the_account_tell_of_them(at_findings: Person) -> None:
    at_findings.page.goto("/")
    for title in ("Open findings", "Needs attention", "What to fix first", "Worst rules", "Trend"):
        expect(at_findings.page.get_by_role("heading", name=title)).to_be_visible()
    at_findings.check_accessibility()
