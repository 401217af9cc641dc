"""Channels in a file of the registry, by name. Their secrets stand apart, as references, and are never exported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cloudaccounts.audit.actor import Actor
from cloudaccounts.channels.services import (
    LONGEST_DIGEST,
    ChannelInput,
    create_channel,
    delete_channel,
    set_enabled,
    update_channel,
)
from cloudaccounts.contract.rules import Severity
from cloudaccounts.declared.groups import KEY as GROUPS
from cloudaccounts.declared.references import Place
from cloudaccounts.declared.sections import Entry, Known, Section, register
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import find_groups
from cloudaccounts.models import AccountGroup, NotificationChannel
from cloudaccounts.notifications.channels.base import ChannelKind
from cloudaccounts.notifications.channels.registry import all_kinds, event_labels, events_of, find_kind
from cloudaccounts.text import clean_name
from teams.names import name_order
from teams.scope import Scope

ALL = "all"  # accounts of the team, and what is of no account
RULES = ("events", "min_severity", "groups", "digest_minutes", "settings")


class Channels(Section):
    key, title, stage = "channels", "channel", 50
    area = "channels"
    refers = {GROUPS: "groups"}
    # Like credentials of accounts they count when the channel is made: nothing that is stored is compared with them.
    create_only = frozenset({"secrets"})
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "kind"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 80},
            "kind": {"enum": list(all_kinds())},
            "settings": {
                "type": "object",
                "additionalProperties": {
                    "anyOf": [
                        {"type": "string", "maxLength": 2000},
                        {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 320}},
                    ]
                },
                "description": "What the kind takes and is not secret.",
            },
            "secrets": {
                "type": "object",
                "additionalProperties": {"type": "string", "maxLength": 65536},
                "description": "What the kind takes and is secret, as env:NAME or file:NAME.",
            },
            "events": {"type": "array", "maxItems": 100, "items": {"enum": list(event_labels())}},
            "min_severity": {"enum": [severity.value for severity in Severity]},
            "groups": {
                "anyOf": [
                    {"const": ALL},
                    {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 80}},
                ],
                "description": "Names of groups; all for all accounts of the team.",
            },
            "digest_minutes": {"type": "integer", "minimum": 0, "maximum": LONGEST_DIGEST},
            "enabled": {"type": "boolean"},
        },
    }  # fmt: skip

    def name(self, entry: Entry) -> str:
        return clean_name(entry["name"])

    def clean(self, entry: Entry, known: Known, present: Entry | None) -> Entry:
        kind = _kind(entry["kind"])
        if present is not None and present["kind"] != kind.key:
            raise InputError({"kind": f"There is a channel of this name already, of the kind {present['kind']}."})
        if entry.get("groups") == []:
            raise InputError({"groups": "Name groups, or write all for all accounts of the team."})
        if isinstance(entry.get("groups"), list):
            entry = {**entry, "groups": [clean_name(group) for group in entry["groups"]]}
        named = entry.get("groups", ALL)
        for number, group in enumerate([] if named == ALL else named):
            if not known.has(GROUPS, group):
                raise InputError({f"groups[{number}]": "There is no such group, and the file makes none."})
        if set(entry.get("events", ())) - set(events_of(kind)):
            raise InputError({"events": f"Choose from {', '.join(events_of(kind))}."})
        canonical: Entry = {**entry, "name": self.name(entry), "kind": kind.key}
        if "digest_minutes" in entry:
            if not kind.least_digest <= entry["digest_minutes"] <= LONGEST_DIGEST:
                raise InputError({"digest_minutes": f"Give between {kind.least_digest} and {LONGEST_DIGEST} minutes."})
            # Tickets are opened one by one, whatever was given: else the next plan would find a difference.
            canonical["digest_minutes"] = 0 if kind.keeps_incidents else entry["digest_minutes"]
        if "settings" in entry or present is None:
            canonical["settings"] = kind.clean(entry.get("settings", {}), open_alone=True)[0]
        if unknown := sorted(set(entry.get("secrets", ())) - set(kind.secret_names)):
            raise InputError({f"secrets.{name}": "The kind has no such secret." for name in unknown})
        needed = {setting.name for setting in kind.settings if setting.secret and setting.required}
        if present is None and (missing := sorted(needed - set(entry.get("secrets", ())))):
            raise InputError({f"secrets.{name}": "This is missing: write env:NAME or file:NAME." for name in missing})
        for listed in ("events", "groups"):
            if isinstance(canonical.get(listed), list):
                canonical[listed] = sorted(set(canonical[listed]))
        return canonical

    def secrets(self, entry: Entry) -> Iterable[Place]:
        kind = find_kind(entry["kind"])
        return [("secrets", name) for name in sorted(kind.secret_names)] if kind is not None else ()

    def present(self, owner: str) -> Mapping[str, Entry]:
        groups = {str(key): name for key, name in AccountGroup.objects.filter(owner=owner).values_list("pk", "name")}
        rows = sorted(NotificationChannel.objects.filter(owner=owner), key=lambda row: name_order(row.name))
        return {row.name: _entry(row, groups) for row in rows}

    def exported(self, owner: str, actor: Actor) -> list[Entry]:
        entries = []
        for entry in self.present(owner).values():
            kind = find_kind(entry["kind"])
            # One whose groups are all gone tells nothing to anybody, and a file has no word for that.
            if kind is None or entry["groups"] == []:
                continue
            variable = "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in entry["name"]).upper()
            named = [setting.name for setting in kind.settings if setting.secret and setting.required]
            secrets = {name: f"env:CHANNEL_{variable}_{name.upper()}"[:132] for name in named}
            entries.append({**entry, **({"secrets": secrets} if secrets else {})})
        return entries

    def create(self, owner: str, actor: Actor, entry: Entry) -> None:
        if _find(owner, entry["name"]) is not None:  # of an earlier try
            self.change(owner, actor, entry)
            return
        given = ChannelInput(
            kind=entry["kind"], name=entry["name"], settings={**entry["settings"], **entry.get("secrets", {})},
            events=entry.get("events"), min_severity=entry.get("min_severity"), groups=_keys(owner, entry),
            digest_minutes=entry.get("digest_minutes"),
        )  # fmt: skip
        channel = create_channel(Scope(owner), given, actor=actor).channel
        if not entry.get("enabled", True):
            set_enabled(channel, enabled=False, actor=actor)

    def change(self, owner: str, actor: Actor, entry: Entry) -> None:
        channel = _find(owner, entry["name"])
        if channel is None:
            raise InputError({"name": "This channel was deleted meanwhile."})
        changes: dict[str, Any] = {name: entry[name] for name in RULES if name in entry}
        if "groups" in entry:
            changes["groups"] = _keys(owner, entry)
        if "settings" in entry:
            # What the file does not name is taken away: settings are replaced as a whole, as lists are.
            changes["settings"] = {**dict.fromkeys(channel.settings), **entry["settings"]}
        if changes:
            update_channel(Scope(owner), channel, changes, actor=actor)
        if "enabled" in entry:
            set_enabled(channel, enabled=entry["enabled"], actor=actor)

    def delete(self, owner: str, actor: Actor, name: str) -> None:
        channel = _find(owner, name)
        if channel is not None:
            delete_channel(channel, actor=actor)


def _entry(row: NotificationChannel, groups: Mapping[str, str]) -> Entry:
    named = ALL if row.groups is None else sorted(groups[key] for key in row.groups if key in groups)
    return {
        "name": row.name, "kind": row.kind, "settings": dict(row.settings), "events": sorted(row.events),
        "min_severity": row.min_severity, "groups": named, "digest_minutes": row.digest_minutes,
        "enabled": row.enabled,
    }  # fmt: skip


def _keys(owner: str, entry: Entry) -> list[str] | None:
    names = entry.get("groups", ALL)
    return None if names == ALL else [str(key) for key in find_groups(Scope(owner), names, field="groups")]


def _kind(key: str) -> ChannelKind:
    kind = find_kind(key)
    if kind is None:
        raise InputError({"kind": f"Choose one of {', '.join(all_kinds())}."})
    return kind


def _find(owner: str, name: str) -> NotificationChannel | None:
    return NotificationChannel.objects.filter(owner=owner, name=name).first()


register(Channels())
