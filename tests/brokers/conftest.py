"""Workers and schedulers in processes of their own, on a real broker, over the databases of this test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections
from kombu import pools

from cloudaccounts.models import CloudAccount
from tests.brokers import engines
from tests.brokers.engines import Broker
from tests.brokers.processes import Product
from tests.conftest import MakeAccount
from tests.environment import FOLDER
from tests.servers import VARIABLE_OF
from tests.toycloud.provider import State


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test runs several of the product's processes."""
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        # Of all tests: the parents of each path would take a second of each process.
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def shared() -> Iterator[Callable[[str], Broker]]:
    """One place on each broker for the whole run."""
    opened: dict[str, Broker] = {}
    with ExitStack() as stack:

        def of(kind: str) -> Broker:
            if kind not in opened:
                opened[kind] = stack.enter_context(engines.own_place(kind))
            return opened[kind]

        yield of


@pytest.fixture(params=engines.KINDS)
def broker(
    request: pytest.FixtureRequest, shared: Callable[[str], Broker], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Broker]:
    """An empty broker that this process sends to."""
    yield from using(shared(request.param), monkeypatch)


@pytest.fixture(params=engines.KINDS)
def own_broker(
    request: pytest.FixtureRequest, shared: Callable[[str], Broker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Broker]:
    """One that may be stopped."""
    if request.param != "redis":
        yield from using(shared(request.param), monkeypatch)
        return
    engines.url_of("redis")
    with engines.own_redis(tmp_path) as broker:
        yield from using(broker, monkeypatch)


def using(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    broker.empty()
    monkeypatch.setenv("CELERY_BROKER_URL", broker.url)
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    if not broker.url.startswith("filesystem:"):
        options = {"socket_connect_timeout": 3, "socket_timeout": 10, "max_retries": 1}  # as config.settings says
    current_app.conf.broker_transport_options = options
    _forget_connections()
    yield broker
    _forget_connections()
    current_app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    broker.empty()


def _forget_connections() -> None:
    """This process's Celery connects anew, to the broker that the environment names now."""
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    pools.reset()
    app._pool = app.amqp._producer_pool = None


def _url(alias: str) -> str:
    """Where the test database of this alias is, for another process."""
    config = connections[alias].settings_dict
    if "sqlite" in config["ENGINE"]:
        return f"sqlite:///{config['NAME']}"
    if connections[alias].vendor == "mongodb":
        return str(urlsplit(str(config["HOST"]))._replace(path=f"/{config['NAME']}").geturl())
    return urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{config['NAME']}").geturl()


@pytest.fixture
def product(broker: Broker, transactional_db: None, toycloud: State, tmp_path: Path) -> Iterator[Product]:
    """Ended before the databases are emptied."""
    yield from _running(tmp_path, broker)


@pytest.fixture
def stoppable(own_broker: Broker, transactional_db: None, toycloud: State, tmp_path: Path) -> Iterator[Product]:
    """The same with a broker that may be stopped."""
    yield from _running(tmp_path, own_broker)


def _running(folder: Path, broker: Broker) -> Iterator[Product]:
    env = {variable: _url(alias) for alias, variable in VARIABLE_OF.items()}
    product = Product(folder, {**env, "CELERY_BROKER_URL": broker.url, "DATA_DIR": str(FOLDER / "data")})
    try:
        yield product
    finally:
        product.end()
        print(product.output())  # noqa: T201  # shown where the test failed


@pytest.fixture
def box(toy_account: MakeAccount, alice: User) -> Callable[..., CloudAccount]:
    """A box of the toy cloud, named by six letters."""

    def make(account_id: str, **fields: Any) -> CloudAccount:
        return toy_account(alice, account_id=account_id, name=account_id, **fields)

    return make
