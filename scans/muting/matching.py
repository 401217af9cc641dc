"""Which mute rule a finding falls under. One implementation for findings to come and for those that are there.

Exact criteria narrow the rows in the database; globs and tags are compared here alone, since databases differ in both.
Case does not matter in either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from fnmatch import translate
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.models import AccountGroup, GroupMember
from scans.models import RANKS, SHOWN_OR_NOT, Finding, FindingStatus, MuteRule
from scans.tags import has_tag

# What `Matcher` looks at of a finding; reading no more keeps a pass over many of them light.
MATCHED = ("account", "check_id", "severity", "region", "environment", "asset_name", "native_id", "tags")


def active_rules(owner: str, *, now: datetime | None = None) -> list[MuteRule]:
    """The oldest first: where several match, it is the one that mutes, and it stays so while others come and go."""
    return list(in_force(MuteRule.objects.filter(owner=owner), now=now).order_by("created_at", "id"))


def in_force(rules: QuerySet[MuteRule], *, now: datetime | None = None) -> QuerySet[MuteRule]:
    return rules.filter(Q(until=None) | Q(until__gt=now or timezone.now()), ended_at=None)


class Matcher:
    """An owner's rules, ready to be asked. Memberships in groups are read where a rule names a group."""

    def __init__(self, owner: str, *, now: datetime | None = None) -> None:
        self.rules = active_rules(owner, now=now)
        self._groups: Mapping[UUID, frozenset[UUID]] = {}
        if any(rule.group for rule in self.rules):
            self._groups = groups_of_accounts(owner)

    def rule_for(self, finding: Finding) -> MuteRule | None:
        groups = self._groups.get(finding.account, frozenset())
        return next((rule for rule in self.rules if matches(rule, finding, groups)), None)

    def apply(self, finding: Finding) -> None:
        """Sets ``muted`` and ``mute_rule``. Does not save."""
        rule = self.rule_for(finding)
        finding.muted, finding.mute_rule = rule is not None, rule.pk if rule else None


def matches(rule: MuteRule, finding: Finding, groups: Iterable[UUID]) -> bool:
    """``groups`` are those that the finding's account is in, outer ones included."""
    exact = (
        (rule.check_id, finding.check_id),
        (rule.severity, finding.severity),
        (rule.account, finding.account),
        (rule.environment, finding.environment),
        (rule.region, finding.region),
    )
    if any(asked and asked != value for asked, value in exact):
        return False
    if rule.group and rule.group not in groups:
        return False
    if rule.resource and not _fits(rule.resource, finding):
        return False
    return not rule.tag or has_tag(finding.tags, rule.tag)


def candidates(rule: MuteRule) -> QuerySet[Finding]:
    """Open findings that fit the rule's exact criteria, without their long columns."""
    exact: dict[str, Any] = {
        "check_id": rule.check_id or None,
        "severity_rank": RANKS.get(rule.severity),
        "account": rule.account,
        "environment": rule.environment or None,
        "region": rule.region or None,
    }
    rows = Finding.objects.filter(owner=rule.owner, status=FindingStatus.OPEN, **SHOWN_OR_NOT)
    return rows.filter(**{name: value for name, value in exact.items() if value is not None}).only(
        *MATCHED, "muted", "mute_rule"
    )


def groups_of_accounts(owner: str) -> dict[UUID, frozenset[UUID]]:
    """The groups that each account is in, outer ones included. Two queries."""
    parents = dict(AccountGroup.objects.filter(owner=owner).values_list("pk", "parent"))
    held: dict[UUID, set[UUID]] = {}
    members = GroupMember.objects.filter(group__in=list(parents)) if parents else GroupMember.objects.none()
    for account, group in members.values_list("account", "group"):
        above: UUID | None = group
        mine = held.setdefault(account, set())
        # Two moves at the same moment can close a circle for an instant: what was met is not walked again.
        while above is not None and above in parents and above not in mine:
            mine.add(above)
            above = parents[above]
    return {account: frozenset(groups) for account, groups in held.items()}


def _fits(glob: str, finding: Finding) -> bool:
    pattern = _compiled(glob)
    return bool(pattern.match(finding.asset_name.lower()) or pattern.match(finding.native_id.lower()))


@lru_cache(maxsize=256)
def _compiled(glob: str) -> re.Pattern[str]:
    # `translate` makes patterns that do not backtrack over their stars: a glob of a stranger's costs linear time.
    return re.compile(translate(glob.lower()))
