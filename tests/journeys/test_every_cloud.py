"""The same four steps for every cloud: onboarded with sandbox credentials, scanned, looked at."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Person

GOOD = [
    ("azure", "Everything granted"),
    ("azure", "Certificate"),
    ("gcp", "Everything granted"),
]
REFUSED = [
    ("azure", "Expired secret"),
    ("azure", "Federated credential"),  # the subscription does not carry this owner's mark
    ("azure", "No permission at all"),
    ("gcp", "Disabled key"),
    ("gcp", "Impersonation"),  # the project does not carry this owner's label
    ("gcp", "No permission at all"),
]


@pytest.mark.parametrize(("cloud", "title"), GOOD)
def test_it_is_onboarded_and_its_first_scan_finds_assets(person: Person, cloud: str, title: str) -> None:
    scenario = person.scenario(title, cloud)
    person.walk_to_validation(scenario, f"journey-{cloud}")
    person.check_accessibility()
    person.finish()
    person.sees(re.compile("completed"))
    person.check_accessibility()
    person.sees_assets()
    person.check_accessibility()
    content = person.page.content()
    for field, value in scenario["fields"].items():
        if field in {"client_secret", "certificate_pem", "service_account_json", "password"}:
            assert value not in content


@pytest.mark.parametrize(("cloud", "title"), REFUSED)
def test_it_is_refused_with_cause_and_remedy(person: Person, cloud: str, title: str) -> None:
    person.walk_to_validation(person.scenario(title, cloud), f"journey-{cloud}")
    expect(person.page.locator(".notice.error")).to_be_visible()
    expect(person.page.get_by_role("button", name="Finish and start discovery")).to_have_count(0)
    person.check_accessibility()


@pytest.mark.parametrize(
    ("cloud", "title"), [("azure", "Federated credential"), ("gcp", "Impersonation"), ("gcp", "Workload identity")]
)
def test_with_our_own_identity_the_customer_names_the_owner_and_then_it_works(
    person: Person, cloud: str, title: str
) -> None:
    scenario = person.scenario(title, cloud)
    person.walk_to_method(scenario, f"journey-{cloud}")
    external_id = person.page.locator("#external-id").inner_text()
    name_owner(person, scenario, external_id)
    try:
        person.give(scenario)
        person.finish()
        person.sees(re.compile("completed"))
        person.sees_assets()
    finally:
        name_owner(person, scenario, None)


def name_owner(person: Person, scenario: dict[str, Any], external_id: str | None) -> None:
    """What the customer's administrator does with the command that the page shows."""
    key, control = "cloud-accounts-external-id", person.stack.control
    if scenario["cloud"] == "azure":
        control.put_tag(scenario["account_id"], key, external_id)
    else:
        control.gcp.set_label(scenario["account_id"], key, external_id)


def test_the_other_subscriptions_are_connected_in_the_same_go(person: Person) -> None:
    person.walk_to_validation(person.scenario("Everything granted", "azure"), "journey-first")
    boxes = person.page.locator("input[name=others]:not([disabled])")
    count = boxes.count()
    assert count >= 1
    for box in boxes.all():
        box.check()
    person.check_accessibility()
    person.finish()
    person.sees(re.compile("being validated with the same credential"))
    person.page.goto("/accounts/")
    for _ in range(60):
        if person.page.locator("main tbody tr").count() == count + 1:
            break
        person.page.wait_for_timeout(500)
        person.page.reload()
    expect(person.page.locator("main tbody tr")).to_have_count(count + 1)
