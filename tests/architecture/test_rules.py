"""Rules of the house that no import contract can say."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from django.apps import apps

from config.celery import app
from config.env import ROOT
from tests.mongodb.core import CORE

APPS = ("cloudaccounts", "wizard", "scans", "teams", "config")
SOURCES = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
_LADDER = re.compile(r"""provider(\.key|_key|_id)?\s*[!=]=\s*["']\w+["']|[=:(\[{]\s*["'](aws|azure|gcp)["']""")


def test_nothing_outside_providers_knows_a_cloud_by_name() -> None:
    own = ("cloudaccounts/providers/", "sandbox/", "cloudaccounts/api/examples.py")  # an example is of one cloud
    guilty = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in SOURCES
        if not str(path.relative_to(ROOT)).startswith(own)
        for line in path.read_text().splitlines()
        if _LADDER.search(line.split("#")[0])
    ]
    assert guilty == []


def test_tasks_take_ids_only() -> None:
    """A task's arguments are written to the broker and to the result table."""
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if name.split(".")[0] in APPS]
    assert len(ours) >= 8
    for task in ours:
        for parameter in inspect.signature(task.run).parameters:
            assert parameter.endswith("_id"), f"{task.name}({parameter})"


def test_templates_have_no_inline_script_or_style() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.I)
    for path in (ROOT / "templates").rglob("*.html"):
        assert not inline.search(path.read_text()), path


def test_no_line_of_a_template_is_longer_than_160() -> None:
    """The formatter (`make lint`) wraps tags and never texts."""
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "templates").rglob("*.*")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 160
    ]
    assert long == []


def test_no_page_asks_another_host() -> None:
    outside = re.compile(r"""(?:src|href|action)=["']https?://""", re.I)
    for path in (ROOT / "templates").rglob("*.html"):
        assert not outside.search(path.read_text()), path
    for path in (ROOT / "static").rglob("*.css"):
        assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg", "", path.read_text()), path


@pytest.mark.parametrize(
    ("table", "model"),
    [
        ("enhanced_cloud_accounts", "cloudaccounts.CloudAccount"),
        ("cloud_credentials", "cloudaccounts.CloudCredential"),
        ("scan_runs", "scans.ScanRun"),
        ("wizard_sessions", "wizard.WizardSession"),
    ],
)
def test_tables_have_their_promised_names(table: str, model: str) -> None:
    assert apps.get_model(model)._meta.db_table == table


def test_every_broad_except_says_why() -> None:
    for path in SOURCES:
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            if re.search(r"except (Exception|BaseException)\b|except:", line):
                near = "\n".join(lines[number : number + 3])
                assert "#" in near, f"{path.relative_to(ROOT)}:{number + 1}"


def test_the_repository_names_no_machine_path() -> None:
    for path in [*SOURCES, *Path(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "Makefile"]:
        assert not re.search(r"(?<![\w.])/(root|home|work)/", path.read_text()), path


def test_the_core_that_runs_on_mongodb_is_there() -> None:
    assert [path for path in CORE if not (ROOT / path).exists()] == []
