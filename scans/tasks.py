"""Celery's tasks of this app. They take ids only, because a task's arguments are written to the broker."""

from __future__ import annotations

from celery import shared_task

from cloudaccounts.jobs import turns
from scans.engines.reconcile import requeue_engine_runs
from scans.engines.runs import ENGINES
from scans.findings import suppression as finding_suppression
from scans.muting.rules import end_due_rules
from scans.muting.switches import close_pending
from scans.retention import purge_findings_and_assets, purge_scans
from scans.runs.execution import SCANS
from scans.runs.reconcile import requeue_scans
from scans.runs.scheduling import start_due_scans
from scans.runs.summaries import renew_due_coverage


# Celery's limits work in pools of processes only; `execution.LONGEST` holds everywhere.
@shared_task(name="scans.run", time_limit=4 * 3600, soft_time_limit=4 * 3600 - 60)
def run(run_id: str) -> None:
    """``run_id`` only wakes: whose row is next, `turns` decides."""
    turns.serve(SCANS)


@shared_task(name="scans.run_engine", time_limit=4 * 3600, soft_time_limit=4 * 3600 - 60)
def run_engine(run_id: str) -> None:
    turns.serve(ENGINES)


# `expires`: while workers are down, the messages of the scheduler must not pile up in front of them.
@shared_task(name="scans.requeue", ignore_result=True, expires=15)
def requeue() -> None:
    requeue_scans()
    requeue_engine_runs()


@shared_task(name="scans.start_due", ignore_result=True, expires=60)
def start_due() -> None:
    start_due_scans()
    renew_due_coverage()


@shared_task(name="scans.end_suppressions", ignore_result=True, expires=60)
def end_suppressions() -> None:
    finding_suppression.end_suppressions()
    end_due_rules()
    close_pending()


@shared_task(name="scans.purge", ignore_result=True, time_limit=3600)
def purge() -> None:
    purge_scans()
    purge_findings_and_assets()
