from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.rules import Severity
from cloudaccounts.lifecycle.state_changes import delete_account
from cloudaccounts.models import CloudAccount, Notice
from scans.findings.suppression import suppress_findings
from scans.findings.writer import NOTICES, FindingWriter
from scans.models import Asset, Finding, FindingDay, ScanRun
from scans.runs.execution import run_scan
from scans.runs.reconcile import requeue_scans
from scans.runs.requests import request_scan
from teams.names import name_key
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.scans.conftest import Scan
from tests.toycloud.provider import CHECKS, State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def finding(check: str = "toy_box_closed") -> Finding:
    return Finding.objects.get(check_id=check)


def test_a_check_that_fails_opens_a_finding(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    run = scan()
    row = finding()
    assert (row.status, row.severity, row.severity_rank) == ("open", "critical", 0)
    assert (row.title, row.reason) == ("Boxes are closed", "The lid of red is open.")
    assert (row.account, row.owner, row.account_name) == (toybox.pk, toybox.owner, "toybox")
    assert (row.asset, row.native_id) == (Asset.objects.get().pk, "toy:boxes:left:red")
    assert (run.findings_new, run.open_by_severity["critical"]) == (1, 1)


def test_a_finding_copies_the_tags_of_its_asset_and_the_environment_of_its_account(
    scan: Scan, toybox: CloudAccount, toycloud: State
) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    (red,) = toycloud.assets["boxes", "left"]
    toycloud.assets["boxes", "left"] = [replace(red, tags={"team": "web"})]
    scan()
    assert (finding().tags, finding().environment) == ("\nteam=web\n", toybox.environment)


def test_it_stays_one_finding_and_is_seen_again(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    first = finding()
    run = scan()
    row = finding()
    assert row.pk == first.pk
    assert (row.first_seen, row.last_run) == (first.first_seen, run.run_id)
    assert row.last_seen > first.last_seen
    assert run.findings_new == 0


def test_mended_it_resolves_and_broken_again_it_reopens(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    toycloud.set_assets("boxes", "left", "red", lid="closed")
    resolving = scan()
    row = finding()
    assert (row.status, row.resolution, row.reopened) == ("resolved", "The check passes now.", 0)
    toycloud.set_assets("boxes", "left", "red", lid="open")
    reopening = scan()
    row = finding()
    assert (row.status, row.reopened, row.resolved_at) == ("open", 1, None)
    assert row.open_since == row.reopened_at
    assert [line["what"] for line in row.history] == ["new", "resolved", "reopened"]
    assert (resolving.findings_resolved, reopening.findings_reopened, reopening.findings_new) == (1, 1, 0)


def test_what_could_not_be_judged_stays_as_it_was_and_is_counted_with_why(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    seen = finding().last_seen
    toycloud.set_assets("boxes", "left", "red", lid="unreadable")
    for _ in range(2):  # the second time the asset is as it was
        run = scan()
        assert (finding().status, finding().last_seen) == ("open", seen)
        assert run.verdicts == {"pass": 0, "fail": 0, "unknown": 1}
        assert run.unknowns == [
            {"check": "toy_box_closed", "title": "Boxes are closed", "why": "The lid could not be read.", "count": 1}
        ]


def test_what_is_gone_has_no_open_findings(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    toycloud.set_assets("boxes", "left")
    run = scan()
    assert (finding().status, finding().resolution) == ("resolved", "The asset is gone.")
    assert run.findings_resolved == 1


def test_a_gap_resolves_nothing(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    toycloud.set_assets("boxes", "left")
    toycloud.broken_units["boxes", "left"] = ProviderError("permission_denied", "Denied.", "Allow it.")
    run = scan()
    assert finding().status == "open"
    assert (run.status, len(run.gaps), run.open_by_severity["critical"]) == ("completed", 1, 1)


def test_a_defect_of_one_check_costs_that_check_alone(
    scan: Scan, toycloud: State, caplog: pytest.LogCaptureFixture
) -> None:
    toycloud.set_assets("boxes", "left", "red", "blue", lid="stuck", label="")
    run = scan()
    assert run.status == "completed"
    assert Finding.objects.filter(check_id="toy_box_labelled").count() == 2
    assert run.unknowns[0]["why"] == "This check failed by a defect of ours."
    assert caplog.text.count("scan.check_defect") == 1


def test_other_checks_judge_what_did_not_change(scan: Scan, toycloud: State) -> None:
    toycloud.checks = CHECKS[1:]
    toycloud.set_assets("boxes", "left", "red", lid="open", label="")
    scan()
    assert not Finding.objects.filter(check_id="toy_box_closed").exists()
    toycloud.checks = (CHECKS[0], CHECKS[2])
    scan()
    assert finding().status == "open"
    assert finding("toy_box_labelled").resolution == "This check no longer exists."


def test_a_new_severity_reaches_the_finding(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("toys", "global", "knife", sharp="yes")
    scan()
    toycloud.checks = (*CHECKS[:2], replace(CHECKS[2], severity=Severity.LOW, title="Toys are safe"))
    scan()
    assert (finding("toy_blunt").severity_rank, finding("toy_blunt").title) == (3, "Toys are safe")


def test_new_critical_findings_are_told_once(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("toys", "global", "knife", sharp="yes")
    scan()
    scan()
    assert list(Notice.objects.values_list("kind", "text")) == [("finding.critical", "Boxes are closed: red")]
    toycloud.set_assets("boxes", "left", "red")
    scan()
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    assert Notice.objects.count() == 2


def test_many_critical_findings_are_told_in_one_notice_more(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", *(f"box-{number}" for number in range(NOTICES + 7)), lid="open")
    scan()
    texts = list(Notice.objects.values_list("text", flat=True))
    assert len(texts) == NOTICES + 1
    assert "7 more critical findings in toybox." in texts


def test_a_suppressed_finding_that_comes_back_is_not_told_and_not_counted(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    suppress_findings(Scope(finding().owner), [finding().pk], actor=SYSTEM, reason="Meant so.")
    toycloud.set_assets("boxes", "left", "red")
    scan()
    toycloud.set_assets("boxes", "left", "red", lid="open")
    run = scan()
    assert (finding().status, finding().suppressed) == ("open", True)
    assert Notice.objects.count() == 1
    assert run.open_by_severity["critical"] == 0


def test_a_failed_scan_is_told(scan: Scan, toycloud: State) -> None:
    toycloud.good_token = "changed"
    scan()
    assert Notice.objects.get().kind == "scan.failed"
    assert "does not know this token" in Notice.objects.get().text


def test_findings_follow_the_account(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    update_account(toybox, actor=SYSTEM, name="renamed", environment="dev", regions=["left"])
    assert finding().account_name == "renamed"
    assert finding().account_key == name_key("renamed")
    delete_account(toybox, actor=SYSTEM)
    assert not Finding.objects.exists()


def test_the_day_counts_what_is_open(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("toys", "global", "knife", sharp="yes")
    scan()
    scan()
    assert list(FindingDay.objects.values_list("critical", "high", "medium", "low")) == [(1, 1, 0, 0)]


class TestKills:
    """A worker that dies between two writes: nothing is lost, nothing is there twice."""

    def die_in(self, monkeypatch: pytest.MonkeyPatch, where: type[Any], method: str, *, after: bool) -> None:
        original = getattr(where, method)

        def dies(*args: Any, **kwargs: Any) -> None:
            if after:
                original(*args, **kwargs)
            raise SystemExit

        monkeypatch.setattr(where, method, dies)

    def again(self, run: ScanRun) -> ScanRun:
        ScanRun.objects.filter(status="running").update(lease_until=timezone.now() - timedelta(seconds=1))
        requeue_scans()
        run_scan(run.run_id)
        run.refresh_from_db()
        return run

    @pytest.mark.parametrize(
        ("where", "method", "after"),
        [
            ("scans.findings.writer.FindingWriter", "write", False),
            ("scans.findings.writer.FindingWriter", "write", True),
            ("scans.assets.writer.AssetWriter", "_store", True),
            ("scans.assets.writer.AssetWriter", "mark_gone", True),
            ("scans.runs.coverage.Coverage", "record_collected", True),
            ("scans.findings.writer.FindingWriter", "resolve_orphans", False),
            ("scans.findings.writer.FindingWriter", "notify_rest", True),
        ],
    )
    def test_a_second_try_ends_as_if_nothing_had_happened(
        self, toybox: CloudAccount, toycloud: State, monkeypatch: pytest.MonkeyPatch, where: str, method: str,
        after: bool,
    ) -> None:  # fmt: skip
        module, _, name = where.rpartition(".")
        toycloud.set_assets("boxes", "left", "red", "blue", lid="open")
        toycloud.set_assets("toys", "global", "bear", "knife", sharp="yes")
        run = request_scan(toybox, actor=SYSTEM)
        with monkeypatch.context() as patch:
            self.die_in(patch, getattr(__import__(module, fromlist=[name]), name), method, after=after)
            with pytest.raises(SystemExit):
                run_scan(run.run_id)
        run = self.again(run)
        assert (run.status, run.attempts, run.units_done) == ("completed", 2, 3)
        assert (run.assets_seen, run.assets_new, run.findings_new) == (4, 4, 4)
        assert (Asset.objects.count(), Finding.objects.count()) == (4, 4)
        assert Notice.objects.count() == 2

    def test_a_finding_whose_asset_was_never_written_is_resolved(
        self, toybox: CloudAccount, toycloud: State, scan: Scan
    ) -> None:
        """As a kill leaves it where there are no transactions, when the resource is gone before the next try."""
        toycloud.set_assets("boxes", "left", "red", lid="open")
        scan()
        Asset.objects.all().delete()
        toycloud.set_assets("boxes", "left")
        scan()
        assert (finding().status, finding().resolution) == ("resolved", "The asset is gone.")

    def test_the_second_try_does_not_look_again_at_what_was_done(
        self, toybox: CloudAccount, toycloud: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        toycloud.set_assets("boxes", "left", "red", lid="open")
        run = request_scan(toybox, actor=SYSTEM)
        with monkeypatch.context() as patch:
            self.die_in(patch, FindingWriter, "resolve_orphans", after=False)
            with pytest.raises(SystemExit):
                run_scan(run.run_id)
        toycloud.collected.clear()
        assert self.again(run).status == "completed"
        assert toycloud.collected == []

    def test_the_findings_beyond_those_told_one_by_one_are_counted_whole(
        self, toybox: CloudAccount, toycloud: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        toycloud.set_assets("boxes", "left", *(f"box-{number}" for number in range(NOTICES + 7)), lid="open")
        run = request_scan(toybox, actor=SYSTEM)
        with monkeypatch.context() as patch:
            self.die_in(patch, FindingWriter, "resolve_orphans", after=False)
            with pytest.raises(SystemExit):
                run_scan(run.run_id)
        assert Notice.objects.count() == NOTICES
        assert self.again(run).status == "completed"
        texts = list(Notice.objects.values_list("text", flat=True))
        assert len(texts) == NOTICES + 1
        assert "7 more critical findings in toybox." in texts


def test_a_scan_and_a_person_lose_no_line_of_each_other(
    scan: Scan, toycloud: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    toycloud.set_assets("boxes", "left", "red")
    resolve = FindingWriter._resolve

    def meanwhile(self: FindingWriter, row: Finding, *values: Any) -> Finding:
        """Somebody sets it aside after the scan has read it, before it is written."""
        suppress_findings(Scope(row.owner), [row.pk], actor=SYSTEM, reason="Meant so.")
        return resolve(self, row, *values)

    monkeypatch.setattr(FindingWriter, "_resolve", meanwhile)
    scan()
    assert {line["what"] for line in finding().timeline} == {"new", "suppressed", "resolved"}
    assert [line["at"] for line in finding().timeline] == sorted(line["at"] for line in finding().timeline)
