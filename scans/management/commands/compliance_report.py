from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape

from cloudaccounts.web.exports import csv_lines
from scans.management.owners import account_of, owner_named
from teams.scope import Scope

FORMATS = ("text", "json", "csv", "html", "ocsf")
STYLES = ("tokens.css", "app.css", "compliance.css")


class Command(BaseCommand):
    help = "How a framework stands, control by control: passed, failed, unknown, muted, manual, not covered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--framework", required=True, help="its slug, such as cis_aws_5.0")
        parser.add_argument("--team", default="", help="name or key of a team; a user name means the personal one")
        parser.add_argument("--account", default="", metavar="UUID", help="this account alone")
        parser.add_argument("--format", choices=FORMATS, default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        # Here and not above: each command loads this module for its list of options, and few need the schema.
        from scans.compliance.own.catalogue import frameworks_of
        from scans.compliance.queries import report_on
        from scans.compliance.scope import accounts_in_scope

        owner = owner_named(options["team"], options["account"])
        frameworks = frameworks_of(owner)
        framework = frameworks.get(options["framework"])
        if framework is None:
            raise CommandError(f"There is no framework {options['framework']!r}. There are: {', '.join(frameworks)}.")
        account = account_of(options["account"], owner).pk if options["account"] else None
        report = report_on(framework, accounts_in_scope(Scope(owner), account=account))
        for piece in _WRITERS[options["format"]](report):
            self.stdout.write(piece, ending="")


def _text(report: Any) -> Iterator[str]:
    from scans.compliance.coverage import coverage_of

    framework, totals = report.framework, report.totals
    yield f"{framework.title} {framework.version}, {report.accounts} accounts in scope\n\n"
    section = ""
    for result in report.results:
        if result.section.id != section:
            section = result.section.id
            yield f"{section} {result.section.title}\n"
        failures = f" ({result.failed} failures)" if result.failed else ""
        state = result.state.value.replace("_", " ")
        yield f"  {result.control.id:<10} {state:<12} {result.control.title}{failures}\n"
    words = ", ".join(f"{totals[state]} {state.replace('_', ' ')}" for state in totals if state != "controls")
    yield f"\n{totals['controls']} controls: {words}.\n"
    if report.adjustments:
        yield "\nEvaluated by settings of the team:\n"
    for adjustment, controls in report.adjustments:
        yield f"  {_printable(adjustment.sentence)} Controls: {', '.join(controls)}.\n"
    # A report says what it does not rest on.
    gaps = [row for row in coverage_of(report.facts.scope, framework.provider) if not row.complete]
    if gaps:
        yield "\nNot read, and so neither passed nor failed:\n"
    for row in gaps:
        yield f"  {_printable(row.account.name)}: {' '.join(row.sentences)}\n"


def _json(report: Any) -> Iterator[str]:
    from scans.compliance.coverage import coverage_of
    from scans.compliance.shapes import coverage_json, report_json

    coverage = coverage_of(report.facts.scope, report.framework.provider)
    yield json.dumps({**report_json(report), "not_read": coverage_json(coverage)}, indent=1, default=str) + "\n"


def _csv(report: Any) -> Iterator[str]:
    from scans.compliance.exports import COLUMNS, control_rows

    # Formulas in cells are made text there: titles are ours, but notes are what people typed.
    yield from csv_lines(control_rows(report), COLUMNS)


def _html(report: Any) -> Iterator[str]:
    """A file that stands alone: the styles are in it, and it asks for nothing."""
    from scans.compliance.reports import report_context

    context = report_context(report, prepared_by="", now=timezone.now())
    styles = "\n".join((Path(settings.BASE_DIR) / "static" / "css" / name).read_text() for name in STYLES)
    title = escape(f"{report.framework.short} report")
    yield f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
    yield f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>\n{styles}</style>\n</head>\n'
    yield f'<body>\n<main class="paper">\n{render_to_string("scans/compliance/report_body.html", context)}</main>\n'
    yield "</body>\n</html>\n"


def _printable(text: str) -> str:
    """Names come from strangers, and a terminal obeys control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _ocsf(report: Any) -> Iterator[str]:
    from scans.compliance.ocsf import control_events

    yield from control_events(report)


_WRITERS = {"text": _text, "json": _json, "csv": _csv, "html": _html, "ocsf": _ocsf}
