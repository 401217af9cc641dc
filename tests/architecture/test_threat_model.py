"""Each row of docs/threat-model.md names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.env import ROOT

MODEL = ROOT / "docs" / "threat-model.md"
ROWS = [
    line
    for line in MODEL.read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| threat", "| ---"))
]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:50])
def test_each_row_names_a_test_that_is_there(row: str) -> None:
    named = NAMED.findall(row)
    assert named, row
    for path, name in named:
        text = Path(ROOT, path).read_text()
        assert re.search(rf"^\s*def {name}\(", text, re.MULTILINE), f"{name} is not in {path}"


def test_there_are_rows() -> None:
    assert len(ROWS) > 30
