"""Coverage from an account's row, its report and its readings: pure, no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cloudaccounts.accounts.coverage import Coverage, Gap, Readings, assess, coverage_numbers, unread_regions
from cloudaccounts.accounts.summaries import compare_gaps
from cloudaccounts.contract.report import CloudValidationResult, PermissionResult, PermissionStatus
from cloudaccounts.models import CloudAccount

EAST = "us-east-1"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
EARLIER = "2026-11-01T00:00:00+00:00"
GRANTED, DENIED, UNVERIFIABLE = PermissionStatus.GRANTED, PermissionStatus.DENIED, PermissionStatus.UNVERIFIABLE


def account(*states: PermissionStatus, **fields: Any) -> CloudAccount:
    permissions = tuple(PermissionResult("S3", f"s3:Get{number}", state) for number, state in enumerate(states))
    report = CloudValidationResult(ok=True, permissions=permissions, finished=True)
    values: dict[str, Any] = {
        "provider": "aws", "partition": "aws", "regions": ["us-east-1", "eu-west-1"],
        "enabled_regions": ["us-east-1", "eu-west-1"], "last_check": report.to_dict() if permissions else {},
    }  # fmt: skip
    return CloudAccount(**{**values, **fields})


def readings(**fields: Any) -> Readings:
    values: dict[str, Any] = {"total": 10, "read": 10, "regions": (EAST, "eu-west-1"), "services": ("ec2", "rds")}
    return Readings(**{**values, **fields})


def keys(coverage: Coverage) -> list[tuple[str, str]]:
    return [gap.key for gap in coverage.gaps]


@pytest.mark.parametrize(
    ("row", "seen", "percent"),
    [
        (account(GRANTED), readings(), 100),
        (account(), readings(), 100),  # no permission was asked about: nothing says that one is missing
        (account(GRANTED, DENIED), readings(), 50),
        (account(GRANTED, UNVERIFIABLE), readings(), 100),  # neither granted nor denied: in no share
        (account(UNVERIFIABLE), readings(), 100),
        (account(DENIED), readings(), 0),
        (account(GRANTED), readings(read=9), 90),
        (account(GRANTED), readings(stale=1), 90),
        (account(GRANTED), readings(read=9, stale=9), 0),
        (account(GRANTED, enabled_regions=["us-east-1", "eu-west-1", "eu-west-2"]), readings(), 66),
        (
            account(GRANTED, DENIED, enabled_regions=[EAST, "b", "c"]),
            readings(read=5, regions=(EAST,)),
            8,
        ),
        (account(GRANTED, enabled_regions=["us-east-1"]), readings(), 100),  # one was chosen that is not enabled
        (account(*[GRANTED] * 68, DENIED), readings(), 98),
        (account(GRANTED), readings(total=0, read=0), None),  # not scanned yet
        (account(GRANTED, enabled_regions=None), readings(), None),  # nobody knows how many there are
        (account(GRANTED, enabled_regions=[]), readings(), None),
    ],
)
def test_percent_is_the_product_of_three_shares_rounded_down(
    row: CloudAccount, seen: Readings, percent: int | None
) -> None:
    assert assess(row, seen, now=NOW).percent == percent


def test_only_what_has_no_gap_is_covered_completely() -> None:
    coverage = assess(account(*[GRANTED] * 999, DENIED), readings(), now=NOW)
    assert (coverage.percent, len(coverage.gaps)) == (99, 1)


def test_an_enabled_region_that_is_left_out_is_a_gap() -> None:
    coverage = assess(account(enabled_regions=["us-east-1", "eu-west-1", "eu-west-2"]), readings(), now=NOW)
    (gap,) = coverage.gaps
    assert (gap.kind, gap.what, gap.since) == ("region", "eu-west-2", NOW.isoformat())
    assert "not among the account's regions" in gap.why
    assert gap.blinds == "Everything in eu-west-2: ec2 and rds."


def test_a_chosen_region_without_a_reading_is_a_gap_too() -> None:
    coverage = assess(account(), readings(regions=("us-east-1",)), now=NOW)
    assert keys(coverage) == [("region", "eu-west-1")]
    assert coverage.read_regions == 1


def test_where_the_cloud_does_not_name_its_regions_that_is_the_gap() -> None:
    assert keys(assess(account(enabled_regions=None), readings(), now=NOW)) == [("region", "Enabled regions")]


def test_before_the_first_scan_no_region_is_a_gap() -> None:
    assert assess(account(), Readings(), now=NOW).gaps == ()


def test_a_denied_permission_says_what_it_blinds() -> None:
    (gap,) = assess(
        account(
            last_check=CloudValidationResult(
                permissions=(PermissionResult("S3", "s3:GetBucketAcl", DENIED, "Denied by a service control policy."),)
            ).to_dict()
        ),
        readings(), now=NOW,
    ).gaps  # fmt: skip
    assert (gap.kind, gap.what, gap.blinds) == ("permission", "s3:GetBucketAcl", "public access to buckets")
    assert gap.why == "Denied by a service control policy."


def test_a_gap_keeps_its_since() -> None:
    before = [{"kind": "region", "what": "eu-west-1", "why": "", "blinds": "", "since": EARLIER}]
    (gap,) = assess(account(coverage_gaps=before), readings(regions=("us-east-1",)), now=NOW).gaps
    assert gap.since == EARLIER


def test_a_lost_permission_is_a_gap_since_it_was_lost() -> None:
    lost = [{"service": "S3", "permission": "s3:Get0", "since": EARLIER}]
    (gap,) = assess(account(DENIED, lost_permissions=lost), readings(), now=NOW).gaps
    assert gap.since == EARLIER


def test_a_validation_that_never_came_to_the_permissions_leaves_those_of_the_one_before() -> None:
    row = account(GRANTED, DENIED)
    for name, value in assess(row, readings(), now=NOW).columns().items():
        setattr(row, name, value)
    row.last_check = CloudValidationResult(code="aws_timeout", finished=True).to_dict()
    coverage = assess(row, readings(), now=NOW)
    assert coverage.percent == 50
    assert keys(coverage) == [("permission", "s3:Get1")]


def test_what_is_written_is_read_back() -> None:
    row, unit = account(GRANTED), Gap("unit", "rds in eu-west-1", "Denied.", "Databases.", EARLIER)
    given = readings(read=9, stale=2, gaps=(unit,), due_at=NOW)
    for name, value in assess(row, given, now=NOW).columns().items():
        setattr(row, name, value)
    assert Readings.stored(row) == given
    assert coverage_numbers(row) == {
        "percent": 70, "regions": {"enabled": 2, "read": 2}, "units": {"total": 10, "read": 9, "stale": 2},
        "permissions": {"needed": 1, "granted": 1, "denied": 0, "unverifiable": 0},
    }  # fmt: skip


def test_an_account_from_before_has_numbers_and_no_percent() -> None:
    assert coverage_numbers(CloudAccount())["percent"] is None
    assert coverage_numbers(CloudAccount())["units"] == {"total": 0, "read": 0, "stale": 0}


def test_unread_regions_are_not_known_while_nobody_said_what_is_enabled() -> None:
    assert unread_regions(CloudAccount()) is None
    row = CloudAccount(enabled_regions=["a", "b"], coverage={"read_regions": ["b"]})
    assert unread_regions(row) == ("a",)


def gap(kind: str, what: str) -> Gap:
    return Gap(kind, what, "", "", EARLIER)


@pytest.mark.parametrize(
    ("before", "after", "lost", "still_lost", "new"),
    [
        ([], [], [], [], []),
        ([], [gap("unit", "a")], [], [("unit", "a")], ["a"]),
        ([gap("unit", "a")], [gap("unit", "a")], [], [], []),  # it was so before anybody was told
        ([gap("unit", "a")], [gap("unit", "a")], [["unit", "a"]], [("unit", "a")], []),
        ([gap("unit", "a")], [], [["unit", "a"]], [], []),  # back
        ([gap("unit", "a")], [gap("region", "b")], [["unit", "a"]], [("region", "b")], ["b"]),
        ([], [gap("permission", "s3:GetBucketAcl")], [], [], []),  # has a notice of its own
    ],
)
def test_what_is_new_and_what_is_still_lost(
    before: list[Gap], after: list[Gap], lost: list[list[str]], still_lost: list[tuple[str, str]], new: list[str]
) -> None:
    keys_lost, new_gaps = compare_gaps(before, after, lost)
    assert (keys_lost, [item.what for item in new_gaps]) == (still_lost, new)


def test_more_gaps_never_raise_the_percent() -> None:
    whole = readings()
    for fields in ({"read": 4}, {"stale": 4}, {"regions": ("us-east-1",)}):
        fewer = assess(account(GRANTED), replace(whole, **fields), now=NOW).percent
        assert fewer is not None
        assert fewer < 100
