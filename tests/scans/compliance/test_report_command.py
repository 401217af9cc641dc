"""`manage.py compliance_report`, over the toy benchmark."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from cloudaccounts.models import CloudAccount
from scans.models import ScanRun
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toy_framework", "scanned")]
Scan = Callable[..., ScanRun]


@pytest.fixture
def scanned(toybox: CloudAccount, toycloud: State, scan: Scan) -> CloudAccount:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("boxes", "right", "green", lid="unreadable")
    scan()
    return toybox


def report(*arguments: str) -> str:
    out = StringIO()
    call_command("compliance_report", "--framework", "toy_1.0", *arguments, stdout=out)
    return out.getvalue()


def test_the_text_names_each_control_and_what_was_not_read() -> None:
    lines = report().splitlines()
    assert "  1.1        failed       Boxes are shut (1 failures)" in lines
    assert "  1.3        manual       Boxes stand dry" in lines
    assert any(line.startswith("5 controls: 2 passed, 1 failed, 0 unknown") for line in lines)
    assert lines[-1].startswith("  toybox: 1 evaluation could not be decided")


def test_json_and_csv_hold_the_same() -> None:
    body = json.loads(report("--format", "json"))
    rows = list(csv.DictReader(StringIO(report("--format", "csv"))))
    assert [row["state"] for row in body["controls"]] == [row["state"] for row in rows]
    assert body["not_read"][0]["name"] == "toybox"


def test_html_stands_alone() -> None:
    page = report("--format", "html")
    assert page.startswith("<!DOCTYPE html>")
    assert "What this report does not say" in page
    assert "<link" not in page
    assert "<script" not in page


def test_one_account_alone(scanned: CloudAccount, bob: User, make_account: Callable[..., CloudAccount]) -> None:
    others = make_account(bob)
    assert json.loads(report("--account", str(scanned.pk), "--format", "json"))["accounts"] == 1
    with pytest.raises(CommandError, match="in this team"):
        report("--account", str(others.pk), "--team", "alice")
    with pytest.raises(CommandError, match="no account's UUID"):
        report("--account", "red")


def test_an_unknown_framework_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(CommandError, match=r"There are: toy_1\.0\."):
        call_command("compliance_report", "--framework", "toy_2.0", stdout=StringIO())
