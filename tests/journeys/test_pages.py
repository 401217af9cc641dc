"""Every page, light and dark, wide and at 360 px: axe-core finds nothing, nothing overflows, no script is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.looks import look_through
from tests.journeys.person import Person
from tests.stack import Stack

PARTS = 8  # some ninety pages in four looks take minutes: in parts, one that hangs is told beside what the others show


class Album:
    """One signed-in person, one connected account, one draft at each step: made once, looked at in every look."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.pages: dict[str, str] = {}
        person.delete_all_accounts()
        good = person.scenario("Everything granted")
        gaps = person.scenario("Some permissions denied")
        for title, scenario in (("data-platform", good), ("payments-prod", gaps)):
            draft = person.to_authentication(scenario, title)
            person.give_keys(scenario["fields"])
            person.wait_for_verdict()
            self.pages[f"wizard-4-{title}"] = f"{draft}?step=validation"
            if title == "data-platform":
                person.finish()
                person.sees(re.compile("completed"))
                del self.pages[f"wizard-4-{title}"]
                self.account = re.sub(r"^https?://[^/]+", "", person.page.url).split("?")[0]
        wrong = person.scenario("Inactive key")
        refused = person.to_authentication(wrong, "legacy-reporting")
        person.give_keys(wrong["fields"])
        person.wait_for_verdict()
        self.pages |= {
            "wizard-4-refused": f"{refused}?step=validation",
            "wizard-3": f"{refused}?step=authentication",
            "wizard-2": f"{refused}?step=environment",
        }
        self.pages["wizard-1"] = person.start_a_draft()
        self.group = self._a_group()
        self.pages |= {
            "dashboard": "/",
            "accounts": "/accounts/",
            "accounts-none-fit": "/accounts/?q=nothing-like-this",
            "account": self.account,
            "account-access": f"{self.account}access/",
            "account-findings": f"{self.account}findings/",
            "account-assets": f"{self.account}assets/",
            "account-scans": f"{self.account}scans/",
            "account-edit": f"{self.account}edit/",
            "account-suspend": f"{self.account}suspend/",
            "account-delete": f"{self.account}delete/",
            "account-scan": f"{self.account}scan/",
            "account-rotate": f"{self.account}rotate/",
            "rotation": "/rotation/",
            "confirm": "/confirm/?next=/accounts/",
            "wizard-drafts": "/wizard/",
            "scans": "/scans/",
            "assets": "/assets/",
            "findings": "/findings/",
            "search": "/search/?q=data",
            "search-nothing": "/search/?q=nothing-like-this",
            "findings-none-fit": "/findings/?q=nothing-like-this",
            "findings-by-resource": "/findings/?group_by=resource",
            "findings-by-account": "/findings/?group_by=account",
            "checks": "/checks/",
            "mute-rules": "/mute-rules/",
            "mute-rule-new": "/mute-rules/new/",
            "views": "/views/",
            "compliance": "/compliance/",
            "compliance-own-new": "/compliance/own/new/",
            "compliance-framework": "/compliance/cis_aws_5.0/",
            "compliance-accounts": "/compliance/cis_aws_5.0/?view=accounts",
            "compliance-exceptions": "/compliance/cis_aws_5.0/?view=exceptions",
            "compliance-history": "/compliance/cis_aws_5.0/?view=history",
            "compliance-report": "/compliance/cis_aws_5.0/?view=report",
            "compliance-control": "/compliance/cis_aws_5.0/2.1.1/",
            "compliance-manual": "/compliance/cis_aws_5.0/1.1/",
            "profile": "/profile/",
            "sandbox": "/sandbox/",
            "groups": "/groups/",
            "group": self.group,
            "group-add": f"{self.group}add/",
            "group-edit": f"{self.group}edit/",
            "group-delete": f"{self.group}delete/",
            "group-act": f"{self.group}act/environment/",
            "audit": "/audit/",
            "notices": "/notices/",
            "jobs": "/jobs/",
            "team": "/team/",
            "team-tokens": "/team/tokens/",
            "team-token-new": "/team/tokens/new/",
            "channels": "/channels/",
            "channel-new": "/channels/new/slack/",
            "import": "/import/",
            "organizations": "/organizations/",
            "organization-connect": f"/organizations/connect/?account={self.account.split('/')[-2]}",
            "account-history": f"{self.account}history/",
            "token-create": "/profile/tokens/",
            "operators-overview": "/admin/overview/",
            "api-docs": "/api/v1/docs",
            "password-change": "/profile/password/",
            "not-found": "/accounts/00000000-0000-4000-8000-000000000000/",
        }
        person.page.goto("/scans/")
        scan = person.page.locator("main table a[href^='/scans/']").first.get_attribute("href")
        self.pages["scan"] = str(scan)
        for name, listing in (("finding", "/findings/?group_by=none"), ("asset", "/assets/")):
            person.page.goto(listing)
            found = person.page.locator(f"main table a[href^='{listing.partition('?')[0]}']").first.get_attribute(
                "href"
            )
            self.pages[name] = str(found)

    def _a_group(self) -> str:
        """With one account of its own, and one group in it."""
        page = self.person.page
        page.goto("/groups/new/")
        page.get_by_label("Name").fill("Album")
        self.person.press("Create the group")
        page.locator("input[name=account]").first.check()
        self.person.press("Add the selected")
        address = re.sub(r"^https?://[^/]+", "", page.url)
        page.goto("/groups/new/")
        page.get_by_label("Name").fill("Inside the album")
        page.get_by_label("Part of").select_option(label="Album")
        self.person.press("Create the group")
        return address


@pytest.fixture(scope="module")
def album(chromium: Browser, stack: Stack) -> Iterator[Album]:
    stack.control.clear_faults()
    context = chromium.new_context(base_url=stack.url, viewport={"width": 1280, "height": 900})
    yield Album(Person(context.new_page(), stack).sign_in())
    context.close()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_and_fits(album: Album, part: int) -> None:
    pages = dict(list(album.pages.items())[part::PARTS])
    look_through(album.person, pages, missing=frozenset({"not-found"}) & pages.keys())


@pytest.mark.timeout(300)
def test_the_pages_of_a_team_a_person_and_operators_are_accessible_and_fit(album: Album) -> None:
    pages = {
        "team-new": "/team/new/",
        "team-external-id": "/team/external-id/",
        "team-transfers": "/team/transfers/",
        "standing-secrets": "/rotation/standing-secrets/",
        "rotation-policy": "/rotation/policy/",
        "security": "/profile/security/",
        "app-new": "/profile/security/app/",
        "passkey-new": "/profile/security/passkeys/new/",
        "sessions": "/profile/sessions/",
        "operators": "/admin/",
        "operators-accounts": "/admin/cloudaccounts/cloudaccount/",
        "operators-audit": "/admin/cloudaccounts/auditevent/",
    }
    look_through(album.person, pages)


def test_the_pages_before_signing_in_are_accessible_and_fit(chromium: Browser, stack: Stack) -> None:
    context = chromium.new_context(base_url=stack.url)
    look_through(Person(context.new_page(), stack), {"login": "/login/", "password-reset": "/password-reset/"})
    context.close()
