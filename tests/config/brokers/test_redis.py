from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kombu.transport import resolve_transport

from config.brokers.redis import QoS, Transport
from config.celery import app


class GoneChannel:
    """What is left of a channel whose connection was taken apart; anything asked of Redis over it fails."""

    do_restore = True
    connection = SimpleNamespace(client=None)


@pytest.fixture
def qos() -> Any:
    qos: Any = QoS(GoneChannel())
    qos._delivered["tag"] = SimpleNamespace()  # a message that a task works on
    return qos


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_every_redis_url_of_the_product_uses_it(scheme: str) -> None:
    assert app.main == "cloudaccounts"
    used: Any = resolve_transport(scheme)
    assert used is Transport


def test_what_cannot_be_put_back_is_let_go(qos: Any) -> None:
    qos.restore_unacked_once()
    assert not qos._delivered


def test_a_task_that_ends_after_the_connection_did_is_no_error(qos: Any) -> None:
    qos.ack("tag")
    qos._flush()
    assert not qos._delivered
