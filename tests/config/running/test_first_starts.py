"""Eight first starts at once: one set of keys, each table made once, and each process done or told why not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from config.env import ROOT
from tests.servers import EMBEDDED, databases
from tests.stack import free_port, wait_for

EIGHT = 8
ALIASES = ("default", "cloud_security", "cloud_asset_discovery")
MIGRATE = f"""
import django
django.setup()
from django.core.management import call_command
for alias in {ALIASES}:
    call_command("migrate", database=alias, verbosity=0, interactive=False)
"""
CHECK = MIGRATE.replace("verbosity=0", "verbosity=0, check_unapplied=True")
POSTGRES = os.environ.get("TEST_POSTGRES_URL") or "postgres://postgres@127.0.0.1:5432/postgres"


def environment(folder: Path, urls: dict[str, str]) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TEST_", "PYTEST_"))}
    env |= {**urls, "DATA_DIR": str(folder), "SECRET_KEY": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
    env |= {"CLOUD_ACCOUNTS_SANDBOX": "0", "EMAIL_URL": "memorymail://", "CELERY_BROKER_URL": "filesystem://"}
    del env["BASE_URL"]
    return env


def reaches_postgres() -> bool:
    try:
        psycopg.connect(POSTGRES, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield EMBEDDED
        elif not reaches_postgres():
            pytest.skip("no PostgreSQL answers; TEST_POSTGRES_URL names one")
        else:
            yield stack.enter_context(databases(POSTGRES, "first"))


def test_all_migrate_and_find_each_table_made_once(tmp_path: Path, urls: dict[str, str]) -> None:
    env = environment(tmp_path / "data", urls)
    command = [sys.executable, "-c", MIGRATE]
    starts = [
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(EIGHT)
    ]
    said = [start.communicate(timeout=400)[0] for start in starts]
    assert [start.returncode for start in starts] == [0] * EIGHT, "\n".join(said)
    # 1 where a migration is not applied, or noted and not done.
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    keys = tmp_path / "data" / "keys"
    assert sorted(path.name for path in keys.iterdir()) == ["encryption.keys", "secret.key"]
    assert [len(path.read_text().split()) for path in keys.iterdir()] == [1, 1]


def test_of_eight_in_one_folder_one_comes_up_and_the_others_say_so(tmp_path: Path) -> None:
    env = environment(tmp_path / "data", EMBEDDED)
    starts: list[subprocess.Popen[bytes]] = []
    logs = [tmp_path / f"{number}.log" for number in range(EIGHT)]
    try:
        for log in logs:
            with log.open("wb") as output:
                starts.append(
                    subprocess.Popen(
                        [sys.executable, "manage.py", "up", "--port", str(free_port())],
                        cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    )
                )  # fmt: skip
        wait_for(
            lambda: sum(start.poll() is not None for start in starts) == EIGHT - 1, seconds=200, what="the refusals"
        )
        [(winner, log)] = [(start, log) for start, log in zip(starts, logs, strict=True) if start.poll() is None]
        losers = [path.read_text() for path in logs if path != log]
        assert [start.returncode for start in starts if start is not winner] == [1] * (EIGHT - 1)
        assert all("Another start runs in the data folder" in text and "Traceback" not in text for text in losers)
        wait_for(lambda: "Ctrl-C ends everything" in log.read_text(), seconds=200, what="the start")
        assert len(re.findall("shown this once", log.read_text())) == 1
        winner.terminate()
        assert winner.wait(90) == 0
    finally:
        for start in starts:
            if start.poll() is None:
                start.kill()
                start.wait(20)
