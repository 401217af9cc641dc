"""Everything in one foreground process group: web, workers, scheduler, and in the sandbox the simulated clouds."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.running import preparation
from config.running.announcement import announce
from config.running.output import Output
from config.running.shutdown import told_to_end
from config.running.supervisor import Child, Children


def _stop_when_asked(children: Children) -> None:
    read_end, _ = told_to_end()

    def listen() -> None:
        os.read(read_end, 1)
        children.stop()

    threading.Thread(target=listen, name="signals", daemon=True).start()


class Command(BaseCommand):
    help = "Starts web, worker and scheduler on loopback; Ctrl-C or SIGTERM ends all of it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sandbox", action="store_true", help="with simulated clouds, in a data folder of its own")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--fleet", type=int, default=0, help="sandbox only: connects that many simulated accounts")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sandbox"] and not settings.SANDBOX:
            # manage.py reads the flag before the settings, and knows it only in full and right behind `up`.
            raise CommandError("Write it out: manage.py up --sandbox. Nothing was started, least of all live.")
        port: int = options["port"]
        preparation.port_must_be_free(port)
        # Before anything is written: until then databases and files may be another start's.
        alone = preparation.alone_in_the_data_folder()
        console = Output(highlight=False)
        children = Children(console)
        _stop_when_asked(children)
        try:
            self._run(port, console, children, fleet=options["fleet"] if settings.SANDBOX else 0)
        except BrokenPipeError:
            raise SystemExit(1) from None  # there is nobody to tell
        finally:
            children.end()
            alone.close()
            with suppress(OSError):
                console.print("Ended.")

    def _run(self, port: int, console: Output, children: Children, *, fleet: int = 0) -> None:
        console.print("Preparing databases and files …")
        preparation.databases_and_files()
        preparation.forget_measurements()
        clouds = preparation.start_sandbox(children) if settings.SANDBOX else {}
        address = preparation.address(port)
        env = {
            "CLOUD_ACCOUNTS_SANDBOX": "1" if settings.SANDBOX else "0",
            "DATA_DIR": str(settings.DATA_DIR),
            "BASE_URL": address,
            **clouds.get("env", {}),
        }
        # Only there: cookies without the mark Secure must cross no network.
        if preparation.is_plain_loopback(address):
            env["CLOUD_ACCOUNTS_PLAIN_HTTP"] = "1"
        for name, style, command in preparation.commands(port):
            children.add(Child(name, command, style, env))
        watcher = threading.Thread(target=children.watch, name="watch", daemon=True)
        watcher.start()
        ready = preparation.wait_until_ready(port, children.stopping)
        if not children.stopping.is_set():
            self._announce(console, address=address, ready=ready)
            if fleet > 0:
                # After the first user is made, who owns them.
                command = ["nice", "-n", "10", sys.executable, "manage.py", "connect_fleet", str(fleet)]
                children.add(Child("accounts", command, "bright_black", env, once=True))
        watcher.join()

    def _announce(self, console: Output, *, address: str, ready: bool) -> None:
        """The first user is made last of all: a start that fails before never keeps a password that nobody saw."""
        password = preparation.first_user()
        try:
            announce(console, address=address, password=password, sandbox=settings.SANDBOX, ready=ready)
            if console.broken:
                raise BrokenPipeError
        except OSError:
            if password:
                preparation.without_first_user()
            raise
