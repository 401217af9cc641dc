"""The shape and the bounds of a framework that a team writes. Loads nothing, for the registry's schema has it too."""

from __future__ import annotations

from typing import Any

LARGEST = 100_000  # bytes of YAML; the largest of the product's own frameworks has a fifth of that
SECTIONS, CONTROLS, RULES = 60, 400, 60  # at most; rules of one control

_ID = {
    "type": "string",
    "minLength": 1,
    "maxLength": 40,
    "pattern": r"[A-Za-z0-9][A-Za-z0-9.()_-]*",
    "description": "Letters, digits and . ( ) _ - alone, up to 40.",
}
_TITLE = {"type": "string", "minLength": 3, "maxLength": 120}
_SENTENCE = {"type": "string", "maxLength": 300}
# The shape, for editors and for messages with a line; what fields have to do with one another, `schema.Framework`
# knows. Slugs begin with "own_": so no framework of a later release has the slug, and the answers, of a team's own.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["slug", "title", "short", "version", "sections", "controls"],
    "properties": {
        "slug": {
            "type": "string", "maxLength": 40, "pattern": r"own_[a-z0-9_]+(\.[0-9]+)*",
            "description": "own_, then small letters, digits and _, and its version: own_baseline_1.0",
        },
        "title": _TITLE,
        "short": {"type": "string", "minLength": 2, "maxLength": 40},
        "version": {"type": "string", "minLength": 1, "maxLength": 20},
        "provider": {"type": "string", "maxLength": 32},
        "source": {
            "type": "string", "maxLength": 300, "pattern": r"(https://[^\s\"'<>\\]+)?",
            "description": "An address that begins with https://, or nothing.",
        },
        "about": {"type": "string", "maxLength": 500},
        "sections": {
            "type": "array", "maxItems": SECTIONS,
            "items": {
                "type": "object", "additionalProperties": False, "required": ["id", "title"],
                "properties": {"id": _ID, "title": _TITLE},
            },
        },
        "controls": {
            "type": "array", "maxItems": CONTROLS,
            "items": {
                "type": "object", "additionalProperties": False, "required": ["id", "title", "assessment"],
                "properties": {
                    "id": _ID,
                    "title": _TITLE,
                    "assessment": {"enum": ["automated", "manual"]},
                    "level": {"type": "integer", "minimum": 1, "maximum": 2},
                    "section": {"type": "string", "maxLength": 40},
                    "rules": {
                        "type": "array", "maxItems": RULES,
                        "items": {"type": "string", "maxLength": 80, "description": "The id of a check."},
                    },
                    "partial": _SENTENCE,
                    "all_regions": {"type": "boolean"},
                    "note": _SENTENCE,
                },
            },
        },
    },
}  # fmt: skip
