"""The API's description as a page: one HTML page of our own, as no script from elsewhere may run here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

Schema = dict[str, Any]
WORDS = {"object": "an object", "password": "text, secret", "string": "text", "uuid": "id", "date-time": "moment"}


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Method:
    """What a way to sign in takes."""

    name: str
    description: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Call:
    key: str
    verb: str
    path: str
    summary: str
    description: str
    parameters: list[Field]
    body: list[Field]
    methods: list[Method]
    answers: list[tuple[str, str]]
    answer: list[Field]
    example: str


def sections(described: Schema) -> dict[str, list[Call]]:
    """The calls by heading, in the order of the description."""
    found: dict[str, list[Call]] = {}
    for path, verbs in described["paths"].items():
        for verb, operation in verbs.items():
            found.setdefault(operation["tags"][0], []).append(_call(described, path, verb.upper(), operation))
    return found


def _call(described: Schema, path: str, verb: str, operation: Schema) -> Call:
    body = _body(described, operation)
    good = next(answer for code, answer in operation["responses"].items() if code.startswith("2"))
    return Call(
        key=operation["operationId"],
        verb=verb,
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=[
            Field(item["name"], _kind(described, item["schema"]), item["required"], item.get("description", ""))
            for item in operation["parameters"]
        ],
        body=_fields(described, body),
        methods=list(_methods(described, body)),
        answers=[(code, answer["description"]) for code, answer in sorted(operation["responses"].items())],
        answer=_fields(described, good["content"]["application/json"]["schema"]) if "content" in good else [],
        example=_curl(described, path, verb, body),
    )


def _body(described: Schema, operation: Schema) -> Schema:
    content = operation.get("requestBody", {}).get("content", {})
    return _resolved(described, content.get("application/json", {}).get("schema", {}))


def _resolved(described: Schema, schema: Schema) -> Schema:
    """Without references, and without the choice of null."""
    if "$ref" in schema:
        return _resolved(described, described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    for key in ("allOf", "anyOf"):
        options = [option for option in schema.get(key, []) if option.get("type") != "null"]
        if len(options) == 1:
            return {**schema, **_resolved(described, options[0])}
    return schema


def _fields(described: Schema, schema: Schema) -> list[Field]:
    schema = _resolved(described, schema)
    required = schema.get("required", [])
    return [
        Field(name, _kind(described, item), name in required, item.get("description", ""))
        for name, item in schema.get("properties", {}).items()
    ]


def _kind(described: Schema, schema: Schema) -> str:
    schema = _resolved(described, schema)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(described, schema.get('items', {}))}"
    kind = str(schema.get("format") or schema.get("type", "any"))
    return WORDS.get(kind, kind)


def _methods(described: Schema, body: Schema) -> Iterator[Method]:
    for option in body.get("properties", {}).get("credentials", {}).get("anyOf", []):
        yield Method(option["title"], option["description"], _fields(described, option))


def _curl(described: Schema, path: str, verb: str, body: Schema) -> str:
    lines = [f"curl {'' if verb == 'GET' else f'-X {verb} '}{settings.BASE_URL}{path}"]
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if body:
        given = {name: _example(described, item) for name, item in body.get("properties", {}).items()}
        given = {name: value for name, value in given.items() if value is not None}
        lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(given)}'"]
    return " \\\n  ".join(lines)


def _example(described: Schema, schema: Schema) -> Any:
    """None where there is nothing to show; never a secret."""
    schema = _resolved(described, schema)
    if schema.get("examples"):
        return schema["examples"][0]
    if "anyOf" in schema:
        first = schema["anyOf"][0]
        shown = {name: _example(described, first["properties"][name]) for name in first.get("required", [])}
        return {name: value or "…" for name, value in shown.items()}
    return schema["enum"][0] if "enum" in schema else None
