"""A worker's turns with a real SDK on the wire: the product's clock is turned on, the simulated cloud's is not."""

from __future__ import annotations

import time

from django.utils import timezone

from cloudaccounts.models import CloudAccount, RotationRun
from cloudaccounts.rotation.automatic.requests import ask_for
from cloudaccounts.rotation.automatic.runner import run_automatic_rotation
from tests.cloudaccounts.rotation.automatic.scene import Clock


def latest(account: CloudAccount) -> RotationRun:
    return RotationRun.objects.filter(account=account.pk).latest("began_at")


def turn(account: CloudAccount, clock: Clock) -> RotationRun:
    """One turn, at the run's own time. Of a new key that is not known everywhere yet it waits as long as it says."""
    run = latest(account)
    ahead = (run.requested_at - timezone.now()).total_seconds()
    if run.state in ("creating", "testing") and ahead > 0:
        time.sleep(min(ahead, 1.5))
    clock.now = max(timezone.now(), run.requested_at)
    clock.forward(seconds=1)
    run_automatic_rotation(run.pk)
    return latest(account)


def drive(account: CloudAccount, clock: Clock, *until: str, turns: int = 60) -> RotationRun:
    """Begins a rotation, or goes on with the one under way, until it has one of these states or has ended."""
    if not RotationRun.objects.filter(active_account=account.pk).exists():
        ask_for(account)
    for _ in range(turns):
        run = turn(account, clock)
        if run.state in until or not run.is_active:
            return run
    raise AssertionError(f"{run.state}: {run.code} {run.cause}")
