"""Pictures of a running demo: every page in four looks for people to judge, or those of the README.

    CAM_PASSWORD=… python -m tests.pictures --url http://localhost:8000 --out var/pictures [--only findings,account]
    CAM_PASSWORD=… python -m tests.pictures --url http://localhost:8000 --readme

Judges as well: what axe-core finds, what overflows and what failed in a script is printed, and the exit code is 1 then.
`make demo FLEET=300` fills the pages; nothing is changed there.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from config.env import ROOT
from tests import browser as browsers
from tests.journeys.judging import OVERFLOW, PAINTED, violations

Theme = Literal["light", "dark"]
LOOKS: tuple[tuple[Theme, int], ...] = (("light", 1440), ("dark", 1440), ("light", 360), ("dark", 360))
ENTIRE = 6000  # px of height; what is longer repeats itself

BEFORE_SIGN_IN = {"login": "/login/", "password-reset": "/password-reset/", "not-signed-in-404": "/nothing/"}
PAGES = {
    "overview": "/",
    "search": "/search/?q=prod",
    "search-nothing": "/search/?q=nothing-like-this",
    "accounts": "/accounts/",
    "accounts-none-fit": "/accounts/?q=nothing-like-this",
    "findings": "/findings/",
    "findings-by-resource": "/findings/?group_by=resource",
    "findings-by-account": "/findings/?group_by=account",
    "findings-flat": "/findings/?group_by=none",
    "findings-none-fit": "/findings/?q=nothing-like-this",
    "mute-rules": "/mute-rules/",
    "mute-rule-new": "/mute-rules/new/",
    "views": "/views/",
    "compliance": "/compliance/",
    "compliance-framework": "/compliance/cis_aws_5.0/",
    "compliance-accounts": "/compliance/cis_aws_5.0/?view=accounts",
    "compliance-exceptions": "/compliance/cis_aws_5.0/?view=exceptions",
    "compliance-history": "/compliance/cis_aws_5.0/?view=history",
    "compliance-report": "/compliance/cis_aws_5.0/?view=report",
    "compliance-control": "/compliance/cis_aws_5.0/2.1.1/",
    "compliance-manual": "/compliance/cis_aws_5.0/1.1/",
    "assets": "/assets/",
    "scans": "/scans/",
    "rotation": "/rotation/",
    "rotation-policy": "/rotation/policy/",
    "standing-secrets": "/rotation/standing-secrets/",
    "groups": "/groups/",
    "group-new": "/groups/new/",
    "organizations": "/organizations/",
    "import": "/import/",
    "jobs": "/jobs/",
    "notices": "/notices/",
    "audit": "/audit/",
    "channels": "/channels/",
    "channel-slack": "/channels/new/slack/",
    "team": "/team/",
    "team-new": "/team/new/",
    "team-external-id": "/team/external-id/",
    "team-transfers": "/team/transfers/",
    "profile": "/profile/",
    "token-create": "/profile/tokens/",
    "security": "/profile/security/",
    "app-new": "/profile/security/app/",
    "passkey-new": "/profile/security/passkeys/new/",
    "sessions": "/profile/sessions/",
    "password-change": "/profile/password/",
    "confirm": "/confirm/?next=/accounts/",
    "wizard-drafts": "/wizard/",
    "sandbox": "/sandbox/",
    "sandbox-received": "/sandbox/received/",
    "api-docs": "/api/v1/docs",
    "not-found": "/accounts/00000000-0000-4000-8000-000000000000/",
    "admin": "/admin/",
    "admin-overview": "/admin/overview/",
    "admin-accounts": "/admin/cloudaccounts/cloudaccount/",
    "admin-audit": "/admin/cloudaccounts/auditevent/",
    "admin-scans": "/admin/scans/scanrun/",
}
# Pages of one record: the first link of a list, and what is below its address.
FOUND = {
    "account": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", ""),
    "account-findings": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "findings/"),
    "account-assets": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "assets/"),
    "account-access": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "access/"),
    "account-scans": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "scans/"),
    "account-history": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "history/"),
    "account-edit": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "edit/"),
    "account-rotate": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "rotate/"),
    "account-rotation": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "rotation/"),
    "account-suspend": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "suspend/"),
    "account-scan": ("/accounts/", r"^/accounts/[0-9a-f-]{36}/$", "scan/"),
    "finding": ("/findings/?group_by=none", r"^/findings/[0-9a-f-]{36}/$", ""),
    "asset": ("/assets/", r"^/assets/[0-9a-f-]{36}/$", ""),
    "scan": ("/scans/", r"^/scans/[0-9a-f-]{36}/$", ""),
    "group": ("/groups/", r"^/groups/[0-9a-f-]{36}/$", ""),
    "group-act": ("/groups/", r"^/groups/[0-9a-f-]{36}/$", "act/environment/"),
    "group-add": ("/groups/", r"^/groups/[0-9a-f-]{36}/$", "add/"),
    "organization": ("/organizations/", r"^/organizations/[0-9a-f-]{36}/$", ""),
    "job": ("/jobs/", r"^/jobs/[0-9a-f-]{36}/$", ""),
    "channel": ("/channels/", r"^/channels/[0-9a-f-]{36}/$", ""),
    "wizard-step": ("/wizard/", r"^/wizard/[0-9a-f-]{36}/", ""),
    "admin-account": ("/admin/cloudaccounts/cloudaccount/", r"/cloudaccount/[0-9a-f-]{36}/change/", ""),
}
README = {
    "overview": "/",
    "findings": "/findings/?environment=production",
    "accounts": "/accounts/?sort=critical",
    "compliance": "/compliance/cis_aws_5.0/",
}


def main() -> int:
    """The exit code: 1 where a page is at fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--out", type=Path, default=Path("var/pictures"))
    parser.add_argument("--only", default="", help="names of pages, by commas")
    parser.add_argument("--looks", default=",".join(f"{theme}-{width}" for theme, width in LOOKS))
    parser.add_argument("--readme", action="store_true", help="those of docs/images instead")
    options = parser.parse_args()
    with signed_in(options.url, options.user, os.environ["CAM_PASSWORD"]) as (fresh, context):
        if options.readme:
            take_for_readme(context.new_page())
            return 0
        only = set(filter(None, options.only.split(",")))
        options.out.mkdir(parents=True, exist_ok=True)
        looks = [look for look in LOOKS if "{}-{}".format(*look) in options.looks.split(",")]
        album = {**PAGES, **_found(context.new_page(), only)}
        wrong = 0
        for where, pages in ((fresh, BEFORE_SIGN_IN), (context, album)):
            for fault in _all(where.new_page(), _wanted(pages, only), looks, options.out):
                print(fault, flush=True)
                wrong += 1
    return 1 if wrong else 0


@contextmanager
def signed_in(url: str, user: str, password: str) -> Iterator[tuple[BrowserContext, BrowserContext]]:
    """A browser that nobody signed in with, and one where ``user`` did."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.find(), args=["--no-sandbox", "--disable-gpu"])
        contexts = browser.new_context(base_url=url), browser.new_context(base_url=url)
        for context in contexts:
            context.set_default_timeout(90_000)
        page = contexts[1].new_page()
        page.goto("/login/")
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_url(re.compile(r"/$"))
        yield contexts
        browser.close()


def take_for_readme(page: Page) -> None:
    """``docs/images/<name>-<theme>.png``: one window of each, light and dark."""
    folder = ROOT / "docs" / "images"
    for name, address in README.items():
        for theme in ("light", "dark"):
            _appear(page, theme, 1440)
            page.goto(address)
            _settle(page)
            page.screenshot(path=folder / f"{name}-{theme}.png")


def _wanted(pages: Mapping[str, str], only: set[str]) -> dict[str, str]:
    return {name: address for name, address in pages.items() if not only or name in only}


def _found(page: Page, only: set[str]) -> dict[str, str]:
    """The addresses of single records; what the demo has none of is left out, and said."""
    addresses: dict[str, str] = {}
    seen: dict[str, list[str]] = {}
    for name, (listing, pattern, below) in FOUND.items():
        if only and name not in only:
            continue
        if listing not in seen:
            page.goto(listing)
            _settle(page)
            links = page.locator("main a[href]").evaluate_all("all => all.map(one => one.getAttribute('href'))")
            seen[listing] = [str(link) for link in links]
        if address := next((link for link in seen[listing] if re.search(pattern, link)), None):
            addresses[name] = address + below
        else:
            print(f"{name}: {listing} leads to none.", file=sys.stderr)
    return addresses


def _all(page: Page, pages: Mapping[str, str], looks: Sequence[tuple[Theme, int]], folder: Path) -> Iterator[str]:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(f"{said.text} {said.location}") if said.type == "error" else None)
    for name, address in pages.items():
        answer = page.goto(address)
        status = answer.status if answer else 0
        for theme, width in looks:
            _appear(page, theme, width)
            _settle(page)
            height = min(ENTIRE, int(page.evaluate("document.documentElement.scrollHeight")))
            page.screenshot(
                path=folder / f"{name}-{theme}-{width}.png",
                full_page=True,
                clip={"x": 0, "y": 0, "width": width, "height": height},
            )
            yield from (f"{name}, {theme}, {width} px: {violation}" for violation in violations(page))
            if (over := int(page.evaluate(OVERFLOW))) > 0:
                yield f"{name}: {over} px wider than {width} px"
        if status >= 400 and not name.endswith(("not-found", "404")):
            yield f"{name}: {address} answered {status}"
        elif complaints and status < 400:
            yield f"{name}: {complaints}"
        complaints.clear()


def _appear(page: Page, theme: Theme, width: int) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900 if width > 900 else 800})


def _settle(page: Page) -> None:
    """Panels that load late are there, and what is drawn is drawn."""
    page.wait_for_load_state("load")
    expect(page.locator(".htmx-request")).to_have_count(0, timeout=90_000)
    page.evaluate(PAINTED)


if __name__ == "__main__":
    sys.exit(main())
