"""Checking a finding again: one resource is read, and evaluated as by a scan."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.jobs.handlers import Outcome
from cloudaccounts.models import CloudAccount, JobItem
from cloudaccounts.provider_kit.focus import focus_on, may_be_meant
from scans.findings import recheck as rechecks
from scans.findings.recheck import recheck, request_recheck
from scans.models import Asset, Finding
from scans.runs.requests import request_scan
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.scans.conftest import Scan
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)


@pytest.fixture
def finding(scan: Scan, toycloud: State) -> Finding:
    toycloud.set_assets("boxes", "left", "red", "blue", lid="open")
    scan()
    toycloud.collected.clear()
    return Finding.objects.get(asset_name="red")


def again(finding: Finding) -> Finding:
    recheck(finding.account, finding.asset_key, actor=SYSTEM, mark=uuid4())
    finding.refresh_from_db()
    return finding


def test_what_was_remediated_is_resolved_and_the_scans_own_marks_stay(finding: Finding, toycloud: State) -> None:
    red, blue = toycloud.assets["boxes", "left"]
    toycloud.assets["boxes", "left"] = [replace(red, properties={"lid": "closed"}), blue]
    before = Asset.objects.get(name="red").last_run
    assert again(finding).state == "resolved"
    asset = Asset.objects.get(name="red")
    assert (asset.properties, asset.failed, asset.last_run) == ({"lid": "closed"}, 0, before)
    assert Finding.objects.get(asset_name="blue").is_open
    assert [(unit.service, unit.region) for unit in toycloud.collected] == [("boxes", "left")]


def test_what_is_as_it_was_stays_open_and_is_seen_again(finding: Finding) -> None:
    seen = finding.last_seen
    assert again(finding).state == "open"
    assert finding.last_seen > seen


def test_a_resource_that_a_complete_reading_does_not_have_is_gone(finding: Finding, toycloud: State) -> None:
    toycloud.assets["boxes", "left"] = [toycloud.assets["boxes", "left"][1]]
    assert again(finding).state == "resolved"
    assert finding.resolution == "The asset is gone."
    assert Asset.objects.get(name="red").gone_at is not None


def test_what_could_not_be_read_changes_nothing(finding: Finding, toycloud: State) -> None:
    toycloud.assets["boxes", "left"] = []
    toycloud.broken_units["boxes", "left"] = ProviderError("denied", "Not allowed.")
    with pytest.raises(ProviderError):
        again(finding)
    finding.refresh_from_db()
    assert finding.is_open


def test_while_a_scan_is_under_way_nothing_is_written(finding: Finding, toybox: CloudAccount) -> None:
    request_scan(toybox, actor=SYSTEM)
    with pytest.raises(rechecks.ScanUnderWayError):
        again(finding)


def test_a_job_checks_each_of_its_findings(finding: Finding, toybox: CloudAccount) -> None:
    job = request_recheck(Scope(toybox.owner), [finding.pk], actor=SYSTEM)
    (item,) = JobItem.objects.filter(job=job.pk)
    assert item.label == "Boxes are closed: red"
    assert rechecks._recheck(job, item) == Outcome()
    finding.delete()
    assert rechecks._recheck(job, item).state == "skipped"


def test_in_focus_only_items_that_name_the_resource_are_meant() -> None:
    assert may_be_meant({"Name": "other"})
    with focus_on("arn:aws:sqs:eu-west-1:1:orders", "orders"):
        assert may_be_meant("https://sqs.eu-west-1.amazonaws.com/1/orders")
        assert may_be_meant({"Queue": {"Arn": "arn:aws:sqs:eu-west-1:1:orders"}})
        assert not may_be_meant({"Name": "other"})
        assert may_be_meant(7)  # nothing to compare
    assert may_be_meant({"Name": "other"})
