"""Lists as files: CSV and JSON that stream, so that 100,000 rows take no more memory than a hundred.

A cell that a spreadsheet would take for a formula is written as text, with an apostrophe
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

FORMATS = ("csv", "json")
LINES = 200  # rows in one piece of the answer: a piece a row would cost more than the row
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
# What would begin a formula in a spreadsheet that separates cells by semicolons or tabs, as many languages' do: there
# the middle of our cell is the beginning of theirs. Quotation marks and blanks before it do not prevent that.
_INNER_FORMULA = re.compile(r"([;\t\r\n])(?=[\s\"']*[=+\-@＝＋－＠])")

Row = Mapping[str, Any]


def wanted_format(request: HttpRequest) -> str:
    """``csv`` or ``json`` where the address asks for an export by ``?format=``, else empty."""
    name = request.GET.get("format", "")
    return name if name in FORMATS else ""


def export(rows: Iterable[Row], *, columns: tuple[str, ...], name: str, format: str) -> StreamingHttpResponse:  # noqa: A002
    """A download. ``rows`` are mappings with ``columns`` as keys; give a generator over ``.iterator()``."""
    # Streamed: the first rows leave before the last are read, and no proxy times out on a long export.
    lines, kind = (csv_lines, "text/csv") if format == "csv" else (json_lines, "application/json")
    answer = StreamingHttpResponse(lines(rows, columns), content_type=f"{kind}; charset=utf-8")
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{today}.{format}"'
    # A browser must not guess HTML in a file whose cells strangers have written.
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def csv_lines(rows: Iterable[Row], columns: tuple[str, ...]) -> Iterator[str]:
    """Lines in pieces of up to `LINES` rows; the first begins with the columns' names."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(columns)
    for chunk in _chunks(rows):
        writer.writerows([[cell(row.get(column)) for column in columns] for row in chunk])
        yield written.getvalue()
        # One buffer for all pieces, emptied after each: memory stays that of a piece.
        written.seek(0)
        written.truncate()
    if head := written.getvalue():  # there were no rows
        yield head


def json_lines(rows: Iterable[Row], columns: tuple[str, ...]) -> Iterator[str]:
    """One JSON array, a row a line, in pieces of up to `LINES` rows."""
    encode = json.JSONEncoder(default=text, ensure_ascii=False).encode
    before = "[\n"
    for chunk in _chunks(rows):
        yield before + ",\n".join([encode({column: row.get(column) for column in columns}) for row in chunk])
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula, whatever separates its cells. Negative numbers stay numbers."""
    written = value if type(value) is str else text(value)
    if written[:1] in _FORMULA and not _is_number(written):
        written = f"'{written}"
    return _INNER_FORMULA.sub(r"\1'", written) if _INNER_FORMULA.search(written) else written


def text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        # As strftime would, in a third of its time: exports have hundreds of thousands of them.
        return f"{value.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _is_number(written: str) -> bool:
    try:
        # -5 and +1.5 are numbers, which begin like formulas: exports are read by programs too.
        float(written)
    except ValueError:
        return False
    return True


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while chunk := list(islice(rest, LINES)):
        yield chunk
