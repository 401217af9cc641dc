"""`make bench`: prints a table and writes ``var/bench.json``; ``ONLY="lists report"`` runs those parts, and prints."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from rich.console import Console
from rich.table import Table

from config.env import ROOT
from config.sandbox.rig import Rig
from tests.bench.result import Result

IN_THE_SANDBOX = ("connections", "heartbeats", "organization", "scans")
PARTS = ("startup", "lists", "reencryption", "report", "scan-pages", "scan-engine", *IN_THE_SANDBOX)


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


def measure(folder: Path, only: frozenset[str]) -> Iterator[Result]:
    from tests.bench import connections, fleet, heartbeats, listing, organizations, rotation, scans, startup

    def asked(*parts: str) -> bool:
        return not only or not only.isdisjoint(parts)

    if asked("startup"):
        yield startup.check(folder)
    _migrate()
    if asked("lists"):
        yield from fleet.pages()
        yield listing.page()
    if asked("reencryption", "report"):
        yield from rotation.results(reencryption=asked("reencryption"), report=asked("report"))
    if asked("scan-pages"):
        yield from scans.pages()
    if asked("scan-engine"):
        yield from scans.synthetic()
    if not asked(*IN_THE_SANDBOX):
        return
    with sandbox(folder) as rig:
        if asked("connections"):
            yield connections.single(rig)
            yield connections.fleet(rig)
        if asked("heartbeats"):
            yield heartbeats.fleet(rig)
        if asked("connections"):
            yield connections.azure(rig)
            yield connections.google(rig)
        if asked("organization"):
            yield from organizations.discover(rig)
        if asked("scans"):
            yield from scans.seeded(rig)


def _migrate() -> None:
    from django.conf import settings
    from django.core.management import call_command

    for alias in settings.DATABASES:
        call_command("migrate", database=alias, verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Benchmarks; all where none is named.")
    parser.add_argument("only", nargs="*", metavar="PART", help=", ".join(PARTS))
    only = frozenset(parser.parse_args().only)
    if unknown := only.difference(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}. There are {', '.join(PARTS)}.")
    django.setup()
    console = Console()
    table = Table("benchmark", "value", "reference", "ratio", "aim")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for result in measure(Path(folder), only):
            results.append(result)
            console.print(f"{result.name}: {result.ratio:.2f}", style="dim")
            table.add_row(
                result.name,
                f"{result.value:.1f} {result.unit}",
                f"{result.reference:.1f} {result.unit}",
                f"{result.ratio:.2f}",
                result.aim,
            )
    console.print(table)
    console.print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    if only:
        return
    output = ROOT / "var" / "bench.json"
    output.parent.mkdir(mode=0o700, exist_ok=True)
    output.write_text(json.dumps([result.to_dict() for result in results], indent=2) + "\n")
    console.print(f"written to {output.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
