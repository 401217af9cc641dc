"""Keeps the worker's heartbeat while a Celery worker runs. Web processes and commands never start it."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready, worker_shutting_down

from cloudaccounts import dispatch
from cloudaccounts.heartbeat import WorkerPulse

_pulse = WorkerPulse()


@worker_ready.connect
def start_pulse(sender: Any, **_: Any) -> None:
    _pulse.start(sender)
    # A page that explains a role needs to know who this server is; the schedule alone would let it wait.
    dispatch.send("cloudaccounts.refresh_server_identities")


@worker_shutting_down.connect
def stop_pulse(**_: Any) -> None:
    _pulse.stop()
