"""The API of findings beyond the list: groups, suppressing by filter, assignee, comments, mute rules, views."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.models import CloudAccount, Job, JobItem
from scans.findings import bulk
from scans.models import Finding, MuteRule
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.findings.test_views import make

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
CHECK = "aws_s3_versioning"


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def names(answer: Any) -> list[str]:
    return [row["asset_name"] for row in answer.json()["items"]]


def test_rules_are_counted_with_their_accounts_the_worst_first(
    alice_calls: Caller, alice: User, account: CloudAccount, make_account: MakeAccount
) -> None:
    make(account, "one", "high", check_id="aws_x", title="X")
    make(make_account(alice, name="other"), "two", "high", check_id="aws_x", title="X")
    make(account, "bad", "critical", check_id="aws_y", title="Y")
    make(account, "gone", "critical", check_id="aws_y", status="resolved", resolved_at=timezone.now())
    answer = alice_calls.get("findings/?group_by=check").json()
    assert answer["count"] == 2
    assert [(row["check_id"], row["count"], row["accounts"], row["resources"]) for row in answer["items"]] == [
        ("aws_y", 1, 1, 1), ("aws_x", 2, 2, 2),
    ]  # fmt: skip
    assert answer["items"][0]["severity"] == "critical"
    narrowed = alice_calls.get(f"findings/?group_by=check&severity=high,low&account={account.pk}").json()
    assert [(row["check_id"], row["count"]) for row in narrowed["items"]] == [("aws_x", 1)]


def test_resources_and_accounts_are_groups_as_well(alice_calls: Caller, account: CloudAccount) -> None:
    first = make(account, "web", "high")
    make(account, "web", "low", asset_key=first.asset_key, check_id="aws_other")
    (resource,) = alice_calls.get("findings/?group_by=resource").json()["items"]
    assert (resource["asset_name"], resource["severity"], resource["count"]) == ("web", "high", 2)
    (row,) = alice_calls.get("findings/?group_by=account").json()["items"]
    assert (row["account_name"], row["high"], row["low"], row["count"]) == (account.name, 1, 1, 2)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("severity=critical,low", {"a", "c"}), ("environment=dev", {"b"}), ("assignee=alice", {"a"}),
        ("assignee=-", {"b", "c"}), ("tag=team", {"c"}), ("tag=team=web", {"c"}), ("tag=team=we", set()),
        ("status=muted", {"hidden"}), ("control=cis_aws_5.0:5.7", {"b"}),
        ("status=open,muted", {"a", "b", "c", "hidden"}),
    ],
)  # fmt: skip
def test_the_list_is_filtered(alice_calls: Caller, account: CloudAccount, query: str, expected: set[str]) -> None:
    make(account, "a", "critical", assignee="alice")
    make(account, "b", environment="dev", check_id="aws_ec2_instance_imdsv2")
    make(account, "c", "low", tags="\nteam=web\n")
    make(account, "hidden", muted=True)
    assert set(names(alice_calls.get(f"findings/?{query}"))) == expected


@pytest.mark.parametrize("query", ["severity=worst", "status=closed", "environment=home", "control=cis:1.1"])
def test_a_value_that_no_filter_has_is_refused(alice_calls: Caller, query: str) -> None:
    assert_problem(alice_calls.get(f"findings/?{query}"), 422, "input_invalid")


def test_what_a_filter_names_is_suppressed_at_once(alice_calls: Caller, account: CloudAccount) -> None:
    make(account, "in", region="eu-west-1")
    make(account, "out", region="us-east-1")
    body = {"filter": {"region": "eu-west-1"}, "reason": "Accepted", "until": "2999-01-01"}
    answer = alice_calls.post("findings/suppress", body)
    assert (answer.status_code, answer.json()) == (200, {"suppressed": 1})
    row = Finding.objects.get(asset_name="in")
    assert (row.suppressed_reason, row.suppressed_by) == ("Accepted", "alice")
    assert row.suppressed_until is not None
    assert row.suppressed_until.isoformat() == "2999-01-01T00:00:00+00:00"
    assert names(alice_calls.get("findings/")) == ["out"]


def test_beyond_a_thousand_a_job_does_it(
    alice_calls: Caller, account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    make(account, "one")
    make(account, "two")
    answer = alice_calls.post("findings/suppress", {"filter": {"service": "s3"}, "reason": "Accepted"})
    assert answer.status_code == 202
    job = Job.objects.get(pk=answer.json()["job_id"])
    for item in JobItem.objects.filter(job=job.pk):
        assert bulk._change_account(job, item).state == "done"
    assert Finding.objects.filter(suppressed=True, suppressed_by="alice").count() == 2


@pytest.mark.parametrize(
    "body",
    [{"reason": "x"}, {"reason": "x", "ids": [], "filter": {}}, {"reason": "x", "filter": {}},
     {"reason": "x", "filter": {"nonsense": "1"}}, {"reason": " ", "filter": {"service": "s3"}},
     {"reason": "x", "filter": {"service": "s3"}, "until": "2020-01-01"}],
)  # fmt: skip
def test_what_would_suppress_everything_or_nothing_is_refused(
    alice_calls: Caller, account: CloudAccount, body: dict[str, Any]
) -> None:
    row = make(account, "web")
    assert_problem(alice_calls.post("findings/suppress", body), 422, "input_invalid")
    row.refresh_from_db()
    assert not row.suppressed


def test_a_finding_gets_an_assignee_and_a_day(alice_calls: Caller, account: CloudAccount) -> None:
    row = make(account, "web")
    day = (timezone.now() + timedelta(days=9)).date().isoformat()
    answer = alice_calls.ask("PATCH", f"findings/{row.pk}", {"assignee": "alice", "due": day})
    assert (answer.json()["assignee"], answer.json()["due"]) == ("alice", day)
    assert_problem(alice_calls.ask("PATCH", f"findings/{row.pk}", {"assignee": "nobody"}), 422, "input_invalid")
    assert_problem(alice_calls.ask("PATCH", f"findings/{row.pk}", {"due": "2020-01-01"}), 422, "input_invalid")
    answer = alice_calls.ask("PATCH", f"findings/{row.pk}", {"due": None})
    assert (answer.json()["assignee"], answer.json()["due"]) == ("alice", None)
    row.refresh_from_db()
    assert next(line["text"] for line in row.timeline) == "Assigned to alice"


def test_comments_are_kept_in_order(alice_calls: Caller, account: CloudAccount) -> None:
    row = make(account, "web")
    assert alice_calls.post(f"findings/{row.pk}/comments", {"text": "First"}).status_code == 201
    alice_calls.post(f"findings/{row.pk}/comments", {"text": "Second"})
    assert_problem(alice_calls.post(f"findings/{row.pk}/comments", {"text": "  "}), 422, "input_invalid")
    answer = alice_calls.get(f"findings/{row.pk}/comments").json()
    assert [(item["author"], item["text"]) for item in answer["items"]] == [("alice", "First"), ("alice", "Second")]


def test_checking_again_is_a_job(alice_calls: Caller, account: CloudAccount) -> None:
    row = make(account, "web")
    answer = alice_calls.post(f"findings/{row.pk}/recheck")
    assert answer.status_code == 202
    assert Job.objects.get(pk=answer.json()["job_id"]).kind == "findings.recheck"


def test_a_mute_rule_is_made_listed_and_ended(alice_calls: Caller, account: CloudAccount) -> None:
    row = make(account, "web", check_id=CHECK, region="eu-west-1")
    make(account, "other", region="us-east-1")
    match = {"check_id": CHECK, "region": "eu-west-1"}
    answer = alice_calls.post("mute-rules/", {"match": match, "reason": "Meant", "until": "2999-01-01"})
    assert answer.status_code == 201, answer.json()
    (listed,) = alice_calls.get("mute-rules/").json()["items"]
    assert (listed["match"], listed["reason"], listed["hides"], listed["author"]) == (match, "Meant", 1, "alice")
    assert alice_calls.get(f"findings/{row.pk}").json()["status"] == "muted"
    assert names(alice_calls.get(f"findings/?mute_rule={listed['id']}")) == ["web"]
    assert alice_calls.ask("DELETE", f"mute-rules/{listed['id']}").status_code == 204
    assert alice_calls.get("mute-rules/").json() == {"items": [], "count": 0}
    assert alice_calls.get(f"findings/{row.pk}").json()["status"] == "open"
    assert MuteRule.objects.filter(ended_at__isnull=False).count() == 1


@pytest.mark.parametrize(
    "match", [{}, {"check_id": "aws_nothing"}, {"severity": "worst"}, {"account": "0" * 32}, {"tag": "=x"}]
)
def test_a_rule_that_fits_nothing_that_there_is_or_everything_is_refused(
    alice_calls: Caller, match: dict[str, str]
) -> None:
    assert_problem(alice_calls.post("mute-rules/", {"match": match, "reason": "x"}), 422, "input_invalid")


def test_views_are_a_persons_or_the_teams(alice_calls: Caller, account: CloudAccount) -> None:
    body = {"name": "Urgent", "query": "severity=critical&page=3&severity=high"}
    view = alice_calls.post("views/", body).json()
    assert (view["query"], view["shared"], view["url"]) == (
        "severity=critical&severity=high", False, "/findings/?severity=critical&severity=high",
    )  # fmt: skip
    alice_calls.post("views/", {"name": "Urgent", "shared": True})
    assert alice_calls.get("views/").json()["count"] == 2
    assert alice_calls.post("views/", {"name": "Urgent", "query": "region=x"}).json()["id"] == view["id"]
    assert alice_calls.ask("DELETE", f"views/{view['id']}").status_code == 204
    assert [row["shared"] for row in alice_calls.get("views/").json()["items"]] == [True]


@pytest.mark.parametrize(
    ("path", "bodies"),
    [
        ("mute-rules/", [{"match": {"region": f"eu-west-{number}"}, "reason": "Meant"} for number in range(3)]),
        ("views/", [{"name": f"View {number}", "query": ""} for number in range(3)]),
    ],
)
def test_short_lists_come_in_pages_as_the_long_ones_do(
    alice_calls: Caller, path: str, bodies: list[dict[str, Any]]
) -> None:
    for body in bodies:
        assert alice_calls.post(path, body).status_code == 201
    whole = alice_calls.get(path).json()
    assert (whole["count"], len(whole["items"])) == (3, 3)
    first = alice_calls.get(f"{path}?cursor=&limit=2").json()
    assert set(first) == {"items", "next"}
    second = alice_calls.get(f"{path}?cursor={first['next']}&limit=2").json()
    assert (first["items"] + second["items"], second["next"]) == (whole["items"], None)
    assert alice_calls.get(f"{path}?offset=2&limit=5").json() == {"items": whole["items"][2:], "count": 3}
    assert_problem(alice_calls.get(f"{path}?cursor=nonsense"), 422, "input_invalid")
