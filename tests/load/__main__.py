"""`make load`: the product under load, on PostgreSQL and Redis and on the embedded defaults; prints a table and writes
``var/load.json``. `python -m tests.load NAME …` plays some only: postgres, isolation-postgres, isolation-sqlite,
writes-postgres, writes-sqlite.

``TEST_POSTGRES_URL`` and ``TEST_REDIS_URL`` name the servers (those of this machine by default). Databases of its own
are made there and taken away again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import django
from rich.console import Console
from rich.table import Table

from config.env import ROOT
from tests.load.row import Row
from tests.servers import EMBEDDED, databases
from tests.stack import free_port

POSTGRES = os.environ.get("TEST_POSTGRES_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
REDIS = os.environ.get("TEST_REDIS_URL") or "redis://127.0.0.1:6379/15"


SETTINGS = "LOAD_SETTINGS"  # variable that hands a play's settings on
PLAYS = ("postgres", "isolation-postgres", "isolation-sqlite", "writes-postgres", "writes-sqlite")


def main() -> int:
    """Each play in a process of its own: settings are read once."""
    rows: list[Row] = []
    for name in sys.argv[1:] or PLAYS:
        if name not in PLAYS:
            raise SystemExit(f"there is no play “{name}”: {', '.join(PLAYS)}")
        done = subprocess.run([sys.executable, "-m", "tests.load", "--play", name], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            return done.returncode
        rows += [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]
    _tell(Console(), rows)
    return 0 if all(row.fine for row in rows) else 1


def play(name: str) -> list[Row]:
    console = Console(stderr=True)
    with ExitStack() as stack:
        # Processes that were just killed may leave a file behind.
        kept = tempfile.TemporaryDirectory(prefix="cloud-accounts-load-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(kept))
        sqlite = name.endswith("sqlite")
        urls = EMBEDDED if sqlite else stack.enter_context(databases(POSTGRES, "load"))
        port = free_port()
        env = {
            **urls, "DATA_DIR": str(folder / "data"), "BASE_URL": f"http://127.0.0.1:{port}", "EMAIL_URL": "memorymail://",
            "CLOUD_ACCOUNTS_SANDBOX": "1", "CLOUD_ACCOUNTS_PLAIN_HTTP": "1", "LOG_LEVEL": "WARNING", "SECRET_KEY": "",
            "CELERY_BROKER_URL": "filesystem://", "API_CALLS_PER_MINUTE": "100000",
        }  # fmt: skip
        _set(env)
        if not sqlite:
            from tests.brokers.engines import shared_redis

            env["CELERY_BROKER_URL"] = stack.enter_context(shared_redis(REDIS)).url
            os.environ.update(env, **{SETTINGS: json.dumps(env)})
        return [replace(row, name=f"{name}: {row.name}") for row in _measure(console, folder, env, port, name)]


def _set(env: dict[str, str]) -> None:
    """For this process, over what `tests.environment` has set, and for those that it starts."""
    os.environ.update(env, DJANGO_SETTINGS_MODULE="config.settings", **{SETTINGS: json.dumps(env)})
    django.setup()


def _measure(console: Console, folder: Path, env: dict[str, str], port: int, name: str) -> list[Row]:
    from django.db import connections

    from tests.brokers import slowcloud
    from tests.brokers.processes import Product
    from tests.load import isolation, scenes, writes

    product = Product(folder, {**env, "LOG_LEVEL": "INFO"})
    # So that this process and those that it starts find the toy cloud as the product's own do.
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join((str(folder), str(ROOT)))
    os.environ[slowcloud.FOLDER] = str(folder)
    try:
        scenes.start(product, port)
        acts = {"isolation": isolation.play, "writes": writes.play, "postgres": scenes.play}
        return list(acts[name.partition("-")[0]](console, product, port))
    except BaseException:
        console.print(product.output())
        raise
    finally:
        product.end()
        connections.close_all()


def _tell(console: Console, rows: list[Row]) -> None:
    table = Table("load", "requests", "errors", "median ms", "p95 ms", "slowest ms", "note")
    for row in rows:
        table.add_row(
            row.name, str(row.requests), str(row.errors), f"{row.median_ms:.0f}", f"{row.p95_ms:.0f}",
            f"{row.slowest_ms:.0f}", row.note,
        )  # fmt: skip
    console.print(table)
    output = ROOT / "var" / "load.json"
    output.parent.mkdir(mode=0o700, exist_ok=True)
    output.write_text(json.dumps([row.to_dict() for row in rows], indent=2) + "\n")
    console.print(f"written to {output.relative_to(ROOT)}")


if __name__ == "__main__" and sys.argv[1:2] == ["--worst"]:
    _set(json.loads(os.environ[SETTINGS]))
    from tests.load import worst

    worst.main()
elif __name__ == "__main__" and sys.argv[1:2] == ["--flood"]:
    _set(json.loads(os.environ[SETTINGS]))
    from tests.load import flood

    flood.main()
elif __name__ == "__main__" and sys.argv[1:2] == ["--play"]:
    print(json.dumps([row.to_dict() for row in play(sys.argv[2])]))  # noqa: T201
elif __name__ == "__main__":
    began = time.monotonic()
    code = main()
    print(f"{time.monotonic() - began:.0f} s")  # noqa: T201
    sys.exit(code)
