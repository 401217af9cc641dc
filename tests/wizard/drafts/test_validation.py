"""The live validation of a draft: asked for, run by a worker, shown while it runs, voided by a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.operations.workers import record_worker_heartbeat
from cloudaccounts.work.databases import DISCOVERY
from tests.outages import away
from tests.toycloud import provider as toy
from tests.wizard.conftest import TOY_ENVIRONMENT, Walk
from wizard import tasks
from wizard.drafts import validation
from wizard.drafts.reconcile import reconcile
from wizard.drafts.validation import run_validation
from wizard.models import ValidationState, WizardSession

Capture = Callable[..., Any]


def change(walk: Walk, **fields: Any) -> None:
    WizardSession.objects.filter(pk=walk.draft_id).update(**fields)


def fragment(walk: Walk) -> str:
    return walk.client.get(f"{walk.url}validation/").content.decode()


def test_accepting_the_third_step_asks_for_a_validation(toy_draft: Walk) -> None:
    assert toy_draft.draft.validation == ValidationState.QUEUED
    assert toy_draft.draft.validation_revision == toy_draft.draft.revision


def test_the_worker_is_nudged_when_the_row_is_committed(
    toy_draft: Walk, django_capture_on_commit_callbacks: Capture
) -> None:
    change(toy_draft, validation=ValidationState.IDLE)
    with django_capture_on_commit_callbacks(using=DISCOVERY, execute=True):
        toy_draft.client.post(f"{toy_draft.url}validate/")
    assert toy_draft.draft.nudged_at is not None
    assert not toy_draft.draft.broker_refused


def test_a_validation_that_passes_offers_to_finish(proven_draft: Walk) -> None:
    page = proven_draft.show("validation")
    assert "Finish and start discovery" in page
    assert "Permissions: 1 of 1 granted" in page
    assert "hx-trigger" not in page


def test_a_validation_that_fails_says_cause_and_remedy_and_offers_to_check_again(
    toy_draft: Walk, toycloud: toy.State
) -> None:
    toycloud.failure = ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")
    run_validation(toy_draft.draft_id)
    page = toy_draft.show("validation")
    assert "The toy cloud does not know this token." in page
    assert "Ask for another." in page
    assert "Check again" in page
    assert "Finish and start discovery" not in page


@pytest.mark.parametrize("place", ["validate_resolved", "find_related_accounts"])
def test_a_database_that_is_away_costs_a_validation_nothing_but_time(
    toy_draft: Walk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    away(monkeypatch, validation, place)
    assert run_validation(toy_draft.draft_id) is None
    draft = toy_draft.draft
    assert (draft.validation, draft.claim, draft.nudged_at, draft.report) == (ValidationState.QUEUED, None, None, {})
    report = run_validation(toy_draft.draft_id)
    assert report is not None
    assert report.ok


def test_one_that_does_not_come_back_ends_the_validation_with_a_reason(
    toy_draft: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(monkeypatch, validation, "validate_resolved", times=9)
    outcomes = [run_validation(toy_draft.draft_id) for _ in range(3)]
    assert outcomes[:2] == [None, None]
    assert outcomes[2] is not None
    assert outcomes[2].code == "database_unavailable"


def test_a_check_that_was_not_reached_says_so(toy_draft: Walk, toycloud: toy.State) -> None:
    toycloud.failure = ProviderError("wrong_key", "No.", "")
    run_validation(toy_draft.draft_id)
    assert 'data-check="permissions" data-state="not reached"' in fragment(toy_draft)


def test_checking_again_after_a_mend_passes_with_the_same_draft(toy_draft: Walk, toycloud: toy.State) -> None:
    toycloud.failure = ProviderError("wrong_key", "No.", "")
    run_validation(toy_draft.draft_id)
    toycloud.failure = None
    assert toy_draft.client.post(f"{toy_draft.url}validate/").status_code == 302
    report = run_validation(toy_draft.draft_id)
    assert report is not None
    assert report.ok


def test_the_page_shows_the_planned_checks_while_they_wait(toy_draft: Walk) -> None:
    record_worker_heartbeat("w1", ["checks"])
    page = toy_draft.show("validation")
    assert 'data-check="identity" data-state="waiting"' in page
    assert "0 of 2 checks" in page
    assert "hx-trigger" in page


def test_the_page_shows_the_check_that_runs(toy_draft: Walk) -> None:
    change(toy_draft, validation=ValidationState.RUNNING, report={"running": "identity"})
    assert 'data-check="identity" data-state="running"' in fragment(toy_draft)


def test_a_poll_that_finds_nothing_new_swaps_nothing(toy_draft: Walk) -> None:
    record_worker_heartbeat("w1", ["checks"])
    page = toy_draft.show("validation")
    seen = page.split("?seen=")[1].split('"')[0]
    assert toy_draft.client.get(f"{toy_draft.url}validation/?seen={seen}").status_code == 204


def test_a_worker_that_is_down_is_said(toy_draft: Walk) -> None:
    page = toy_draft.show("validation")
    assert "Our worker is not running" in page
    assert "starts automatically as soon as a worker is up" in page


def test_a_broker_that_takes_no_message_is_said(
    toy_draft: Walk, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, settings: Any
) -> None:
    monkeypatch.setattr("cloudaccounts.work.messages.send", lambda *_args, **_kwargs: False)
    WizardSession.objects.update(nudged_at=None)  # MongoDB's on_commit has nudged at once
    reconcile()
    assert "Our message broker does not take messages" in toy_draft.show("validation")


def test_a_change_of_what_is_proven_voids_the_proof(proven_draft: Walk) -> None:
    proven_draft.accept("environment", {**TOY_ENVIRONMENT, "regions": ["right"]})
    assert proven_draft.draft.proof is None
    assert proven_draft.draft.validation == ValidationState.IDLE
    assert "Not validated yet" in proven_draft.show("validation")


def test_a_change_of_the_name_alone_keeps_the_proof(proven_draft: Walk) -> None:
    proven_draft.accept("environment", {**TOY_ENVIRONMENT, "name": "Renamed"})
    assert proven_draft.draft.proof is not None


def test_continuing_without_a_change_keeps_a_fresh_proof(proven_draft: Walk) -> None:
    proven_draft.accept("authentication", {"method": "token", "token-token": ""})
    assert proven_draft.draft.proof is not None


def test_a_proof_older_than_fifteen_minutes_does_not_count(proven_draft: Walk) -> None:
    change(proven_draft, validated_at=timezone.now() - timedelta(minutes=15))
    page = proven_draft.show("validation")
    assert "older than 15 minutes" in page
    assert "Finish and start discovery" not in page


def test_a_result_for_data_that_changed_while_it_ran_is_dropped(toy_draft: Walk, toycloud: toy.State) -> None:
    change(toy_draft, validation=ValidationState.RUNNING, claim=uuid4())
    toy_draft.seen = None
    toy_draft.accept("environment", {**TOY_ENVIRONMENT, "regions": ["right"]})
    assert toy_draft.draft.claim is None
    assert toy_draft.draft.validation == ValidationState.IDLE


@pytest.mark.parametrize("change_of_row", [{"claim": uuid4()}, {"validation": ValidationState.QUEUED}])
def test_a_worker_that_no_longer_holds_the_draft_writes_nothing(
    toy_draft: Walk, monkeypatch: pytest.MonkeyPatch, change_of_row: dict[str, Any]
) -> None:
    """Taken over by another worker, or queued again: each alone is enough."""
    prove = toy.ToyProvider.validate

    def lose_it_meanwhile(*args: Any) -> CloudValidationResult:
        report = prove(*args)
        change(toy_draft, **change_of_row, report={}, others=[])
        return report

    monkeypatch.setattr(toy.ToyProvider, "validate", lose_it_meanwhile)
    assert run_validation(toy_draft.draft_id) is None
    row = toy_draft.draft
    assert (row.report, row.validated_at) == ({}, None)
    assert row.validation == change_of_row.get("validation", ValidationState.RUNNING)


def test_a_defect_of_ours_ends_the_validation_and_is_not_blamed_on_the_cloud(
    toy_draft: Walk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(toy.ToyProvider, "validate", broken)
    report = run_validation(toy_draft.draft_id)
    assert report is not None
    assert (report.code, report.finished, report.ok) == ("internal_error", True, False)
    assert toy_draft.draft.validation == ValidationState.FINISHED
    page = toy_draft.show("validation")
    assert "This validation ended by a defect of ours, not of your cloud." in page
    assert f"the id of this draft: {toy_draft.draft_id}" in page
    assert "Check again" in page
    assert "wizard.validation_failed" in caplog.text


def test_a_defect_while_other_accounts_are_listed_takes_nothing_from_the_proof(
    toy_draft: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy.ToyProvider, "visible_accounts", broken)
    run_validation(toy_draft.draft_id)
    assert toy_draft.draft.proof is not None
    assert toy_draft.draft.others == []


def broken(*_: object) -> None:
    raise RuntimeError("a defect")


def test_a_validation_is_run_by_one_worker_only(toy_draft: Walk) -> None:
    assert run_validation(toy_draft.draft_id) is not None
    assert run_validation(toy_draft.draft_id) is None


def test_a_validation_of_a_dead_worker_is_queued_again(toy_draft: Walk) -> None:
    change(
        toy_draft, validation=ValidationState.RUNNING, claim=uuid4(), attempts=1,
        lease_until=timezone.now() - timedelta(seconds=1),
    )  # fmt: skip
    tasks.reconcile()
    assert toy_draft.draft.validation == ValidationState.QUEUED
    assert run_validation(toy_draft.draft_id) is not None


def test_a_validation_whose_worker_died_three_times_ends_with_that_reason(toy_draft: Walk) -> None:
    change(
        toy_draft, validation=ValidationState.RUNNING, claim=uuid4(), attempts=3,
        lease_until=timezone.now() - timedelta(seconds=1),
    )  # fmt: skip
    reconcile()
    page = toy_draft.show("validation")
    assert "Our own worker stopped 3 times" in page
    assert "Check again" in page


def test_a_request_that_no_worker_heard_is_nudged_again(toy_draft: Walk) -> None:
    change(toy_draft, nudged_at=timezone.now() - timedelta(minutes=1))
    assert reconcile() == 1
    assert reconcile() == 0


def test_a_validation_without_the_key_ends_with_a_message(toy_draft: Walk, settings: Any) -> None:
    keys = settings.CREDENTIAL_ENCRYPTION_KEYS
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    run_validation(toy_draft.draft_id)
    settings.CREDENTIAL_ENCRYPTION_KEYS = keys
    assert "The encryption key is missing" in toy_draft.show("validation")


def test_the_report_on_the_row_holds_no_secret(proven_draft: Walk, toycloud: toy.State) -> None:
    assert toycloud.good_token not in str(proven_draft.draft.report)


def test_the_fragment_of_a_finished_draft_leads_to_the_account(proven_draft: Walk, alices: Client) -> None:
    proven_draft.send("validation")
    response = alices.get(f"{proven_draft.url}validation/", headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == f"/accounts/{proven_draft.draft_id}/"
