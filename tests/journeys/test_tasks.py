"""What a new user comes for, each from the overview: in five clicks, and in less than a minute of theirs.

What is typed is typed, and Enter sends it; every use of the mouse counts, a choice in a list too. What a person only
waits for (a worker, a cloud) is not theirs: it is as long as the machine is busy.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from sandbox.fleet import members
from tests.journeys.conftest import WINDOW
from tests.journeys.person import Person
from tests.journeys.test_rotation import ACCOUNT, AUDIT
from tests.stack import Stack, wait_for

CLICKS, SECONDS = 5, 60.0
Record = Callable[[str, object], None]


class Task:
    """One person's hand and clock, from the overview on."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page
        self.clicks = 0
        self.waited = 0.0
        self.page.goto("/")
        self.began = time.monotonic()

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def go(self, name: str) -> None:
        """By the sidebar."""
        self.click(self.page.locator("nav.side, .side").get_by_role("link", name=re.compile(rf"^{name}\b")).first)
        self.page.mouse.move(800, 450)  # as a hand goes on: a narrow sidebar is wide while the mouse rests on it

    def press(self, name: str | re.Pattern[str]) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=isinstance(name, str)).first)

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.click(self.page.locator("main").get_by_role("link", name=name).first)

    def choose(self, field: str, /, **option: Any) -> None:
        self.page.get_by_label(field).first.select_option(**option)
        self.clicks += 1

    def waits(self, what: Locator) -> None:
        before = time.monotonic()
        expect(what).to_be_visible(timeout=120_000)
        self.waited += time.monotonic() - before


@pytest.fixture(scope="module")
def settled(chromium: Browser, stack: Stack) -> Iterator[Person]:
    """With a fleet of a few accounts, imported as people do it, of which one in production was scanned."""
    stack.control.clear_faults()
    context = chromium.new_context(base_url=stack.url, viewport=WINDOW)
    person = Person(context.new_page(), stack).sign_in()
    person.page.goto("/team/new/")
    person.page.get_by_label("Name", exact=True).fill("Task force")
    person.press("Make the team")
    make_group(person, "Payments")
    yield person
    context.close()


@pytest.fixture
def task(settled: Person, record_property: Record) -> Iterator[Callable[[], Task]]:
    tasks: list[Task] = []

    def begin() -> Task:
        tasks.append(Task(settled))
        return tasks[-1]

    yield begin
    for one in tasks:
        seconds = time.monotonic() - one.began - one.waited
        record_property("clicks", one.clicks)
        record_property("seconds", round(seconds, 1))
        assert one.clicks <= CLICKS
        assert seconds < SECONDS
        settled.check_accessibility()


def blinded(person: Person) -> int:
    person.page.goto("/accounts/")
    person.page.get_by_role("link", name="Blinded").first.click()
    person.page.wait_for_load_state("load")
    return person.page.locator("main tbody th a").count()


def make_group(person: Person, name: str) -> None:
    person.page.goto("/groups/new/")
    person.page.get_by_label("Name").fill(name)
    person.press("Create the group")
    expect(person.page.get_by_role("heading", name=name)).to_be_visible()


def file_of(stack: Stack, external_id: str, count: int) -> bytes:
    """A CSV with so many accounts of the simulated AWS, as the import takes it."""
    first = [member.number for member in members(3 * count, "aws")][count - 1]
    rows = stack.control.ask("aws.put_fleet", count=first + 1, external_id=external_id)[:count]
    names = sorted({name for row in rows for name in row["credentials"]})
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(
        ["provider", "account_id", "name", "environment", "auth_method", "regions", "group"]
        + [f"credentials.{name}" for name in names]
    )
    for row in rows:
        own = [row["provider"], row["account_id"], row["name"], row["environment"], row["method"]]
        rest = [",".join(row["regions"]), row["unit"]]
        table.writerow([*own, *rest, *(row["credentials"].get(name, "") for name in names)])
    return text.getvalue().encode()


# The first fills the pages for the others: they are run in this order, which pytest keeps within a file.
def test_fifty_accounts_are_imported_by_a_file(settled: Person, task: Callable[[], Task], many: int) -> None:
    page = settled.page
    page.goto("/team/")
    external_id = page.locator("section[aria-labelledby=external-id-title] code").first.inner_text()
    content = file_of(settled.stack, external_id, many)
    for unit in sorted({row["group"] for row in csv.DictReader(io.StringIO(content.decode()))}):
        make_group(settled, unit)
    work = task()
    work.go("Import")
    page.get_by_label("File").set_input_files({"name": "fleet.csv", "mimeType": "text/csv", "buffer": content})
    work.clicks += 1
    work.press("Begin the dry run")
    start = page.get_by_role("button", name=f"Import {many} accounts")
    work.waits(start)
    work.click(start)
    work.waits(page.get_by_text(re.compile(f"{many} connected")))


@pytest.fixture(scope="session")
def many() -> int:
    """Fifty take a minute of a machine that does nothing else; how many there are changes no click."""
    return 6


def test_the_worst_rule_in_production_is_found(settled: Person, task: Callable[[], Task]) -> None:
    scanned(settled)
    work = task()
    work.go("Findings")
    work.follow("Urgent in production")
    work.waits(settled.page.locator(".rule .name .t").first)
    expect(settled.page.locator(".rule .sev").first).to_have_text(re.compile("Critical|High"))


def test_who_is_blind_and_why_is_found(settled: Person, task: Callable[[], Task]) -> None:
    wait_for(lambda: blinded(settled), seconds=150, what="an account whose scan says what it did not see")
    work = task()
    work.go("Accounts")
    work.follow("Blinded")
    work.click(settled.page.locator("main tbody th a").first)
    why = settled.page.get_by_role("region", name="Coverage")
    work.waits(why.get_by_text("enabled ones read"))


def test_a_rule_is_suppressed_for_dev_until_friday(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    friday = date.today() + timedelta(days=(4 - date.today().weekday()) % 7 or 7)
    work = task()
    work.go("Mute rules")
    work.follow("New rule")
    work.choose("Rule", index=1)
    work.choose("Environment", label="Dev")
    page.get_by_label("Reason").fill("Dev is rebuilt on Friday")
    page.get_by_label("Until").fill(friday.isoformat())
    work.press("Mute")
    work.waits(page.get_by_text("The rule mutes"))


def test_an_auditor_is_handed_a_benchmark_for_two_accounts(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    work = task()
    work.go("Compliance")
    work.follow(re.compile("CIS Amazon Web Services .* 5.0"))
    work.choose("Group", index=1)
    expect(page).to_have_url(re.compile("group="))
    work.follow("Report")
    expect(page.get_by_role("heading", name="What this report does not say")).to_be_visible()
    expect(page.get_by_role("button", name="Print or save as PDF")).to_be_visible()


def test_an_aws_account_is_connected(settled: Person, task: Callable[[], Task]) -> None:
    page, scenario = settled.page, settled.scenario("Everything granted")
    work = task()
    work.go("Connect")
    work.press("Connect an account")
    work.click(page.get_by_label("Amazon Web Services"))
    page.keyboard.press("Enter")
    page.get_by_label("account id", exact=False).first.fill(scenario["account_id"])
    page.get_by_label("Name", exact=True).fill("data-platform")
    page.get_by_label("Production").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    work.click(page.get_by_role("radio", name="Access keys"))
    page.get_by_label("Access key ID").fill(scenario["fields"]["access_key_id"])
    page.get_by_label("Secret access key").fill(scenario["fields"]["secret_access_key"])
    page.keyboard.press("Enter")
    work.waits(page.get_by_role("button", name="Check again"))
    work.press("Finish and start discovery")
    expect(page).to_have_url(re.compile(r"/accounts/[0-9a-f-]{36}/"))


def test_a_key_is_rotated(settled: Person, task: Callable[[], Task]) -> None:
    page, control = settled.page, settled.stack.control
    new = control.put_user(ACCOUNT, "tasks-new", policies=AUDIT)
    work = task()
    work.go("Rotation")
    page.get_by_role("row", name=re.compile("data-platform")).get_by_role("link", name="Replace").click()
    work.clicks += 1
    page.get_by_label("Access key ID").fill(new["access_key_id"])
    page.get_by_label("Secret access key").fill(new["secret_access_key"])
    work.press("Test and replace")
    work.waits(page.get_by_text("Nothing was interrupted"))


def test_a_colleague_is_invited_to_one_group(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    work = task()
    work.go("Team")
    page.get_by_label("E-mail").first.fill("ines@example.com")
    work.choose("Role", label="Operator")
    work.choose("Access", index=1)
    work.click(page.get_by_label("Payments"))
    work.press("Invite")
    work.waits(page.get_by_text("ines@example.com").first)


def test_a_chat_hears_of_critical_findings_of_one_group(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    work = task()
    work.go("Channels")
    work.follow("Slack")
    page.get_by_label("Incoming webhook").fill("https://hooks.slack.com/services/T0/B0/tasks")
    work.choose("Findings from", label="Critical")
    work.click(page.get_by_label("Payments"))
    work.press("Add the channel")
    work.waits(page.get_by_role("heading", name="Slack"))


def test_a_resource_is_found_by_a_part_of_its_name_and_checked_again(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    part = scanned(settled)
    work = task()
    page.keyboard.press("/")
    page.keyboard.type(part)
    page.keyboard.press("Enter")
    work.click(page.get_by_role("region", name="Resources").get_by_role("link", name=re.compile(part)).first)
    work.click(page.get_by_role("region", name="Findings").get_by_role("link").first)
    work.press("Check again now")
    work.waits(page.get_by_text("The resource is read now").first)


def test_a_resource_is_found_by_a_part_of_a_tag(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    scanned(settled)
    work = task()
    page.keyboard.press("/")
    page.keyboard.type("team=")
    page.keyboard.press("Enter")
    found = page.get_by_role("region", name="Resources")
    expect(found.get_by_text("Tag team=").first).to_be_visible()
    work.click(found.locator("li a, tr a").first)
    expect(page.get_by_role("heading", name="Properties")).to_be_visible()


def test_what_a_rule_finds_is_assigned_to_somebody(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    work = task()
    work.go("Findings")
    work.click(page.get_by_label(re.compile("^Select all findings of")).first)
    work.press("Assign")
    work.choose("Assignee", index=1)
    work.press("Assign")
    work.waits(page.get_by_role("link", name=re.compile(r"^Mine [1-9]")))


def test_what_is_new_since_yesterday_is_seen(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    work = task()
    work.click(page.get_by_role("region", name="Since yesterday").get_by_role("link", name=re.compile("new$")).first)
    expect(page.locator(".views [aria-current]")).to_have_text(re.compile("New since yesterday"))


def test_the_credentials_that_are_due_are_seen(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    work = task()
    work.go("Rotation")
    # The oldest stands first, with what replaces it beside it.
    first = page.locator("main table.cards tbody tr").first
    expect(first.get_by_role("link", name=re.compile("Replace"))).to_be_visible()


def test_a_manual_control_is_answered(settled: Person, task: Callable[[], Task]) -> None:
    page = settled.page
    work = task()
    work.go("Compliance")
    work.follow(re.compile("CIS Amazon Web Services .* 5.0"))
    work.follow(re.compile("contact details"))
    work.choose("Result", label="passed")
    page.get_by_label("What was looked at").fill("Called on the telephone: two people answered.")
    work.press("Answer")
    work.waits(page.get_by_text("Answered: control 1.1"))


def scanned(settled: Person) -> str:
    """Waits until scans have found something urgent, and something of a bucket; the bucket's name, without its end."""
    page = settled.page

    def first(query: str) -> str:
        page.goto(f"/findings/?group_by=none&environment=production&{query}")
        cells = page.locator("main tbody tr th")
        return cells.first.inner_text() if cells.count() else ""

    wait_for(lambda: first("severity=high"), seconds=300, what="an urgent finding")
    told: str = wait_for(lambda: first("service=s3&q=prod"), seconds=300, what="a finding of a bucket")
    return told.split()[-1][:-3]
