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


@shared_task(name="cloudaccounts.run_job", time_limit=6 * 3600)
def run_job(job_id: str) -> str:
    return services.run_job(UUID(job_id))


@shared_task(name="cloudaccounts.requeue_jobs", ignore_result=True, expires=15)
def requeue_jobs() -> None:
    services.requeue_jobs()


@shared_task(name="cloudaccounts.purge_api_records", ignore_result=True, expires=3600)
def purge_api_records() -> None:
    services.purge_api_records()


@shared_task(name="cloudaccounts.heartbeats", ignore_result=True, expires=15, time_limit=3600)
def heartbeats() -> None:
    services.run_heartbeats()


@shared_task(name="cloudaccounts.purge_health_history", ignore_result=True, time_limit=1800)
def purge_health_history() -> None:
    services.purge_health_history()


@shared_task(name="cloudaccounts.refresh_server_identities", ignore_result=True, time_limit=120)
def refresh_server_identities() -> None:
    services.refresh_server_identities()


@shared_task(name="cloudaccounts.run_rotation", time_limit=240)
def run_rotation(rotation_id: str) -> None:
    services.run_rotation(UUID(rotation_id))


@shared_task(name="cloudaccounts.requeue_rotations", ignore_result=True, expires=15)
def requeue_rotations() -> None:
    services.requeue_rotations()


@shared_task(name="cloudaccounts.tell_ages", ignore_result=True, time_limit=1800)
def tell_ages() -> None:
    services.tell_ages()


@shared_task(name="cloudaccounts.retire_credentials", ignore_result=True, time_limit=1800)
def retire_credentials() -> None:
    services.retire_credentials()


@shared_task(name="cloudaccounts.deliver_notices", ignore_result=True, expires=50, time_limit=240)
def deliver_notices() -> None:
    services.deliver_notices()


@shared_task(name="cloudaccounts.purge_history", ignore_result=True, time_limit=3600)
def purge_history() -> None:
    services.purge_history()


@shared_task(name="cloudaccounts.sync_organization", time_limit=6 * 3600)
def sync_organization(organization_id: str) -> str:
    return services.organizations.run_sync(UUID(organization_id))


@shared_task(name="cloudaccounts.requeue_syncs", ignore_result=True, expires=15)
def requeue_syncs() -> None:
    services.organizations.requeue_syncs()


@shared_task(name="cloudaccounts.sweep_credentials", ignore_result=True, time_limit=1800)
def sweep_credentials() -> None:
    services.sweep_credentials()
