"""Paper: a report's headings stay with what follows them, wherever on a page they come to stand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from config.env import ROOT

SHEETS = ("tokens", "app", "lists", "pages", "compliance")
ROWS = "<tr><th scope='row'>1.1</th><td>The root user has a second factor</td></tr>" * 20
FOOT = 16 * 72 / 25.4  # points of the page's lower margin, as app.css has it
LEAST = 55  # points: the heading, the table's own head and a row
_HEADING = re.compile(rb"/Title \(Failing controls\).*?/XYZ [\d.]+ ([\d.]+)", re.S)


def report(above: int) -> str:
    """A report whose second section begins so many pixels below the top of the paper."""
    styles = "".join((ROOT / "static" / "css" / f"{name}.css").read_text() for name in SHEETS)
    return f"""<!doctype html><html lang="en"><title>Report</title>
        <style>{styles} .above {{ height: {above}px }}</style>
        <main class="paper"><section><h2>Result</h2><div class="above"></div></section>
        <section><h2>Failing controls</h2><div class="scroll"><table class="cards">
        <thead><tr><th>Control</th><th>Requirement</th></tr></thead><tbody>{ROWS}</tbody></table></div></section></main>"""


@pytest.mark.parametrize("above", range(700, 960, 20))
def test_no_heading_is_left_alone_at_the_foot_of_a_page(chromium: Browser, above: int) -> None:
    page = chromium.new_page()
    page.set_content(report(above))
    paper = page.pdf(format="A4", prefer_css_page_size=True, tagged=True, outline=True)
    page.close()
    found = _HEADING.search(paper)
    assert found
    assert float(found[1]) > FOOT + LEAST
