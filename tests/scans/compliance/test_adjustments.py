"""What a team set for checks is told beside each control that it bears on, in pages, reports and files."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.models import CloudAccount
from scans.compliance.adjustments import adjustments_of
from scans.compliance.exports import control_rows
from scans.compliance.ocsf import control_events
from scans.compliance.own.catalogue import find_framework
from scans.compliance.queries import Report, report_on
from scans.compliance.scope import accounts_in_scope
from scans.compliance.shapes import report_json
from scans.models import ScanRun
from scans.muting.rules import create_mute_rule
from scans.muting.settings import set_severity, set_threshold
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
ALICE = Actor("1", "alice", "page")


def report(owner: str, slug: str) -> Report:
    framework = find_framework(owner, slug)
    assert framework is not None
    return report_on(framework, accounts_in_scope(Scope(owner)))


@pytest.mark.parametrize(("value", "looser"), [(180, True), (30, False)])
def test_a_threshold_of_the_teams_own_is_told_at_its_controls(
    alice: User, make_account: MakeAccount, alices: Client, value: int, looser: bool
) -> None:
    owner = make_account(alice).owner
    set_threshold(owner, "aws_access_key_age", value, actor=ALICE)
    found = report(owner, "cis_aws_5.0")
    [(adjustment, controls)] = found.adjustments
    assert (adjustment.check_id, adjustment.looser) == ("aws_iam_access_key_age", looser)
    assert f": {value} days instead of 90 ({'looser' if looser else 'stricter'}), set by alice" in adjustment.sentence
    assert controls
    rows = {row["control"]: row["settings"] for row in control_rows(found)}
    assert {control for control, text in rows.items() if text} == set(controls)
    body = {row["id"]: row["settings"] for row in report_json(found)["controls"]}
    assert [(each["value"], each["usual"], each["set_by"]) for each in body[controls[0]]] == [
        (str(value), "90", "alice")
    ]
    events = {event["unmapped"]["control"]: event for event in map(json.loads, control_events(found))}
    assert events[controls[0]]["unmapped"]["settings"] == body[controls[0]]
    for address in ("", "?view=report", f"{controls[0]}/"):
        assert f"{value} days instead of 90" in seen(alices.get(f"/compliance/cis_aws_5.0/{address}"))


def test_the_usual_number_is_nothing_to_tell(alice: User, make_account: MakeAccount, alices: Client) -> None:
    owner = make_account(alice).owner
    set_threshold(owner, "aws_access_key_age", 180, actor=ALICE)
    set_threshold(owner, "aws_access_key_age", 90, actor=ALICE)
    assert report(owner, "cis_aws_5.0").adjustments == []
    assert "settings of the team" not in seen(alices.get("/compliance/cis_aws_5.0/"))


def test_settings_are_their_teams_alone(alice: User, bob: User, make_account: MakeAccount) -> None:
    set_threshold(make_account(alice).owner, "aws_access_key_age", 180, actor=ALICE)
    assert adjustments_of(make_account(bob).owner, ["aws_iam_access_key_age"]) == {}


@pytest.mark.usefixtures("toy_framework")
def test_a_severity_of_the_teams_own_is_told_with_its_reason(toybox: CloudAccount, alices: Client) -> None:
    set_severity(toybox.owner, "toy_box_closed", "low", actor=ALICE, reason="They are toys")
    [(adjustment, controls)] = report(toybox.owner, "toy_1.0").adjustments
    assert (adjustment.kind, adjustment.value, adjustment.usual, adjustment.looser) == (
        "severity",
        "low",
        "critical",
        True,
    )
    assert controls == ["1.1"]
    assert "“They are toys”" in seen(alices.get("/compliance/toy_1.0/"))
    [event] = [e for e in map(json.loads, control_events(report(toybox.owner, "toy_1.0"))) if "1.1" in e["message"]]
    assert event["severity"] == "Low"


@pytest.mark.usefixtures("toy_framework")
def test_what_a_rule_mutes_is_an_exception_with_the_rules_reason(
    toybox: CloudAccount, toycloud: State, scan: Callable[..., ScanRun], alices: Client
) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    create_mute_rule(Scope(toybox.owner), {"check_id": "toy_box_closed"}, actor=SYSTEM, reason="Toys may be open")
    for address in ("?view=exceptions", "?view=report"):
        assert "Muted by a rule: Toys may be open" in seen(alices.get(f"/compliance/toy_1.0/{address}"))
