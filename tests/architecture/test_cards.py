"""On a narrow screen a table's cells become cards, each with its label: once."""

from __future__ import annotations

import re

from config.env import ROOT

CELL = re.compile(r"<td\b[^>]*>")


def test_no_cell_has_two_labels() -> None:
    found = [
        (path.name, cell)
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for cell in CELL.findall(path.read_text())
    ]
    assert len(found) > 100
    assert [one for one in found if "data-l=" in one[1] and "data-label=" in one[1]] == []


def test_a_form_that_is_a_panel_has_room_at_its_edges() -> None:
    """A panel's own parts have their padding; fields that stand in it as they are need it of the panel."""
    forms = [
        (path.name, form)
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for form in re.findall(r'<form\b[^>]*class="([^"]*)"', path.read_text())
        if "panel" in form.split()
    ]
    assert len(forms) > 10
    assert [one for one in forms if "inset" not in one[1].split()] == []
