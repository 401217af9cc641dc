"""Checks a document by its JSON Schema and says what is wrong by path. Pure functions.

Of JSON Schema (2020-12) they know what the sections use: types, properties, required, items, enum, const, anyOf and
limits. The same schema is published for editors, so a file that an editor accepts is of the right shape here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "boolean": (bool,), "integer": (int,), "array": (list,), "object": (dict,), "null": (type(None),),
    "number": (float,),  # which no place takes
}  # fmt: skip
WORDS = {
    "string": "a text", "boolean": "true or false", "integer": "a whole number", "array": "a list",
    "object": "a mapping", "null": "nothing", "number": "a number",
}  # fmt: skip
MOST_PROBLEMS = 50


def problems(schema: Schema, value: Any) -> dict[str, str]:
    """What is wrong, by path (``accounts[3].environment``); at most `MOST_PROBLEMS`. Values are never repeated: a
    secret may stand anywhere."""
    by_path: dict[str, str] = {}
    for path, message in _problems(schema, value, ""):
        by_path.setdefault(path or "file", message)
        if len(by_path) >= MOST_PROBLEMS:
            break
    return by_path


def types_of(schema: Schema) -> tuple[str, ...]:
    """The types that a value may have, those of its alternatives among them."""
    if "anyOf" in schema:
        return tuple(name for option in schema["anyOf"] for name in types_of(option))
    if "const" in schema or "enum" in schema:
        return ("string",)
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def branch(schema: Schema, kind: str) -> Schema:
    """The alternative for values of this type."""
    return next((option for option in schema.get("anyOf", ()) if kind in types_of(option)), schema)


def _problems(schema: Schema, value: Any, path: str) -> Iterator[tuple[str, str]]:
    kind = next(name for name, classes in TYPES.items() if type(value) in classes)
    allowed = types_of(schema)
    if allowed and kind not in allowed:
        yield path, f"Give {' or '.join(dict.fromkeys(WORDS[name] for name in allowed))}."
        return
    schema = branch(schema, kind)
    if "const" in schema and value != schema["const"]:
        yield path, f"Give “{schema['const']}”{' or a list' if 'array' in allowed else ''}."
    elif "enum" in schema and value not in schema["enum"]:
        yield path, f"Choose one of {', '.join(map(str, schema['enum']))}."
    elif kind == "string":
        yield from _text_problems(schema, value, path)
    elif kind == "array":
        yield from _list_problems(schema, value, path)
    elif kind == "object":
        yield from _mapping_problems(schema, value, path)
    elif kind == "integer" and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield path, f"Give a number between {schema.get('minimum', 0)} and {schema.get('maximum', 'any')}."


def _text_problems(schema: Schema, value: str, path: str) -> Iterator[tuple[str, str]]:
    if "\x00" in value:
        yield path, "There is a NUL character in it."
    elif len(value) > schema.get("maxLength", len(value)):
        yield path, f"This is too long: {schema['maxLength']} characters at most."
    elif len(value.strip()) < schema.get("minLength", 0):
        yield path, "This is empty."
    elif "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield path, str(schema.get("description", "This value is not accepted."))


def _list_problems(schema: Schema, value: list[Any], path: str) -> Iterator[tuple[str, str]]:
    if len(value) > schema.get("maxItems", len(value)):
        yield path, f"There are too many: {schema['maxItems']} at most."
        return
    for number, item in enumerate(value):
        yield from _problems(schema.get("items", {}), item, f"{path}[{number}]")


def _mapping_problems(schema: Schema, value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield path, f"“{name}” is missing."
    for name, item in value.items():
        below = f"{path}.{name}" if path else name
        if name in known:
            yield from _problems(known[name], item, below)
        elif isinstance(further := schema.get("additionalProperties", True), Mapping):
            yield from _problems(further, item, below)
        elif not further:
            yield below[:200], f"There is no such field. Known are {', '.join(known)}."
