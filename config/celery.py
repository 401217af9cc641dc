"""The Celery application. Tasks are sent by name (see cloudaccounts.work.messages) and carry ids only."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup, worker_process_init, worker_ready
from kombu.transport import TRANSPORT_ALIASES

from config.brokers import filesystem

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

filesystem.install()
# By name, as kombu does: it is loaded, and redis with it, where such a URL is used.
TRANSPORT_ALIASES |= dict.fromkeys(("redis", "rediss"), "config.brokers.redis:Transport")
app = Celery("cloudaccounts")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_after_setup.connect
def _serve_upkeep(instance: Any, **_: Any) -> None:
    """A worker for people who wait does the scheduler's upkeep too: no command of an operator has to name that queue.

    Two queues, because of one a worker takes what came first, and of two in turn.
    """
    queues = instance.app.amqp.queues
    if "checks" in queues.consume_from:
        queues.select_add("upkeep")


# Both signals: the first comes in the one process of a pool of threads, the second in each child of a prefork pool,
# which production may use (docs/decisions/0005).
@worker_ready.connect
@worker_process_init.connect
def _watch_hung_threads(**_: Any) -> None:
    from config.replacing import watch_hung_threads

    watch_hung_threads()
