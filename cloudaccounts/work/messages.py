"""Sends tasks by name, after the commit of the database that holds the row they are about.

A message is a nudge: where the broker is down the row stays queued and a reconciler nudges again, so a failure here is
logged and told by the return value, never raised into a transaction that already committed.
"""

from __future__ import annotations

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import ChannelError, OperationalError

logger = logging.getLogger(__name__)


def send(task: str, *ids: str, queue: str = "checks") -> bool:
    """True where the broker took the message."""
    try:
        current_app.send_task(task, args=list(ids), queue=queue)
    except _broker_errors() as error:
        logger.warning("dispatch.broker_down", extra={"task": task, "error": type(error).__name__})
        return False
    return True


def send_on_commit(task: str, *ids: str, using: str, queue: str = "checks") -> None:
    """Celery's own delay_on_commit looks at ``default`` only; ours waits for the alias that matters."""
    transaction.on_commit(partial(send, task, *ids, queue=queue), using=using)


def _broker_errors() -> tuple[type[Exception], ...]:
    """Also what a broker's own client raises as it is: RabbitMQ's refusals (of a password, of a virtual host), say."""
    connection = current_app.connection_for_write()  # not connected
    return (OperationalError, ChannelError, OSError, *connection.connection_errors, *connection.channel_errors)
