"""Everything in one foreground process group: web, workers, scheduler, and in the sandbox the simulated clouds."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console

from config.running import preparation
from config.running.announcement import announce
from config.running.children import Child, Children


class Command(BaseCommand):
    help = "Starts web, worker and scheduler on loopback; Ctrl-C or SIGTERM ends all of it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sandbox", action="store_true", help="with simulated clouds, in a data folder of its own")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        port: int = options["port"]
        preparation.port_must_be_free(port)
        console = Console(highlight=False)
        children = Children(console)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: children.stop())
        try:
            self._run(port, console, children)
        finally:
            console.print("Ending …")
            children.end()
            console.print("Ended.")

    def _run(self, port: int, console: Console, children: Children) -> None:
        console.print("Preparing databases and files …")
        preparation.databases_and_files()
        password = preparation.first_user()
        clouds = preparation.start_sandbox(children) if settings.SANDBOX else {}
        address = os.environ.get("BASE_URL") or f"http://127.0.0.1:{port}"
        env = {
            "CLOUD_ACCOUNTS_PLAIN_HTTP": "1",
            "CLOUD_ACCOUNTS_SANDBOX": "1" if settings.SANDBOX else "0",
            "DATA_DIR": str(settings.DATA_DIR),
            "BASE_URL": address,
            **clouds.get("env", {}),
        }
        for name, style, command in preparation.commands(port):
            children.add(Child(name, command, style, env))
        watcher = threading.Thread(target=children.watch, name="watch")
        watcher.start()
        ready = preparation.wait_until_ready(port, children.stopping)
        if not children.stopping.is_set():
            announce(console, address=address, password=password, clouds=clouds, ready=ready)
        watcher.join()
