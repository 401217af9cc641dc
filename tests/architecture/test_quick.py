"""What `make quick` leaves out is found in the tests' own code; those written down as slow are there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from config.env import ROOT
from tests import quick
from tests.config import test_health
from tests.config.running import test_up
from tests.journeys import conftest as journeys


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


@pytest.mark.parametrize("name", json.loads(quick.DURATIONS.read_text()))
def test_what_is_written_down_as_slow_is_there(name: str) -> None:
    file, _, test = name.partition("::")
    assert re.search(rf"def {test.rpartition('::')[2].partition('[')[0]}\b", (ROOT / file).read_text())
