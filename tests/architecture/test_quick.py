"""What `make quick` leaves out is found in the tests' own code; those written down as slow are there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from config.env import ROOT
from tests import durations, quick, scheduling
from tests.config import test_health
from tests.config.running import test_up
from tests.journeys import conftest as journeys


@dataclass(frozen=True)
class _Case:
    nodeid: str


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (test_up.test_it_comes_up_ready_and_sigterm_ends_all_of_it, {"Stack"}),
        (test_up.test_it_ends_when_nobody_reads_what_it_says, {"Popen"}),  # by a function beside it
        (journeys.chromium, {"sync_playwright"}),
        (test_health.test_readyz_says_that_nobody_has_migrated, set()),
    ],
)
def test_what_starts_something_is_found_by_its_name(function: Callable[..., Any], named: set[str]) -> None:
    assert quick.names_in(getattr(function, "_fixture_function", function)) & quick.NEEDS.keys() == named


def test_those_collected_with_this_one_are_marked(request: pytest.FixtureRequest) -> None:
    needs = {"rig": "cloud", "running_rig": "cloud", "chromium": "browser", "stack": "product"}
    for item in request.session.items:
        for fixture in needs.keys() & set(getattr(item, "fixturenames", ())):
            assert item.get_closest_marker(needs[fixture]), item.nodeid


def test_what_is_written_down_as_slow_is_there() -> None:
    texts: dict[str, str] = {}
    for name in durations.read().slow:
        file, *_, test = name.partition("[")[0].split("::")
        text = texts.setdefault(file, (ROOT / file).read_text())
        assert re.search(rf"def {test}\b", text), name


def test_what_is_written_down_of_files_is_there() -> None:
    known = durations.read()
    assert [file for file in (*known.files, *known.not_quick) if not (ROOT / file).is_file()] == []


def test_the_journeys_share_two_processes_and_other_files_have_their_own() -> None:
    here = "tests/architecture/test_quick.py"
    assert scheduling.scope_of(f"{here}::test_x") == here
    files = [path.relative_to(ROOT) for path in (ROOT / scheduling.JOURNEYS).glob("test_*.py")]
    halves = [scheduling.scope_of(f"{file}::test_x") for file in files]
    assert len(set(halves)) == 2
    assert halves.count(halves[0]) not in {0, len(halves)}
    assert all((ROOT / file).is_file() for file in scheduling.OTHER_HALF)
    assert all((ROOT / folder).is_dir() for folder in scheduling.SHARED)


@pytest.mark.parametrize(("cases", "kept"), [(1, 1), (2, 2), (3, quick.CASES), (400, quick.CASES)])
def test_of_a_long_table_the_first_the_last_and_some_between_stay(cases: int, kept: int) -> None:
    items: list[Any] = [_Case(f"tests/test_x.py::test_y[{number}]") for number in range(cases)]
    stay = [item for item in items if item not in quick.beyond_a_sample(items)]
    assert len(stay) == kept
    assert {stay[0], stay[-1]} == {items[0], items[-1]}
