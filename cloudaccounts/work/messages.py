"""Sends tasks by name, after the commit of the database that holds the row they are about.

A message only wakes a worker: where the broker is down the row stays queued and a reconciler sends it again
(docs/decisions/0004). So a failure is logged and returned, never raised: the transaction has committed already.
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
    # By name: the sender need not import the task, nor what the task imports.
    try:
        current_app.send_task(task, args=list(ids), queue=queue)
    except _broker_errors() as error:
        logger.warning("dispatch.broker_down", extra={"task": task, "error": type(error).__name__})
        return False
    return True


def send_on_commit(task: str, *ids: str, using: str, queue: str = "checks") -> None:
    """Sends after the commit of the database ``using``. Celery's own ``delay_on_commit`` knows ``default`` only."""
    # Before the commit a quick worker would look for a row that is not there yet. On MongoDB this fires at once, where
    # the row is written already.
    transaction.on_commit(partial(send, task, *ids, queue=queue), using=using)


def _broker_errors() -> tuple[type[Exception], ...]:
    """Errors of kombu and of the broker's own client, such as RabbitMQ's refusal of a password or a virtual host."""
    # Asked of the transport, so that no broker's client is imported here: which one there is, a URL decides.
    connection = current_app.connection_for_write()  # not connected
    return (OperationalError, ChannelError, OSError, *connection.connection_errors, *connection.channel_errors)
