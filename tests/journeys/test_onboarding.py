"""The main job, in a real browser against the real SDK: from the first page to the first assets."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.journeys.person import Person
from tests.stack import Stack


def test_access_keys_from_the_first_page_to_the_first_assets(person: Person) -> None:
    scenario = person.scenario("Everything granted")
    person.to_authentication(scenario, "journey-keys")
    person.give_keys(scenario["fields"])
    person.wait_for_verdict()
    expect(person.check("identity")).to_have_attribute("data-state", "passed")
    expect(person.check("permissions")).to_have_attribute("data-state", "passed")
    person.check_accessibility()
    person.finish()
    person.sees(re.compile("discovery has started", re.I))
    person.sees(re.compile("completed"))
    strip = person.page.locator("#account-strip")  # follows without a reload
    expect(strip).to_contain_text("Completed")
    expect(strip).not_to_contain_text("Before the first scan")
    person.sees_assets("EC2 instance")
    person.check_accessibility()
    assert scenario["fields"]["secret_access_key"] not in person.page.content()


def test_a_role_with_the_external_id_that_the_page_shows(person: Person) -> None:
    scenario = person.scenario("Cross-account role")
    person.to_authentication(scenario, "journey-role")
    person.page.get_by_role("radio", name="Cross-account role").check()
    external_id = person.page.locator("#external-id").inner_text()
    role = person.stack.control.put_role(scenario["account_id"], "cloud-accounts-reader", external_id=external_id)
    person.page.get_by_label("Role ARN").fill(role)
    person.press("Continue to validation")
    person.wait_for_verdict()
    expect(person.check("external_id_proof")).to_have_attribute("data-state", "passed")
    person.finish()
    person.sees(re.compile("completed"))


def test_a_role_that_anybody_could_use_through_us_is_refused(person: Person) -> None:
    scenario = person.scenario("Cross-account role")
    role = person.stack.control.put_role(scenario["account_id"], "open-to-all", external_id=None)
    person.to_authentication(scenario, "journey-open-role")
    person.page.get_by_role("radio", name="Cross-account role").check()
    person.page.get_by_label("Role ARN").fill(role)
    person.press("Continue to validation")
    person.wait_for_verdict()
    expect(person.check("external_id_proof")).to_have_attribute("data-state", "failed")
    person.sees("sts:ExternalId")
    expect(person.page.get_by_role("button", name="Finish and start discovery")).to_have_count(0)
    person.check_accessibility()


def test_a_wrong_secret_is_told_and_can_be_mended_without_typing_the_rest_again(person: Person) -> None:
    scenario = person.scenario("Everything granted")
    person.to_authentication(scenario, "journey-wrong")
    good = scenario["fields"]
    person.give_keys({**good, "secret_access_key": good["secret_access_key"][::-1]})
    person.wait_for_verdict()
    expect(person.check("identity")).to_have_attribute("data-state", "failed")
    person.sees("SignatureDoesNotMatch")
    person.check_accessibility()
    person.press("Back")
    expect(person.page.get_by_label("Access key ID")).to_have_value(good["access_key_id"])
    person.page.get_by_label("Secret access key").fill(good["secret_access_key"])
    person.press("Continue to validation")
    person.wait_for_verdict()
    expect(person.check("identity")).to_have_attribute("data-state", "passed")


def test_denied_permissions_are_shown_with_what_mends_them_and_can_be_finished_with(person: Person) -> None:
    scenario = person.scenario("Some permissions denied")
    person.to_authentication(scenario, "journey-gaps")
    person.give_keys(scenario["fields"])
    person.wait_for_verdict()
    expect(person.check("permissions")).to_have_attribute("data-state", "warning")
    expect(person.page.locator("#mending")).to_contain_text("ec2:DescribeVolumes")
    person.sees(re.compile("A policy denies these explicitly"))
    person.check_accessibility()
    person.finish()
    person.sees("denied")


def test_a_key_without_any_permission_is_refused(person: Person) -> None:
    scenario = person.scenario("No permission at all")
    person.to_authentication(scenario, "journey-nothing")
    person.give_keys(scenario["fields"])
    person.wait_for_verdict()
    expect(person.check("permissions")).to_have_attribute("data-state", "failed")
    expect(person.page.get_by_role("button", name="Finish and start discovery")).to_have_count(0)


def test_a_draft_is_resumed_where_it_was_left_after_a_new_login(
    person: Person, chromium: Browser, stack: Stack
) -> None:
    scenario = person.scenario("Everything granted")
    address = person.to_authentication(scenario, "journey-resume")
    person.page.context.close()
    context = chromium.new_context(base_url=stack.url)
    again = Person(context.new_page(), stack).sign_in()
    again.page.goto(address)
    expect(again.page.get_by_role("radio", name="Access keys")).to_be_visible()
    again.give_keys(scenario["fields"])
    again.wait_for_verdict()
    again.page.goto(address)
    expect(again.check("identity")).to_have_attribute("data-state", "passed")
    context.close()


def test_two_drafts_in_two_tabs_never_mix(person: Person) -> None:
    first = person.start_a_draft()
    person.choose_aws()
    other = Person(person.page.context.new_page(), person.stack)
    second = other.start_a_draft()
    other.choose_aws()
    assert first != second
    person.describe_account("111122223333", "first-tab", "us-east-1")
    other.describe_account("444455556666", "second-tab", "eu-west-1")
    for draft, name, account, region in (
        (first, "first-tab", "111122223333", "us-east-1"),
        (second, "second-tab", "444455556666", "eu-west-1"),
    ):
        person.page.goto(f"{draft}?step=environment")
        expect(person.page.get_by_label("Name", exact=True)).to_have_value(name)
        expect(person.page.get_by_label("account id", exact=False).first).to_have_value(re.compile(account))
        expect(person.page.locator(f"input[value='{region}']")).to_be_checked()


def test_going_back_keeps_what_was_entered_and_never_shows_a_secret(person: Person) -> None:
    scenario = person.scenario("Everything granted")
    address = person.to_authentication(scenario, "journey-back")
    person.give_keys(scenario["fields"])
    person.wait_for_verdict()
    person.press("Back")
    expect(person.page.get_by_label("Secret access key")).to_have_value("")
    person.sees(re.compile("leave empty to keep"))
    person.check_accessibility()
    assert scenario["fields"]["secret_access_key"] not in person.page.content()
    person.press("Continue to validation")
    person.wait_for_verdict()
    expect(person.check("identity")).to_have_attribute("data-state", "passed")
    person.page.goto(f"{address}?step=environment")
    expect(person.page.get_by_label("Name", exact=True)).to_have_value("journey-back")


def test_a_duplicate_is_refused_in_the_second_step_with_a_link_to_the_account(person: Person) -> None:
    scenario = person.scenario("Everything granted")
    person.to_authentication(scenario, "journey-first")
    person.give_keys(scenario["fields"])
    person.wait_for_verdict()
    person.finish()
    person.start_a_draft()
    person.choose_aws()
    person.describe_account(scenario["account_id"], "journey-second")
    person.sees(re.compile("connected.*already", re.I))
    expect(person.page.get_by_role("alert").get_by_role("link", name="journey-first")).to_be_visible()
    person.check_accessibility()


def test_the_whole_wizard_works_by_keyboard_alone(person: Person, page: Page) -> None:
    person.start_a_draft()
    page.get_by_label("Amazon Web Services").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    account = page.get_by_label("account id", exact=False).first
    account.focus()
    page.keyboard.type("1111-2222-3333")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("journey-keyboard")
    page.locator("input[value='us-east-1']").focus()
    page.keyboard.press("Space")
    account.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="Access keys")).to_be_visible()
