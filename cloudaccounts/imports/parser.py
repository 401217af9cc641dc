"""Reads import files: CSV in a stream, YAML by a loader that knows texts, lists and mappings and nothing else.

What is wrong is reported by line and reason. No message repeats what the file holds: a secret may stand anywhere.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import yaml

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.pasted_text import text_encoding

REQUIRED = ("provider", "account_id", "name", "environment", "auth_method")
OPTIONAL = ("regions", "partition", "cloud", "group")  # cloud is another word for partition, as in the HTTP API
CREDENTIALS = "credentials."
LONGEST_CELL = 20_000  # characters; a GCP key has 2,400
YAML_LIMIT = 2 * 1024 * 1024  # bytes; a tree of nodes takes a hundred times that in memory
MOST_KEYS = 40  # of a mapping; an account has fewer than twenty fields
_CREDENTIAL = re.compile(r"credentials\.[a-z][a-z0-9_]{0,40}")
COLUMN_SEPARATORS = (",", ";", "\t")
_SEPARATORS = re.compile(r"[\s,;]+")


class FileRefusedError(ProviderError):
    """The file as a whole cannot be read; nothing was done with any row of what follows."""

    def __init__(self, cause: str, remedy: str = "", *, line: int = 0) -> None:
        super().__init__("import_file_invalid", f"Line {line}: {cause}" if line else cause, remedy)


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One account of the file. Its repr shows nothing: credentials are among the values."""

    line: int
    values: dict[str, str]
    regions: tuple[str, ...] = ()
    credentials: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Row of line {self.line}>"


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


def read_file(path: Path) -> Iterator[Row | BadRow]:
    """Raises `FileRefusedError`, also after some rows were yielded where the rest cannot be read."""
    kind = path.suffix.lower()
    if kind not in {".csv", ".yaml", ".yml"}:
        raise FileRefusedError("The file's name must end in .csv, .yaml or .yml.")
    try:
        if kind != ".csv":
            yield from _yaml_rows(path)
            return
        # What is not UTF-8 is replaced, so that it is refused by row and not by file (see `_value_problem`).
        with path.open(encoding=_encoding(path), errors="replace", newline="") as text:
            yield from _csv_rows(text)
    except OSError as error:
        raise FileRefusedError(f"The file cannot be read: {error.strerror}.") from None


def read_content(name: str, content: bytes) -> Iterator[Row | BadRow]:
    """As `read_file`, of what was uploaded under this name: nothing is written to a disk."""
    kind = Path(name).suffix.lower()
    if kind not in {".csv", ".yaml", ".yml"}:
        raise FileRefusedError("The file's name must end in .csv, .yaml or .yml.")
    if kind != ".csv":
        yield from _yaml_content(content)
        return
    # As `open` decodes: line breaks stay for the reader of CSV, and what is not UTF-8 is refused by row.
    yield from _csv_rows(io.StringIO(content.decode(text_encoding(content[:4]), errors="replace"), newline=""))


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        return text_encoding(file.read(4))


def _csv_rows(text: TextIO) -> Iterator[Row | BadRow]:
    separator, before = _separator(text)
    # strict: without it a quotation mark that is never closed swallows the rest of the file into one cell.
    reader = csv.reader(text, strict=True, delimiter=separator)
    header: list[str] = []
    while True:
        line = before + reader.line_num + 1  # where the row begins: a quoted cell may hold line breaks
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            raise FileRefusedError(
                "This is not CSV from here on, or a cell is far too long.",
                "Look for a quotation mark without its end.",
                line=line,
            ) from None  # fmt: skip
        if cells:  # a file that was joined of several has a byte order mark before each
            cells[0] = cells[0].lstrip("\ufeff")
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = _header(cells, line)
            continue
        yield _csv_row(line, header, cells, separator)
    if not header:
        raise FileRefusedError("The file is empty.", f"Its first line must name the columns: {', '.join(REQUIRED)} …")


def _separator(text: TextIO) -> tuple[str, int]:
    """What separates the columns, and how many lines were read for good.

    Spreadsheets write what their language's numbers leave free: ``;`` where a comma is in them. No column's name has
    any of them, so the header tells. Excel also writes, and reads, a line ``sep=;`` before it.
    """
    before = 0
    while line := text.readline(LONGEST_CELL):
        if named := re.fullmatch(r"\ufeff*\"?sep=(.)\"?\s*", line, re.IGNORECASE | re.DOTALL):
            return (named[1] if named[1] in COLUMN_SEPARATORS else ","), before + 1
        if line.strip("\ufeff\r\n\t ,;"):
            text.seek(0)
            return max(COLUMN_SEPARATORS, key=line.count), 0
        before += 1
    text.seek(0)
    return ",", 0


def _header(cells: list[str], line: int) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    if len(names) == 1 and names[0] not in (*REQUIRED, *OPTIONAL):
        raise FileRefusedError(
            "The columns are separated by none of comma, semicolon and tab.",
            f"Save the file as CSV. Its first line must name the columns: {', '.join(REQUIRED)} …",
            line=line,
        )
    for number, name in enumerate(names, start=1):
        if name not in REQUIRED and name not in OPTIONAL and not _CREDENTIAL.fullmatch(name):
            raise FileRefusedError(
                f"Column {number} has a name that is not known.",
                f"Known are {', '.join((*REQUIRED, *OPTIONAL))} and credentials.… (such as credentials.role_arn).",
                line=line,
            )
        # Which of the two would count, nobody could tell from the file.
        if name in names[: number - 1]:
            raise FileRefusedError(f"Column {number} has the name of an earlier one.", line=line)
    if missing := [name for name in REQUIRED if name not in names]:
        raise FileRefusedError(f"These columns are missing: {', '.join(missing)}.", line=line)
    return names


def _csv_row(line: int, header: list[str], cells: list[str], separator: str) -> Row | BadRow:
    # More cells than columns are refused, since they would shift values into other fields; fewer are empty ones at the
    # end.
    if len(cells) > len(header):
        reason = f"There are {len(cells)} cells, and {len(header)} columns."
        if separator != "\t":
            reason += f" Put a cell that holds {separator} in quotation marks; regions may be separated by spaces."
        return BadRow(line, reason)
    cells_by_name = dict(zip(header, (*cells, *("" for _ in range(len(header) - len(cells)))), strict=True))
    if reason := _value_problem(cells_by_name):
        return BadRow(line, reason)
    regions = _split_list(cells_by_name.pop("regions", ""))
    credentials = {
        name.removeprefix(CREDENTIALS): value
        for name, value in cells_by_name.items()
        if name.startswith(CREDENTIALS) and value.strip()
    }
    # Credentials keep their blanks: whether those belong to a secret, its form decides.
    values = {name: value.strip() for name, value in cells_by_name.items() if not name.startswith(CREDENTIALS)}
    return Row(line, values, regions, credentials)


def _value_problem(values: dict[str, str]) -> str:
    for name, value in values.items():
        if len(value) > LONGEST_CELL:
            return f"The value of {name} is far too long."
        if "\x00" in value:
            return f"There is a NUL character in {name}."  # which PostgreSQL refuses to store
        if "\ufffd" in value:
            return f"The value of {name} is not UTF-8."
    return ""


def _split_list(text: str) -> tuple[str, ...]:
    return tuple(part for part in _SEPARATORS.split(text) if part)


# Tags that say no more than how a value looks ("Language-Independent Types for YAML Version 1.1" has all of them).
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map"))


class _Loader(yaml.SafeLoader):
    """Composes nodes and constructs nothing; aliases are refused, because they make a bomb of a small file.

    Tags that ask for more than plain values (``!!python/object``) would be ignored here. They are refused all the same:
    who writes them expects something that does not happen.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call] # types-PyYAML leaves it out
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise FileRefusedError("Anchors and aliases are not read.", "Write each value out.", line=line)
        if getattr(event, "tag", None) not in _PLAIN_TAGS | {None, "!"}:
            raise FileRefusedError("Tags (!…) are not read.", "Write the value without one.", line=line)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def _yaml_rows(path: Path) -> Iterator[Row | BadRow]:
    with path.open("rb") as file:
        content = file.read(YAML_LIMIT + 1)  # one byte more says that it is too long, without reading it all
    yield from _yaml_content(content)


def _yaml_content(content: bytes) -> Iterator[Row | BadRow]:
    if len(content) > YAML_LIMIT:
        raise FileRefusedError(
            f"YAML files are read up to {YAML_LIMIT // 1024 // 1024} MB.", "Use CSV, which is read in a stream."
        )
    root = compose_yaml(content)
    if isinstance(root, yaml.MappingNode) and [key.value for key, _ in root.value] == ["accounts"]:
        root = root.value[0][1]
    if not isinstance(root, yaml.SequenceNode):
        raise FileRefusedError("The file must hold a list of accounts.", "Begin each with “- provider: …”.")
    for item in root.value:
        yield _yaml_row(item)


def compose_yaml(content: bytes) -> yaml.Node | None:
    """The nodes of a YAML file, without values: texts as they stand. Raises `FileRefusedError`."""
    try:
        loader = _Loader(content.decode(text_encoding(content)))
        try:
            node: yaml.Node | None = loader.get_single_node()
            return node
        finally:
            loader.dispose()
    except UnicodeDecodeError:
        raise FileRefusedError("The file is not UTF-8.") from None
    # The parser's own message is not repeated: it quotes the line, where a secret may stand.
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FileRefusedError("This is not YAML.", line=mark.line + 1 if mark else 0) from None
    except yaml.YAMLError:
        raise FileRefusedError("This is not YAML: there is a character in it that YAML forbids.") from None
    # A list within a list within a list … takes few bytes of a file and many levels of the parser.
    except RecursionError:
        raise FileRefusedError("The file is nested too deeply.") from None


def _yaml_row(item: yaml.Node) -> Row | BadRow:
    line = item.start_mark.line + 1
    values: dict[str, str] = {}
    credentials: dict[str, str] = {}
    regions: tuple[str, ...] = ()
    if not isinstance(item, yaml.MappingNode) or len(item.value) > MOST_KEYS:
        return BadRow(line, "This is not a mapping of fields to values.")
    for key, value in item.value:
        name, at = _key(key), key.start_mark.line + 1
        # PyYAML's own loaders take the last of two equal keys without a word.
        if name in values or (name == "regions" and regions) or (name == "credentials" and credentials):
            return BadRow(at, f"{name} is given twice.")
        if name == "credentials":
            if not isinstance(value, yaml.MappingNode) or len(value.value) > MOST_KEYS:
                return BadRow(at, "credentials is not a mapping of names to values.")
            credentials = {_key(name_node): _text(inner) or "" for name_node, inner in value.value}
            if any(not _CREDENTIAL.fullmatch(CREDENTIALS + name_node) for name_node in credentials):
                return BadRow(at, "A name below credentials is not known.")
            if any(_text(inner) is None for _, inner in value.value):
                return BadRow(at, "A value below credentials is not a text.")
        elif name == "regions" and isinstance(value, yaml.SequenceNode):
            regions = tuple(_text(name_node) or "" for name_node in value.value[:1000])
        elif name in REQUIRED or name in OPTIONAL:
            text = _text(value)
            if text is None:
                return BadRow(at, f"The value of {name} is not a text.")
            if name == "regions":
                regions = _split_list(text)
            else:
                values[name] = text.strip()
        else:
            return BadRow(at, "This field is not known.")
    if missing := [name for name in REQUIRED if name not in values]:
        return BadRow(line, f"These fields are missing: {', '.join(missing)}.")
    if reason := _value_problem({**values, **{CREDENTIALS + name: value for name, value in credentials.items()}}):
        return BadRow(line, reason)
    return Row(line, values, regions, {name: value for name, value in credentials.items() if value.strip()})


def _key(node: yaml.Node) -> str:
    return str(node.value).strip().lower() if isinstance(node, yaml.ScalarNode) else ""


def _text(node: yaml.Node) -> str | None:
    """As it stands in the file: YAML would read the account 012345670123 as an octal number. None for no scalar."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    plain_null = node.tag == "tag:yaml.org,2002:null"
    return "" if plain_null else str(node.value)
