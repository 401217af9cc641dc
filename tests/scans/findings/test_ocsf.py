"""Findings as OCSF events, held against the schema's own classes."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from py_ocsf_models.events.findings.detection_finding import DetectionFinding

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import AuditEvent, CloudAccount
from cloudaccounts.tokens.services import create_token
from scans.findings.suppression import suppress_findings
from scans.models import Finding, ScanRun
from teams.scope import Scope
from tests.api.conftest import Caller
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
Scan = Callable[..., ScanRun]


@pytest.fixture
def scanned(toybox: CloudAccount, toycloud: State, scan: Scan) -> CloudAccount:
    """Boxes red and blue are open, a label is missing on both, and green was open and is shut."""
    toycloud.set_assets("boxes", "right", "green", lid="open")
    scan()
    toycloud.set_assets("boxes", "right", "green")
    toycloud.set_assets("boxes", "left", "red", "blue", lid="open", label="")
    scan()
    suppress_findings(
        Scope(toybox.owner), Finding.objects.filter(asset_name="blue").values_list("pk", flat=True), actor=SYSTEM,
        reason="Known.",
    )  # fmt: skip
    return toybox


def events(*arguments: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("export_findings", "--format", "ocsf", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_event_fits_the_schema_and_nothing_is_lost_in_it(scanned: CloudAccount) -> None:
    rows = events()
    assert len(rows) == Finding.objects.count() == 5
    for row in rows:
        assert DetectionFinding.model_validate(row).model_dump(mode="json", exclude_none=True) == row
        # By the schema: the class is 2004, of the category 2, and the type is the class times 100 and the activity.
        assert (row["class_uid"], row["category_uid"]) == (2004, 2)
        assert row["type_uid"] == 200400 + row["activity_id"]
        assert row["metadata"]["version"] == "1.5.0"
        assert set(row) <= set(DetectionFinding.model_fields)


@pytest.mark.parametrize(
    ("asset", "status", "code", "activity"),
    [("red", "New", "FAIL", 1), ("blue", "Suppressed", "FAIL", 1), ("green", "Resolved", "PASS", 3)],
)
def test_its_state_is_told_in_the_schemas_words(
    scanned: CloudAccount, asset: str, status: str, code: str, activity: int
) -> None:
    [row] = [
        row
        for row in events()
        if row["resources"][0]["name"] == asset and row["metadata"]["event_code"] == "toy_box_closed"
    ]
    assert (row["status"], row["status_code"], row["activity_id"]) == (status, code, activity)
    assert (row["severity"], row["severity_id"]) == ("Critical", 5)
    assert row["cloud"]["account"] == {"name": "toybox", "uid": "abcdef", "type": "Toy box", "type_id": 99}
    assert row["finding_info"]["analytic"]["uid"] == "toy_box_closed"


def test_since_leaves_out_what_did_not_change(scanned: CloudAccount) -> None:
    later = timezone.now() + timedelta(hours=1)
    assert events("--since", later.isoformat()) == []
    old = datetime(2020, 1, 1, tzinfo=UTC)
    Finding.objects.filter(asset_name="green").update(last_seen=old, resolved_at=old)
    assert {row["resources"][0]["name"] for row in events("--since", "2021-01-01")} == {"red", "blue"}


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01"])
def test_a_time_that_is_none_is_refused(scanned: CloudAccount, since: str) -> None:
    with pytest.raises(CommandError, match="no date or time"):
        events("--since", since)


def test_a_file_is_readable_by_its_owner_alone_and_replaced_whole(scanned: CloudAccount, tmp_path: Path) -> None:
    path = tmp_path / "findings.ndjson"
    path.write_text("old")
    call_command("export_findings", "--format", "ocsf", "--to", str(path))
    assert len(path.read_text().splitlines()) == 5
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_findings", "--format", "csv", "--to", str(tmp_path / "nowhere" / "x"))


@pytest.mark.parametrize(("file_format", "rows"), [("csv", 6), ("json", 7)])
def test_other_formats_have_each_finding_too(scanned: CloudAccount, file_format: str, rows: int) -> None:
    out = StringIO()
    call_command("export_findings", "--format", file_format, stdout=out)
    assert len(out.getvalue().splitlines()) == rows


def test_with_several_teams_it_asks_whose(scanned: CloudAccount, bob: User, make_account: Callable[..., Any]) -> None:
    make_account(bob)
    with pytest.raises(CommandError, match="--team"):
        events()
    assert len(events("--team", "alice")) == 5
    assert events("--team", "bob") == []
    with pytest.raises(CommandError, match="no team"):
        events("--team", "carol")


def test_the_api_streams_what_the_filters_name(scanned: CloudAccount, alice: User, bob: User) -> None:
    def ask(user: User, query: str) -> list[dict[str, Any]]:
        token, text = create_token(owner=str(user.pk), actor=SYSTEM, name="tests", scope="read")
        answer = Caller(text, token).get(f"findings/?format=ocsf{query}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/x-ndjson")
        return [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]

    assert {row["resources"][0]["name"] for row in ask(alice, "")} == {"red"}
    assert {row["resources"][0]["name"] for row in ask(alice, "&status=suppressed")} == {"blue"}
    assert ask(bob, "") == []
    assert AuditEvent.objects.filter(action="export.taken").count() == 3
