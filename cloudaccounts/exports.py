"""Lists as files: CSV and JSON that stream, so that 100,000 rows take no more memory than a hundred.

A cell that a spreadsheet would take for a formula is written as text (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

FORMATS = ("csv", "json")
LINES = 200  # a chunk of the answer
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Row = Mapping[str, Any]


def wanted_format(request: HttpRequest) -> str:
    """``csv`` or ``json`` where the address asks for an export by ``?format=``, else empty."""
    asked = request.GET.get("format", "")
    return asked if asked in FORMATS else ""


def export(rows: Iterable[Row], *, columns: tuple[str, ...], name: str, format: str) -> StreamingHttpResponse:  # noqa: A002
    """A download. ``rows`` are mappings with ``columns`` as keys; give a generator over ``.iterator()``."""
    lines, kind = (csv_lines, "text/csv") if format == "csv" else (json_lines, "application/json")
    answer = StreamingHttpResponse(_in_chunks(lines(rows, columns)), content_type=f"{kind}; charset=utf-8")
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{today}.{format}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


class _Echo:
    """What csv.writer writes to: hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Row], columns: tuple[str, ...]) -> Iterator[str]:
    write: Callable[[Iterable[str]], Any] = csv.writer(_Echo()).writerow
    yield str(write(columns))
    for row in rows:
        yield str(write(cell(row.get(column)) for column in columns))


def json_lines(rows: Iterable[Row], columns: tuple[str, ...]) -> Iterator[str]:
    """One JSON array, a row a line."""
    separator = "["
    for row in rows:
        yield f"{separator}\n{json.dumps({c: row.get(c) for c in columns}, default=text, ensure_ascii=False)}"
        separator = ","
    yield "[]\n" if separator == "[" else "\n]\n"


def cell(value: Any) -> str:
    told = text(value)
    return f"'{told}" if told.startswith(_FORMULA) and not _is_number(told) else told


def text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _is_number(told: str) -> bool:
    try:
        float(told)
    except ValueError:
        return False
    return True


def _in_chunks(lines: Iterator[str]) -> Iterator[str]:
    while chunk := list(islice(lines, LINES)):
        yield "".join(chunk)
