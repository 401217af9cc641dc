"""The same four steps for every cloud: onboarded with sandbox credentials, scanned, looked at."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Person

GOOD = [
    ("azure", "Everything granted", "azure."),
    ("azure", "Certificate", "azure."),
    ("gcp", "Everything granted", "gcp."),
]
REFUSED = [
    ("azure", "Expired secret"),
    ("azure", "Federated credential"),  # the subscription does not carry this owner's mark
    ("azure", "No permission at all"),
    ("gcp", "Disabled key"),
    ("gcp", "Impersonation"),  # the project does not carry this owner's label
    ("gcp", "No permission at all"),
]


@pytest.mark.parametrize(("cloud", "title", "assets"), GOOD)
def test_it_is_onboarded_and_its_first_scan_finds_assets(person: Person, cloud: str, title: str, assets: str) -> None:
    scenario = person.scenario(title, cloud)
    person.walk_to_validation(scenario, f"journey-{cloud}")
    person.check_accessibility()
    person.finish()
    person.sees(re.compile("completed"))
    person.sees(re.compile(re.escape(assets)))
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


def test_the_other_subscriptions_are_connected_in_the_same_go(person: Person) -> None:
    person.walk_to_validation(person.scenario("Everything granted", "azure"), "journey-first")
    boxes = person.page.locator("input[name=others]:not([disabled])")
    count = boxes.count()
    assert count >= 1
    for box in boxes.all():
        box.check()
    person.check_accessibility()
    person.finish()
    person.sees(re.compile("being proven with the same credential"))
    person.page.goto("/accounts/")
    for _ in range(60):
        if person.page.locator("main tbody tr").count() == count + 1:
            break
        person.page.wait_for_timeout(500)
        person.page.reload()
    expect(person.page.locator("main tbody tr")).to_have_count(count + 1)
