"""The API's description as an HTML page of our own: usual viewers are scripts of other hosts, which the CSP forbids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from config.api.examples import resolved

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
    """The credentials of one method."""

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
    more: list[tuple[str, str]]  # further bodies: what each shows, and its JSON


def sections(description: Schema) -> dict[str, list[Call]]:
    """The calls by heading, in the order of the description."""
    calls: dict[str, list[Call]] = {}
    for path, verbs in description["paths"].items():
        for verb, operation in verbs.items():
            calls.setdefault(operation["tags"][0], []).append(_call(description, path, verb.upper(), operation))
    return calls


def _call(description: Schema, path: str, verb: str, operation: Schema) -> Call:
    body = _body(description, operation)
    shown = _examples(operation)
    good = next(answer for code, answer in operation["responses"].items() if code.startswith("2"))
    return Call(
        key=operation["operationId"],
        verb=verb,
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=[
            Field(item["name"], _kind(description, item["schema"]), item["required"], item.get("description", ""))
            for item in operation["parameters"]
        ],
        body=_fields(description, body),
        methods=list(_methods(description, body)),
        answers=[(code, answer["description"]) for code, answer in sorted(operation["responses"].items())],
        answer=_fields(description, good["content"]["application/json"]["schema"]) if "content" in good else [],
        example=_curl(path, verb, next(iter(shown), None)),
        more=[(example["summary"], json.dumps(example["value"])) for example in shown[1:]],
    )


def _examples(operation: Schema) -> list[Schema]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return list(content.get("examples", {}).values())


def _body(description: Schema, operation: Schema) -> Schema:
    content = operation.get("requestBody", {}).get("content", {})
    return resolved(description, content.get("application/json", {}).get("schema", {}))


def _fields(description: Schema, schema: Schema) -> list[Field]:
    schema = resolved(description, schema)
    required = schema.get("required", [])
    return [
        Field(name, _kind(description, item), name in required, item.get("description", ""))
        for name, item in schema.get("properties", {}).items()
    ]


def _kind(description: Schema, schema: Schema) -> str:
    schema = resolved(description, schema)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(description, schema.get('items', {}))}"
    kind = str(schema.get("format") or schema.get("type", "any"))
    return WORDS.get(kind, kind)


def _methods(description: Schema, body: Schema) -> Iterator[Method]:
    for option in body.get("properties", {}).get("credentials", {}).get("anyOf", []):
        yield Method(option["title"], option["description"], _fields(description, option))


def _curl(path: str, verb: str, example: Schema | None) -> str:
    lines = [f"curl {'' if verb == 'GET' else f'-X {verb} '}{settings.BASE_URL}{path}"]
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if example is not None:
        lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(example['value'])}'"]
    return " \\\n  ".join(lines)
