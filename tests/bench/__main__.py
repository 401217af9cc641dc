"""`make bench`: prints a table and writes ``var/bench.json``."""

from __future__ import annotations

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


def measure(folder: Path) -> Iterator[Result]:
    from tests.bench import connections, heartbeats, listing, rotation, startup

    yield startup.check(folder)
    _migrate()
    yield listing.page()
    yield from rotation.results()
    with sandbox(folder) as rig:
        yield connections.single(rig)
        yield connections.fleet(rig)
        yield heartbeats.fleet(rig)
        yield connections.azure(rig)
        yield connections.google(rig)


def _migrate() -> None:
    from django.conf import settings
    from django.core.management import call_command

    for alias in settings.DATABASES:
        call_command("migrate", database=alias, verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def main() -> None:
    django.setup()
    console = Console()
    table = Table("benchmark", "value", "reference", "ratio", "aim")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for result in measure(Path(folder)):
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
    output = ROOT / "var" / "bench.json"
    output.parent.mkdir(mode=0o700, exist_ok=True)
    output.write_text(json.dumps([result.to_dict() for result in results], indent=2) + "\n")
    console.print(f"written to {output.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
