from __future__ import annotations

from uuid import UUID

from celery import shared_task

from cloudaccounts import services


@shared_task(name="cloudaccounts.run_check", time_limit=240)
def run_check(check_id: str) -> None:
    services.run_check(UUID(check_id))


@shared_task(name="cloudaccounts.requeue_checks", ignore_result=True, expires=15)
def requeue_checks() -> None:
    services.requeue_checks()


@shared_task(name="cloudaccounts.refresh_server_identities", ignore_result=True, time_limit=120)
def refresh_server_identities() -> None:
    services.refresh_server_identities()
