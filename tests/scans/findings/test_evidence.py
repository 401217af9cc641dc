"""Evidence and remediation of a finding: stored by scans, shown by page, API and export."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.rules import Evaluation, Fact, Verdict
from scans.models import Asset, Finding, ScanType, ScanUnitRecord
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen
from tests.scans.conftest import Scan
from tests.scans.findings.test_views import make
from tests.toycloud.provider import CHECKS, State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

LID = [{"path": "lid", "value": "open", "expected": "closed"}]
IMDS: dict[str, Any] = {
    "check_id": "aws_ec2_instance_imdsv2", "service": "ec2", "asset_type": "aws.ec2.instance",
    "native_id": "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abcdef1234567890",
    "evidence": [
        {"path": "metadata_tokens", "value": "optional", "expected": "required"},
        {"path": "metadata_endpoint", "value": None, "expected": None},
        {"path": "rules", "value": [{"on": True}], "expected": None},
    ],
}  # fmt: skip


def test_a_scan_stores_the_facts_of_each_failure(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    assert Finding.objects.get().evidence == LID


def test_what_a_check_names_is_bounded_and_free_of_secrets(scan: Scan, toycloud: State) -> None:
    facts = tuple(Fact(f"fact-{number}", {"password": "hunter2", "long": "x" * 9000}) for number in range(40))
    check = replace(CHECKS[0], evaluate=lambda _: Evaluation(Verdict.FAIL, "No.", facts))
    toycloud.checks = (check,)
    toycloud.set_assets("boxes", "left", "red")
    scan()
    stored = json.dumps(Finding.objects.get().evidence)
    assert len(stored) < 8000
    assert "hunter2" not in stored


@pytest.mark.parametrize("scan_type", [ScanType.FULL, ScanType.INCREMENTAL])
def test_a_finding_of_before_gets_its_evidence_by_the_next_scan(scan: Scan, toycloud: State, scan_type: str) -> None:
    toycloud.log = {}
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    before = Finding.objects.get()
    # As an earlier release, whose sources were others, left them.
    Finding.objects.update(evidence=[])
    Asset.objects.update(judged_by="earlier")
    ScanUnitRecord.objects.update(version="earlier")
    run = scan(scan_type=scan_type)
    after = Finding.objects.get()
    assert after.evidence == LID
    assert (after.history, after.first_seen, after.changed_run) == (
        before.history,
        before.first_seen,
        before.changed_run,
    )
    assert (run.findings_new, run.findings_reopened) == (0, 0)


def test_what_a_unit_read_before_it_failed_is_evaluated_and_stored(scan: Scan, toycloud: State) -> None:
    """The first time that the account is scanned, so that nothing was there before."""
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.broken_units["boxes", "left"] = ProviderError("permission_denied", "Denied.", "Allow boxes:List.")
    run = scan()
    assert (run.status, run.assets_seen, [gap["code"] for gap in run.gaps]) == ("completed", 1, ["permission_denied"])
    assert (Finding.objects.get().status, Finding.objects.get().evidence) == ("open", LID)
    # And later: what it does not get to is not gone, nor resolved.
    toycloud.set_assets("boxes", "left")
    scan()
    assert (Asset.objects.get().gone_at, Finding.objects.get().status) == (None, "open")


def test_it_follows_what_changes(scan: Scan, toycloud: State) -> None:
    def judge(asset: Any) -> Evaluation:
        return Evaluation(Verdict.FAIL, "No.", (Fact("size", asset.properties["size"]),))

    toycloud.checks = (replace(CHECKS[0], evaluate=judge),)
    for size in ("1", "2"):
        toycloud.set_assets("boxes", "left", "red", size=size)
        scan()
        assert Finding.objects.get().evidence == [{"path": "size", "value": size, "expected": None}]


def test_the_page_shows_evidence_and_what_to_run(alices: Client, alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice, account_id="111122223333")
    row = make(account, "web $(id)", **IMDS)
    page = seen(alices.get(f"/findings/{row.pk}/"))
    for words in (
        '<th scope="row">metadata_<wbr>tokens</th>', '<code class="is">optional</code>', "[{&quot;on&quot;: true}]",
        "not set", '<code class="want">required</code>',
        "aws --region eu-west-1 ec2 modify-instance-metadata-options --instance-id i-0abcdef1234567890 --http-tokens",
        "http_tokens = &quot;required&quot;", "1111-2222-3333",
    ):  # fmt: skip
        assert words in page
    older = make(account, "older", **{**IMDS, "evidence": []})
    assert "The next scan keeps the facts" in seen(alices.get(f"/findings/{older.pk}/"))


def test_the_json_export_has_it_and_csv_does_not(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make(make_account(alice), "web", **IMDS)
    rows = json.loads(b"".join(alices.get("/findings/?format=json")))
    assert rows[0]["evidence"] == IMDS["evidence"]
    assert b"metadata_tokens" not in b"".join(alices.get("/findings/?format=csv"))


def test_a_column_of_nothing_is_left_out_and_long_paths_break_between_words(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    silent = make(account, "silent", evidence=[{"path": "public_access.BlockAcls", "value": None, "expected": None}])
    page = alices.get(f"/findings/{silent.pk}/").content.decode()
    assert "public_<wbr>access.<wbr>Block<wbr>Acls" in page
    assert "Expected" not in page
    assert '<span class="muted">not set</span>' in page
    speaking = make(account, "speaking", evidence=[{"path": "<b>", "value": None, "expected": True}])
    page = alices.get(f"/findings/{speaking.pk}/").content.decode()
    assert "Expected" in page
    assert "&lt;b&gt;" in page
    assert '<span class="is">not set</span>' in page
