"""Visits pages of this product, in a process of its own, while a database is really gone.

Reads from its standard input: ``spoil`` (an alias whose SQLite file becomes something that nobody can open) and
``visits`` (method, path and headers each; ``stranger`` where it is to bring no cookie). Writes what was answered. Which
servers the aliases lie on, its environment says. With each answer comes how often MongoDB's driver gave up waiting for
its server meanwhile.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import django


class _GivenUp(logging.Handler):
    """Counts: a time would depend on how busy the machine is."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.times += "Server selection failed" in record.getMessage()


GIVEN_UP = _GivenUp()


def _count_what_the_driver_gives_up() -> None:
    logger = logging.getLogger("pymongo.serverSelection")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(GIVEN_UP)


def _sign_in(client: Any) -> None:
    from django.contrib.auth.models import User

    client.force_login(User.objects.create_superuser("olga", password="not-used-here"))


def _spoil(alias: str) -> Path:
    from django.db import connections

    path = Path(str(connections[alias].settings_dict["NAME"]))
    connections.close_all()
    aside = path.with_suffix(".aside")
    path.rename(aside)
    path.mkdir()
    return aside


def _mend(aside: Path) -> None:
    path = aside.with_suffix(".sqlite3")
    path.rmdir()
    aside.rename(path)


def _answer(client: Any, visit: dict[str, Any]) -> dict[str, Any]:
    from django.test import Client

    if visit.get("stranger"):
        client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    before = GIVEN_UP.times
    response = client.generic(visit["method"], visit["path"], headers=visit.get("headers") or {})
    return {
        "given_up": GIVEN_UP.times - before,
        "path": visit["path"], "status": response.status_code, "headers": dict(response.headers),
        "text": b"".join(response).decode(),
    }  # fmt: skip


def main() -> None:
    asked = json.load(sys.stdin)
    django.setup()
    _count_what_the_driver_gives_up()
    from django.conf import settings
    from django.db import connections
    from django.test import Client

    from tests import databases

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    here = [alias for alias in connections if connections[alias].vendor == "sqlite"]
    for alias in here:
        databases.copied_or_migrated(alias)
    if "default" in here:
        _sign_in(client)
    else:
        client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    aside = _spoil(asked["spoil"]) if asked["spoil"] else None
    answers = [_answer(client, visit) for visit in asked["visits"]]
    if aside is not None:
        _mend(aside)
        answers.append(_answer(client, asked["visits"][0]))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main()
