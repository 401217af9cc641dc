from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from scans.management.owners import owner_named
from teams.scope import Scope

FORMATS = ("ocsf", "csv", "json")


class Command(BaseCommand):
    help = "Writes findings as a stream, open, suppressed and resolved ones: OCSF for a SIEM, CSV or JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--team", default="", help="name or key of a team; a user name means the personal one")
        parser.add_argument("--format", choices=FORMATS, required=True)
        parser.add_argument("--since", default="", metavar="ISO", help="what was seen or changed at this time or later")
        parser.add_argument("--to", default="", metavar="FILE", help="a file, which is replaced once it is whole")

    def handle(self, *args: Any, **options: Any) -> None:
        since = _moment(options["since"]) if options["since"] else None
        owner = owner_named(options["team"])
        # Before anything is written: an export that breaks off was taken as well.
        record_export(
            actor=Actor("system", "export_findings", "command"), owner=owner, what="findings",
            format=options["format"], query=f"since={options['since']}" if since else "",
        )  # fmt: skip
        lines = _lines(owner, options["format"], since)
        if not options["to"]:
            for piece in lines:
                self.stdout.write(piece, ending="")
            return
        with _replacing(Path(options["to"])) as file:
            file.writelines(lines)


def _lines(owner: str, file_format: str, since: datetime | None) -> Iterable[str]:
    # Here and not above: OCSF's classes take a tenth of a second to load, also for `--help`.
    from cloudaccounts.web.exports import csv_lines, json_lines
    from scans.findings.exports import export_columns, export_rows
    from scans.findings.ocsf import changed_since, ocsf_lines
    from scans.models import Finding

    rows = changed_since(Finding.objects.filter(owner=owner), since).order_by("first_seen", "id")
    if file_format == "ocsf":
        return ocsf_lines(Scope(owner), rows)
    columns = export_columns(file_format)
    write = csv_lines if file_format == "csv" else json_lines
    return write(export_rows(Scope(owner), rows, columns), columns)


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """A new file for its owner alone, which takes the old one's place once it is complete."""
    # Beside it, since a rename is one step only within one file system: a reader never meets half an export.
    temporary = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        # After a success it has its new name; what failed leaves nothing behind.
        temporary.unlink(missing_ok=True)


def _moment(text: str) -> datetime:
    """Raises `CommandError`."""
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)) is not None:
            moment = datetime.combine(day, time.min)
    except ValueError:
        moment = None
    if not isinstance(moment, datetime):
        raise CommandError(f"{text!r} is no date or time. Write 2026-11-30 or 2026-11-30T08:00:00Z.")
    return make_aware(moment) if is_naive(moment) else moment
