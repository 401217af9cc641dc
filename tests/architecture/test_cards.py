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
