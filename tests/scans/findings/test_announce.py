"""What a scan tells channels: a line a check, whatever the number of findings."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.channels.spread import spread_events
from cloudaccounts.models import ChannelEvent, ChannelIncident, ChannelItem, CloudAccount
from scans.findings.announce import announce_changes
from scans.models import Finding, FindingChange, ScanRun
from tests.channels import make_channel
from tests.conftest import ALL_DATABASES
from tests.scans.conftest import Scan
from tests.scans.findings.test_views import make
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def told() -> list[tuple[str, str, int, int]]:
    rows = [event.content for event in ChannelEvent.objects.order_by("created_at")]
    return [(row["kind"], row["phase"], row["count"], row["still_open"]) for row in rows]


def test_a_scan_opens_and_closes_groups(scan: Scan, alice: User, toycloud: State) -> None:
    make_channel(alice)
    toycloud.set_assets("boxes", "left", "red", "blue", lid="open")
    scan()
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    toycloud.set_assets("boxes", "left", "red", lid="closed")
    scan()
    assert told() == [
        ("finding.opened", "open", 2, 2),
        ("finding.resolved", "update", 1, 1),
        ("finding.resolved", "close", 1, 0),
    ]
    event = ChannelEvent.objects.order_by("created_at").first()
    assert event is not None
    assert event.content["title"] == "Boxes are closed"
    assert sorted(event.content["resources"]) == ["blue", "red"]
    assert (event.severity, event.content["account_name"]) == ("critical", "toybox")


def test_a_run_that_is_repeated_tells_nothing_twice(
    scan: Scan, alice: User, toybox: CloudAccount, toycloud: State
) -> None:
    make_channel(alice)
    toycloud.set_assets("boxes", "left", "red", lid="open")
    run = scan()
    announce_changes(run, toybox)
    assert len(told()) == 1


def test_without_a_channel_nothing_is_written(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    assert not ChannelEvent.objects.exists()


def test_a_first_scan_of_5000_findings_is_one_item_for_each_check(
    alice: User, toybox: CloudAccount, scan: Scan
) -> None:
    channel = make_channel(alice, min_severity="low")
    run = scan()
    one = make(toybox, "template")
    values = {field.attname: getattr(one, field.attname) for field in Finding._meta.fields}
    one.delete()
    Finding.objects.bulk_create(
        Finding(
            **{**values, "id": uuid4(), "check_id": f"check.{number % 40}", "asset_key": f"{number}",
               "changed_run": run.run_id, "change": FindingChange.NEW, "asset_name": f"bucket {number}"}
        )
        for number in range(5000)
    )  # fmt: skip
    announce_changes(ScanRun.objects.get(run_id=run.run_id), toybox)
    spread_events()
    assert ChannelItem.objects.filter(channel=channel.pk).count() == 40
    assert sum(count for _, _, count, _ in told()) == 5000
    assert all(len(event.content["resources"]) == 5 for event in ChannelEvent.objects.all())


def test_what_was_suppressed_or_muted_meanwhile_closes_its_group_at_the_next_scan(
    scan: Scan, alice: User, toybox: CloudAccount, toycloud: State
) -> None:
    channel = make_channel(alice)
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    incident = ChannelEvent.objects.get().content["incident"]
    ChannelIncident.objects.create(
        channel=channel.pk, owner=channel.owner, account=toybox.pk, incident=incident, check_id="toy_box_closed",
        reference="SEC-1", updated_at=timezone.now(),
    )  # fmt: skip
    scan()
    assert len(told()) == 1
    Finding.objects.update(suppressed=True)
    scan()
    assert told()[1:] == [("finding.resolved", "close", 0, 0)]
    assert ChannelEvent.objects.order_by("-created_at")[0].content["incident"] == incident
