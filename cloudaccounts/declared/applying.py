"""Makes a plan so: a job with an item for each change, in the order of their stages, resumable after a kill.

The changes lie encrypted in a row of their own while the job needs them: they hold the secrets of what is added, which
stand neither in the job's options nor in a message.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.declared.documents import Document
from cloudaccounts.declared.planning import MARKS, Action, Change, Plan
from cloudaccounts.declared.references import resolved
from cloudaccounts.declared.rights import right_for
from cloudaccounts.declared.sections import section
from cloudaccounts.errors import InputError
from cloudaccounts.jobs.documents import OPTION, document_of, keep_document
from cloudaccounts.jobs.handlers import Outcome, handles
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState, JobState
from teams.roles import Right
from teams.scope import Scope

APPLY = "registry.apply"
POLL_EVERY = 0.2  # seconds


def resolve_plan(plan: Plan, document: Document) -> Plan:
    """With what stands as ``env:`` and ``file:`` read. Raises `InputError` by path, before anything is written."""
    wrong: dict[str, str] = {}
    changes: list[Change] = []
    for change in plan.changes:
        part = section(change.section)
        try:
            entry = (
                resolved(change.entry, part.secrets(change.entry)) if change.action == Action.CREATE else change.entry
            )
        except InputError as error:
            wrong |= {f"{change.place}.{name}": message for name, message in error.fields.items()}
            continue
        changes.append(replace(change, entry=entry))
    if wrong:
        raise document.located(InputError(wrong))
    return Plan(tuple(changes), plan.unchanged, plan.extra)


def start_apply(owner: str, *, actor: Actor, plan: Plan) -> Job:
    """Raises `TeamLimitError`, and `CredentialsUnreadableError` where this server has no key to encrypt by."""
    kept = [
        {"section": change.section, "name": change.name, "action": change.action.value, "entry": change.entry}
        for change in plan.changes
    ]
    stages = _stages(plan)
    items = [
        (f"{stages[number]}:{number}", f"{MARKS[change.action]} {change.title} {change.name}")
        for number, change in enumerate(plan.changes)
    ]
    return start_job(
        scope=Scope(owner), actor=actor, kind=APPLY, title=f"Apply a file: {len(items):,} changes", items=items,
        options={OPTION: keep_document(owner, {"changes": kept})},
    )  # fmt: skip


def _takes(job: Job) -> Right:
    """By the whole file. One that is not kept any more, or not readable, might have had anything in it."""
    try:
        changes = document_of(job)["changes"]
    except ProviderError:
        return Right.MANAGE
    return right_for((change["section"], change["action"]) for change in changes)


@handles(APPLY, takes=_takes, threads=8)
def _apply(job: Job, item: JobItem) -> Outcome:
    """Repeatable, as each section's own work is."""
    _wait_for_earlier_stages(job, item)
    change = _change(job, int(item.subject.rpartition(":")[2]))
    part, actor = section(change["section"]), Actor.from_dict(job.actor)
    try:
        match change["action"]:
            case Action.DELETE:
                part.delete(job.owner, actor, change["name"])
            case Action.CREATE:
                part.create(job.owner, actor, change["entry"])
            case _:
                part.change(job.owner, actor, change["entry"])
    except InputError as error:
        # Every field: a job's item has room for more than the first message.
        cause = " ".join(f"{name}: {message}" for name, message in error.fields.items())
        return Outcome.failed(ProviderError(error.code, cause, "Correct the file and apply it again."))
    return Outcome()


def _wait_for_earlier_stages(job: Job, item: JobItem) -> None:
    """Groups are there before the accounts that go into them. Items begin in their order, so those before this one are
    under way or done, and waiting ends with them."""
    stage = item.subject.partition(":")[0]
    items = JobItem.objects.filter(job=job.pk)
    first = (
        items.filter(subject__startswith=f"{stage}:").order_by("position").values_list("position", flat=True).first()
    )
    earlier = items.filter(position__lt=first or 0, state=ItemState.WAITING)
    while earlier.exists():
        if not Job.objects.filter(pk=job.pk, state=JobState.RUNNING).exists():
            raise ProviderError("apply_cancelled", "The job was cancelled before this was begun.")
        time.sleep(POLL_EVERY)


def _change(job: Job, number: int) -> dict[str, Any]:
    change: dict[str, Any] = document_of(job)["changes"][number]
    return change


def _stages(plan: Plan) -> list[int]:
    """A number for each change, in their order: it grows where the next section's, or the deletions, begin."""
    numbers: list[int] = []
    last: tuple[bool, int] | None = None
    for change in plan.changes:
        here = (change.action == Action.DELETE, change.stage)
        # Groups nest in groups of the same file, and SQLite's threads would meet: each of them is a stage.
        alone = change.section == "groups"
        if last is None or here != last or alone:
            numbers.append(numbers[-1] + 1 if numbers else 0)
        else:
            numbers.append(numbers[-1])
        last = here
    return numbers
