"""Small things that a new user sees in the wizard, as a browser shows them."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.person import Person


def focused(person: Person) -> str:
    return str(person.page.evaluate("document.activeElement.name || document.activeElement.id"))


def test_each_step_begins_in_its_first_field_and_one_region_is_one_match(person: Person) -> None:
    page = person.page
    person.start_a_draft()
    assert focused(person).endswith("provider")
    person.choose_aws()
    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    assert focused(person).endswith(("account_id", "partition"))
    person.choose_only_some_regions()
    page.locator("[data-region-search]").fill("ireland")
    expect(page.locator("[data-region-count]")).to_have_text("1 region")


def test_a_pasted_file_is_split_into_both_fields_and_an_error_goes_with_its_method(person: Person) -> None:
    page, scenario = person.page, person.scenario("Everything granted")
    address = person.to_authentication(scenario, "data-platform")
    page.get_by_role("radio", name="Access keys").check()
    key = page.get_by_label("Access key ID")
    expect(key).to_be_visible()
    person.press("Continue to validation")
    expect(page.locator(".field-error, .errors, [aria-invalid=true]").first).to_be_visible()
    expect(page.get_by_text("This field is required")).to_have_count(0)

    page.get_by_role("radio", name="Cross-account role").check()
    expect(page.get_by_label("Role ARN")).to_be_visible()
    expect(page.locator("[aria-invalid=true]")).to_have_count(0)
    # Whoever leaves now finds the method again.
    page.goto("/wizard/")
    page.goto(address)
    expect(page.get_by_role("radio", name="Cross-account role")).to_be_checked()

    page.get_by_role("radio", name="Access keys").check()
    expect(key).to_be_visible()
    fields = scenario["fields"]
    # The file that AWS offers for download; into a single line, browsers put it without its line breaks.
    key.fill(f"Access key ID,Secret access key\n{fields['access_key_id']},{fields['secret_access_key']}\n")
    person.press("Continue to validation")
    person.wait_for_verdict()
    expect(page.get_by_role("button", name=re.compile("^Finish"))).to_be_in_viewport(ratio=1)


def test_filters_are_a_sheet_where_the_window_is_narrow_and_several_are_chosen_at_once(person: Person) -> None:
    page = person.page
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/accounts/")
    cloud = page.get_by_label("Cloud", exact=True)
    expect(cloud).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    cloud.select_option("aws")
    page.get_by_label("Status", exact=True).select_option("active")
    person.check_accessibility()
    expect(page).to_have_url(re.compile(r"/accounts/$"))
    person.press("Search")
    expect(page).to_have_url(re.compile(r"provider=aws.*status=active"))
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(cloud).to_be_visible()
