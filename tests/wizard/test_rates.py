"""The wizard's validation goes through the brake on trying keys, and loses nothing of the draft."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace

import pytest
from pytest_django import Settings

from cloudaccounts.accounts import rate_limits
from cloudaccounts.models import RateCounter
from tests.toycloud import provider as toy
from tests.wizard.conftest import Walk
from wizard.drafts.reconcile import reconcile
from wizard.drafts.validation import run_validation
from wizard.models import ValidationState, WizardSession

LATER = re.compile(r"Try again in (\d+ minutes|\d+ seconds?), at \d\d:\d\d:\d\d UTC\.")


@pytest.fixture(autouse=True)
def limits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tries, and a clock that stands just after an hour began: no stretch ends within a test."""
    began = time.time() // 3600 * 3600 + 5
    monkeypatch.setattr(rate_limits, "time", SimpleNamespace(time=lambda: began))
    settings.API_FAILED_VALIDATIONS_PER_ACCOUNT = 2
    monkeypatch.setattr(rate_limits, "FREE_TRIES", 0)  # so that somebody else's failures count at once


def try_key(walk: Walk, token: str) -> str:
    """Enters it, and lets the worker prove it; the page that follows."""
    walk.seen = walk.draft.version
    response = walk.send("authentication", {"method": "token", "token-token": token})
    assert response.status_code == 302
    page = walk.show("validation")
    run_validation(walk.draft_id)
    return page


def test_after_failures_the_next_key_waits_and_the_draft_keeps_it(toy_draft: Walk, toycloud: toy.State) -> None:
    for guess in ("guessed-1", "guessed-2"):
        try_key(toy_draft, guess)
    page = try_key(toy_draft, toycloud.good_token)  # the right one, too: nobody learns that it is right
    assert "Too many validations of this account failed" in page
    assert LATER.search(page)
    assert "Everything that you entered is kept" in page
    assert toy_draft.draft.validation == ValidationState.IDLE
    assert toycloud.good_token in str(toy_draft.entries)
    RateCounter.objects.all().delete()  # as when the time has passed
    toy_draft.client.post(f"{toy_draft.url}validate/")
    report = run_validation(toy_draft.draft_id)
    assert report is not None
    assert report.ok


def test_checking_again_waits_as_well_and_keeps_the_last_report(toy_draft: Walk) -> None:
    for guess in ("guessed-1", "guessed-2"):
        try_key(toy_draft, guess)
    toy_draft.client.post(f"{toy_draft.url}validate/")
    page = toy_draft.show("validation")
    assert LATER.search(page)
    assert "does not know this token" in page
    assert toy_draft.draft.validation == ValidationState.FINISHED


def test_a_validation_that_was_queued_already_ends_with_the_same_words(toy_draft: Walk, toycloud: toy.State) -> None:
    try_key(toy_draft, "guessed-1")
    toy_draft.client.post(f"{toy_draft.url}validate/")
    count_one_more()
    report = run_validation(toy_draft.draft_id)
    assert report is not None
    assert report.code == "too_many_tries"
    assert LATER.search(toy_draft.show("validation"))


def test_a_proof_that_counts_is_not_lost_to_a_refusal(proven_draft: Walk) -> None:
    count_one_more(2)
    proven_draft.client.post(f"{proven_draft.url}validate/")
    assert proven_draft.draft.proof is not None


def test_a_companion_waits_for_its_turn(proven_draft: Walk) -> None:
    """It is neither dropped nor left to a person: the reconciler asks again."""
    WizardSession.objects.filter(pk=proven_draft.draft_id).update(
        finishes_itself=True, validation=ValidationState.IDLE, finishing_actor=proven_draft.draft.asked_by
    )
    count_one_more(2)
    reconcile()
    waiting = proven_draft.draft
    assert (waiting.finishes_itself, waiting.validation) == (True, ValidationState.IDLE)
    RateCounter.objects.all().delete()
    reconcile()
    assert proven_draft.draft.validation == ValidationState.QUEUED


def test_refused_entries_count_and_then_nothing_is_read(toy_draft: Walk, settings: Settings) -> None:
    settings.API_FAILED_VALIDATIONS_PER_HOUR = 2
    for button in ({}, {"show": "1"}):
        toy_draft.seen = toy_draft.draft.version
        toy_draft.send("authentication", {"method": "token", "token-token": "x" * 201}, **button)
    before = toy_draft.draft.version
    response = toy_draft.send("authentication", {"method": "token", "token-token": "a-good-one"})
    assert response.status_code == 302
    page = toy_draft.show("authentication")
    assert LATER.search(page)
    assert "Nothing was saved." in page
    assert toy_draft.draft.version == before


def count_one_more(times: int = 1) -> None:
    """Somebody else's failures at the same account."""
    for _ in range(times):
        for limit in rate_limits.validation_rate_limits("somebody", "toy", "abcdef", is_connected=False):
            limit.count()
