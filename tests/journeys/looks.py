"""A page as people see it: light and dark, wide and at 360 px.

``SCREENSHOTS=folder`` keeps a picture of each.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.judging import OVERFLOW, PAINTED
from tests.journeys.person import Person

WIDE = 1280
ALL_LOOKS = (("light", WIDE), ("dark", WIDE), ("dark", 360), ("light", 360))
# How a page looks depends on no database: where CI walks the journeys once more on a server's, one look is enough.
LOOKS = ALL_LOOKS[:1] if os.environ.get("TEST_DATABASE_URL") else ALL_LOOKS
# What axe judges are a theme's colours and a width's layout: three of the four have each of either.
JUDGED = LOOKS[:3]


def look(person: Person, name: str) -> None:
    """The page that is open: accessible, within the window and without a script that failed."""
    person.page.wait_for_load_state("load")
    expect(person.page.locator(".htmx-request")).to_have_count(0)  # nothing that is still on its way
    for theme, width in LOOKS:
        _appear(person.page, theme, width)
        if folder := os.environ.get("SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            person.page.screenshot(path=f"{folder}/{name}-{theme}-{width}.png", full_page=True)
        try:
            if (theme, width) in JUDGED:
                person.check_accessibility()
        except AssertionError as error:
            raise AssertionError(f"{name}, {theme}, {width} px: {error}") from error
        assert person.page.evaluate(OVERFLOW) <= 0, f"{name} is wider than {width} px"
    _appear(person.page, "light", WIDE)


def look_through(person: Person, pages: dict[str, str], *, missing: frozenset[str] = frozenset()) -> None:
    """Each page by its name and address. All that is wrong is told together; ``missing`` ones are to answer 404."""
    wrong = []
    for name, address in pages.items():
        answer = person.page.goto(address)
        if answer is None or answer.status != (404 if name in missing else 200):
            wrong.append(f"{name}: answered {answer.status if answer else 'nothing'}")
        if name in missing:
            person.complaints = [text for text in person.complaints if "404" not in text]
        try:
            look(person, name)
        except AssertionError as error:
            wrong.append(str(error))
            person.complaints.clear()
    assert not wrong, "\n\n".join(wrong)


def _appear(page: Page, theme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800 if width < WIDE else 900})
    page.evaluate(PAINTED)
