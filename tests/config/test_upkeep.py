"""The scheduler's upkeep comes a dozen tasks at a time: a person's check must not wait behind all of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery.app.amqp import Queues
from django.conf import settings
from kombu import Connection, Consumer, Queue

from config.brokers import filesystem
from config.celery import _serve_upkeep


def test_the_scheduler_sends_nothing_into_the_queue_that_people_wait_for() -> None:
    queues = {name: entry["options"]["queue"] for name, entry in settings.CELERY_BEAT_SCHEDULE.items()}
    assert "checks" not in queues.values()
    assert (queues["requeue-checks"], queues["heartbeats"]) == ("upkeep", "heartbeats")


@pytest.mark.parametrize(
    ("named", "served"), [("checks", {"checks", "upkeep"}), ("scans", {"scans"}), ("checks,fleet", None)]
)
def test_whoever_serves_people_serves_the_upkeep_too(named: str, served: set[str] | None) -> None:
    """No operator's command names it: after an update it must not stand still."""
    queues = Queues(create_missing=True)
    queues.select(named.split(","))
    _serve_upkeep(instance=SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=queues))))
    assert set(queues.consume_from) == (served or {"checks", "fleet", "upkeep"})


def test_of_two_queues_a_worker_takes_in_turn(tmp_path: Path) -> None:
    filesystem.install()
    folder = str(tmp_path)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": str(tmp_path / "control")}
    taken: list[str] = []

    def take(body: Any, message: Any) -> None:
        taken.append(body["queue"])
        message.ack()

    with Connection("filesystem://", transport_options=options) as connection:
        queues = [Queue(name, routing_key=name) for name in ("turns-checks", "turns-upkeep")]
        producer = connection.Producer()
        for queue in [queues[1]] * 30 + [queues[0]]:  # the one that somebody waits for comes last
            producer.publish({"queue": queue.name}, routing_key=queue.name, declare=[queue])
        with Consumer(connection, queues=queues, callbacks=[take], accept=["json"]):
            for _ in range(3):
                connection.drain_events(timeout=5)
    assert "turns-checks" in taken[:2]
