"""Starts a worker's heartbeat, keeps owners of accounts from being deleted, remembers when a password was entered."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import pre_delete

from cloudaccounts.operations.key_at_start import look_at_start
from cloudaccounts.operations.worker_pulse import WorkerPulse
from cloudaccounts.users import guard
from cloudaccounts.web import reauthentication
from cloudaccounts.work import messages

# `dispatch_uid`: connected once, however often this module is imported.
pre_delete.connect(guard.refuse_to_orphan, sender=settings.AUTH_USER_MODEL, dispatch_uid="owners-stay")
user_logged_in.connect(reauthentication.remember_login, dispatch_uid="password-just-entered")
_pulse = WorkerPulse()


@worker_ready.connect
def start_pulse(sender: Any, **_: Any) -> None:
    _pulse.start(sender)
    look_at_start()
    # Set-up guides name this server's identity: a first start should not wait for the schedule to find it out.
    messages.send("cloudaccounts.refresh_server_identities")


@worker_shutting_down.connect
def stop_pulse(**_: Any) -> None:
    _pulse.stop()
