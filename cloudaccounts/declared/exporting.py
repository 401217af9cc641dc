"""Writes what is there as a file that makes the same: without secrets, which it names by environment variables."""

from __future__ import annotations

from typing import Any

import yaml

from cloudaccounts.audit.actor import Actor
from cloudaccounts.declared.sections import sections

HEADER = (
    "# yaml-language-server: $schema=registry.schema.json\n"
    "# Secrets are not in here: each env:NAME is to be set where the file is applied.\n"
)


def export_registry(owner: str, *, actor: Actor) -> dict[str, Any]:
    """The file's content. Raises `CredentialsUnreadableError`."""
    content: dict[str, Any] = {"version": 1}
    for part in sections():
        if entries := part.exported(owner, actor):
            content[part.key] = entries
    return content


def as_yaml(content: dict[str, Any]) -> str:
    """Texts that look like numbers are quoted, so that every reader takes them for texts."""
    return HEADER + yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True  # an alias would be refused when the file is read again
