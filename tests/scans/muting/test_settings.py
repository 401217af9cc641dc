"""Severities and thresholds that a team sets for itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloudaccounts import registry
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount
from scans.findings.evaluation import Evaluator, TeamSettings
from scans.models import Finding
from scans.muting.settings import reset_severity, set_severity, set_threshold, team_settings, thresholds
from tests.conftest import ALL_DATABASES
from tests.scans.conftest import Scan
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
ALICE = Actor("1", "alice", "page")
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def user_with_key(days: int) -> Asset:
    keys = [{"active": True, "created_at": (NOW - timedelta(days=days)).isoformat()}]
    properties = {"access_keys": keys}
    return Asset("aws.iam.user", "iam", "global", "arn:aws:iam::1:user/x", "x", {}, properties).as_of(NOW)


def test_a_severity_counts_from_the_next_scan_on(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    set_severity(toybox.owner, "toy_box_closed", "low", actor=ALICE, reason="They are toys")
    assert Finding.objects.get().severity == "critical"
    run = scan()
    assert (Finding.objects.get().severity, run.open_by_severity["low"]) == ("low", 1)
    reset_severity(toybox.owner, "toy_box_closed", actor=ALICE)
    scan()
    assert Finding.objects.get().severity == "critical"


def test_a_severity_is_one_that_there_is_of_a_check_that_there_is(toybox: CloudAccount) -> None:
    for check, severity in (("toy_nothing", "low"), ("toy_box_closed", "worst")):
        with pytest.raises(InputError):
            set_severity(toybox.owner, check, severity, actor=ALICE, reason="x")
    set_severity(toybox.owner, "toy_box_closed", "critical", actor=ALICE, reason="")  # its own: nothing to keep
    assert team_settings(toybox.owner) == TeamSettings()


@pytest.mark.parametrize(
    ("days", "limit", "fails"), [(100, None, True), (100, 180, False), (31, 30, True), (29, 30, False)]
)
def test_a_check_goes_by_the_teams_number_and_says_it(days: int, limit: int | None, fails: bool) -> None:
    settings = TeamSettings(thresholds={"aws_access_key_age": limit} if limit else {})
    results = Evaluator(registry.get("aws"), settings).evaluate(user_with_key(days))
    failure = results.failures.get("aws_iam_access_key_age")
    assert (failure is not None) is fails
    if failure is not None:
        assert f"the limit is {limit or 90}" in failure.reason
        assert failure.check.title == f"Access key is older than {limit or 90} days"


def test_what_is_set_evaluates_anew_and_of_its_own_cloud_alone() -> None:
    settings = TeamSettings(thresholds={"aws_access_key_age": 30})
    assert Evaluator(registry.get("aws"), settings).version != Evaluator(registry.get("aws")).version
    assert Evaluator(registry.get("gcp"), settings).version == Evaluator(registry.get("gcp")).version


def test_numbers_have_bounds_and_the_usual_one_is_none_of_the_teams(toybox: CloudAccount) -> None:
    known = thresholds()
    assert {"aws_access_key_age", "aws_database_backups", "azure_storage_key_age", "gcp_api_key_age"} <= set(known)
    for value in (0, 366):
        with pytest.raises(InputError):
            set_threshold(toybox.owner, "aws_access_key_age", value, actor=ALICE)
    set_threshold(toybox.owner, "aws_access_key_age", 30, actor=ALICE)
    assert team_settings(toybox.owner).thresholds == {"aws_access_key_age": 30}
    set_threshold(toybox.owner, "aws_access_key_age", 90, actor=ALICE)
    assert team_settings(toybox.owner).thresholds == {}
