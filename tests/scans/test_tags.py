from __future__ import annotations

import pytest

from scans.tags import MAX_LINE, has_tag, tag_lines, tags_with


def test_tags_are_lines_sorted_by_key() -> None:
    assert tag_lines({"team": "web", "env": "prod"}) == "\nenv=prod\nteam=web\n"
    assert tag_lines({}) == ""


def test_a_line_break_in_a_value_begins_no_tag_of_its_own() -> None:
    assert tag_lines({"note": "a\nenv=prod"}) == "\nnote=a env=prod\n"
    assert len(tag_lines({"long": "x" * 1000})) == MAX_LINE + 2


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("env", True), ("env=prod", True), ("ENV=Prod", True), ("env=pro", False), ("nv=prod", False), ("prod", False),
     ("team=", False), ("team=we", False)],
)  # fmt: skip
def test_a_tag_is_a_key_or_a_key_with_its_whole_value(tag: str, expected: bool) -> None:
    assert has_tag("\nenv=prod\nteam=web\n", tag) is expected


def test_a_part_of_a_tag_is_found_as_pages_and_as_commands_write_it() -> None:
    lines = tag_lines({"env": "prod", "team": "web shop"})
    assert tags_with(lines, "Team: WEB") == ["team=web shop"]
    assert tags_with(lines, "=prod") == ["env=prod"]
    assert tags_with(lines, "d\nt") == tags_with(lines, "") == []  # no text spans two tags
