"""A pytest plugin: which tests share a process, and in which order the processes take them.

xdist's own `--dist=loadfile` takes files of many tests first, so that a file of one long journey begins last and runs
alone. Here the longest come first, by tests/durations.json. Tests that share something expensive stay in one process:
the journeys, which share a started product, and each cloud's tests, which share its simulation.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests import durations

# Folders whose tests share what takes long to start. A folder within another that is named here is a scope of its own.
JOURNEYS = "tests/journeys/"
SHARED = (JOURNEYS, "tests/brokers/", "tests/sandbox/gcp/")
# About half of the journeys' time: two products, each with half of them, end long before one with all would.
OTHER_HALF = tuple(f"{JOURNEYS}test_{name}.py" for name in ("pages", "every_cloud", "organization"))


def scope_of(nodeid: str) -> str:
    """The folder of tests that share something expensive, else the file."""
    if nodeid.startswith(OTHER_HALF):
        return f"{JOURNEYS} (the other half)"
    return next((folder for folder in SHARED if nodeid.startswith(folder)), nodeid.split("::", 1)[0])


@pytest.hookimpl(optionalhook=True)  # without xdist nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByScope(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    config.option.loadscopereorder = False
    return ByScope(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In each worker, so that all agree on the order."""
    if not hasattr(config, "workerinput"):
        return
    seconds: dict[str, float] = {}
    for file, took in durations.read().files.items():
        scope = scope_of(f"{file}::")
        seconds[scope] = seconds.get(scope, 0.0) + took
    items.sort(key=lambda item: (-seconds.get(scope_of(item.nodeid), 0.0), scope_of(item.nodeid)))
