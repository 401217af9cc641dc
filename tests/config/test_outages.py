"""A database that cannot be reached: pages and calls alike ask to come back. Nothing is patched."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django_mongodb_backend.query import wrap_database_errors
from pymongo import MongoClient

from cloudaccounts.work.databases import is_outage
from config.env import ROOT
from tests.servers import VARIABLE_OF

PAGES = ("/", "/accounts/", "/findings/", "/scans/", "/admin/overview/")
BEARER = {"Authorization": "Bearer cam_a-token-that-only-the-database-could-know"}
CALLS = [
    {"method": "GET", "path": "/api/v1/cloud-accounts/", "headers": BEARER, "stranger": True},
    {"method": "POST", "path": "/api/v1/cloud-accounts/", "headers": BEARER, "stranger": True},
]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Bound and not listened at: whoever connects is refused, and nobody else gets it meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class Answers(list[dict[str, Any]]):
    log = ""


def visit(folder: Path, gone: dict[str, str], visits: list[dict[str, Any]], *, spoil: str = "") -> Answers:
    env = os.environ | {name: gone.get(alias, "") for alias, name in VARIABLE_OF.items()}
    env |= {"DATA_DIR": str(folder / "data"), "SECRET_KEY": "only-for-tests"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.config.site.visiting"], env=env,
        input=json.dumps({"visits": visits, "spoil": spoil}), cwd=ROOT,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers = Answers(json.loads(done.stdout))
    answers.log = done.stderr
    return answers


def pages(*paths: str) -> list[dict[str, Any]]:
    return [{"method": "GET", "path": path} for path in paths]


def assert_calm_page(answer: dict[str, Any]) -> None:
    assert answer["status"] == 503, answer["path"]
    assert answer["headers"]["Retry-After"] == "10"
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert "cannot be reached right now" in answer["text"]
    assert "default-src 'none'" in answer["headers"]["Content-Security-Policy"]
    for inside in ("Traceback", "OperationalError", "psycopg", "sqlite", "127.0.0.1:", "olga"):
        assert inside not in answer["text"], answer["path"]


def assert_problem(answer: dict[str, Any]) -> None:
    assert answer["status"] == 503, answer
    assert answer["headers"]["Content-Type"] == "application/json"
    assert answer["headers"]["Retry-After"] == "10"
    body = json.loads(answer["text"])
    assert body["code"] == "database_unavailable"
    assert "cannot be reached" in body["message"]
    assert "Try again" in body["remedy"]
    assert set(body) == {"code", "message", "remedy"}


def test_without_any_database_pages_and_calls_ask_to_come_back(tmp_path: Path, closed_port: int) -> None:
    gone = dict.fromkeys(VARIABLE_OF, f"postgres://nobody@127.0.0.1:{closed_port}/none")
    unasked = [{**visit, "stranger": True} for visit in pages("/healthz", "/readyz")]
    visits = [*pages(*PAGES, "/nothing/"), *CALLS, *unasked]
    answers = visit(tmp_path, gone, visits)
    for answer in answers[: len(PAGES) + 1]:
        assert_calm_page(answer)
    for answer in answers[len(PAGES) + 1 : -2]:
        assert_problem(answer)
    assert [answer["status"] for answer in answers[-2:]] == [200, 503]
    assert json.loads(answers[-1]["text"])["checks"]["database default"] == "The database cannot be reached."
    assert "connection refused" in answers.log.lower()  # for the operator, who needs to know


def test_without_the_isolated_database_those_who_are_signed_in_are_told_the_same(
    tmp_path: Path, closed_port: int
) -> None:
    gone = {"cloud_security": f"postgres://nobody@127.0.0.1:{closed_port}/none"}
    answers = visit(tmp_path, gone, [*pages(*PAGES), *CALLS])
    for answer in answers[: len(PAGES)]:
        assert_calm_page(answer)
    for answer in answers[len(PAGES) :]:
        assert_problem(answer)


def test_a_mongodb_that_is_gone_is_told_the_same_and_asked_once(tmp_path: Path, closed_port: int) -> None:
    patience = 300  # ms; the driver waits it out even where it is refused at once
    url = f"mongodb://127.0.0.1:{closed_port}/none?serverSelectionTimeoutMS={patience}"
    gone = {"cloud_security": url, "cloud_asset_discovery": url}
    answers = visit(tmp_path, gone, [*pages(*PAGES), *CALLS, *pages("/readyz")])
    for answer in answers[: len(PAGES)]:
        assert_calm_page(answer)
    for answer in answers[len(PAGES) : -1]:
        assert_problem(answer)
    ready = answers[-1]
    assert ready["status"] == 503
    report = json.loads(ready["text"])["checks"]
    assert report["database default"] == "ok"
    assert report["database cloud_security"] == report["database cloud_asset_discovery"]
    assert report["database cloud_security"] == "The database cannot be reached."
    assert report["encryption key"] == report["worker checks"] == "Unknown: the database cannot be read."
    assert ready["given_up"] == 2  # once a database, not for each of six questions


def test_a_file_that_cannot_be_opened_is_told_and_works_again_once_it_can(tmp_path: Path) -> None:
    with_cookie = {**CALLS[0], "stranger": False}  # fails before the API is reached
    visits = [*pages(*PAGES), {"method": "GET", "path": "/api/v1/docs"}, with_cookie]
    answers = visit(tmp_path, {}, visits, spoil="default")
    for answer in answers[: len(PAGES) + 1]:
        assert_calm_page(answer)
    for answer in answers[len(PAGES) + 1 : -1]:
        assert_problem(answer)
    assert (answers[-1]["path"], answers[-1]["status"]) == ("/", 200)


def test_a_form_that_was_sent_is_not_to_be_repeated_by_its_address(tmp_path: Path) -> None:
    answer = visit(tmp_path, {}, [{"method": "POST", "path": "/login/"}, *pages("/accounts/?q=a%22b")], spoil="default")
    assert 'href="/"' in answer[0]["text"]
    assert 'href="/accounts/?q=a%22b"' in answer[1]["text"]


def test_mongodb_that_cannot_be_reached_is_an_outage(closed_port: int) -> None:
    """Its backend hands on all but a few errors as a plain DatabaseError."""

    def ask() -> None:
        client: MongoClient[dict[str, Any]] = MongoClient("127.0.0.1", closed_port, serverSelectionTimeoutMS=200)
        with client:
            client.admin.command("ping")

    with pytest.raises(DatabaseError) as caught:
        wrap_database_errors(ask)()
    assert is_outage(caught.value)
    assert is_outage(caught.value.__cause__)


@pytest.mark.parametrize("error", [None, DatabaseError("syntax"), OperationalError("no such table: x"), RuntimeError()])
def test_what_is_no_outage_stays_a_defect(error: Exception | None) -> None:
    assert not is_outage(error)
    assert is_outage(OperationalError("connection refused"))
    assert is_outage(InterfaceError("connection already closed"))
