from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.web.exports import csv_lines, export, json_lines

COLUMNS = ("name", "count")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(csv_lines(rows, COLUMNS)), newline="")))


@given(st.lists(st.fixed_dictionaries({"name": st.text(), "count": st.integers()}), max_size=5))
def test_no_cell_is_a_formula_and_nothing_is_lost(rows: list[dict[str, Any]]) -> None:
    exported = read(rows)
    assert len(exported) == len(rows)
    for row, original in zip(exported, rows, strict=True):
        name = row["name"]
        assert name.removeprefix("'") == original["name"].removeprefix("'")
        if name.startswith(FORMULA):
            float(name)  # a number is no formula
        assert row["count"] == str(original["count"])


@pytest.mark.parametrize("evil", ["=1+1", "+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_what_a_spreadsheet_would_run_becomes_text(evil: str) -> None:
    assert read([{"name": evil, "count": 1}])[0]["name"] == f"'{evil}"


def test_json_is_one_array_with_the_columns_alone() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    rows: list[dict[str, Any]] = [{"name": moment, "count": 2, "secret": "x"}, {"name": "b"}]
    exported = json.loads("".join(json_lines(rows, COLUMNS)))
    assert exported == [{"name": "2026-01-02T03:04:05Z", "count": 2}, {"name": "b", "count": None}]
    assert json.loads("".join(json_lines([], COLUMNS))) == []


def test_a_download_streams() -> None:
    taken = 0

    def rows() -> Any:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield {"name": "a", "count": number}

    answer = export(rows(), columns=COLUMNS, name="things", format="csv")
    first = next(iter(answer))
    assert first.startswith(b"name,count\r\n")
    assert taken < 1000
    assert "attachment" in answer["Content-Disposition"]
