"""A pytest plugin: what each test needs, told by markers; ``--quick`` leaves out what takes a cloud, or long.

Nobody marks a test by hand: it needs what its code names, its fixtures' code and the functions of tests that they call.
Which ones take long, tests/durations.json says, as the last run with ``--record-durations`` wrote it: in seconds of the
processor's time, that of ended child processes included, so that a busy machine writes much the same. Of a long table
of cases, and of the examples of a property, ``--quick`` tries some. A file of which it tries nothing is not imported.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Generator, Iterator
from functools import cache
from inspect import unwrap
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import durations

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SLOW = 0.1
WAITS = 0.2
NEEDS = {
    "Rig": "cloud",
    "sync_playwright": "browser",
    "Stack": "product",
    "WebServer": "product",
    "Product": "product",
    "Popen": "product",
    "corner_of": "service",
    "own_redis": "service",
}
SERVICES = {"postgresql", "mongodb", "redis", "rabbitmq"}  # as parameters name them
LEFT_OUT = {*NEEDS.values(), "slow"}
# Of these nothing is left: they are not even collected.
NOT_COLLECTED = ("brokers", "journeys")
EXAMPLES = 20  # of each property; the whole suite tries hypothesis' 100
# Of each table, the first and the last: tables of hundreds of cases take most of the time, and mostly fail together.
CASES = 2

_seconds: dict[str, float] = {}
_files: dict[str, float] = {}
_quick_files: set[str] = set()  # those with a test that needs nothing and was not slow
_BEGAN, _BEGAN_AT = pytest.StashKey[float](), pytest.StashKey[float]()
_SPENT = "processor_seconds"
_QUICK = "quick"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="Leave out what needs a cloud, browser, service or long.")
    parser.addoption("--record-durations", action="store_true", help=f"Write {durations.FILE.name} anew.")


def pytest_configure(config: pytest.Config) -> None:
    # How long an example takes depends on the machine, and a busy one makes no property untrue.
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("quick", settings.get_profile("any machine"), max_examples=EXAMPLES)
    settings.load_profile("quick" if config.getoption("--quick") else "any machine")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """None leaves the question to other plugins."""
    if not config.getoption("--quick"):
        return None
    if collection_path in {TESTS / name for name in NOT_COLLECTED}:
        return True
    # As long as the file is what it was: a test that joined it may be one for `--quick`.
    known = durations.read().not_quick.get(str(collection_path.relative_to(ROOT)))
    return True if known and known == durations.mark_of(collection_path) else None


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: the garbage collector needs not walk over it again."""
    gc.collect()
    gc.freeze()
    # At Python's 700 objects a twentieth of all tests' time goes into looking for circles.
    gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow = durations.read().slow
    for item in items:
        for need in needs(item):
            item.add_marker(need)
        if item.nodeid in slow:
            item.add_marker("slow")
    if config.getoption("--quick"):
        left = {item for item in items if any(map(item.get_closest_marker, LEFT_OUT))}
        left |= beyond_a_sample([item for item in items if item not in left])
        config.hook.pytest_deselected(items=list(left))
        items[:] = [item for item in items if item not in left]


def beyond_a_sample(items: list[pytest.Item]) -> set[pytest.Item]:
    """Of each test with a table of cases all but `CASES`; which ones stay depends on nothing but the table."""
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    left: set[pytest.Item] = set()
    for cases in tables.values():
        kept = {round(place * (len(cases) - 1) / (CASES - 1)) for place in range(CASES)}
        left |= {case for place, case in enumerate(cases) if place not in kept}
    return left


def needs(item: pytest.Item) -> set[str]:
    if not isinstance(item, pytest.Function):
        return set()
    info: Any = item._fixtureinfo
    code = [item.function, *(one.func for defined in info.name2fixturedefs.values() for one in defined)]
    found = {NEEDS[name] for function in code for name in names_in(unwrap(function)) if name in NEEDS}
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return found | {"service" for value in values if isinstance(value, str) and value in SERVICES}


@cache
def names_in(function: Any) -> frozenset[str]:
    """All names that a function mentions, and the functions of tests that it calls."""
    found: set[str] = set()
    seen: set[Any] = set()
    waiting = [getattr(function, "__func__", function)]
    while waiting:
        one = waiting.pop()
        if one in seen or not isinstance(one, FunctionType) or not (one.__module__ or "").startswith("tests"):
            continue
        seen.add(one)
        names = set(_names(one.__code__))
        found |= names
        waiting += [unwrap(other) for name in names if callable(other := one.__globals__.get(name))]
    return frozenset(found)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _spent() -> float:
    return sum(os.times()[:4])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    item.stash[_BEGAN], item.stash[_BEGAN_AT] = _spent(), time.monotonic()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if call.when == "teardown":
        used, waited = _spent() - item.stash[_BEGAN], time.monotonic() - item.stash[_BEGAN_AT]
        # Of waiting a part counts: much of it is somebody else's turn on a busy machine.
        spent = round(max(used, (waited - used) * WAITS), 2)
        needy = any(map(item.get_closest_marker, NEEDS.values()))
        report.user_properties += [(_SPENT, spent), (_QUICK, not needy and spent < SLOW)]
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In the process that speaks with the person: workers send it their reports."""
    file = report.nodeid.split("::", 1)[0]
    _files[file] = _files.get(file, 0.0) + report.duration
    for name, value in report.user_properties:
        if name == _SPENT:
            _seconds[report.nodeid] = float(str(value))
        elif name == _QUICK and value:
            _quick_files.add(file)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not session.config.getoption("--record-durations") or hasattr(session.config, "workerinput"):
        return

    recorded = durations.read()
    slow = {name: took for name, took in _seconds.items() if took >= SLOW}
    recorded.slow = {name: took for name, took in recorded.slow.items() if name not in _seconds} | slow
    if not session.config.getoption("--quick"):  # which sees a part of each file
        recorded.files |= _files
        known = {name: mark for name, mark in recorded.not_quick.items() if name not in _files}
        recorded.not_quick = known | {name: durations.mark_of(ROOT / name) for name in _files.keys() - _quick_files}
    durations.write(recorded)
