"""Databases that the first edition's own code has filled, upgraded and used as teams, on each engine.

tests/config/test_editions.py compares rows and tables; here people and scripts of before come back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from config.env import ROOT
from tests import servers
from tests.environment import MONGODB

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
FIRST_EDITION = "97ade70"
HERE = Path(__file__).parent
ENGINES = ["sqlite", "postgresql", *(["mongodb"] if MONGODB else [])]


@contextmanager
def databases(engine: str) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        if engine == "mongodb":
            yield stack.enter_context(servers.same_as_tests())
        elif engine == "postgresql":
            url = os.environ.get("TEST_POSTGRES_URL") or os.environ.get("TEST_DATABASE_URL")
            if not url:
                pytest.skip("TEST_POSTGRES_URL names no PostgreSQL: nothing was upgraded on it.")
            yield stack.enter_context(servers.databases(url, "edition"))
        else:
            yield servers.EMBEDDED


@pytest.fixture(scope="module")
def first_edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its code, from the repository's history."""
    if subprocess.run(
        ["git", "cat-file", "-e", f"{FIRST_EDITION}^{{commit}}"], cwd=ROOT, capture_output=True
    ).returncode:
        pytest.skip(f"This copy has no history: the first edition ({FIRST_EDITION}) is not in it.")
    folder = tmp_path_factory.mktemp("first-edition")
    packed = subprocess.run(["git", "archive", FIRST_EDITION], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)
    return folder


@pytest.mark.parametrize("engine", ENGINES)
def test_who_was_there_before_teams_goes_on_and_shares(engine: str, first_edition: Path, tmp_path: Path) -> None:
    with databases(engine) as urls:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DJANGO_"))},
            **urls,
            "DATA_DIR": str(tmp_path / "data"),
            "SECRET_KEY": "only-for-tests",
            "CREDENTIAL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "ERROR",
        }

        def run(code: Path, *words: str, given: str = "") -> str:
            path = os.pathsep.join([str(code), *([] if code == ROOT else [str(HERE / "then")])])
            done = subprocess.run(
                [sys.executable, *words], cwd=code, env={**env, "PYTHONPATH": path}, input=given,
                capture_output=True, text=True,
            )  # fmt: skip
            assert done.returncode == 0, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            return done.stdout

        made = json.loads(run(first_edition, *script(HERE / "then" / "filling.py")))
        seen = json.loads(run(ROOT, *script(HERE / "looking_now.py"), given=json.dumps(made)))
    for name in ("anna", "bert"):
        assert seen[name] == expected(name, made[name])
    anna = made["anna"]
    assert seen["shared"] == {
        "before": [], "within": anna["accounts"][:1], "own": [], "crew": 36, "moved": 200,
        "left": sorted(anna["accounts"][:2]), "crew_id_differs": True,
    }  # fmt: skip


def script(path: Path) -> tuple[str, ...]:
    return ("-c", f"import django, runpy; django.setup(); runpy.run_path({str(path)!r}, run_name='__main__')")


def expected(name: str, its: dict[str, Any]) -> dict[str, Any]:
    return {
        "accounts": sorted(its["accounts"]),
        "group": [its["group"]],
        "organization": [its["organization"]],
        "external_id": its["external_id"],  # customers' trust policies name it
        "writes": [403, 201],
        "page": its["accounts"],
        "draft": True,
        "secret": "of the first edition",
        "team": [name, True, ["owner"]],
        "runs": its["runs"],
        "events": True,
    }
