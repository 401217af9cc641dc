"""What a first start needs: databases, static files, a first user, and in the sandbox the simulated clouds."""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import secrets
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from config.running.supervisor import Child, Children, how_it_ended


def port_must_be_free(port: int) -> None:
    with socket.socket() as probe:
        # As gunicorn does: a port at which only closed connections linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(f"Port {port} is taken. Choose another: manage.py up --port {port + 1}") from error


def databases_and_files() -> None:
    for alias in settings.DATABASES:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)


def forget_measurements() -> None:
    """Those of processes that are gone: whoever starts alone in a data folder starts counting anew."""
    for file in Path(settings.METRICS_DIR).glob("*.db"):
        file.unlink(missing_ok=True)


def first_user() -> str | None:
    """The new admin's password, to be printed once; None where there is a superuser already."""
    users = get_user_model()
    if users._default_manager.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    users._default_manager.create_superuser(username="admin", email="", password=password)
    return password


def without_first_user() -> None:
    """Takes back the user of `first_user`, whose password nobody could read."""
    get_user_model()._default_manager.filter(username="admin", last_login=None).delete()


def address(port: int) -> str:
    """Where people open this start: BASE_URL where somebody set it, else its own port on loopback."""
    given = os.environ.get("BASE_URL") or os.environ.get("BASE_URL_FILE")
    return str(settings.BASE_URL) if given else f"http://localhost:{port}"  # browsers know no passkeys of an address


def alone_in_the_data_folder() -> IO[str]:
    """Keeps a second start out of this data folder for as long as the answer is kept open.

    Two schedulers would do everything twice, and the second simulated clouds would take the address of the first away.
    """
    lock = (Path(settings.DATA_DIR) / "up.lock").open("w")
    try:
        # The kernel lets go of it when the process ends, however it ends: no file is left that keeps the next start
        # out.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise CommandError(
            f"Another start runs in the data folder {settings.DATA_DIR} already. End it first, or set DATA_DIR to "
            "another folder."
        ) from None
    return lock


def is_plain_loopback(address: str) -> bool:
    """Whether browsers reach it without TLS and from this machine alone: only there may cookies travel in the clear."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    return parts.scheme == "http" and loopback


def start_sandbox(children: Children, timeout: float = 300.0) -> dict[str, Any]:
    """Starts the simulated clouds; their description once they are ready, empty where the end came first.

    Within ``timeout`` seconds, which a fleet of hundreds may take: it is built anew at each start. One that ended is
    noticed at once.
    """
    folder = Path(settings.DATA_DIR) / "clouds"
    folder.mkdir(mode=0o700, exist_ok=True)
    ready_file = folder / "sandbox.json"
    # That of an earlier start would be taken for this one's.
    ready_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "sandbox", "--data-dir", str(folder)]
    clouds = Child("clouds", command, "magenta", {}, needed_by_others=True)
    children.add(clouds)
    deadline = time.monotonic() + timeout
    while not ready_file.exists():
        if children.stopping.is_set():
            return {}
        if clouds.process and (code := clouds.process.poll()) is not None:
            for reader in clouds.readers:
                reader.join(timeout=2)  # its last lines say why
            raise CommandError(f"The simulated clouds: {how_it_ended(code)} instead of starting; see the lines above.")
        if time.monotonic() > deadline:
            raise CommandError(
                f"The simulated clouds were not ready within {timeout:.0f} s; start again when less is going on."
            )
        time.sleep(0.1)
    described: dict[str, Any] = json.loads(ready_file.read_text())
    return described


def wait_until_ready(port: int, stopping: threading.Event, timeout: float = 60.0) -> bool:
    """Whether web, databases, broker and all workers answer within ``timeout`` seconds; False at once when stopping."""
    deadline = time.monotonic() + timeout
    ready = threading.Event()

    def ask() -> None:
        # Past any proxy of the environment: the question is to this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < deadline and not stopping.wait(0.3):
            try:
                with opener.open(f"http://127.0.0.1:{port}/readyz", timeout=5):
                    ready.set()
                    return
            except (urllib.error.URLError, OSError):  # refused while it starts; 503 while a worker is not there yet
                continue

    # In a thread: while the web server loads, one question waits for seconds, and who ends the start would as well.
    asking = threading.Thread(target=ask, name="ready?", daemon=True)
    asking.start()
    while asking.is_alive() and not stopping.is_set():
        asking.join(0.2)
    return ready.is_set()


def commands(port: int) -> list[tuple[str, str, list[str]]]:
    """(name, style, command) of the web server, the four workers and the scheduler.

    Four workers, so that neither scans nor heartbeats nor jobs over many accounts make a person wait who proves access
    in the wizard, nor each other; what nobody waits for yields the processor to what somebody waits for. More threads
    than one owner may have of a queue (`cloudaccounts.jobs.turns`): they mostly wait. Threads, not child processes:
    with a broker of files the children of a pool share one lock, and one killed while it waits keeps it for good.
    A worker of threads dies as a whole, which is seen and mended (docs/decisions/0005).
    """
    # Celery's advice against root is told in docs; here it would be ten lines at each start in a container.
    celery = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "-A", "config", "--quiet"]
    worker = [*celery, "worker", "--pool=threads", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    patient = ["nice", "-n", "10"]
    web = [sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "config/gunicorn.conf.py"]
    return [
        ("web", "cyan", [*web, "--bind", f"127.0.0.1:{port}"]),
        ("worker", "green", [*worker, "--queues=checks", "--concurrency=12", "--hostname=worker@%h"]),
        ("hearts", "bright_red", [*worker, "--queues=heartbeats", "--concurrency=2", "--hostname=hearts@%h"]),
        ("scanner", "yellow", [*patient, *worker, "--queues=scans", "--concurrency=3", "--hostname=scanner@%h"]),
        ("fleet", "bright_green", [*patient, *worker, "--queues=fleet", "--concurrency=6", "--hostname=fleet@%h"]),
        ("beat", "blue", [*celery, "beat", "--loglevel=WARNING"]),
    ]
