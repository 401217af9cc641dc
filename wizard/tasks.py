from __future__ import annotations

from uuid import UUID

from celery import shared_task

from wizard import services


@shared_task(name="wizard.validate", ignore_result=True, time_limit=240)
def validate(draft_id: str) -> None:
    services.prove_draft(UUID(draft_id))


@shared_task(name="wizard.reconcile", ignore_result=True, expires=15)
def reconcile() -> int:
    return services.reconcile()


@shared_task(name="wizard.purge", ignore_result=True)
def purge() -> int:
    return services.purge_expired()
