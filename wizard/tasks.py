"""Celery's tasks of this app. They take ids only, because a task's arguments are written to the broker."""

from __future__ import annotations

from celery import shared_task

from cloudaccounts.jobs import turns
from wizard.drafts import reconcile as draft_reconcile
from wizard.drafts.automatic_finish import VALIDATIONS
from wizard.drafts.removal import purge_expired


# The limit holds in pools of processes alone (docs/decisions/0005); each validation has a deadline of its own as well.
@shared_task(name="wizard.validate", ignore_result=True, time_limit=240)
def validate(draft_id: str) -> None:
    """``draft_id`` only wakes: whose row is next, `turns` decides."""
    turns.serve(VALIDATIONS)


# `expires`: while workers are down, the messages of the scheduler must not pile up in front of them.
@shared_task(name="wizard.reconcile", ignore_result=True, expires=15)
def reconcile() -> int:
    return draft_reconcile.reconcile()


@shared_task(name="wizard.purge", ignore_result=True)
def purge() -> int:
    return purge_expired()
