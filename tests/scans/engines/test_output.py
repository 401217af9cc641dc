"""What a second engine wrote is a stranger's input: shapes as Prowler 5.46.0 writes them, and hostile ones."""

from __future__ import annotations

import json
import tracemalloc
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cloudaccounts.contract.rules import Severity
from scans.engines.output import MOST_OBJECT, Result, Tally, read_results

ACCOUNT = "111122223333"
REAL = Path(__file__).with_name("prowler.ocsf.json")


def row(**changes: Any) -> dict[str, Any]:
    """A failure in the shape of Prowler's json-ocsf, with the fields that are read and two that are not."""
    rows: dict[str, Any] = {
        "metadata": {"event_code": "s3_bucket_public_access", "product": {"name": "Prowler", "version": "5.46.0"}},
        "status_code": "FAIL",
        "status_detail": "Bucket has public access.",
        "severity": "High",
        "finding_info": {"title": "Bucket is public", "uid": "prowler-aws-1"},
        "resources": [
            {"uid": "arn:aws:s3:::logs", "name": "logs", "region": "eu-west-1", "group": {"name": "s3"}, "data": {}}
        ],
        "remediation": {"desc": "Block public access.", "references": ["javascript:alert(1)"]},
        "cloud": {"account": {"uid": ACCOUNT}, "provider": "aws"},
    }
    return {**rows, **changes}


def read(tmp_path: Path, content: Any, account: str = ACCOUNT) -> tuple[list[Result], Tally]:
    path, tally = tmp_path / "out.ocsf.json", Tally()
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return list(read_results(path, account, tally)), tally


def test_what_prowler_wrote_of_the_sandbox() -> None:
    """From a run of Prowler 5.46.0 over the sandbox: a few rows, without `resources[].data` and lists of frameworks."""
    account, tally = json.loads(REAL.read_text())[0]["cloud"]["account"]["uid"], Tally()
    results = list(read_results(REAL, account, tally))
    assert (tally.complete, tally.malformed, tally.foreign) == (True, 0, 0)
    assert {result.verdict for result in results} == {"pass", "fail"}
    assert all(result.resource and result.title and result.service and result.region for result in results)


def test_one_result(tmp_path: Path) -> None:
    results, tally = read(tmp_path, [row()])
    assert results == [
        Result(
            "s3_bucket_public_access", "fail", "arn:aws:s3:::logs", "logs", "eu-west-1", "s3", Severity.HIGH,
            "Bucket is public", "Bucket has public access.", "Block public access.",
        )
    ]  # fmt: skip
    assert tally == Tally(complete=True, read=1)


def test_what_a_person_has_to_look_at_is_no_result(tmp_path: Path) -> None:
    results, tally = read(tmp_path, [row(status_code="MANUAL"), row(status_code="PASS")])
    assert ([result.verdict for result in results], tally.undecided) == (["pass"], 1)


def test_another_account_is_never_this_ones(tmp_path: Path) -> None:
    foreign = [row(cloud={"account": {"uid": "999999999999"}}), row(cloud={}), row(cloud=None), row(cloud=[ACCOUNT])]
    results, tally = read(tmp_path, [*foreign, row()])
    assert (len(results), tally.foreign, tally.complete) == (1, 4, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"event_code": "../../etc/passwd"}},
        {"metadata": {"event_code": "<script>alert(1)</script>"}},
        {"metadata": {"event_code": "a" * 5000}},
        {"metadata": {"event_code": 7}},
        {"metadata": None},
        {"resources": []},
        {"resources": {"uid": "arn:aws:s3:::logs"}},
        {"resources": ["arn:aws:s3:::logs"]},
        {"resources": [{"uid": ["arn:aws:s3:::logs"]}]},
        {"status_code": "fail"},
        {"status_code": ["FAIL"]},
        {"severity": "<b>High</b>"},
        {"severity": 5},
    ],
)
def test_a_row_that_is_wrong_costs_itself(tmp_path: Path, changes: dict[str, Any]) -> None:
    results, tally = read(tmp_path, [row(**changes), row()])
    assert (len(results), tally.malformed, tally.complete) == (1, 1, True)


def test_texts_are_bounded_and_storable(tmp_path: Path) -> None:
    one = row(status_detail="x\x00" * 50_000, finding_info={"title": "<img src=x onerror=alert(1)>" * 100})
    one["resources"][0] |= {"uid": "arn:" + "y" * 9000, "name": "\x00" + "n" * 900, "region": "r" * 900}
    other = deepcopy(one)
    other["resources"][0]["uid"] += "z"
    results, _ = read(tmp_path, [one, other])
    lengths = [(len(r.reason), len(r.title), len(r.name), len(r.region)) for r in results]
    assert lengths == [(1000, 200, 300, 60)] * 2
    assert "\x00" not in "".join([results[0].reason, results[0].name])
    assert all(len(result.resource) <= 2048 for result in results)
    assert results[0].resource != results[1].resource, "cut, and still two resources"


def test_half_a_file_is_not_complete(tmp_path: Path) -> None:
    text = json.dumps([row(), row(), row()], indent=4)
    for cut in (1, len(text) // 3, len(text) // 2, len(text) - 1):
        results, tally = read(tmp_path, text[:cut])
        assert not tally.complete
        assert len(results) <= 3


@pytest.mark.parametrize("text", ["", "{}", "null", "[", "[}", "no JSON", '{"a": [', "[" * 100_000, "]"])
def test_a_file_that_is_none_has_no_results(tmp_path: Path, text: str) -> None:
    results, tally = read(tmp_path, text)
    assert (results, tally.complete) == ([], False)


def test_what_follows_the_end_makes_it_incomplete(tmp_path: Path) -> None:
    assert not read(tmp_path, json.dumps([row()]) + json.dumps([row()]))[1].complete


@pytest.mark.parametrize("item", ["7", '"text"', "null", "[[]]", "1" * 6000, "NaN", '{"a": ' * 900 + "1" + "}" * 900])
def test_other_items_are_counted(tmp_path: Path, item: str) -> None:
    _, tally = read(tmp_path, f"[{item}, {json.dumps(row())}]")
    assert tally.malformed + tally.foreign == 1


def test_an_object_without_an_end_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "out.ocsf.json"
    path.write_text('[{"a": "' + "x" * (40 * 2**20))
    tracemalloc.start()
    tally = Tally()
    assert list(read_results(path, ACCOUNT, tally)) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * MOST_OBJECT
    assert not tally.complete


def test_many_small_items_are_read_in_one_go(tmp_path: Path) -> None:
    """Quadratic reading of 400,000 items would take hours."""
    _, tally = read(tmp_path, "[" + "7," * 400_000 + "7]")
    assert (tally.complete, tally.malformed) == (True, 400_001)
