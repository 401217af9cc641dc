"""What is done to many findings: at once up to a thousand, else as a job, account by account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cloudaccounts.audit.actor import Actor
from cloudaccounts.group_scope import from_text
from cloudaccounts.jobs.handlers import Outcome, handles
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import CloudAccount, Job, JobItem
from scans.findings.filters import FindingFilter
from scans.findings.queries import findings
from scans.findings.suppression import clean_reason, clean_until, suppress_findings, unsuppress_findings
from scans.findings.triage import assign, set_due
from teams.roles import Right
from teams.scope import Scope

JOB = "findings.change"
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Changed:
    """``number`` of findings that were changed; or the job that changes them."""

    number: int = 0
    job: Job | None = None


Act = Callable[[Scope, Sequence[UUID], Actor, Mapping[str, Any]], int]


def _suppress(scope: Scope, keys: Sequence[UUID], actor: Actor, options: Mapping[str, Any]) -> int:
    until = options.get("until")
    end = datetime.fromisoformat(until) if until else None
    return suppress_findings(scope, keys, actor=actor, reason=options["reason"], until=end)


def _unsuppress(scope: Scope, keys: Sequence[UUID], actor: Actor, options: Mapping[str, Any]) -> int:
    return unsuppress_findings(scope, keys, actor=actor)


def _assign(scope: Scope, keys: Sequence[UUID], actor: Actor, options: Mapping[str, Any]) -> int:
    return assign(scope, keys, actor=actor, assignee=options["assignee"])


def _set_due(scope: Scope, keys: Sequence[UUID], actor: Actor, options: Mapping[str, Any]) -> int:
    due = options["due"]
    return set_due(scope, keys, actor=actor, due=date.fromisoformat(due) if due else None)


ACTIONS: dict[str, tuple[str, Act]] = {
    "suppress": ("Suppress findings", _suppress),
    "unsuppress": ("Unsuppress findings", _unsuppress),
    "assign": ("Assign findings", _assign),
    "due": ("Set the due day of findings", _set_due),
}


def change_findings(
    scope: Scope, chosen: Sequence[UUID] | FindingFilter, action: str, options: Mapping[str, Any], *, actor: Actor
) -> Changed:
    """``chosen``: their ids, or the filter that they fit. ``options`` are the action's, in JSON types.

    Raises `InputError`, and `TeamLimitError` where the job finds no room.
    """
    title, act = ACTIONS[action]
    # Refused before a job is made that would fail at each of its items.
    if action == "suppress":
        clean_reason(options["reason"])
        clean_until(datetime.fromisoformat(options["until"]) if options.get("until") else None)
    if not isinstance(chosen, FindingFilter):
        return Changed(act(scope, chosen, actor, options))
    rows = findings(scope, chosen)
    keys = list(rows.order_by().values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(keys) <= AT_ONCE:
        return Changed(act(scope, keys, actor, options))
    # What the person may see now is what the job works on: the accounts are named here, and nothing else is met.
    accounts = rows.order_by().values_list("account", flat=True).distinct()
    names = (
        CloudAccount.objects.filter(pk__in=list(accounts)).order_by("name_key", "name", "pk").values_list("pk", "name")
    )
    job = start_job(
        scope=scope, actor=actor, kind=JOB, title=title, items=[(str(key), name) for key, name in names],
        options={"action": action, "filter": to_json(chosen), **options},
    )  # fmt: skip
    return Changed(job=job)


@handles(JOB, takes=Right.OPERATE, threads=2)
def _change_account(job: Job, item: JobItem) -> Outcome:
    _, act = ACTIONS[str(job.options["action"])]
    # Groups and accounts of the filter have decided which accounts the job has.
    filters = replace(from_json(job.options["filter"]), account=(UUID(item.subject),), group=())
    scope = from_text(job.owner, job.limited_to)
    keys = list(findings(scope, filters).order_by().values_list("pk", flat=True))
    act(scope, keys, Actor.from_dict(job.actor), job.options)
    return Outcome() if keys else Outcome.skipped("Nothing there fits any more.")


def to_json(filters: FindingFilter) -> dict[str, Any]:
    values = {name: value for name, value in asdict(filters).items() if value}
    return {
        name: [str(part) for part in value] if isinstance(value, tuple) else str(value) if name in _KEYS else value
        for name, value in values.items()
    }


def from_json(values: Mapping[str, Any]) -> FindingFilter:
    read: dict[str, Any] = {}
    for name, value in values.items():
        parts = tuple(UUID(part) for part in value) if name in {"account", "group"} else value
        read[name] = UUID(value) if name in _KEYS else tuple(parts) if isinstance(parts, list) else parts
    return FindingFilter(**read)


_KEYS = {"run", "mute_rule"}
