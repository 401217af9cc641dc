"""Celery tasks: each calls one function. Their names stand in messages and in the schedule, so they stay as they are.

``expires`` drops a periodic task that waited until the next one came: a queue that was stuck must not run it twice.
"""

from __future__ import annotations

from celery import shared_task

from cloudaccounts.accounts import external_id_change
from cloudaccounts.channels import retention as channel_retention
from cloudaccounts.channels import sending as channel_sending
from cloudaccounts.channels import spread as channel_spread
from cloudaccounts.credentials import orphans as credential_orphans
from cloudaccounts.health import connection_checks, transitions
from cloudaccounts.health.heartbeats import run_heartbeats
from cloudaccounts.jobs import runner as job_runner
from cloudaccounts.jobs import turns
from cloudaccounts.notifications import delivery
from cloudaccounts.operations import retention as operation_retention
from cloudaccounts.operations import workers
from cloudaccounts.organizations import sync as organization_sync
from cloudaccounts.rotation import reconcile as rotation_reconcile
from cloudaccounts.rotation import reminders as rotation_reminders
from cloudaccounts.rotation import unused
from cloudaccounts.rotation import verify as rotation_verify
from cloudaccounts.rotation.automatic import runner as automatic_runner
from cloudaccounts.rotation.automatic import schedule as automatic_schedule
from cloudaccounts.tokens import retention as token_retention
from cloudaccounts.users import existence


# Time limits hold for pools of processes. Threads have none, so checks have deadlines of their own
# (docs/decisions/0005).
@shared_task(name="cloudaccounts.run_check", time_limit=240)
def run_check(check_id: str) -> None:
    """``check_id`` only wakes: whose row is next, `turns` decides."""
    turns.serve(connection_checks.CHECKS)


@shared_task(name="cloudaccounts.requeue_checks", ignore_result=True, expires=15)
def requeue_checks() -> None:
    connection_checks.requeue_checks()


# Hours, since a job may have thousands of items: what is left when it ends is requeued, and items that are done stay
# done.
@shared_task(name="cloudaccounts.run_job", time_limit=6 * 3600)
def run_job(job_id: str) -> None:
    turns.serve(job_runner.JOBS)


@shared_task(name="cloudaccounts.requeue_jobs", ignore_result=True, expires=15)
def requeue_jobs() -> None:
    job_runner.requeue_jobs()


@shared_task(name="cloudaccounts.purge_api_records", ignore_result=True, expires=3600)
def purge_api_records() -> None:
    token_retention.purge_api_records()


# A round ends after ten minutes (`heartbeats.MAX_ROUND`), and the next beat goes on.
@shared_task(name="cloudaccounts.heartbeats", ignore_result=True, expires=15, time_limit=3600)
def heartbeats() -> None:
    run_heartbeats()


@shared_task(name="cloudaccounts.purge_health_history", ignore_result=True, time_limit=1800)
def purge_health_history() -> None:
    transitions.purge_health_history()


@shared_task(name="cloudaccounts.refresh_server_identities", ignore_result=True, time_limit=120)
def refresh_server_identities() -> None:
    workers.refresh_server_identities()


@shared_task(name="cloudaccounts.run_rotation", time_limit=240)
def run_rotation(rotation_id: str) -> None:
    turns.serve(rotation_verify.ROTATIONS)


@shared_task(name="cloudaccounts.requeue_rotations", ignore_result=True, expires=15)
def requeue_rotations() -> None:
    rotation_reconcile.requeue_rotations()


@shared_task(name="cloudaccounts.run_automatic_rotation", time_limit=900)
def run_automatic_rotation(run_id: str) -> None:
    turns.serve(automatic_runner.AUTOMATIC_ROTATIONS)


@shared_task(name="cloudaccounts.resume_rotations", ignore_result=True, expires=15)
def resume_rotations() -> None:
    automatic_runner.send_due()


@shared_task(name="cloudaccounts.plan_rotations", ignore_result=True, expires=240, time_limit=600)
def plan_rotations() -> None:
    automatic_schedule.plan_rotations()


@shared_task(name="cloudaccounts.remind_of_external_ids", ignore_result=True, expires=3600)
def remind_of_external_ids() -> None:
    external_id_change.remind()


# The name is older than the function's: messages of a version before may still be on their way.
@shared_task(name="cloudaccounts.tell_ages", ignore_result=True, time_limit=1800)
def notify_credential_ages() -> None:
    rotation_reminders.notify_credential_ages()
    unused.notify_unused_credentials()


@shared_task(name="cloudaccounts.retire_credentials", ignore_result=True, time_limit=1800)
def destroy_expired_credentials() -> None:
    rotation_reminders.destroy_expired_credentials()


# A round begins nothing new after two minutes (`delivery.BUDGET`), and what is under way has timeouts of its own.
@shared_task(name="cloudaccounts.deliver_notices", ignore_result=True, expires=50, time_limit=240)
def deliver_notices() -> None:
    delivery.deliver_notices()


# Each channel has twenty seconds at a time (`sending.BUDGET`), and each call a deadline of its own.
@shared_task(name="cloudaccounts.send_to_channel", time_limit=600)
def send_to_channel(channel_id: str) -> None:
    """``channel_id`` only wakes: whose channel is next, `turns` decides."""
    turns.serve(channel_sending.CHANNELS)


@shared_task(name="cloudaccounts.spread_events", ignore_result=True, expires=15)
def spread_events() -> None:
    channel_spread.spread_events()
    channel_sending.requeue_channels()


@shared_task(name="cloudaccounts.purge_channel_history", ignore_result=True, time_limit=1800)
def purge_channel_history() -> None:
    channel_retention.purge_channel_history()


@shared_task(name="cloudaccounts.purge_history", ignore_result=True, time_limit=3600)
def purge_history() -> None:
    operation_retention.purge_history()


@shared_task(name="cloudaccounts.sync_organization", time_limit=6 * 3600)
def sync_organization(organization_id: str) -> None:
    turns.serve(organization_sync.SYNCS)


@shared_task(name="cloudaccounts.requeue_syncs", ignore_result=True, expires=15)
def requeue_syncs() -> None:
    organization_sync.requeue_syncs()


@shared_task(name="cloudaccounts.sweep_credentials", ignore_result=True, time_limit=1800)
def delete_orphaned_credentials() -> None:
    credential_orphans.delete_orphaned_credentials()


@shared_task(name="cloudaccounts.report_ownerless_rows", ignore_result=True, time_limit=600)
def report_ownerless_rows() -> None:
    existence.report_ownerless_rows()
