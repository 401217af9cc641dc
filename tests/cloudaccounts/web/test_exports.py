from __future__ import annotations

import csv
import io
import json
import re
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
        assert name.replace("'", "") == original["name"].replace("'", "")
        if name.startswith(FORMULA):
            float(name)  # a number is no formula
        assert row["count"] == str(original["count"])


@pytest.mark.parametrize("evil", ["=1+1", "+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_what_a_spreadsheet_would_run_becomes_text(evil: str) -> None:
    written = read([{"name": evil, "count": 1}])[0]["name"]
    assert written.startswith("'")
    assert written.replace("'", "") == evil.replace("'", "")


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


SPLITTING = (
    "web;=1+2",
    "web\t=1+2",
    'a;"=1+2',
    "a; =1",
    "a\n=cmd|'/C calc'!A0",
    "a;;@SUM(A1)",
    "a;-1+2",
    'a;""=1;b',
    "a;＝1",
)


@pytest.mark.parametrize("evil", SPLITTING)
@pytest.mark.parametrize("before", ["", "x"])
def test_no_formula_begins_where_other_separators_split_either(evil: str, before: str) -> None:
    columns = ("name", "count") if not before else ("count", "name")
    line = "".join(csv_lines([{"name": evil, "count": before}], columns)).split("\r\n", 1)[1]
    for separator in ";\t,":
        for part in re.split(rf"[{separator}\r\n]", line):
            assert not re.match(r"[\s\"]*[=+\-@＝＋－＠]", part), (separator, part)


@given(st.text(alphabet="ab;\t\n \"'=+-@", max_size=12))
def test_only_apostrophes_are_added(text: str) -> None:
    exported = read([{"name": text, "count": 1}])[0]["name"]
    assert exported.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("plain", ["a;b", "a; b=c", "-5", "-5.5", "eu-west-1", "arn:aws:s3:::a", "a\tb", ""])
def test_what_begins_no_formula_stays(plain: str) -> None:
    assert read([{"name": plain, "count": 1}])[0]["name"] == plain
