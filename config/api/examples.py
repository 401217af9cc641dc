"""Examples of every operation in the API's description: bodies by what their calls name, answers by their schemas.

A test posts each example of a body, so none of them is made up beyond what a call takes.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
BY_FORMAT = {
    "uuid": "0e3e1a3c-6a51-4f0b-9d3c-2f6b1a7c9d10", "date-time": "2026-11-30T08:12:00Z", "date": "2026-11-30",
}  # fmt: skip
DEEPEST = 12  # levels; schemas that hold themselves end there


def add_examples(description: Schema) -> None:
    """Adds them in place, where a call has not named its own."""
    for verbs in description["paths"].values():
        for operation in verbs.values():
            for content in _json_of(operation.get("requestBody", {})):
                if not content.get("examples"):
                    value = _given(description, content["schema"])
                    content["examples"] = {"example1": {"summary": operation["summary"], "value": value}}
            for code, answer in operation["responses"].items():
                for content in _json_of(answer):
                    content["example"] = _problem(code, answer) if code >= "4" else _value(
                        description, content["schema"], 0
                    )  # fmt: skip
            for parameter in operation.get("parameters", []):
                # Ninja writes a list here, where OpenAPI has a mapping: generators of clients refuse it.
                beside = parameter.pop("examples", None)
                shown = beside or parameter.get("schema", {}).get("examples")
                if shown and "example" not in parameter:
                    parameter["example"] = shown[0]


def _json_of(part: Schema) -> list[Schema]:
    content = part.get("content", {}).get("application/json")
    return [content] if content and "schema" in content else []


def _problem(code: str, answer: Schema) -> Schema:
    """What an error looks like: the real codes are many, and docs/api.md lists them."""
    return {"code": {"404": "not_found", "412": "changed_meanwhile", "422": "input_invalid"}.get(code, "refused"),
            "message": str(answer.get("description") or "This call is not accepted.")}  # fmt: skip


def _given(description: Schema, schema: Schema) -> Any:
    """A body: what is required, and what names an example of its own."""
    schema = resolved(description, schema)
    required = schema.get("required", [])
    return {
        name: _value(description, item, 1)
        for name, item in schema.get("properties", {}).items()
        if name in required or "examples" in resolved(description, item)
    }


def _value(description: Schema, schema: Schema, depth: int) -> Any:
    schema = resolved(description, schema)
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("default") is not None:
        return schema["default"]
    if depth > DEEPEST:
        return None
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return _value(description, options[0], depth + 1)
    kind = schema.get("type")
    if kind == "object":
        return {name: _value(description, item, depth + 1) for name, item in schema.get("properties", {}).items()}
    if kind == "array":
        return [_value(description, schema.get("items", {}), depth + 1)]
    plain = {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": False, "string": ""}
    return BY_FORMAT.get(schema.get("format", "")) or plain.get(str(kind))


def resolved(description: Schema, schema: Schema) -> Schema:
    """The schema with references followed. ``anyOf`` of one type and null, as pydantic writes ``X | None``, is the
    type."""
    if "$ref" in schema:
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        referenced = description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return {**resolved(description, referenced), **beside}
    for key in ("allOf", "anyOf"):
        options = [option for option in schema.get(key, []) if option.get("type") != "null"]
        if len(options) == 1:
            return {**resolved(description, options[0]), **{k: v for k, v in schema.items() if k != key}}
    return schema
