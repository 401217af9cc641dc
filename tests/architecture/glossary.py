"""The words that docs/glossary.md rules out, and the texts that are held to it.

A text is what a person reads: on pages, in the API's description, in commands' help, in messages, in documents. JSON
keys, error codes, addresses, settings and names in the code are not texts.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.core.management import get_commands, load_command_class

from config.api.assembly import description
from config.env import ROOT

GLOSSARY = ROOT / "docs" / "glossary.md"
PRODUCT = ("cloudaccounts", "config", "scans", "teams", "wizard", "sandbox")
# Words that are another's own name for another thing, and where.
ELSEWHERE = {
    "trail": ("cloudaccounts/providers/aws/", "sandbox/aws/"),  # CloudTrail's trails
    "seal": ("cloudaccounts/crypto/",),  # names of its classes
    "at rest": ("cloudaccounts/providers/", "docs/threat-model.md"),  # encryption of data at rest
    # Of an AWS Organization, which calls a folder so, of systemd, and of measurement.
    "unit": (
        "cloudaccounts/providers/aws/organization", "sandbox/aws/organization", "docs/operations.md", "CONTRIBUTING.md",
    ),
}  # fmt: skip
_ENDING = r"(?:e|e?s|e?d|\w?ing)?"
_SPOKEN_ATTRIBUTES = {"title", "aria-label", "placeholder", "alt", "data-announce"}
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_SILENT = re.compile(r"\{%\s*(?:url|if|elif|static|extends|querystring|load)\b")  # whose literals are no texts
_COMMENT = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
_QUOTED = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_NAME = re.compile(r"[\w./:?=&%-]*[-_./:?=][\w./:?=&%-]*")  # of a file, a route, a variable


def forbidden_words(table: str) -> dict[str, re.Pattern[str]]:
    """Each word of the last column, with an expression that finds it in its forms."""
    rows = [line.strip().strip("|").split("|") for line in table.splitlines() if line.startswith("| ")]
    columns = [cells[-1] for cells in rows[1:] if not set(cells[-1].strip()) <= set("-: ")]
    return {word: _forms(word) for cell in columns for word in (part.strip() for part in cell.split(",")) if word}


def _forms(word: str) -> re.Pattern[str]:
    """``set aside`` is also "sets it aside" and "setting aside", ``judge`` also "judging"."""
    forms = [f"{re.escape(part.removesuffix('e'))}{_ENDING}" for part in word.split()]
    between = r"\W+(?:it\W+|them\W+)?"
    return re.compile(rf"\b(?!united\b){between.join(forms)}\b", re.IGNORECASE)


def template_texts(text: str) -> Iterator[str]:
    """Visible text, attributes that are read out, and texts that tags are given."""
    text = _COMMENT.sub(" ", text)
    for tag in _TAG.findall(text):
        if _SILENT.match(tag):
            continue
        words = [double or single for double, single in _QUOTED.findall(tag)]
        yield from (word for word in words if not _NAME.fullmatch(word))
    reader = _Reader()
    reader.feed(_TAG.sub(" ", text))
    reader.close()
    yield from reader.texts
    # One sentence may be cut by a tag or a variable: it is looked at as a whole as well.
    yield " ".join(reader.visible)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.visible: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if value and name in _SPOKEN_ATTRIBUTES]

    def handle_data(self, data: str) -> None:
        self.visible.append(data)


def source_texts(text: str) -> Iterator[str]:
    """Literals that read like text: of several words, or one that begins with a capital. Docstrings are left out."""
    tree = ast.parse(text)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
            continue
        if re.search(r"\w\s+\w", node.value) or re.fullmatch(r"\s?[A-Z][a-z]+\W?", node.value):
            yield node.value


def script_texts(text: str) -> Iterator[str]:
    """Literals of several words."""
    yield from (word for word in re.findall(r'["`]([^"`\n]*)["`]', text) if re.search(r"\w\s+\w", word))


def document_texts(text: str) -> Iterator[str]:
    """Markdown without code, addresses of links, and the glossary's own last column."""
    text = re.sub(r"```.*?```", " ", text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`", " ", text)
    yield re.sub(r"\]\([^)]*\)", "]", text)


def api_texts() -> Iterator[str]:
    yield from _descriptions(description())


def _descriptions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (text for key, text in value.items() if key in {"summary", "description"} and isinstance(text, str))
        for item in value.values():
            yield from _descriptions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _descriptions(item)


def command_texts() -> Iterator[tuple[str, str]]:
    """Each command of ours with its help and the help of its arguments."""
    for name, app in sorted(get_commands().items()):
        if str(app).split(".")[0] in PRODUCT:
            command = load_command_class(app, name)
            yield name, command.help
            parser: argparse.ArgumentParser = command.create_parser("manage.py", name)
            yield from ((name, action.help) for action in parser._actions if action.help)


def all_texts() -> Iterator[tuple[str, str]]:
    """Where it stands, and the text."""
    for path in sorted((ROOT / "templates").rglob("*.*")):
        yield from ((_place(path), text) for text in template_texts(path.read_text()))
    for app in PRODUCT:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from ((_place(path), text) for text in source_texts(path.read_text()))
    for path in sorted((ROOT / "static" / "js").glob("*.js")):
        yield from ((_place(path), text) for text in script_texts(path.read_text()))
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if path != GLOSSARY:
            yield from ((_place(path), text) for text in document_texts(path.read_text()))
    yield from (("the API's description", text) for text in api_texts())
    yield from ((f"manage.py {name}", text) for name, text in command_texts())


def _place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def violations(place: str, text: str, words: dict[str, re.Pattern[str]]) -> Iterator[str]:
    """What stands in the text and should not."""
    for word, pattern in words.items():
        if place.startswith(ELSEWHERE.get(word, ())):
            continue
        for match in pattern.finditer(text):
            near = " ".join(text[max(0, match.start() - 50) : match.end() + 50].split())
            yield f"{place}: “{word}” in “{near}”"
