"""Azure's role-based access control: which actions roles grant, and which a deny assignment takes away. No SDK.

https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions and
https://learn.microsoft.com/azure/role-based-access-control/deny-assignments
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cloudaccounts.contract.report import AccessKind, BeyondNeed

MOST_BEYOND = 40  # patterns that a report names: custom roles may list hundreds
EVERYONE = "00000000-0000-0000-0000-000000000000"  # the principal of deny assignments for all


@dataclass(frozen=True, slots=True)
class Entry:
    """One role's (or deny assignment's) actions: what is in ``actions`` and not in its own ``not_actions``."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Entry:
        return cls(_texts(answer.get("actions")), _texts(answer.get("notActions")), _texts(answer.get("dataActions")))

    def covers(self, action: str) -> bool:
        return _matches(self.actions, action) and not _matches(self.not_actions, action)


class Reach(StrEnum):
    NO = "no"
    MAYBE = "maybe"  # it depends on what is not known here: a group's members, a condition, a part of the scope
    YES = "yes"


@dataclass(frozen=True, slots=True)
class DenyAssignment:
    id: str
    name: str
    entries: tuple[Entry, ...]
    principals: tuple[tuple[str, str], ...]  # id and type, lower case
    excluded: tuple[tuple[str, str], ...]
    partial: bool  # has a condition, or does not apply to what is below its scope

    @classmethod
    def of(cls, answer: Mapping[str, Any], subscription_id: str) -> DenyAssignment | None:
        """None where it does not concern the whole subscription: it is about a part of it, or only about a scope
        above.
        """
        properties = answer.get("properties") or {}
        scope = str(properties.get("scope", "")).rstrip("/").lower()
        subscription_scope = f"/subscriptions/{subscription_id}"
        if scope.startswith(f"{subscription_scope}/"):
            return None
        # Then what lies in the subscription, which is what scans read, is not denied.
        only_here = bool(properties.get("doNotApplyToChildScopes"))
        if only_here and scope != subscription_scope:
            return None
        return cls(
            id=str(answer.get("id", "")).lower(),
            name=str(properties.get("denyAssignmentName", "")),
            entries=tuple(Entry.of(item) for item in properties.get("permissions") or ()),
            principals=_principals(properties.get("principals")),
            excluded=_principals(properties.get("excludePrincipals")),
            partial=only_here or bool(properties.get("condition")),
        )

    def reaches(self, action: str, principal_id: str) -> Reach:
        """Whether it takes this action from the app's service principal (object ID; empty where it is unknown)."""
        if not any(entry.covers(action) for entry in self.entries):
            return Reach.NO
        excluded, included = _among(self.excluded, principal_id), _among(self.principals, principal_id)
        # Exclusions win over principals, as the page above says.
        if excluded is Reach.YES or included is Reach.NO:
            return Reach.NO
        if excluded is Reach.MAYBE or self.partial:
            return Reach.MAYBE
        return included

    @property
    def is_for_groups(self) -> bool:
        return any("group" in kind for _, kind in self.principals)

    def among_groups(self, principal_id: str, assigned: Collection[str]) -> DenyAssignment:
        """With the app in place of groups where its id is in ``assigned``, those that Azure calls assigned to the app,
        and else without the groups. Groups that are spared stay: nobody tells who is in those.
        """
        if not self.is_for_groups:
            return self
        principals = tuple(pair for pair in self.principals if "group" not in pair[1])
        if self.id in assigned:
            principals = (*principals, (principal_id.lower(), "serviceprincipal"))
        return replace(self, principals=principals)


def beyond_reading(entries: Iterable[Entry]) -> tuple[BeyondNeed, ...]:
    """The patterns of roles that allow more than reading how the cloud is set up, writing first; each once.

    Scans need nothing but actions that end in ``/read``. Keys that an action lists open data as well, but whatever is
    no read may change something, so it counts as writing.
    """
    entries = list(entries)
    writing = {action for entry in entries for action in entry.actions if not action.lower().endswith("/read")}
    data = {action for entry in entries for action in entry.data_actions}
    # The widest first: "*" before one service's.
    ordered = [(pattern, AccessKind.WRITE) for pattern in sorted(writing, key=lambda text: (text.count("/"), text))]
    ordered += [(pattern, AccessKind.DATA) for pattern in sorted(data)]
    return tuple(BeyondNeed(pattern, access) for pattern, access in ordered[:MOST_BEYOND])


def granted(entries: Iterable[Entry], action: str) -> bool:
    """By any entry: what one role leaves out, another may grant, since notActions are no denial."""
    return any(entry.covers(action) for entry in entries)


def _among(principals: tuple[tuple[str, str], ...], principal_id: str) -> Reach:
    ids = {identifier for identifier, _ in principals}
    if EVERYONE in ids or (principal_id and principal_id.lower() in ids):
        return Reach.YES
    # A group's members are not known here, and without the app's object ID nothing is certain.
    unknown = any("group" in kind for _, kind in principals) or (not principal_id and principals)
    return Reach.MAYBE if unknown else Reach.NO


def _principals(answer: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(item.get("id", "")).lower(), str(item.get("type", "")).lower()) for item in answer or ())


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in values or ())


def _matches(patterns: Iterable[str], action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    """Case is ignored; ``*`` stands for any text, including slashes."""
    return re.compile(re.sub(r"(\\\*)+", ".*", re.escape(text)), re.IGNORECASE | re.DOTALL)
