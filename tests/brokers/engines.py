"""The three kinds of broker: each with a place of its own for this run, and a way to stop it for a while."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from kombu import Connection

from config.waiting import QUEUES
from tests.stack import free_port, wait_for

KINDS = ("filesystem", "redis", "rabbitmq")
VARIABLES = {"redis": "TEST_REDIS_URL", "rabbitmq": "TEST_RABBITMQ_URL"}
HELD = "cloud-accounts-tests"  # the key by which a run holds a database of a shared Redis


class Broker:
    """A broker that answers. ``stop`` and ``start`` stop it and start it again, with or without its messages."""

    def __init__(
        self, url: str, *, empty: Callable[[], None], stop: Callable[[], None], start: Callable[[], None]
    ) -> None:
        self.url, self.empty, self.stop, self.start = url, empty, stop, start


def url_of(kind: str) -> str:
    """The URL that the environment names; skips where it names none, and says so."""
    variable = VARIABLES[kind]
    url = os.environ.get(variable, "")
    if not url:
        pytest.skip(f"{variable} is not set: Celery's core was not tried on {kind}.")
    return url


def own_place(kind: str) -> AbstractContextManager[Broker]:
    """A place on the broker of this kind that nobody else uses."""
    if kind == "filesystem":
        return filesystem()
    return shared_redis(url_of(kind)) if kind == "redis" else rabbitmq(url_of(kind))


@contextmanager
def filesystem() -> Iterator[Broker]:
    folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]))
    away = folder.with_name("broker-away")

    def empty() -> None:
        for message in folder.glob("*.msg"):
            message.unlink(missing_ok=True)

    def stop() -> None:
        folder.rename(away)

    def start() -> None:
        away.rename(folder)

    yield Broker("filesystem://localhost/", empty=empty, stop=stop, start=start)


@contextmanager
def shared_redis(url: str) -> Iterator[Broker]:
    """A database of the named server that nobody uses. Fails where the server does not answer."""
    import redis

    parts = urlsplit(url)
    first = int(parts.path.strip("/") or 0)
    for number in (first, *(n for n in range(15, 0, -1) if n != first)):
        mine = parts._replace(path=f"/{number}").geturl()
        client = redis.Redis.from_url(mine, socket_connect_timeout=5, socket_timeout=10)
        try:
            if client.dbsize() == 0 and client.set(HELD, str(os.getpid()), nx=True, ex=3600):
                break
        except redis.RedisError as error:
            pytest.fail(f"TEST_REDIS_URL names a Redis that does not answer: {error}")
    else:
        pytest.fail("No database of the Redis that TEST_REDIS_URL names is empty.")

    def empty() -> None:
        client.delete(*(name for name in client.keys("*") if name != HELD.encode()), "")

    def not_ours() -> None:
        pytest.fail("A Redis that others use is not to be stopped.")

    try:
        yield Broker(mine, empty=empty, stop=not_ours, start=not_ours)
    finally:
        client.flushdb()
        client.close()


@contextmanager
def own_redis(folder: Path) -> Iterator[Broker]:
    """A Redis of this test alone that forgets everything when it is stopped, as one without persistence does."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed here: a restart of Redis was not tried.")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_for(lambda: _answers(url), seconds=20, what="the start of Redis")

    def stop() -> None:
        process = running.pop()
        process.terminate()
        process.wait(20)

    url = f"redis://127.0.0.1:{port}/0"
    start()
    try:
        yield Broker(url, empty=lambda: None, stop=stop, start=start)
    finally:
        for process in running:
            process.kill()
            process.wait()


@contextmanager
def rabbitmq(url: str) -> Iterator[Broker]:
    """A virtual host of the named server that is ours; where we may make none, the queues of the one it names."""
    if not _answers(url):
        pytest.fail("TEST_RABBITMQ_URL names a RabbitMQ that does not answer.")
    parts = urlsplit(url)
    name = f"cloud-accounts-tests-{uuid4().hex[:12]}"
    user = parts.username or "guest"
    own = _made_host(name, user)
    mine = parts._replace(path=f"/{name}").geturl() if own else url

    def empty() -> None:
        with Connection(mine) as connection:
            for queue in (*QUEUES, "upkeep"):
                channel: Any = connection.channel()  # a queue that is not there closes it
                try:
                    channel.queue_delete(queue)
                except connection.channel_errors:
                    continue
                channel.close()

    def stop() -> None:
        # A virtual host of ours goes, with all its connections and messages: to its clients as if the server went,
        # while others who share the server notice nothing.
        if not own or not _rabbitmqctl("delete_vhost", name):
            pytest.skip("rabbitmqctl does not work here: a restart of RabbitMQ was not tried.")

    def start() -> None:
        assert _made_host(name, user)
        wait_for(lambda: _answers(mine), seconds=60, what="the start of RabbitMQ")

    try:
        yield Broker(mine, empty=empty, stop=stop, start=start)
    finally:
        if own:
            _rabbitmqctl("delete_vhost", name)


def _made_host(name: str, user: str) -> bool:
    return _rabbitmqctl("add_vhost", name) and _rabbitmqctl("set_permissions", "-p", name, user, ".*", ".*", ".*")


def _rabbitmqctl(*arguments: str) -> bool:
    program = shutil.which("rabbitmqctl")
    if program is None:
        return False
    done = subprocess.run([program, "--quiet", *arguments], capture_output=True, timeout=90, check=False)
    return done.returncode == 0


def _answers(url: str) -> bool:
    try:
        with Connection(url, connect_timeout=3) as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
    except Exception:  # noqa: BLE001  # whatever its client raises, it does not answer
        time.sleep(0.2)
        return False
    return True
