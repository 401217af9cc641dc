"""What of an asset's properties evidence may show: the fields that the rule itself looks at, and what names an entry.

An allow-list by field, found by asking the rule once more and watching what it reads (docs/decisions/0019): a secret in
a property that nobody thought of is not shown, whatever it looks like. Fields that hold what people write freely are
never shown, even where a rule looks at them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.deciding_parts import Rule
from cloudaccounts.provider_kit.secret_looks import NOT_SHOWN, SECRET_NAME, looks_secret
from cloudaccounts.storable import CUT

UNREAD = "not shown: the check does not look inside"
MOST_ENTRIES = 60  # of a list; the others are only counted
# What tells a person which entry of a list it is. Names are shown as the resource's own name is.
_NAMING = frozenset(
    {
        "id",
        "arn",
        "name",
        "type",
        "kind",
        "role",
        "service",
        "region",
        "place",
        "number",
        "priority",
        "port",
        "protocol",
    }
)
# Without underscores and capitals. Scripts, variables, settings, descriptions and tags of every cloud.
_FREE = frozenset(
    {
        *("description", "descriptions", "comment", "comments", "note", "notes", "annotations", "documentation"),
        *("userdata", "customdata", "startupscript", "shutdownscript", "script", "command", "commands", "args"),
        *("env", "envvars", "environment", "environmentvariables", "buildenvironmentvariables", "variables"),
        *("secretenvironmentvariables", "parameters", "appsettings", "connectionstrings", "applicationsettings"),
        *("tags", "labels", "userlabels", "resourcelabels", "body", "content", "payload", "templatebody"),
    }
)
# Values of switches: with an entry's name and one of these, nobody learns a secret.
_SWITCH = re.compile(r"(true|false|on|off|yes|no|enabled?|disabled?|required|optional|-?\d{1,9})", re.IGNORECASE)
_DATA = frozenset({"value", "values"})  # of an entry that has a name: a variable, a tag, metadata


class Fields:
    """Names of the fields that were read inside of properties."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def watched(self, value: Any) -> Any:
        if isinstance(value, dict):
            return _WatchedDict(value, self)
        return _WatchedList(value, self) if isinstance(value, list) else value


class _WatchedDict(dict[str, Any]):
    """Notes whose value was asked for. Whoever walks over all of them looks at all."""

    __slots__ = ("_fields",)

    def __init__(self, content: Mapping[str, Any], fields: Fields) -> None:
        super().__init__(content)
        self._fields = fields

    def _noted(self, key: str, value: Any) -> Any:
        self._fields.names.add(key)
        return self._fields.watched(value)

    def __getitem__(self, key: str) -> Any:
        return self._noted(key, super().__getitem__(key))

    def get(self, key: str, default: Any = None) -> Any:
        return self._noted(key, super().get(key, default))

    def __iter__(self) -> Iterator[str]:  # so that copies are made by `__getitem__`
        return iter(list(super().keys()))

    def items(self) -> Any:
        return [(key, self[key]) for key in self]

    def values(self) -> Any:
        return [self[key] for key in self]


class _WatchedList(list[Any]):
    __slots__ = ("_fields",)

    def __init__(self, content: list[Any], fields: Fields) -> None:
        super().__init__(content)
        self._fields = fields

    def __iter__(self) -> Iterator[Any]:
        return (self._fields.watched(item) for item in super().__iter__())

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return [self._fields.watched(item) for item in found] if isinstance(key, slice) else self._fields.watched(found)


def fields_read(rule: Rule, asset: Asset) -> frozenset[str]:
    """Asks the rule once more; it is pure. Raises what it raises."""
    fields = Fields()
    watched = {name: fields.watched(value) for name, value in asset.properties.items()}
    rule(replace(asset, properties=watched))
    return frozenset(fields.names)


def shown(value: Any, path: str, fields: frozenset[str] | None, *, named: str = "") -> Any:
    """A copy of what stands at the path, without what evidence must not show.

    ``fields`` are those of `fields_read`; None where that is not known: then fields of free text are left out alone.
    ``named``: how much of the path the rule names itself, as ``parameters.require_ssl``; empty for all of it. The rest
    was found by asking the rule, and its names may be anything that somebody put there.
    """
    names, found = _names(path), _names(path[len(named) :] if named else "")
    if fields is not None and any(not (name in fields or name in _NAMING) for name in found):
        return UNREAD
    return _shown(value, names[-1] if names else "", any(map(_is_free, names if found else names[-1:])), fields)


def _names(path: str) -> list[str]:
    return [name for name in re.split(r"[.\[\]]", path) if name and name != CUT and not name.isdigit()]


def _shown(value: Any, name: str, free: bool, fields: frozenset[str] | None) -> Any:
    if isinstance(value, Mapping):
        return _of_object(value, free, fields)
    if isinstance(value, list):
        first = [_shown(item, name, free, fields) for item in value[:MOST_ENTRIES]]
        return [*first, *[None] * (len(value) - len(first))]
    if value is None or isinstance(value, bool) or value == "":
        return value
    # Whether a password is set may be shown, what it is may not.
    if free or SECRET_NAME.fullmatch(name) or (isinstance(value, str) and looks_secret(value)):
        return NOT_SHOWN
    return value


def _of_object(value: Mapping[str, Any], free: bool, fields: frozenset[str] | None) -> Any:
    named = "name" in value or "key" in value
    shown_fields = {}
    for name, item in value.items():
        if not (free or fields is None or name in fields or name in _NAMING):
            continue
        hidden = free or _is_free(name) or (named and name in _DATA and not _is_switch(item))
        shown_fields["(not shown)" if looks_secret(str(name)) else name] = _shown(item, name, hidden, fields)
    return shown_fields if shown_fields or not value else UNREAD


def _is_free(name: str) -> bool:
    return re.sub(r"[^a-z]", "", name.lower()) in _FREE


def _is_switch(value: Any) -> bool:
    return not isinstance(value, str) or _SWITCH.fullmatch(value) is not None
