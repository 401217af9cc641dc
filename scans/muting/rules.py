"""Making and ending mute rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.rules import Severity
from cloudaccounts.errors import InputError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import Environment, Job
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.text import clean_name
from cloudaccounts.work.databases import SECURITY
from scans.findings.checks import find_check
from scans.findings.suppression import clean_reason, clean_until
from scans.models import Finding, FindingStatus, MuteRule
from scans.muting.application import affected, give_back, mute
from scans.muting.matching import candidates, in_force
from teams.scope import Scope

JOB = "findings.mute"
AT_ONCE = 1_000  # findings that are muted, or given back, while somebody waits; a job does more
ENDED_AT_A_TIME = 5_000  # findings that one pass of the scheduler gives back; the others a minute later
MOST_RULES = 500  # of one team: each scan compares findings with all of them
CRITERIA = ("check_id", "severity", "account", "group", "environment", "region", "resource", "tag")


@dataclass(frozen=True, slots=True)
class Made:
    """``muted`` is the number of findings that were muted at once; ``job`` does the others, where there are more."""

    rule: MuteRule
    muted: int
    job: Job | None


def create_mute_rule(
    scope: Scope, match: Mapping[str, Any], *, actor: Actor, reason: str, until: datetime | None = None
) -> Made:
    """``match`` holds some of `CRITERIA`. Raises `InputError`, and `TeamLimitError` where the job finds no room."""
    rule = MuteRule(
        owner=scope.owner, **_cleaned(scope, match), reason=clean_reason(reason), author=actor.label[:160],
        until=clean_until(until), created_at=timezone.now(),
    )  # fmt: skip
    if in_force(MuteRule.objects.filter(owner=scope.owner)).count() >= MOST_RULES:
        raise InputError({"match": f"There are {MOST_RULES} rules already: end those that are no longer needed."})
    with transaction.atomic(using=SECURITY):
        rule.save(force_insert=True)
        record_event(
            actor=actor, owner=rule.owner, action="mute_rule.created", text=f"Muted {describe(rule)}: {rule.reason}",
            rule=str(rule.pk),
        )  # fmt: skip
    by_account, number = affected(rule, AT_ONCE)
    if number <= AT_ONCE:
        return Made(rule, mute(rule, by_account), None)
    return Made(rule, 0, _start_job(scope, rule, actor))


def _start_job(scope: Scope, rule: MuteRule, actor: Actor) -> Job:
    accounts = candidates(rule).order_by().values_list("account", flat=True).distinct()
    names = dict(visible_accounts(scope).filter(pk__in=list(accounts)).values_list("pk", "name"))
    items = [(str(key), name) for key, name in names.items()]
    title = f"Mute {describe(rule)}"
    return start_job(scope=scope, actor=actor, kind=JOB, title=title, items=items, options={"rule": str(rule.pk)})


def end_mute_rule(rule: MuteRule, *, actor: Actor) -> None:
    """The rule holds no longer; its findings count again, up to `AT_ONCE` now and the others within minutes."""
    now = timezone.now()
    with transaction.atomic(using=SECURITY):
        # From here on it mutes nothing more; that its findings were given back, `ended_at` says.
        if not in_force(MuteRule.objects.filter(pk=rule.pk)).update(until=now, ended_by=actor.label[:160]):
            return
        record_event(
            actor=actor, owner=rule.owner, action="mute_rule.ended", text=f"No longer muted: {describe(rule)}",
            rule=str(rule.pk),
        )  # fmt: skip
    if give_back(rule, AT_ONCE) < AT_ONCE:
        MuteRule.objects.filter(pk=rule.pk).update(ended_at=now)


def end_due_rules(*, now: datetime | None = None) -> int:
    """Gives back the findings of rules whose end has come, notifies their team, and answers with the rules' number."""
    now = now or timezone.now()
    ended = 0
    for rule in list(MuteRule.objects.filter(ended_at=None, until__lte=now).order_by("until")[:50]):
        number = Finding.objects.filter(mute_rule=rule.pk, status=FindingStatus.OPEN).count()
        # Before the end is written: a kill in between repeats it.
        if give_back(rule, ENDED_AT_A_TIME) == ENDED_AT_A_TIME:
            continue
        with transaction.atomic(using=SECURITY):
            if not MuteRule.objects.filter(pk=rule.pk, ended_at=None).update(ended_at=now):
                continue
            ended += 1
            if rule.ended_by:
                continue  # somebody ended it, and knows
            text = f"A mute rule has ended: {describe(rule)}."
            record_event(actor=SYSTEM, owner=rule.owner, action="mute_rule.ended", text=text, rule=str(rule.pk))
            counted = f"{number} finding{'' if number == 1 else 's'} count{'s' if number == 1 else ''} again"
            notify(
                NoticeKind.MUTE_ENDED, key=str(rule.pk), owner=rule.owner, text=f"{text} {counted}.",
                remedy=f"It was made by {rule.author}: {rule.reason} Mute anew where that still holds.",
            )  # fmt: skip
    return ended


def mute_rules(scope: Scope) -> list[MuteRule]:
    """Those in force, the latest first. A limited member sees those that are about accounts of the limit alone."""
    rules = list(in_force(MuteRule.objects.filter(owner=scope.owner)).order_by("-created_at", "id"))
    return [rule for rule in rules if _is_visible(scope, rule)]


def ended_rules(scope: Scope, limit: int) -> list[MuteRule]:
    rows = MuteRule.objects.filter(owner=scope.owner, ended_at__isnull=False).order_by("-ended_at", "id")[:limit]
    return [rule for rule in rows if _is_visible(scope, rule)]


def find_mute_rule(scope: Scope, rule_id: UUID) -> MuteRule | None:
    rule = MuteRule.objects.filter(owner=scope.owner, pk=rule_id).first()
    return rule if rule is not None and _is_visible(scope, rule) else None


def hidden_counts(rules: list[MuteRule]) -> dict[UUID, int]:
    """How many open findings each of them mutes. One query."""
    rows = Finding.objects.filter(mute_rule__in=[rule.pk for rule in rules], status=FindingStatus.OPEN)
    counts = rows.order_by().values("mute_rule").annotate(number=Count("*"))
    return {row["mute_rule"]: row["number"] for row in counts if row["mute_rule"]}


def describe(rule: MuteRule, names: Mapping[UUID, str] | None = None) -> str:
    """In words, for lists and the audit. ``names`` are those of accounts and groups, by id."""
    names = names or {}
    check = find_check(rule.check_id) if rule.check_id else None
    what = f"“{check.title if check else rule.check_id}”" if rule.check_id else "everything"
    parts = [
        f"of severity {rule.severity}" if rule.severity else "",
        f"on {rule.resource}" if rule.resource else "",
        f"tagged {rule.tag}" if rule.tag else "",
        f"in {names.get(rule.account, 'one account')}" if rule.account else "",
        f"in group {names.get(rule.group, 'chosen')}" if rule.group else "",
        f"in {rule.environment}" if rule.environment else "",
        f"in {rule.region}" if rule.region else "",
    ]
    return " ".join([what, *filter(None, parts)])


def match_of(rule: MuteRule) -> dict[str, Any]:
    """The criteria that are set, as the API shows and takes them."""
    return {name: getattr(rule, name) for name in CRITERIA if getattr(rule, name)}


def _is_known(scope: Scope, check_id: str) -> bool:
    """A check of a provider, or one that is no more and has findings still."""
    return find_check(check_id) is not None or Finding.objects.filter(owner=scope.owner, check_id=check_id).exists()


def _is_visible(scope: Scope, rule: MuteRule) -> bool:
    if not scope.limited:
        return True
    if rule.account:
        return visible_accounts(scope).filter(pk=rule.account).exists()
    return rule.group is not None and group_queries.find(scope, rule.group) is not None


def _cleaned(scope: Scope, match: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in match.items() if value not in ("", None)}
    errors: dict[str, str] = {}
    if unknown := given.keys() - set(CRITERIA):
        errors["match"] = f"There is no {sorted(unknown)[0]}. Choose among {', '.join(CRITERIA)}."
    elif not given:
        errors["match"] = "Say what to mute: a rule without a criterion would mute everything."
    if "severity" in given and given["severity"] not in list(Severity):
        errors["severity"] = f"Choose one of {', '.join(Severity)}."
    if "environment" in given and given["environment"] not in Environment.values:
        errors["environment"] = "Choose production, staging or dev."
    if "check_id" in given and not _is_known(scope, str(given["check_id"])):
        errors["check_id"] = "There is no check of this id."
    if "account" in given and not visible_accounts(scope).filter(pk=given["account"]).exists():
        errors["account"] = "There is no such account."
    if "group" in given and group_queries.find(scope, given["group"]) is None:
        errors["group"] = "There is no such group."
    if scope.limited and not errors and not {"account", "group"} & given.keys():
        # It would mute findings that this person may not even see.
        errors["match"] = "Name an account or a group: your membership is limited to some groups."
    for name, most in (("region", 60), ("resource", 300), ("tag", 400)):
        if name in given:
            given[name] = clean_name(str(given[name]))
            if len(given[name]) > most:
                errors[name] = f"This is too long: {most} characters at most."
    if "tag" in given and given["tag"].startswith("="):
        errors["tag"] = "Give a key, or key=value."
    if errors:
        raise InputError(errors)
    return given
