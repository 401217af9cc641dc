"""Terraform's texts as a parser reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import hcl2


@dataclass
class Parsed:
    """``versions`` of the required providers; ``providers`` and ``resources`` (the first of each type) by name."""

    versions: dict[str, str]
    providers: dict[str, dict[str, Any]]
    resources: dict[str, dict[str, Any]]


def parse(body: str) -> Parsed:
    """Raises lark's errors for what is no HCL."""
    content = _plain(hcl2.loads(body))
    (terraform,) = content["terraform"]
    (required,) = terraform["required_providers"]
    return Parsed(
        {name: provider["version"] for name, provider in required.items()},
        {name: fields for provider in content["provider"] for name, fields in provider.items()},
        {
            kind: next(iter(named.values()))
            for resource in content.get("resource", ())
            for kind, named in resource.items()
        },
    )


def _plain(value: Any) -> Any:
    """Without the quotes and the marks that the parser keeps."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.strip('"') if isinstance(value, str) else value
