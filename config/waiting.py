"""What waits for workers, and since when: read by /readyz and by the metrics."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.health.connection_checks import CHECKS
from cloudaccounts.jobs.runner import JOBS
from cloudaccounts.jobs.turns import WorkKind, unserved_since
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.organizations.sync import SYNCS
from cloudaccounts.rotation.automatic.runner import AUTOMATIC_ROTATIONS
from cloudaccounts.rotation.verify import ROTATIONS
from scans.engines.runs import ENGINES
from scans.runs.execution import SCANS
from wizard.drafts.automatic_finish import VALIDATIONS

QUEUES = ("checks", "heartbeats", "scans", "fleet")
KINDS: tuple[WorkKind, ...] = (CHECKS, VALIDATIONS, ROTATIONS, SCANS, ENGINES, JOBS, SYNCS, AUTOMATIC_ROTATIONS)
# As in the alert that docs/operations.md proposes: by then statuses on pages are old.
HEARTBEATS_LATE = 600.0  # seconds after an account was due


def age(since: datetime | None) -> float:
    """Seconds; 0 where there is no such moment, or it is still to come."""
    return 0.0 if since is None else max(0.0, (timezone.now() - since).total_seconds())


def heartbeat_due_since() -> datetime | None:
    """The moment at which the account was due that is due longest."""
    now = timezone.now()
    due = CloudAccount.objects.filter(next_check_at__lte=now).exclude(status=CloudAccountStatus.SUSPENDED)
    # A question for each provider: the index begins with it.
    firsts = (
        due.filter(provider=key).order_by("next_check_at").values_list("next_check_at", flat=True).first()
        for key, _ in registry.choices()
    )
    return min((first for first in firsts if first is not None), default=None)


def stuck(queue: str) -> str:
    """A sentence where work of the queue waits that nothing of its owner's own holds up; empty where none does.

    One owner's long queue makes nobody unready: what waits behind the owner's own work is not counted.
    """
    for kind in KINDS:
        if kind.queue == queue and (seconds := age(unserved_since(kind))) > kind.late:
            return _late(kind.name, seconds)
    if queue == "heartbeats" and (seconds := age(heartbeat_due_since())) > HEARTBEATS_LATE:
        return _late("heartbeats", seconds)
    return ""


def _late(name: str, seconds: float) -> str:
    return f"The first of the {name} waits since {seconds / 60:.0f} minutes: its workers do not keep up, or hang."
