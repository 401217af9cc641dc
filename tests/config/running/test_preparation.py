from __future__ import annotations

import io
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError
from pytest_django import Settings

from config.management.commands import up
from config.running import preparation
from config.running.output import Output
from config.running.supervisor import Children
from tests.conftest import ALL_DATABASES


@pytest.fixture(autouse=True)
def measurements_stay(settings: Settings, tmp_path: Path) -> None:
    """A start forgets what was measured in its folder: not what this process goes on measuring."""
    settings.METRICS_DIR = str(tmp_path)


@pytest.fixture
def children() -> Any:
    children = Children(Output(file=io.StringIO()))
    yield children
    children.end()


@pytest.fixture
def program(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What runs in the place of the simulated clouds."""
    settings.DATA_DIR = tmp_path
    path = tmp_path / "program"
    path.touch(mode=0o700)
    monkeypatch.setattr(sys, "executable", str(path))
    return path


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:8000", True),
        ("https://127.0.0.1:8000", False),
        ("http://accounts.example.com", False),
        ("https://accounts.example.com", False),
        ("http://192.168.1.4:8000", False),
        ("http://localhost.example.com", False),
    ],
)
def test_only_loopback_without_tls_goes_without_secure_cookies(address: str, plain: bool) -> None:
    assert preparation.is_plain_loopback(address) is plain


def test_the_address_comes_from_base_url_or_its_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BASE_URL = "https://accounts.example.com"
    monkeypatch.delenv("BASE_URL")
    assert preparation.address(8123) == "http://localhost:8123"
    monkeypatch.setenv("BASE_URL_FILE", "/run/secrets/base-url")
    assert preparation.address(8123) == "https://accounts.example.com"


@pytest.mark.parametrize(
    ("base_url", "plain"), [("https://accounts.example.com", None), ("http://127.0.0.1:8000", "1")]
)
def test_up_asks_for_plain_http_on_loopback_alone(
    base_url: str, plain: str | None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BASE_URL, settings.SANDBOX = base_url, False
    monkeypatch.setattr(preparation, "databases_and_files", lambda: None)
    monkeypatch.setattr(preparation, "wait_until_ready", lambda port, stopping: False)
    console = Output(file=io.StringIO())
    children = Children(console)
    children.stop()
    added: list[Any] = []
    monkeypatch.setattr(children, "add", added.append)
    up.Command()._run(8000, console, children)
    assert {child.env.get("CLOUD_ACCOUNTS_PLAIN_HTTP") for child in added} == {plain}


def test_clouds_that_end_at_once_are_told_at_once(children: Children, program: Path) -> None:
    program.write_text("#!/bin/sh\nexit 3\n")
    start = time.monotonic()
    with pytest.raises(CommandError, match="ended with exit code 3 instead of starting"):
        preparation.start_sandbox(children)
    assert time.monotonic() - start < 10


def test_one_need_not_wait_for_the_clouds_to_end_everything(children: Children, program: Path) -> None:
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    threading.Timer(0.3, children.stop).start()
    start = time.monotonic()
    assert preparation.start_sandbox(children) == {}
    assert time.monotonic() - start < 10


@pytest.mark.django_db
def test_a_start_that_fails_leaves_no_user_with_a_password_that_nobody_saw(
    children: Children, program: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.write_text("#!/bin/sh\nexit 3\n")
    settings.SANDBOX = True
    monkeypatch.setattr(preparation, "databases_and_files", lambda: None)
    with pytest.raises(CommandError):
        up.Command()._run(8000, Output(file=io.StringIO()), children)
    assert not User.objects.exists()


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_a_password_that_could_not_be_shown_is_taken_back() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        up.Command()._announce(Output(file=Closed()), address="http://127.0.0.1", ready=True)
    assert not User.objects.exists()
    seen = io.StringIO()
    up.Command()._announce(Output(file=seen), address="http://127.0.0.1", ready=True)
    assert "shown this once" in seen.getvalue()
