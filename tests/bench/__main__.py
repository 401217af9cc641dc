"""`make bench`: prints a table and writes ``var/bench.json``. `python -m tests.bench NAME …` runs some only.

``TEST_DATABASE_URL`` names a PostgreSQL server to measure on, in databases made for it; else SQLite. What was measured
there stands in its own rows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import django
from rich.console import Console
from rich.table import Table

from config.env import ROOT
from sandbox.rig import Rig
from tests.bench.result import Result


@contextmanager
def sandbox(folder: Path) -> Iterator[Rig]:
    """The simulated clouds, with this process and its children sent through them."""
    with Rig(folder / "clouds") as rig:
        before = dict(os.environ)
        os.environ.update(rig.env)
        try:
            yield rig
        finally:
            os.environ.clear()
            os.environ.update(before)


@dataclass
class Bench:
    """What benchmarks share: a folder, and the simulated clouds, which start with the first that asks for them."""

    folder: Path
    _open: ExitStack

    @cached_property
    def rig(self) -> Rig:
        return self._open.enter_context(sandbox(self.folder))


def benchmarks() -> dict[str, Callable[[Bench], Iterable[Result]]]:
    """By name, in the order in which they run: those with the simulated clouds, which change the environment, last."""
    from tests.bench import (
        against_prowler,
        connections,
        fleet,
        heartbeats,
        listing,
        lists,
        organizations,
        regions,
        rotation,
        rules,
        scans,
        startup,
        synthetic,
    )

    return {
        "startup": lambda bench: [startup.check(bench.folder)],
        "fleet": lambda _: fleet.pages(),
        "list": lambda _: [listing.page()],
        "pages-of-lists": lambda _: lists.pages(),
        "reencryption": lambda _: rotation.results(report=False),
        "report": lambda _: rotation.results(reencryption=False),
        "scans-pages": lambda _: scans.pages(),
        "scans-synthetic": lambda _: synthetic.synthetic(),
        "connection-aws": lambda bench: [connections.single(bench.rig)],
        "connection-fleet": lambda bench: [connections.fleet(bench.rig)],
        "heartbeats": lambda bench: heartbeats.fleet(bench.rig),
        "connection-azure": lambda bench: [connections.azure(bench.rig)],
        "connection-gcp": lambda bench: [connections.google(bench.rig)],
        "organizations": lambda bench: organizations.discover(bench.rig),
        "scans-aws": lambda bench: scans.seeded(bench.rig, "aws"),
        "scans-azure": lambda bench: scans.seeded(bench.rig, "azure"),
        "scans-gcp": lambda bench: scans.seeded(bench.rig, "gcp"),
        "scans-regions": lambda bench: regions.all_regions(bench.rig),
        "rules": lambda bench: rules.cost(bench.rig),
        "prowler": lambda bench: against_prowler.first_scans(bench.rig),
    }


@contextmanager
def own_databases() -> Iterator[None]:
    """Three of them on the server of ``TEST_DATABASE_URL``; SQLite's files lie in a folder of this process anyway."""
    from tests.servers import databases

    url = os.environ.get("TEST_DATABASE_URL", "")
    if not url:
        yield
        return
    with databases(url, "bench") as urls:
        os.environ.update(urls)
        try:
            yield
        finally:
            from django.db import connections

            connections.close_all()


def measure(chosen: Iterable[str]) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bench = Bench(Path(folder), stack)
        migrate()
        for name, benchmark in benchmarks().items():
            if name in chosen:
                yield from benchmark(bench)


def migrate() -> None:
    from django.conf import settings
    from django.core.management import call_command

    for alias in settings.DATABASES:
        call_command("migrate", database=alias, verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def chosen_by(arguments: list[str]) -> list[str]:
    """Names from the command line, each a benchmark's or the beginning of several; all of them without any."""
    names = list(benchmarks())
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__, epilog=", ".join(names))
    parser.add_argument("names", nargs="*", help="run these only (“scans” means all that begin so)")
    prefixes = parser.parse_args(arguments).names
    for prefix in prefixes:
        if not any(name.startswith(prefix) for name in names):
            parser.error(f"there is no benchmark “{prefix}”")
    return [name for name in names if not prefixes or any(name.startswith(prefix) for prefix in prefixes)]


def main() -> None:
    with own_databases():
        django.setup()
        _run(chosen_by(sys.argv[1:]))


def _run(chosen: list[str]) -> None:
    from django.db import connections

    from cloudaccounts.work.databases import SECURITY

    vendor = connections[SECURITY].vendor
    console = Console()
    table = Table("benchmark", "value", "reference", "ratio", "aim")
    results = []
    for measured in measure(chosen):
        result = measured if vendor == "sqlite" else replace(measured, name=f"{measured.name} ({vendor})")
        results.append(result)
        console.print(f"{result.name}: {result.ratio:.2f}", style="dim")
        table.add_row(
            f"{result.name}\n  {result.note}" if result.note else result.name,
            f"{result.value:.1f} {result.unit}",
            f"{result.reference:.1f} {result.unit}" if result.reference else "–",
            f"{result.ratio:.3f}" if result.reference else "–",
            result.aim,
        )
    console.print(table)
    console.print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    output = ROOT / "var" / "bench.json"
    output.parent.mkdir(mode=0o700, exist_ok=True)
    output.write_text(json.dumps(_beside(results, output), indent=2) + "\n")
    console.print(f"written to {output.relative_to(ROOT)}")


def _beside(results: list[Result], output: Path) -> list[dict[str, Any]]:
    """These rows in the place of earlier ones of the same names; a part that ran alone leaves the rest as it was."""
    results_by_name = {result.name: result.to_dict() for result in results}
    earlier = json.loads(output.read_text()) if output.exists() else []
    return [results_by_name.pop(row["name"], row) for row in earlier] + list(results_by_name.values())


if __name__ == "__main__":
    main()
