"""What happened in an organization lately: members that joined and left, syncs, jobs, changes of people.

Of the audit's events and the jobs, so nothing is kept twice: what the audit has purged is not shown any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cloudaccounts.audit.queries import AuditFilter, events
from cloudaccounts.jobs.queries import items_of_jobs
from cloudaccounts.models import AuditEvent, Job, Organization
from cloudaccounts.models.job import ItemState
from cloudaccounts.organizations.members import ONBOARD
from teams.scope import Scope

SHOWN = 8
LOOKED_AT = 100  # events: an organization with rules is synced each hour, and most of those syncs changed nothing
NAMED = 3  # members of one entry
SMALL = 20  # members of a job whose names are read
_ACTION = "organization."
_WORDS = {"organization.connected": "Organization connected", "organization.rules_changed": "Rules changed"}


@dataclass(slots=True)
class Entry:
    """``tone`` is a class of `.time`: ok, bad, warn, or empty. ``times`` counts equal entries in a row."""

    at: datetime
    text: str
    tone: str = ""
    names: list[str] = field(default_factory=list)
    others: int = 0  # members beyond ``names``
    by: str = ""
    job: UUID | None = None
    times: int = 1

    @property
    def named(self) -> str:
        """``a, b, c and 12 more``"""
        return ", ".join(self.names) + (f" and {self.others:,} more" if self.others else "")

    def is_same_as(self, later: Entry) -> bool:
        return not self.names and self.job is None and (self.text, self.tone, self.by) == (
            later.text, later.tone, later.by,
        )  # fmt: skip


def activity(scope: Scope, organization: Organization, jobs: list[Job], *, audit: bool) -> list[Entry]:
    """The newest first. Two queries: events, and the members of small jobs.

    ``audit``: may who asks read who did what? Without it nobody is named.
    """
    entries = [entry for event in _events(scope, organization) for entry in _of_event(event, scope, audit=audit)]
    entries += _of_jobs(scope, jobs)
    merged: list[Entry] = []
    for entry in sorted(entries, key=lambda entry: entry.at, reverse=True):
        if merged and entry.is_same_as(merged[-1]):
            merged[-1].times += 1
        else:
            merged.append(entry)
    return merged[:SHOWN]


def _events(scope: Scope, organization: Organization) -> list[AuditEvent]:
    found = events(scope, AuditFilter(subject="organization", account=organization.connection))[:LOOKED_AT]
    # One connection may have reached another organization before: by `detail`, in Python, as that is JSON.
    return [event for event in found if event.detail.get("organization") == str(organization.pk)]


def _of_event(event: AuditEvent, scope: Scope, *, audit: bool) -> list[Entry]:
    by = event.actor_label if audit and event.via != "worker" else ""
    if event.action == "organization.synced":
        return _of_sync(event, scope)
    if event.action == "organization.members_changed":
        number, back = event.detail.get("number"), event.detail.get("back")
        # Events of older versions have the numbers in their text alone.
        text = f"{_members(number)} {'proposed again' if back else 'left out'}" if number else "Members changed"
        return [Entry(event.created_at, text, by=by)]
    if event.action in _WORDS:
        return [Entry(event.created_at, _WORDS[event.action], by=by)]
    return []


def _of_sync(event: AuditEvent, scope: Scope) -> list[Entry]:
    """One line for those that joined, one for those that left; one for a sync that failed, or changed nothing."""
    at, detail = event.created_at, event.detail
    if detail.get("code"):
        return [Entry(at, f"Sync failed: {detail['cause']}" if detail.get("cause") else "Sync failed", "bad")]
    entries = []
    for key, words, tone in (("joined", "joined", "ok"), ("left", "left or closed", "warn"), ("back", "back", "ok")):
        if number := int(detail.get(key) or 0):
            # What left may be an account that a limited scope does not show.
            names = [] if scope.limited and key != "joined" else list(detail.get(f"{key}_names") or [])[:NAMED]
            entries.append(
                Entry(at, f"{_members(number)} {words}", tone, names=names, others=number - len(names) if names else 0)
            )
    return entries or [Entry(at, "Synced, nothing changed" if "joined" in detail else "Synced")]


def _of_jobs(scope: Scope, jobs: list[Job]) -> list[Entry]:
    """What a job came to, by outcome; of small ones the members by name."""
    names: dict[tuple[UUID, str], list[str]] = {}
    # By the places in the job: a few hundred rows at most, as only small jobs are asked about.
    rows = items_of_jobs(scope, [job for job in jobs if job.total <= SMALL])
    for key, state, label in rows.values_list("job", "state", "label"):
        names.setdefault((key, state), []).append(label)
    return [entry for job in jobs for entry in _of_job(job, names)]


def _of_job(job: Job, names: dict[tuple[UUID, str], list[str]]) -> list[Entry]:
    at, key = job.finished_at or job.requested_at, job.pk
    if job.is_active:
        going = "Onboarding" if job.kind == ONBOARD else "Testing"
        return [Entry(at, f"{going} {_members(job.total)}: {job.handled:,} handled", job=key)]
    done, verb = ("onboarded", "onboard") if job.kind == ONBOARD else ("tested, ready to onboard", "pass the test")
    if job.kind == ONBOARD and job.options.get("by_rule") == "automatic":
        done = "onboarded by rule"
    entries = []
    for number, state, words, tone in (
        (job.done, ItemState.DONE, done, "ok"), (job.failed, ItemState.FAILED, f"failed to {verb}", "bad"),
    ):  # fmt: skip
        if number:
            own = names.get((key, state), [])[:NAMED]
            entries.append(
                Entry(
                    at, f"{_members(number)} {words}", tone, names=own, others=number - len(own) if own else 0, job=key
                )
            )
    return entries or [Entry(at, f"{job.title}: nothing done", job=key)]


def _members(number: object) -> str:
    return f"{number:,} member{'' if number == 1 else 's'}" if isinstance(number, int) else "Members"
