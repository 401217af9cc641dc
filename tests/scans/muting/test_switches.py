"""Checks that a team switches off: what scans, findings, compliance and coverage make of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.accounts.enabled_checks import unneeded_readings
from cloudaccounts.audit.actor import Actor
from cloudaccounts.errors import InputError
from cloudaccounts.models import AuditEvent, CloudAccount, SwitchedOffCheck
from scans.assets.writer import AssetWriter
from scans.compliance.catalogue import find_framework
from scans.compliance.evaluation import ControlState
from scans.compliance.queries import report_on
from scans.compliance.scope import ReportScope
from scans.findings.writer import NOT_CHECKED
from scans.models import Asset, CheckTotal, Finding, FindingStatus, ScanRun
from scans.muting import switches
from scans.muting.declared_switches import SwitchedOffChecks
from scans.muting.switches import close_pending, switch_off, switch_on
from scans.tasks import end_suppressions
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.pages import seen
from tests.scans.compliance.conftest import toy_framework  # noqa: F401 # a fixture
from tests.scans.conftest import Scan
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
ALICE = Actor("1", "alice", "page")
BOXES = ("toy_box_closed", "toy_box_labelled")


def off(account: CloudAccount, *checks: str, reason: str = "They are toys") -> int:
    return switch_off(account.owner, checks, actor=ALICE, reason=reason)


def control(account: CloudAccount, name: str) -> Any:
    framework = find_framework("toy_1.0")
    assert framework is not None
    account.refresh_from_db()
    result = report_on(framework, ReportScope(Scope(account.owner), (account,))).result_of(name)
    assert result is not None
    return result


def read(toycloud: State) -> set[str]:
    services = {unit.service for unit in toycloud.collected}
    toycloud.collected.clear()
    return services


def test_findings_are_closed_as_not_checked_and_come_back(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open", label="")
    scan()
    assert off(toybox, "toy_box_closed") == 1
    finding = Finding.objects.get(check_id="toy_box_closed")
    assert (finding.status, finding.resolution) == (FindingStatus.RESOLVED, NOT_CHECKED)
    assert finding.history[-1]["text"] == NOT_CHECKED
    assert Finding.objects.get(check_id="toy_box_labelled").status == FindingStatus.OPEN
    toybox.refresh_from_db()
    assert (toybox.posture["critical"], toybox.posture["low"]) == (0, 1)
    run = scan()
    assert (run.findings_new, run.findings_resolved, run.open_by_severity["critical"]) == (0, 0, 0)
    assert not CheckTotal.objects.filter(check_id="toy_box_closed").exists()

    assert switch_on(toybox.owner, ["toy_box_closed"], actor=ALICE) == 1
    scan()
    finding.refresh_from_db()
    assert (finding.status, finding.reopened) == (FindingStatus.OPEN, 1)


def test_who_when_and_why_are_in_the_audit(toybox: CloudAccount) -> None:
    assert off(toybox, "toy_blunt", reason="  Toys of\twood ") == 1
    assert off(toybox, "toy_blunt", reason="Again") == 0  # off already: the first reason stays
    switch_on(toybox.owner, ["toy_blunt"], actor=ALICE)
    assert switch_on(toybox.owner, ["toy_blunt"], actor=ALICE) == 0
    events = list(AuditEvent.objects.filter(action__startswith="check.").order_by("created_at"))
    assert [(event.action, event.actor_label) for event in events] == [("check.off", "alice"), ("check.on", "alice")]
    assert events[0].text == "Switched off: “Toys are blunt”: Toys of wood"


@pytest.mark.parametrize(("checks", "reason"), [((), "x"), (("toy_nothing",), "x"), (("toy_blunt",), " ")])
def test_only_checks_that_there_are_and_with_a_reason(
    toybox: CloudAccount, checks: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(InputError):
        off(toybox, *checks, reason=reason)
    assert not SwitchedOffCheck.objects.exists()


def test_a_reading_of_which_every_check_is_off_is_not_made(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open", label="x")
    toycloud.set_assets("toys", "global", "knife", sharp="yes")
    scan()
    assert read(toycloud) == {"boxes", "toys"}
    off(toybox, BOXES[0])
    scan()
    assert read(toycloud) == {"boxes", "toys"}  # another check needs it still
    off(toybox, BOXES[1])
    run = scan()
    assert read(toycloud) == {"toys"}
    assert run.notes[0] == "Not read, because every check of it is switched off: boxes."
    # What is not read is not gone, is no gap, and counts in no score.
    box = Asset.objects.get(service="boxes")
    assert (box.gone_at, box.passed_weight, box.failed_weight) == (None, 0, 0)
    toybox.refresh_from_db()
    assert [gap["kind"] for gap in toybox.coverage_gaps if gap["kind"] == "unit"] == []
    assert toybox.coverage["units"] == {"total": 1, "read": 1, "stale": 0}
    switch_on(toybox.owner, [BOXES[1]], actor=ALICE)
    scan()
    assert read(toycloud) == {"boxes", "toys"}


def test_a_scan_with_nothing_left_to_read_has_not_failed(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    off(toybox, *BOXES, "toy_blunt")
    run = scan()
    assert (run.status, toycloud.collected) == ("completed", [])


def test_what_a_scan_opens_meanwhile_is_closed_at_its_end(
    toybox: CloudAccount, toycloud: State, monkeypatch: pytest.MonkeyPatch, scan: Scan
) -> None:
    """The scan has its checks from before: the finding that it opens must not stay."""
    toycloud.set_assets("boxes", "left", "red", lid="open")
    write = AssetWriter.write

    def write_then_switch(self: AssetWriter, *arguments: Any) -> None:
        write(self, *arguments)
        off(toybox, "toy_box_closed")
        Finding.objects.filter(check_id="toy_box_closed").update(status=FindingStatus.OPEN)

    monkeypatch.setattr(AssetWriter, "write", write_then_switch)
    run = scan()
    finding = Finding.objects.get(check_id="toy_box_closed")
    assert (finding.status, finding.resolution) == (FindingStatus.RESOLVED, NOT_CHECKED)
    assert run.open_by_severity["critical"] == 0


def test_many_findings_are_closed_by_the_scheduler(
    scan: Scan, toybox: CloudAccount, toycloud: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    toycloud.set_assets("boxes", "left", *(f"box-{number}" for number in range(7)), lid="open")
    scan()
    monkeypatch.setattr(switches, "AT_ONCE", 3)
    monkeypatch.setattr(switches, "CLOSED_AT_A_TIME", 3)
    off(toybox, "toy_box_closed")
    still_open = Finding.objects.filter(status=FindingStatus.OPEN)
    assert (still_open.count(), SwitchedOffCheck.objects.get().closed_at) == (4, None)
    end_suppressions()
    assert still_open.count() == 1
    assert (close_pending(), still_open.count()) == (1, 0)
    assert SwitchedOffCheck.objects.get().closed_at is not None
    assert close_pending() == 0


@pytest.mark.usefixtures("toy_framework")
def test_a_control_is_not_covered_and_says_by_whom(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="closed")
    scan()
    assert control(toybox, "1.1").state == ControlState.PASSED
    off(toybox, "toy_box_closed", reason="Boxes of glass.")
    for _ in range(2):  # at once, and after the next scan
        result = control(toybox, "1.1")
        assert result.state == ControlState.NOT_COVERED
        assert result.reason.startswith("toy_box_closed: Switched off by alice on ")
        assert result.reason.endswith(": Boxes of glass.")
        assert result.accounts.numbers()["not_covered"] == 1
        scan()
    assert control(toybox, "2.1").state == ControlState.PASSED
    switch_on(toybox.owner, ["toy_box_closed"], actor=ALICE)
    assert control(toybox, "1.1").state == ControlState.UNKNOWN  # nothing is known before the next scan
    scan()
    assert control(toybox, "1.1").state == ControlState.PASSED


def test_another_team_has_all_of_them(
    scan_of: Scan, toybox: CloudAccount, toycloud: State, bob: User, toy_account: Any
) -> None:
    off(toybox, *BOXES)
    theirs = toy_account(bob, account_id="zyxwvu")
    ScanRun.objects.all().delete()
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan_of(theirs, "full")
    assert Finding.objects.get().account == theirs.pk


def test_the_page_switches_off_and_on(client: Client, alice: User, scan: Scan, toybox: CloudAccount) -> None:
    client.force_login(alice)
    assert client.post("/checks/switch/", {"check": "toy_blunt", "reason": ""}).status_code == 422
    assert client.post("/checks/switch/", {"reason": "x"}).status_code == 422
    assert client.post("/checks/switch/", {"check": "toy_blunt", "reason": "Wood"}).status_code == 302
    page = seen(client.get("/checks/?state=off&provider=toy"))
    assert "Toys are blunt" in page
    assert "Switched off by alice" in page
    assert "Boxes are closed" not in page
    assert "1 check by the team" in seen(client.get(f"/accounts/{toybox.pk}/"))
    client.post("/checks/switch/", {"on": "toy_blunt"})
    assert not SwitchedOffCheck.objects.exists()


def test_a_registry_file_switches_off_and_on(toybox: CloudAccount) -> None:
    section = SwitchedOffChecks()
    entry = {"check_id": "toy_blunt", "reason": "Wood"}
    for _ in range(2):
        section.create(toybox.owner, ALICE, entry)
    assert section.present(toybox.owner) == {"toy_blunt": entry}
    section.change(toybox.owner, ALICE, {**entry, "reason": "Wool"})
    assert section.exported(toybox.owner, ALICE) == [{"check_id": "toy_blunt", "reason": "Wool"}]
    section.delete(toybox.owner, ALICE, "toy_blunt")
    assert section.present(toybox.owner) == {}


def test_what_is_read_for_the_inventory_alone_stays(toybox: CloudAccount) -> None:
    assert unneeded_readings(toybox.spec, frozenset()) == frozenset()
    assert unneeded_readings(toybox.spec, frozenset({"toy_blunt"})) == {"toys"}
