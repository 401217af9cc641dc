"""Workers and schedulers in processes of their own, on a real broker, over the databases of this test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
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
from cloudaccounts.services import worker_state
from config.env import ROOT
from config.running.preparation import commands
from tests.brokers import engines, slowcloud
from tests.brokers.engines import Broker
from tests.conftest import MakeAccount
from tests.environment import FOLDER
from tests.stack import wait_for
from tests.toycloud.provider import State

URLS = {
    "default": "DATABASE_URL",
    "cloud_security": "CLOUD_SECURITY_DATABASE_URL",
    "cloud_asset_discovery": "CLOUD_ASSET_DISCOVERY_DATABASE_URL",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one test process: each test runs several of the product's processes already, and some measure time."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("brokers"))


@pytest.fixture(scope="session")
def shared() -> Iterator[Callable[[str], Broker]]:
    """One corner of each broker for the whole run."""
    opened: dict[str, Broker] = {}
    with ExitStack() as stack:

        def of(kind: str) -> Broker:
            if kind not in opened:
                made = {
                    "filesystem": engines.filesystem,
                    "redis": lambda: engines.shared_redis(engines.url_of("redis")),
                    "rabbitmq": lambda: engines.rabbitmq(engines.url_of("rabbitmq")),
                }[kind]
                opened[kind] = stack.enter_context(made())
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


class Product:
    """The product's processes, started by the commands of `manage.py up`."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.folder, self.broker = folder, broker
        self._running: list[subprocess.Popen[bytes]] = []
        found = folder / "toycloud-1.dist-info"  # the toy cloud as a distribution that is installed
        found.mkdir()
        (found / "METADATA").write_text("Metadata-Version: 2.1\nName: toycloud\nVersion: 1\n")
        (found / "entry_points.txt").write_text(
            f"[cloudaccounts.providers]\ntoy = {slowcloud.__name__}:PROVIDER\n"
        )

    def worker(self, name: str) -> subprocess.Popen[bytes]:
        """One more worker (worker, scanner or fleet), ready for work."""
        queue = {"worker": "checks", "scanner": "scans", "fleet": "fleet"}[name]
        number = len(self._running)
        [command] = [command for label, _, command in commands(0) if label == name]
        command = [part.replace(f"{name}@", f"{name}{number}@") for part in command]
        process = self._start(f"{name}{number}", command)
        wait_for(lambda: self._is_ready(process, f"{name}{number}", queue), seconds=90, what=f"the start of {name}")
        return process

    def beat(self) -> subprocess.Popen[bytes]:
        """One more scheduler, in a hurry, with a memory of its own."""
        number = len(self._running)
        command = [sys.executable, "-m", "celery", "-A", "tests.brokers.hurried", "--quiet", "beat"]
        return self._start(f"beat{number}", [*command, "--schedule", str(self.folder / f"beat{number}")])

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        self._running.remove(process)

    def end(self) -> None:
        for process in self._running:
            process.kill()
        for process in self._running:
            process.wait(20)

    def hold(self) -> None:
        """Whoever asks the toy cloud from now on waits until `release`."""
        (self.folder / slowcloud.HOLD).touch()

    def release(self) -> None:
        (self.folder / slowcloud.HOLD).unlink()

    def visits(self) -> Counter[str]:
        """How often the toy cloud was asked what: "scan abcdef", "validate abcdef", "collect:boxes:left abcdef" …"""
        try:
            lines = (self.folder / slowcloud.JOURNAL).read_text().splitlines()
        except FileNotFoundError:
            lines = []
        return Counter(line.rpartition(" ")[0] for line in lines)

    def output(self) -> str:
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in sorted(self.folder.glob("*.log")))

    def _is_ready(self, process: subprocess.Popen[bytes], name: str, queue: str) -> bool:
        assert process.poll() is None, self.output()
        return " ready." in (self.folder / f"{name}.log").read_text() and worker_state(queue).alive

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        env = {key: value for key, value in os.environ.items() if not key.startswith(("TEST_", "PYTEST_"))}
        env |= {variable: _url(alias) for alias, variable in URLS.items()}
        env |= {"CELERY_BROKER_URL": self.broker.url, "DATA_DIR": str(FOLDER / "data"), "LOG_LEVEL": "INFO"}
        env |= {"PYTHONPATH": os.pathsep.join((str(self.folder), str(ROOT))), slowcloud.FOLDER: str(self.folder)}
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        self._running.append(process)
        return process


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
    yield from _running(Product(tmp_path, broker))


@pytest.fixture
def stoppable(own_broker: Broker, transactional_db: None, toycloud: State, tmp_path: Path) -> Iterator[Product]:
    """The same with a broker that may be stopped."""
    yield from _running(Product(tmp_path, own_broker))


def _running(product: Product) -> Iterator[Product]:
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
