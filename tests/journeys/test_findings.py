"""From the first scan to a finding that is suppressed: what a person does about findings."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Person


@pytest.fixture
def at_findings(person: Person) -> Person:
    """With an account whose first scan has found what is to be mended."""
    person.walk_to_validation(person.scenario("Everything granted"), "data-platform")
    person.finish()
    person.sees(re.compile("completed"))
    person.page.goto("/findings/")
    expect(person.page.locator("main tbody tr").first).to_be_visible()
    return person


def test_a_finding_is_read_suppressed_and_unsuppressed(at_findings: Person) -> None:
    page = at_findings.page
    at_findings.check_accessibility()
    page.locator("main tbody th a").first.click()
    at_findings.sees("Why it matters")
    at_findings.sees("Remediation")
    at_findings.check_accessibility()
    at_findings.press("Suppress")
    at_findings.sees("Give a reason")
    at_findings.complaints.clear()  # the browser notes the 422 that says so
    page.get_by_label("Reason").fill("Meant to be so in the sandbox")
    at_findings.press("Suppress")
    at_findings.sees(re.compile("Suppressed .* by admin"))
    at_findings.check_accessibility()
    at_findings.press("Unsuppress")
    at_findings.sees("It counts again.")


def test_several_are_suppressed_at_once(at_findings: Person) -> None:
    page = at_findings.page
    boxes = page.locator("input[name=finding]")
    before = boxes.count()
    for box in boxes.all()[:2]:
        box.check()
    at_findings.press("Suppress the selected …")
    at_findings.sees("Suppress 2 findings")
    at_findings.check_accessibility()
    page.get_by_label("Reason").fill("Meant to be so")
    at_findings.press("Suppress")
    at_findings.sees("2 findings suppressed.")
    if before < 50:  # a full page fills up again
        expect(page.locator("input[name=finding]")).to_have_count(before - 2)
    page.goto("/findings/?status=suppressed")
    expect(page.locator("input[name=finding]")).to_have_count(2)


def test_the_export_opens_and_the_console_link_names_its_account(at_findings: Person) -> None:
    page = at_findings.page
    answer = page.request.get("/findings/?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    assert rows
    assert {row["account_name"] for row in rows} == {"data-platform"}
    page.locator("main tbody th a").first.click()
    link = page.get_by_role("link", name=re.compile("console"))
    if link.count():
        assert str(link.get_attribute("href")).startswith("https://")
        assert link.get_attribute("target") == "_blank"
        at_findings.sees(re.compile("Opens in whichever account is signed in"))


def test_the_dashboard_and_the_account_tell_of_them(at_findings: Person) -> None:
    at_findings.page.goto("/")
    for title in ("Open findings", "What to fix first", "Trend", "What the last scans changed"):
        expect(at_findings.page.get_by_role("heading", name=title)).to_be_visible()
    expect(at_findings.page.locator("#findings-severity svg").first).to_be_visible()
    at_findings.check_accessibility()
