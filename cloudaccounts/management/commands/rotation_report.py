from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.text import Text

from cloudaccounts import registry
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.credentials.age import RotationState
from cloudaccounts.management.teams import add_team_options, chosen_team
from cloudaccounts.rotation import report as rotation_report
from cloudaccounts.rotation.automatic.queries import runs_left
from cloudaccounts.rotation.report import COLUMNS, RotationFilter
from cloudaccounts.web.exports import csv_lines, json_lines
from teams.queries import names_of
from teams.scope import Scope

Row = dict[str, Any]
CHUNK = 1000  # rows written at a time
COLOURS = {"critical": "bold red", "warning": "yellow", "ok": "green", "not_applicable": "dim"}
# Heading, width and content of each column. Widths are fixed, because a stream's longest row is known at its end only.
TABLE: tuple[tuple[str, int, Callable[[Row], str]], ...] = (
    ("Account", 28, lambda row: row["name"]),
    ("Cloud", 6, lambda row: row["provider"]),
    # 36: a subscription's UUID, as Azure's ids are.
    ("Account ID", 36, lambda row: row["account_id"]),
    ("Owner", 16, lambda row: row["owner"]),
    ("Age", 6, lambda row: "–" if row["age_days"] is None else f"{row['age_days']} d"),
    ("Ends", 10, lambda row: "" if row["expires_at"] is None else row["expires_at"].date().isoformat()),
    ("Method", 26, lambda row: row["method"]),
)


class Command(BaseCommand):
    help = "The ages of all credentials, oldest first. Exit code 1 where --fail-on is met."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["table", "csv", "json"], default="table")
        parser.add_argument("--state", choices=RotationState.values, default="")
        parser.add_argument("--provider", choices=[spec.key for spec in registry.all_providers()], default="")
        parser.add_argument("--group", default="", help="name or id of a group")
        add_team_options(parser, about="one team's accounts alone")
        parser.add_argument("--fail-on", choices=["warning", "critical"], default="")

    def handle(self, *args: Any, **options: Any) -> None:
        filters = RotationFilter(
            state=options["state"],
            provider=options["provider"],
            group=options["group"],
            scope=Scope(team) if (team := chosen_team(options)) else None,
        )
        # Counted while the rows pass by: a report of 100,000 rows is read once and never held.
        seen: dict[str, int] = {}
        try:
            self._write(_counted(with_names(rotation_report.rows(filters)), seen), options["format"], seen)
        except ProviderError as error:
            raise CommandError(f"{error.cause} {error.remedy}") from None
        # Behind the table alone: the other formats are read by programs, row by row.
        if options["format"] == "table":
            for run in runs_left(chosen_team(options)):
                for item in run.leftovers:
                    self.stdout.write(f"Left at the provider: {item['id']}. {item['why']}")
        if options["fail_on"] and any(rotation_report.fails(state, options["fail_on"]) for state in seen):
            # After the report was written: a pipeline that fails shows why.
            sys.exit(1)

    def _write(self, rows: Iterator[Row], format: str, seen: dict[str, int]) -> None:  # noqa: A002 # the option's name
        if format == "table":
            self._table(rows, seen)
            return
        for lines in (csv_lines if format == "csv" else json_lines)(rows, COLUMNS):
            self.stdout.write(lines, ending="")

    def _table(self, rows: Iterator[Row], seen: dict[str, int]) -> None:
        console = Console(file=cast("IO[str]", self.stdout._out), highlight=False, soft_wrap=True)
        console.print("  ".join(fit(title, width) for title, width, _ in TABLE) + "  State", style="bold")
        states = _coloured(console)
        while chunk := list(islice(rows, CHUNK)):
            lines = (
                "  ".join([*(fit(show(row), width) for _, width, show in TABLE), states[row["rotation"]]])
                for row in chunk
            )
            self.stdout.write("\n".join(lines))
        summary = ", ".join(f"{seen[state]:,} {label}" for state, label in RotationState.choices if state in seen)
        console.print(summary or "No accounts.", style="bold")


def with_names(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows with owners by the team's name, one query a chunk. One that is gone keeps its key."""
    names: dict[str, str] = {}
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        unknown = {row["owner"] for row in chunk} - names.keys()
        # Before the names are looked up: who is not there keeps the key.
        names |= {owner: owner for owner in unknown} | names_of(unknown)
        for row in chunk:
            row["owner"] = names[row["owner"]]
        yield from chunk


def _counted(rows: Iterable[Row], seen: dict[str, int]) -> Iterator[Row]:
    for row in rows:
        seen[row["rotation"]] = seen.get(row["rotation"], 0) + 1
        yield row


def _coloured(console: Console) -> dict[str, str]:
    """The coloured states, rendered once for this console: rich takes longer for one than the rest of a row takes."""
    written = {}
    for state, colour in COLOURS.items():
        with console.capture() as captured:
            console.print(Text(state, colour), end="")
        written[state] = captured.get()
    return written


def fit(text: str, width: int) -> str:
    """The text in exactly ``width`` characters. Control characters are replaced: names come from strangers, and a
    terminal obeys them.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"
