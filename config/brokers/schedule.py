"""What the scheduler (Celery beat) starts, how often, and in which queue."""

from __future__ import annotations

from typing import Any

# Reconcilers every 15 seconds: half of the time for which a dead worker's lease still counts.
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "requeue-scans": {"task": "scans.requeue", "schedule": 15.0},
    "start-due-scans": {"task": "scans.start_due", "schedule": 60.0},
    "end-suppressions": {"task": "scans.end_suppressions", "schedule": 60.0},
    "requeue-checks": {"task": "cloudaccounts.requeue_checks", "schedule": 15.0},
    "requeue-jobs": {"task": "cloudaccounts.requeue_jobs", "schedule": 15.0},
    # A queue and a worker of its own: behind jobs, rounds waited for 150 seconds, and pages showed old statuses
    # (docs/decisions/0005).
    "heartbeats": {"task": "cloudaccounts.heartbeats", "schedule": 15.0, "options": {"queue": "heartbeats"}},
    "purge-health-history": {"task": "cloudaccounts.purge_health_history", "schedule": 3600.0},
    "plan-rotations": {"task": "cloudaccounts.plan_rotations", "schedule": 300.0},
    "resume-rotations": {"task": "cloudaccounts.resume_rotations", "schedule": 15.0},
    "requeue-rotations": {"task": "cloudaccounts.requeue_rotations", "schedule": 15.0},
    "tell-ages": {"task": "cloudaccounts.tell_ages", "schedule": 3600.0, "options": {"queue": "fleet"}},
    "retire-credentials": {
        "task": "cloudaccounts.retire_credentials",
        "schedule": 900.0,
        "options": {"queue": "fleet"},
    },
    "remind-of-external-ids": {"task": "cloudaccounts.remind_of_external_ids", "schedule": 3600.0},
    "requeue-syncs": {"task": "cloudaccounts.requeue_syncs", "schedule": 15.0},
    "reconcile-drafts": {"task": "wizard.reconcile", "schedule": 15.0},
    "server-identities": {"task": "cloudaccounts.refresh_server_identities", "schedule": 900.0},
    "read-identity-providers": {"task": "project.read_identity_providers", "schedule": 60.0},
    "send-due-mails": {"task": "project.send_due_mails", "schedule": 60.0},
    "deliver-notices": {"task": "cloudaccounts.deliver_notices", "schedule": 60.0},
    "spread-events": {"task": "cloudaccounts.spread_events", "schedule": 15.0},
    "purge-channel-history": {
        "task": "cloudaccounts.purge_channel_history",
        "schedule": 86400.0,
        "options": {"queue": "fleet"},
    },
    "purge-scans": {"task": "scans.purge", "schedule": 86400.0, "options": {"queue": "fleet"}},
    "purge-history": {"task": "cloudaccounts.purge_history", "schedule": 86400.0},
    "sweep-credentials": {"task": "cloudaccounts.sweep_credentials", "schedule": 3600.0},
    "report-ownerless-rows": {"task": "cloudaccounts.report_ownerless_rows", "schedule": 3600.0},
    "purge-wizard-sessions": {"task": "wizard.purge", "schedule": 3600.0},
    "purge-api-records": {"task": "cloudaccounts.purge_api_records", "schedule": 3600.0},
}
# A queue of its own, which whoever serves `checks` serves as well (config.celery): a dozen come in the same second, and
# a person's check waited behind all of them (docs/decisions/0005).
for _entry in BEAT_SCHEDULE.values():
    _entry.setdefault("options", {"queue": "upkeep"})
