from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand

from cloudaccounts.management.commands.rotation_report import fit, with_names
from cloudaccounts.management.teams import add_team_options, chosen_team
from cloudaccounts.rotation import standing
from cloudaccounts.rotation.standing import COLUMNS, WHY, Figures
from cloudaccounts.web.exports import csv_lines, json_lines
from teams.scope import Scope

Row = dict[str, Any]
# Heading, width and content: fixed, because rows are streamed.
TABLE: tuple[tuple[str, int, Callable[[Row], str]], ...] = (
    ("Account", 28, lambda row: row["name"]),
    ("Cloud", 6, lambda row: row["provider"]),
    ("Account ID", 36, lambda row: row["account_id"]),
    ("Owner", 16, lambda row: row["owner"]),
    ("Age", 6, lambda row: "–" if row["age_days"] is None else f"{row['age_days']} d"),
    ("Method", 20, lambda row: row["method"]),
    ("Better", 20, lambda row: row["better_method"] or "–"),
)


class Command(BaseCommand):
    help = "The accounts that still hold a key, the oldest first, why, and the method that needs none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_team_options(parser, about="one team's accounts alone")
        parser.add_argument("--format", choices=["table", "csv", "json"], default="table")
        parser.add_argument(
            "--fail-on", type=_number, default=0, metavar="N", help="exit code 1 from N such accounts on"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        scope = Scope(team) if (team := chosen_team(options)) else None
        rows = with_names(standing.rows(scope))
        figures = standing.figures(scope)
        if options["format"] == "table":
            self._table(rows, figures)
        else:
            for lines in (csv_lines if options["format"] == "csv" else json_lines)(rows, COLUMNS):
                self.stdout.write(lines, ending="")
        if options["fail_on"] and figures.holding >= options["fail_on"]:
            sys.exit(1)  # after the report: a pipeline that fails shows why

    def _table(self, rows: Iterator[Row], figures: Figures) -> None:
        self.stdout.write("  ".join(title.ljust(width) for title, width, _ in TABLE) + "  Why")
        for row in rows:
            self.stdout.write("  ".join([*(fit(show(row), width) for _, width, show in TABLE), WHY[row["why"]]]))
        line = f"{figures.free:,} of {figures.total:,} accounts without a standing secret"
        self.stdout.write(line + (f"; {figures.through:,} members are opened with one" if figures.through else ""))


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10**9:
        raise ArgumentTypeError("give a whole number from 1 on")
    return int(text)
