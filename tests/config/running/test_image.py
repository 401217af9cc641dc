"""What the Dockerfile puts into the image is enough: laid out as it says, the product migrates, starts and answers.

No engine builds it here; the packages are this environment's.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.env import ROOT
from tests.webserver import WebServer

ADDRESS = "https://accounts.example.com"
PROXY = {"Host": "accounts.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


def last_stage() -> list[str]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return re.split(r"^FROM .*$", text, flags=re.MULTILINE)[-1].splitlines()


def allowed() -> set[str]:
    """Top-level names that .dockerignore lets through: all else never reaches the builder."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    return {line[1:] for line in lines if line.startswith("!")}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = tmp_path_factory.mktemp("image") / "app"
    app.mkdir()
    for line in last_stage():
        if copied := re.match(r"COPY (?!--)(\S+) (\S+)$", line):
            source, target = copied.groups()
            assert source in allowed(), f"{source} is copied, and .dockerignore leaves it out"
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, app / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / source, app / target)
    return app


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "HOME", "VIRTUAL_ENV"}}
    secret = folder / "secret.key"
    secret.write_text("only-for-this-test-" * 4)
    return kept | {
        "DATA_DIR": str(folder / "data"), "LOG_FORMAT": "json", "BASE_URL": ADDRESS, "TRUSTED_PROXIES": "127.0.0.1/32",
        "SECRET_KEY_FILE": str(secret), "EMAIL_URL": "smtp+tls://u:p@mail.example.com:587",
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def run(image: Path, env: dict[str, str], *command: str) -> str:
    done = subprocess.run([sys.executable, *command], cwd=image, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_it_migrates_starts_and_answers_without_the_simulated_clouds(image: Path, tmp_path: Path) -> None:
    env = environment(tmp_path)
    assert run(image, env, "-c", "import config; print(config.__file__)").startswith(str(image))
    assert not (image / "sandbox").exists()
    for alias in ("default", "cloud_security", "cloud_asset_discovery"):
        run(image, env, "manage.py", "migrate", "--no-input", "--database", alias, "--verbosity", "0")
    run(image, env, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    run(image, env, "manage.py", "check", "--deploy", "--fail-level", "WARNING", "--database", "cloud_security")
    with WebServer(image, env, tmp_path / "web.log") as web:
        page = web.get("/login/", PROXY)
        assert page.status_code == 200
        styles = re.findall(r'href="(/static/css/[^"]+)"', page.text)
        assert styles
        assert all(web.get(address, PROXY).status_code == 200 for address in styles)


def test_its_own_commands_name_what_exists(image: Path) -> None:
    """The command and health check of the image, and those of the services in compose.yaml."""
    files = (ROOT / "Dockerfile").read_text() + (ROOT / "compose.yaml").read_text()
    for path in ("config/gunicorn.conf.py", "manage.py"):
        assert path in files
        assert (image / path).is_file()
    queues = set(re.findall(r"--queues=(\w+)", files))
    assert queues == {"checks", "heartbeats", "scans", "fleet"}
