"""Reads a file: YAML by the import's loader, which constructs nothing and refuses aliases, into plain JSON types.

What a scalar is, its place in the schema decides and not its look: the account 012345670123 is a text, and so is a
group that is called “no”.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cloudaccounts.declared.schema import Schema, branch, types_of
from cloudaccounts.errors import InputError
from cloudaccounts.imports.parser import YAML_LIMIT, FileRefusedError, compose_yaml

DEEPEST = 20  # levels; a rule's group is at the seventh
_NULL = "tag:yaml.org,2002:null"


@dataclass(slots=True)
class Document:
    """``lines`` says where in the file a path stands, so that what is wrong can be found."""

    data: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)

    def located(self, error: InputError) -> InputError:
        """The same, with the line of each field in front of its message."""
        return InputError({path: self.at(path, message) for path, message in error.fields.items()})

    def at(self, path: str, message: str) -> str:
        place = path
        # A field that is missing stands nowhere: the line is that of what it is missing in.
        while place and place not in self.lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return f"line {self.lines[place]}: {message}" if place else message


def read_file(path: Path, schema: Schema) -> Document:
    """Raises `FileRefusedError`."""
    try:
        with path.open("rb") as file:
            content = file.read(YAML_LIMIT + 1)
    except OSError as error:
        raise FileRefusedError(f"The file cannot be read: {error.strerror}.") from None
    return read_yaml(content, schema)


def read_yaml(content: bytes, schema: Schema) -> Document:
    """Raises `FileRefusedError`, with the line."""
    if len(content) > YAML_LIMIT:
        raise FileRefusedError(f"Files are read up to {YAML_LIMIT // 1024 // 1024} MB.", "Split it by team.")
    root = compose_yaml(content)
    if root is None:
        return Document({})
    if not isinstance(root, yaml.MappingNode):
        raise FileRefusedError("The file must be a mapping of sections.", "Begin with “accounts:”, “groups:” …")
    lines: dict[str, int] = {}
    return Document(_convert(root, schema, "", lines, 0), lines)


def _convert(node: yaml.Node, schema: Schema, path: str, lines: dict[str, int], depth: int) -> Any:
    lines[path or "file"] = node.start_mark.line + 1
    if depth > DEEPEST:
        raise FileRefusedError("The file is nested too deeply.", line=node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, branch(schema, "object"), path, lines, depth)
    if isinstance(node, yaml.SequenceNode):
        items = branch(schema, "array").get("items", {})
        return [_convert(item, items, f"{path}[{number}]", lines, depth + 1) for number, item in enumerate(node.value)]
    return _scalar(node, types_of(schema))


def _mapping(node: yaml.MappingNode, schema: Schema, path: str, lines: dict[str, int], depth: int) -> dict[str, Any]:
    known, further = schema.get("properties", {}), schema.get("additionalProperties", {})
    further = further if isinstance(further, dict) else {}
    values: dict[str, Any] = {}
    for key, item in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise FileRefusedError("A name is a list or a mapping.", line=line)
        # PyYAML's own loaders take the last of two equal keys without a word.
        if key.value in values:
            raise FileRefusedError("A name is given twice in one mapping.", line=line)
        below = f"{path}.{key.value}" if path else key.value
        values[key.value] = _convert(item, known.get(key.value, further), below, lines, depth + 1)
        lines[below] = line
    return values


def _scalar(node: yaml.Node, types: tuple[str, ...]) -> Any:
    text = str(node.value)
    is_plain = node.style is None  # type: ignore[attr-defined] # of scalars alone
    if is_plain and node.tag == _NULL:
        # An empty section is an empty list: a person who took the last entry out meant that.
        return [] if "array" in types else {} if "object" in types else None if "null" in types else ""
    if is_plain and "boolean" in types and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if is_plain and "integer" in types and text.lstrip("-").isdecimal() and len(text) < 12:
        return int(text)
    return text
