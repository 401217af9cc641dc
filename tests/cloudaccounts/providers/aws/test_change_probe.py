"""What no event tells, on the wire: units that are compared with what is known of them, by fewer calls than a look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.providers.aws.inventory import SERVICES, AwsSession, changes, open_session
from tests.cloudaccounts.providers.aws.conftest import Cloud, make_target

DEMO = "111122223333"
REGIONS = ("us-east-1", "eu-west-1")
EC2, QUIET_ACM = ScanUnit("ec2", "us-east-1"), ScanUnit("acm", "eu-west-1")
TRAILS, ACM = ScanUnit("cloudtrail", "global"), ScanUnit("acm", "us-east-1")
WATCHED, UNWATCHED = ScanUnit("guardduty", "us-east-1"), ScanUnit("guardduty", "eu-west-1")
Found = dict[ScanUnit, list[Asset]]


@dataclass
class Demo:
    """The demo's account, with what a full scan of it found."""

    session: AwsSession
    found: Found

    def unchanged(self, **instead: list[Asset]) -> frozenset[ScanUnit]:
        """With other assets known of a unit: ``ec2_us_east_1=[…]``."""
        names = {f"{unit.service} {unit.region}".replace(" ", "_").replace("-", "_"): unit for unit in self.found}
        known = {**self.found, **{names[name]: assets for name, assets in instead.items()}}
        return self.session.unchanged(list(self.found), datetime.now(UTC), known.__getitem__)

    def of(self, unit: ScanUnit, kind: str) -> Asset:
        return next(asset for asset in self.found[unit] if asset.type == kind)

    def altered(self, unit: ScanUnit, kind: str, **properties: Any) -> list[Asset]:
        """What is known of a unit, one asset of a kind told otherwise."""
        one = self.of(unit, kind)
        return [
            replace(asset, properties={**asset.properties, **properties}) if asset is one else asset
            for asset in self.found[unit]
        ]


@pytest.fixture
def open_demo(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Demo]]:
    """Scans the account in these regions, unless what is found there is given."""
    monkeypatch.setattr(changes, "OVERLAP", timedelta(0))
    opened: list[AwsSession] = []

    def begin(regions: Iterable[str], found: Found | None = None) -> Demo:
        cloud.control.clear_journal()
        target = make_target(account_id=DEMO, regions=tuple(regions))
        session = open_session(cloud.scenario("Everything granted"), target)
        opened.append(session)
        return Demo(session, found or {unit: list(session.collect(unit)) for unit in session.units(target.regions)})

    yield begin
    for session in opened:
        session.close()


@pytest.fixture(scope="module")
def scanned() -> Found:
    """What the first test of this file that asks for `demo` has found. A scan takes seconds, and none changes it."""
    return {}


@pytest.fixture
def demo(open_demo: Callable[..., Demo], scanned: Found) -> Demo:
    """The account as a former scan knows it, in a session of its own in which nothing was asked yet."""
    if not scanned:
        scanned |= open_demo(REGIONS).found
    return open_demo(REGIONS, found=dict(scanned))


def test_where_all_is_as_known_only_what_nothing_tells_is_left(demo: Demo) -> None:
    left = {unit for unit in demo.found if unit not in demo.unchanged()}
    assert {unit.service for unit in left} == {"credential-report", "ecr", "acm", "securityhub"}
    assert ACM in left
    assert QUIET_ACM not in left  # without a certificate, there is none to renew


def test_without_what_is_known_nothing_is_said(demo: Demo) -> None:
    quiet = demo.session.unchanged(list(demo.found), datetime.now(UTC))
    assert {unit.service for unit in quiet} == set(changes.SOURCES)
    assert {unit.service for unit in demo.found} == set(SERVICES)


def test_a_machine_that_was_stopped_from_within_is_looked_at_with_its_volumes(demo: Demo) -> None:
    assert EC2 in demo.unchanged()
    assert EC2 not in demo.unchanged(ec2_us_east_1=demo.altered(EC2, "aws.ec2.instance", state="stopping"))


def test_a_machine_that_ended_itself_is_looked_at(demo: Demo) -> None:
    machine = demo.of(EC2, "aws.ec2.instance")
    ended = replace(machine, native_id=f"{machine.native_id}0")
    assert EC2 not in demo.unchanged(ec2_us_east_1=[*demo.found[EC2], ended])


def test_where_there_were_no_machines_none_is_asked_for(cloud: Cloud, demo: Demo) -> None:
    cloud.control.clear_journal()
    assert EC2 in demo.unchanged(ec2_us_east_1=[], ec2_eu_west_1=[])
    assert cloud.calls("DescribeInstances", "DescribeVolumes") == []


def test_machines_that_may_not_be_listed_are_left_to_the_look(cloud: Cloud, demo: Demo) -> None:
    cloud.control.fault("deny", action="DescribeInstances", region="us-east-1")
    quiet = demo.unchanged()
    assert EC2 not in quiet
    assert ScanUnit("ec2", "eu-west-1") in quiet


@pytest.mark.parametrize("properties", [{"organization": True}, {"unreadable": {"logging": "permission_denied"}}])
def test_a_trail_that_others_may_change_is_looked_at(demo: Demo, properties: Mapping[str, Any]) -> None:
    assert TRAILS in demo.unchanged()
    assert TRAILS not in demo.unchanged(cloudtrail_global=demo.altered(TRAILS, "aws.cloudtrail.trail", **properties))


def test_a_trail_that_came_from_elsewhere_is_looked_at(demo: Demo) -> None:
    account = demo.of(TRAILS, "aws.cloudtrail.account")
    assert TRAILS not in demo.unchanged(cloudtrail_global=[account])


def test_a_trail_of_another_account_that_is_gone_is_looked_at(demo: Demo) -> None:
    trail = demo.of(TRAILS, "aws.cloudtrail.trail")
    other = replace(trail, native_id=trail.native_id.replace(DEMO, "999988887777"))
    assert TRAILS not in demo.unchanged(cloudtrail_global=[*demo.found[TRAILS], other])


def test_a_detector_that_the_administrator_turned_off_is_looked_at(demo: Demo) -> None:
    known = demo.of(WATCHED, "aws.guardduty.region").properties["detectors"][0]
    assert WATCHED in demo.unchanged()
    for other in ({"enabled": not known["enabled"]}, {"id": "0" * 32}):
        told = demo.altered(WATCHED, "aws.guardduty.region", detectors=[{**known, **other}])
        assert WATCHED not in demo.unchanged(guardduty_us_east_1=told)


def test_a_detector_where_there_was_none_is_looked_at(demo: Demo) -> None:
    assert UNWATCHED in demo.unchanged()
    assert WATCHED not in demo.unchanged(
        guardduty_us_east_1=demo.altered(WATCHED, "aws.guardduty.region", detectors=[])
    )


@pytest.mark.parametrize("regions", [REGIONS, (*REGIONS, "us-west-2", "eu-central-1")])
def test_an_unchanged_account_costs_at_most_a_fifth_of_the_calls_and_ends_the_same(
    cloud: Cloud, open_demo: Callable[..., Demo], regions: tuple[str, ...]
) -> None:
    """A call for each enabled region is the price of certainty about S3 and replicas; signing in is counted."""
    demo = open_demo(regions)
    full = len(cloud.control.calls("aws"))
    cloud.control.clear_journal()
    again = open_session(cloud.scenario("Everything granted"), make_target(account_id=DEMO, regions=regions))
    quiet = again.unchanged(list(demo.found), datetime.now(UTC), demo.found.__getitem__)
    ended = {unit: demo.found[unit] if unit in quiet else list(again.collect(unit)) for unit in demo.found}
    again.close()
    fewer = len(cloud.control.calls("aws"))
    assert _told(ended) == _told(demo.found)
    assert fewer <= 0.2 * full, (full, fewer)


def _told(found: Mapping[ScanUnit, Iterable[Asset]]) -> dict[str, list[str]]:
    return {unit.label: sorted(asset.fingerprint() for asset in assets) for unit, assets in found.items()}
