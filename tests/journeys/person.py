"""What a person does with the pages, in the words that the pages show."""

from __future__ import annotations

import re
from typing import Any, Self

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, expect

from tests.journeys.judging import violations
from tests.stack import Stack

_ACCOUNT = re.compile(r"/accounts/[0-9a-f-]{36}/")

expect.set_options(timeout=90_000)  # a first scan of an account takes its time on a busy machine


class Person:
    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self.stack = stack
        self.complaints: list[str] = []
        page.on("pageerror", self._script_failed)
        page.on("console", self._console_said)

    def _script_failed(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _console_said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def sign_in(self) -> Self:
        self.page.goto("/login/")
        self.page.get_by_label("Username").fill("admin")
        self.page.get_by_label("Password").fill(self.stack.password)
        self.page.get_by_role("button", name=re.compile("sign in|log in", re.I)).click()
        expect(self.page).to_have_url(f"{self.stack.url}/")
        return self

    def scenario(self, title: str, cloud: str = "aws") -> dict[str, Any]:
        """Sandbox credentials, as the page /sandbox/ lists them."""
        return self.stack.scenario(title, cloud)

    def confirm_password(self) -> None:
        """Where the page asks for it: the last time is more than ten minutes ago."""
        if "/confirm/" in self.page.url:
            self.page.get_by_label("Your password").fill(self.stack.password)
            self.press("Go on")
            expect(self.page).not_to_have_url(re.compile("/confirm/"))

    # --- the wizard ---------------------------------------------------------------------------------------------
    def start_a_draft(self) -> str:
        """The draft's own address."""
        self.page.goto("/wizard/")
        self.page.get_by_role("button", name="Connect an account").first.click()
        expect(self.page.get_by_text("Draft saved")).to_be_visible()
        return self.page.url.split("?")[0]

    def choose_aws(self) -> None:
        self.page.get_by_label("Amazon Web Services").check()
        self.press("Continue to environment")

    def describe_account(self, account_id: str, name: str, *regions: str) -> None:
        self.page.get_by_label("account id", exact=False).first.fill(account_id)
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("Production").check()
        self.choose_only_some_regions()
        for region in regions or ("us-east-1", "eu-west-1"):
            self.page.locator(f"input[name$=regions][value='{region}']").check()
        self.press("Continue to authentication")

    def choose_only_some_regions(self) -> None:
        """In place of all that are enabled, which take a scan longer than a journey shall wait."""
        self.page.locator("input[name$=region_scope][value='list']").check()

    def give_keys(self, fields: dict[str, str]) -> None:
        self.page.get_by_role("radio", name="Access keys").check()
        key_id = self.page.get_by_label("Access key ID")
        expect(key_id).to_be_visible()
        key_id.fill(fields["access_key_id"])
        self.page.get_by_label("Secret access key").fill(fields["secret_access_key"])
        if token := fields.get("session_token"):
            self.page.get_by_label("Session token").fill(token)
        self.press("Continue to validation")

    def to_authentication(self, scenario: dict[str, Any], name: str) -> str:
        address = self.start_a_draft()
        self.choose_aws()
        self.describe_account(scenario["account_id"], name)
        return address

    def walk_to_validation(self, scenario: dict[str, Any], name: str) -> None:
        """All three steps of any cloud, by the values of its radio buttons and the names of its fields."""
        self.walk_to_method(scenario, name)
        self.give(scenario)

    def walk_to_method(self, scenario: dict[str, Any], name: str) -> None:
        self.start_a_draft()
        self.page.locator(f"input[name$=provider][value='{scenario['cloud']}']").check()
        self.press("Continue to environment")
        self.page.locator("input[name$=account_id]").fill(scenario["account_id"])
        self.page.get_by_label("Name", exact=True).fill(name)
        self.choose_only_some_regions()
        for box in self.page.locator("input[name$=regions]").all()[:2]:
            box.check()
        self.press("Continue to authentication")
        self.page.locator(f"input[name$=method][value='{scenario['method']}']").check()

    def give(self, scenario: dict[str, Any]) -> None:
        """The chosen method's fields, and on to the verdict."""
        for field, value in scenario["fields"].items():
            self.page.locator(f"[name='authentication-{scenario['method']}-{field}']").fill(value)
        self.check_accessibility()
        self.press("Continue to validation")
        self.wait_for_verdict()

    def check(self, name: str) -> Locator:
        """A check's row of the validation, by its stable name."""
        return self.page.locator(f"[data-check='{name}']")

    def wait_for_verdict(self) -> None:
        expect(self.page.get_by_role("button", name="Check again")).to_be_visible()

    def finish(self) -> None:
        self.press("Finish and start discovery")
        expect(self.page).to_have_url(re.compile(r"/accounts/[0-9a-f-]{36}/"))

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    # --- judging ------------------------------------------------------------------------------------------------
    def sees_assets(self, kind: str = "") -> None:
        """Of the account whose page is open, on their tab, with the kind's name where one is given."""
        self.page.get_by_role("navigation", name="Account").get_by_role("link", name="Assets").click()
        main = self.page.locator("main")
        expect(main.locator("table a[href^='/assets/']").first).to_be_visible()
        expect(main).to_contain_text(kind)

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def check_accessibility(self) -> None:
        """axe-core finds nothing in this page as it is now, and no script failed or was refused on the way."""
        descriptions = violations(self.page)
        assert not descriptions, f"{self.page.url}\n" + "\n".join(descriptions)
        assert not self.complaints, self.complaints

    def delete_all_accounts(self) -> None:
        """So that the next journey can connect them again."""
        while True:
            self.page.goto("/accounts/")
            links = self.page.locator("main table a")
            addresses = [str(link.get_attribute("href")) for link in links.all()]
            accounts = sorted({found[0] for address in addresses if (found := _ACCOUNT.match(address))})
            if not accounts:
                return
            for account in accounts:
                self.page.goto(f"{account}delete/")
                self.confirm_password()
                name = self.page.locator(".crumbs a").last.inner_text()
                self.page.locator("main form input[type=text]").fill(name)
                self.page.locator("main form").get_by_role("button", name=re.compile("delete", re.I)).click()
                expect(self.page).to_have_url(re.compile(r"/accounts/$"))
