"""How two scanners' opinions are held against each other, on a few lines in the shape of Prowler's json-ocsf."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cloudaccounts import registry
from cloudaccounts.contract.engines import EnginePair
from tests.oracle.prowler import read
from tests.oracle.report import write
from tests.oracle.verdicts import Known, Opinion, compare, known_differences, pairs

BUCKET, OTHER = "arn:aws:s3:::one", "arn:aws:s3:::two"


def line(check: str, resource: str, status: str, region: str = "us-east-1") -> dict[str, Any]:
    return {
        "metadata": {"event_code": check},
        "status_code": status,
        "status_detail": f"It is {status}.",
        "resources": [{"uid": resource, "region": region}],
    }


def opinions(tmp_path: Path, *rows: dict[str, Any]) -> list[Opinion]:
    path = tmp_path / "out.ocsf.json"
    path.write_text(json.dumps(rows))
    return read(path)


def own(check: str, resource: str, verdict: str) -> Opinion:
    return Opinion(check, resource, "us-east-1", verdict, "")


def test_what_a_person_has_to_look_at_is_no_opinion(tmp_path: Path) -> None:
    rows = opinions(tmp_path, line("a", BUCKET, "PASS"), line("a", OTHER, "MANUAL"))
    assert rows == [Opinion("a", BUCKET, "us-east-1", "pass", "It is PASS.")]


def test_they_agree_differ_or_one_of_them_has_no_opinion(tmp_path: Path) -> None:
    theirs = opinions(
        tmp_path, line("tls", BUCKET, "FAIL"), line("tls", OTHER, "PASS"), line("tls", "arn:aws:s3:::three", "PASS"),
        line("more", BUCKET, "FAIL"),
    )  # fmt: skip
    mine = [own("our_tls", BUCKET, "fail"), own("our_tls", OTHER, "fail"), own("our_tls", "arn:aws:s3:::four", "pass")]
    result = compare(mine, theirs, [EnginePair("our_tls", ("tls",))])
    assert (result.agree, [row.resource for row in result.differ]) == (1, [OTHER])
    assert [row.resource for row in result.only_ours] == ["arn:aws:s3:::four"]
    assert [row.resource for row in result.only_theirs] == ["arn:aws:s3:::three"]
    assert result.without_counterpart == ["more"]


def test_several_of_theirs_fail_where_one_does() -> None:
    theirs = [own("keys", BUCKET, "pass"), own("passwords", BUCKET, "fail")]
    result = compare([own("unused", BUCKET, "fail")], theirs, [EnginePair("unused", ("keys", "passwords"))])
    assert (result.agree, result.differ) == (1, [])


def test_an_account_is_one_whatever_they_call_it() -> None:
    pair = EnginePair("root", ("root_mfa",), "account")
    result = compare([own("root", "111122223333", "pass")], [own("root_mfa", "arn:aws:iam::1:root", "fail")], [pair])
    assert [row.resource for row in result.differ] == ["the account"]


def test_what_is_unknown_is_an_opinion_too() -> None:
    result = compare([own("a", BUCKET, "unknown")], [own("b", BUCKET, "pass")], [EnginePair("a", ("b",))])
    assert len(result.differ) == 1


def test_each_pair_names_a_check_of_ours_and_none_of_theirs_twice() -> None:
    known = {check.id for check in registry.get("aws").posture_checks()}
    assert {check for pair in pairs() for check in (pair.ours, *pair.also)} - known == set()
    theirs = [check for pair in pairs() for check in pair.theirs]
    assert len(theirs) == len(set(theirs))
    assert {row.kind for row in known_differences()} <= {"differ", "ours", "theirs"}


def test_a_difference_without_an_explanation_fails_the_run() -> None:
    result = compare([own("a", BUCKET, "fail")], [own("b", BUCKET, "pass")], [EnginePair("a", ("b",))])
    lines: list[str] = []
    assert write(result, [], "", lines.append) == 1
    assert "    NOT EXPLAINED" in lines
    right = "This product: the policy says so."
    assert write(result, [Known("a", "*:one", "ours", right)], "", lines.append) == 1
    assert write(result, [Known("?", "*:one", "differ", right)], "", lines.append) == 0
    assert lines[-3].strip() == right


def test_errors_of_its_log_are_told_because_they_hide_findings() -> None:
    lines: list[str] = []
    write(compare([], [], []), [], "2026 [ERROR] DescribeThings: not implemented\nfine", lines.append)
    assert any("DescribeThings" in text for text in lines)
