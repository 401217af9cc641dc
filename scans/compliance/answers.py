"""Answers of people for controls that no rule decides: who, when, why, with which evidence, until when."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from scans.compliance.evaluation import is_answerable
from scans.compliance.models import AnswerState, ControlAnswer
from scans.compliance.schema import Control, Framework

# Both as wide as their columns. PostgreSQL refuses what is longer; SQLite and MongoDB would store it.
NOTE_LIMIT = 1000  # characters
FILE_LIMIT = 200


class ControlEvaluatedError(ProviderError):
    """The control is decided by rules: who disagrees suppresses the finding, with a reason."""

    def __init__(self, control: Control) -> None:
        super().__init__(
            "control_not_manual",
            f"Control {control.id} is not one that a person answers.",
            "Answer manual controls only; what a rule decides changes with the resource, or by suppressing a finding.",
        )


def answer_control(
    owner: str,
    framework: Framework,
    control: Control,
    *,
    actor: Actor,
    state: str,
    note: str,
    evidence_file: str = "",
    until: datetime | None = None,
) -> ControlAnswer:
    """Stores the answer in place of an earlier one; both are in the audit.

    Raises `ControlEvaluatedError`, and `InputError` for what is missing, too long or past.
    """
    # People answer only what rules leave open: an answer never outweighs a failure or what is unknown
    # (docs/compliance.md).
    if not is_answerable(control):
        raise ControlEvaluatedError(control)
    note, evidence_file, now = " ".join(note.split()), evidence_file.strip(), timezone.now()
    _refuse_wrong(state, note, evidence_file, until, now)
    values = {
        "state": state, "note": note, "evidence_file": evidence_file, "until": until,
        "answered_by": actor.label[:160], "answered_at": now,
    }  # fmt: skip
    answers = ControlAnswer.objects.filter(owner=owner, framework=framework.slug, control=control.id)
    # Update, else create, else update: MongoDB's backend has no upsert, and the unique constraint decides.
    if not answers.update(**values):
        try:
            ControlAnswer.objects.create(owner=owner, framework=framework.slug, control=control.id, **values)
        except IntegrityError:
            answers.update(**values)
    # With everything that was answered: the row keeps the latest answer alone, so the audit is the history.
    record_event(
        actor=actor,
        owner=owner,
        action="control.answered",
        text=f"{framework.short} {control.id} answered: {state}. {note}",
        label=f"{framework.short} {control.id}",
        framework=framework.slug,
        control=control.id,
        state=state,
        note=note,
        evidence_file=evidence_file,
        until=until.isoformat() if until else "",
    )
    return answers.get()


def find_answer(owner: str, framework: Framework, control: Control) -> ControlAnswer | None:
    """As it was given, also where its time has passed."""
    return ControlAnswer.objects.filter(owner=owner, framework=framework.slug, control=control.id).first()


def withdraw_answer(owner: str, framework: Framework, control: Control, *, actor: Actor) -> bool:
    """The control waits for a person again. False where there was no answer."""
    # The row may go: who answered what, and when, stays in the audit.
    deleted, _ = ControlAnswer.objects.filter(owner=owner, framework=framework.slug, control=control.id).delete()
    if deleted:
        record_event(
            actor=actor,
            owner=owner,
            action="control.answer_withdrawn",
            text=f"The answer for {framework.short} {control.id} was withdrawn",
            label=f"{framework.short} {control.id}",
            framework=framework.slug,
            control=control.id,
        )
    return bool(deleted)


def _refuse_wrong(state: str, note: str, evidence_file: str, until: datetime | None, now: datetime) -> None:
    if state not in AnswerState.values:
        raise InputError({"state": f"Choose one of {', '.join(AnswerState.values)}."})
    if not note:
        raise InputError({"note": "Say what you looked at: whoever audits it needs that."})
    if len(note) > NOTE_LIMIT:
        raise InputError({"note": f"The note is too long: {NOTE_LIMIT} characters at most."})
    if len(evidence_file) > FILE_LIMIT:
        raise InputError({"evidence_file": f"The file's name is too long: {FILE_LIMIT} characters at most."})
    if until is not None and until <= now:
        raise InputError({"until": "Choose a day to come, or none."})
