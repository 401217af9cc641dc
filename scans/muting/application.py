"""Mutes findings that are there, and gives them back. Each step can be repeated; a kill leaves work, and nothing wrong.

Columns of a mute are written by these functions and by scans, both from the rules in force, so that whoever comes last
writes what holds. A scan looks once more when it ends (`settle_account`): what a rule that was made meanwhile missed,
what moved to another group, what got another tag.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from scans.batching import BATCH_SIZE, batched
from scans.models import SHOWN_OR_NOT, Finding, FindingStatus, MuteRule
from scans.muting.matching import MATCHED, Matcher, candidates
from scans.runs.summaries import renew_posture


def affected(rule: MuteRule, limit: int) -> tuple[dict[UUID, list[UUID]], int]:
    """Findings that the rule would mute and no rule mutes yet, by account: up to ``limit`` of them, and their number.

    The number is ``limit + 1`` where there are more.
    """
    matcher, number = Matcher(rule.owner), 0
    by_account: dict[UUID, list[UUID]] = {}
    for row in candidates(rule).filter(muted__in=[False]).iterator(chunk_size=BATCH_SIZE):
        first = matcher.rule_for(row)
        if first is None or first.pk != rule.pk:
            continue
        number += 1
        if number > limit:
            break
        by_account.setdefault(row.account, []).append(row.pk)
    return by_account, number


def mute(rule: MuteRule, by_account: dict[UUID, list[UUID]]) -> int:
    """Writes the mute onto these findings."""
    number = 0
    for keys in by_account.values():
        for batch in batched(keys):
            number += Finding.objects.filter(pk__in=batch).update(muted=True, mute_rule=rule.pk)
    renew(by_account)
    return number


def give_back(rule: MuteRule, limit: int) -> int:
    """After a rule has ended: its findings count again, unless another rule mutes them. Up to ``limit`` of them."""
    rows = list(Finding.objects.filter(mute_rule=rule.pk).only(*MATCHED, "muted", "mute_rule")[:limit])
    matcher = Matcher(rule.owner)
    others: dict[UUID | None, list[UUID]] = {}
    for row in rows:
        other = matcher.rule_for(row)
        others.setdefault(other.pk if other else None, []).append(row.pk)
    _write(others)
    renew({row.account for row in rows})
    return len(rows)


def settle_account(owner: str, account: UUID) -> int:
    """Writes onto the account's open findings what the rules in force say. Answers with the number of changes.

    One query where the owner has no rule; two where nothing is muted either.
    """
    matcher = Matcher(owner)
    # Of this owner: an account that changes hands takes no rule along.
    rows = Finding.objects.filter(owner=owner, account=account, status=FindingStatus.OPEN, **SHOWN_OR_NOT)
    if not matcher.rules:
        rows = rows.filter(muted=True)
    differing: dict[UUID | None, list[UUID]] = {}
    # Read to the end before anything is written: SQLite may show a row twice, or not, that changes under a cursor.
    for row in rows.only(*MATCHED, "muted", "mute_rule").iterator(chunk_size=BATCH_SIZE):
        rule = matcher.rule_for(row)
        key = rule.pk if rule else None
        if key != row.mute_rule or row.muted != (key is not None):
            differing.setdefault(key, []).append(row.pk)
    return _write(differing)


def renew(accounts: Iterable[UUID]) -> None:
    """The accounts' rows show open findings without muted ones."""
    for account in accounts:
        renew_posture(account)


def _write(findings: dict[UUID | None, list[UUID]]) -> int:
    """By the rule that mutes them, None for those that none does. One statement for each rule and batch."""
    number = 0
    for rule, keys in findings.items():
        for batch in batched(keys):
            number += Finding.objects.filter(pk__in=batch).update(muted=rule is not None, mute_rule=rule)
    return number
