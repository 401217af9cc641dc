"""Mute rules in a file of the registry: by what they match. A rule whose end has passed counts for nothing there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from cloudaccounts.audit.actor import Actor
from cloudaccounts.declared.accounts import KEY as ACCOUNTS
from cloudaccounts.declared.accounts import account_name, find_account
from cloudaccounts.declared.groups import KEY as GROUPS
from cloudaccounts.declared.sections import Entry, Known, Section, register
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import find_groups
from cloudaccounts.models import AccountGroup, CloudAccount
from cloudaccounts.text import clean_name
from scans.models import MuteRule
from scans.muting.rules import CRITERIA, create_mute_rule, end_mute_rule, mute_rules
from teams.scope import Scope


class MuteRules(Section):
    key, title, stage = "mute_rules", "mute rule", 50
    area = "findings"
    refers = {ACCOUNTS: "", GROUPS: ""}
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["match", "reason"],
        "properties": {
            "match": {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: {"type": "string", "maxLength": 400} for name in CRITERIA},
                "description": "account as aws/111122223333, group by name, resource a glob, tag key or key=value.",
            },
            "reason": {"type": "string", "minLength": 1, "maxLength": 500},
            "until": {"type": ["string", "null"], "maxLength": 40, "description": "An ISO date or time."},
        },
    }  # fmt: skip

    def name(self, entry: Entry) -> str:
        match = _match(entry)
        if not match:
            raise InputError({"match": "Give at least one criterion."})
        return _name(match)

    def order(self, entries: Iterable[Entry]) -> list[Entry]:
        """Without those that have ended: a file must not break on the day that a rule of it ends."""
        return [entry for entry in entries if not _has_ended(entry)]

    def clean(self, entry: Entry, known: Known, present: Entry | None) -> Entry:
        match = _match(entry)
        if "account" in match and not known.has(ACCOUNTS, match["account"]):
            raise InputError({"match.account": "This account is not connected, and the file makes none."})
        if "group" in match and not known.has(GROUPS, match["group"]):
            raise InputError({"match.group": "There is no such group, and the file makes none."})
        cleaned: Entry = {"match": match, "reason": " ".join(entry["reason"].split())}
        if "until" in entry:
            until = _until(entry)
            cleaned["until"] = until.isoformat() if until else None
        return cleaned

    def present(self, owner: str) -> Mapping[str, Entry]:
        # Of two that match the same, the latest counts.
        return {name: entry for name, entry, _ in reversed(_named(owner))}

    def exported(self, owner: str, actor: Actor) -> list[Entry]:
        return [{k: v for k, v in entry.items() if v is not None} for entry in self.present(owner).values()]

    def create(self, owner: str, actor: Actor, entry: Entry) -> None:
        if self.present(owner).get(self.name(entry)):  # of an earlier try
            self.change(owner, actor, entry)
            return
        match: dict[str, Any] = dict(entry["match"])
        if "account" in match:
            match["account"] = find_account(owner, match["account"]).pk
        if "group" in match:
            match["group"] = find_groups(Scope(owner), [match["group"]], field="group")[0]
        create_mute_rule(Scope(owner), match, actor=actor, reason=entry["reason"], until=_until(entry))

    def change(self, owner: str, actor: Actor, entry: Entry) -> None:
        """Rules are ended and made anew: it stays known until when a finding did not count, and why."""
        name = self.name(entry)
        present = self.present(owner).get(name)
        if present is not None and all(present[field] == value for field, value in entry.items()):
            return
        self.delete(owner, actor, name)
        self.create(owner, actor, {**(present or {}), **entry})

    def delete(self, owner: str, actor: Actor, name: str) -> None:
        for known, _, rule in _named(owner):
            if known == name:
                end_mute_rule(rule, actor=actor)


def _named(owner: str) -> list[tuple[str, Entry, MuteRule]]:
    """Rules in force, the latest first, each with its name and as a file would say it. Three queries."""
    rules = mute_rules(Scope(owner))
    accounts = CloudAccount.objects.only("provider", "account_id").in_bulk([r.account for r in rules if r.account])
    groups = dict(AccountGroup.objects.filter(owner=owner).values_list("pk", "name"))
    named = []
    for rule in rules:
        match = {name: str(getattr(rule, name) or "") for name in CRITERIA}
        if rule.account and (account := accounts.get(rule.account)):
            match["account"] = f"{account.provider}/{account.account_id}"
        if rule.group:
            match["group"] = groups.get(rule.group, str(rule.group))
        match = {name: value for name, value in match.items() if value}
        until = rule.until.astimezone(UTC).isoformat() if rule.until else None
        named.append((_name(match), {"match": match, "reason": rule.reason, "until": until}, rule))
    return named


def _name(match: Mapping[str, str]) -> str:
    return " ".join(f"{name}={match[name]}" for name in CRITERIA if name in match)


def _has_ended(entry: Entry) -> bool:
    try:
        until = _until(entry)
    except InputError:
        return False  # told where it is read
    return until is not None and until <= timezone.now()


def _match(entry: Entry) -> dict[str, str]:
    match = {name: value.strip() for name, value in entry["match"].items() if value.strip()}
    if "group" in match:
        match["group"] = clean_name(match["group"])
    if "account" in match:
        try:
            match["account"] = account_name(match["account"])
        except InputError as error:
            raise InputError({"match.account": error.cause}) from None
    return match


def _until(entry: Entry) -> datetime | None:
    """A day is its end in UTC. Raises `InputError`."""
    text = entry.get("until")
    if not text:
        return None
    try:
        moment = parse_datetime(text)
        day = None if moment else parse_date(text)
    except ValueError:
        moment = day = None
    if day is not None:
        moment = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    if moment is None:
        raise InputError({"until": "Give an ISO date or time, as 2027-06-30."})
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


register(MuteRules())
