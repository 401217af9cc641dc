from __future__ import annotations

from uuid import UUID

from celery import shared_task

from scans import services


@shared_task(name="scans.run", time_limit=4 * 3600, soft_time_limit=4 * 3600 - 60)
def run(run_id: str) -> str:
    return services.run_scan(UUID(run_id))


@shared_task(name="scans.requeue", ignore_result=True, expires=15)
def requeue() -> None:
    services.requeue_scans()


@shared_task(name="scans.start_due", ignore_result=True, expires=60)
def start_due() -> None:
    services.start_due_scans()


@shared_task(name="scans.end_suppressions", ignore_result=True, expires=60)
def end_suppressions() -> None:
    services.end_suppressions()


@shared_task(name="scans.purge", ignore_result=True, time_limit=3600)
def purge() -> None:
    services.purge_scans()
    services.purge_found()
