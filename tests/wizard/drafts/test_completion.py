"""From a proven draft to one account, whatever is clicked twice or killed in between."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.lifecycle.adding import add_cloud_account
from cloudaccounts.models import CloudAccount, CloudCredential
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.toycloud import provider as toy
from tests.wizard.conftest import TOY_ENVIRONMENT, Walk, raw_row
from wizard.drafts import completion as draft_completion
from wizard.drafts.completion import finish_draft
from wizard.drafts.editing import open_draft, save_step
from wizard.drafts.errors import DraftFinishingError, ProofError
from wizard.drafts.reconcile import reconcile
from wizard.drafts.removal import purge_expired
from wizard.models import ValidationState, WizardSession

ACTOR = Actor("1", "alice", "page", "127.0.0.1")


def change(walk: Walk, **fields: Any) -> None:
    WizardSession.objects.filter(pk=walk.draft_id).update(**fields)


def test_finishing_leads_to_the_accounts_page_and_says_that_discovery_started(proven_draft: Walk) -> None:
    response = proven_draft.send("validation")
    assert response["Location"] == f"/accounts/{proven_draft.draft_id}/"
    page = proven_draft.client.get(response["Location"]).content.decode()
    assert "discovery has started" in page


def test_the_account_holds_what_was_proven(proven_draft: Walk, owner: str) -> None:
    proven_draft.send("validation")
    account = CloudAccount.objects.get()
    assert (account.pk, account.owner, account.provider) == (proven_draft.draft_id, owner, "toy")
    assert (account.account_id, account.name, account.regions) == ("abcdef", "Toybox", ["left"])
    assert account.latest_scan_run_id is not None


def test_finishing_empties_the_draft(proven_draft: Walk, toycloud: toy.State) -> None:
    proven_draft.send("validation")
    assert proven_draft.draft.data is None
    assert "gAAAA" not in raw_row(proven_draft.draft_id)


def test_a_finished_draft_leaves_the_list(proven_draft: Walk) -> None:
    proven_draft.send("validation")
    assert str(proven_draft.draft_id) not in proven_draft.client.get("/wizard/").content.decode()


def test_finishing_twice_gives_one_account_and_ends_on_the_same_page(proven_draft: Walk) -> None:
    first, second = proven_draft.send("validation"), proven_draft.send("validation")
    assert first["Location"] == second["Location"]
    assert CloudAccount.objects.count() == 1


def test_a_draft_without_a_proof_is_not_finished(toy_draft: Walk) -> None:
    response = toy_draft.send("validation")
    assert "is not validated" in toy_draft.client.get(response["Location"]).content.decode()
    assert not CloudAccount.objects.exists()


def test_an_old_proof_does_not_finish(proven_draft: Walk) -> None:
    change(proven_draft, validated_at=timezone.now() - timedelta(minutes=16))
    response = proven_draft.send("validation")
    assert "older than 15 minutes" in proven_draft.client.get(response["Location"]).content.decode()
    assert not CloudAccount.objects.exists()


def test_data_changed_after_the_proof_are_not_finished(proven_draft: Walk) -> None:
    proven_draft.accept("environment", {**TOY_ENVIRONMENT, "account_id": "fedcba"})
    proven_draft.send("validation")
    assert not CloudAccount.objects.exists()


def test_an_account_connected_elsewhere_meanwhile_is_said_and_nothing_is_lost(
    alice: User, proven_draft: Walk, toy_account: Callable[..., CloudAccount]
) -> None:
    other = toy_account(alice)
    response = proven_draft.send("validation")
    page = proven_draft.client.get(response["Location"]).content.decode()
    assert "You have connected abcdef already" in page
    assert CloudAccount.objects.get().pk == other.pk
    assert proven_draft.draft.finishing_at is None
    assert proven_draft.draft.data is not None


def test_a_missing_key_while_finishing_is_a_message_and_nothing_is_lost(
    proven_draft: Walk, settings: Any, owner: str
) -> None:
    keys = settings.CREDENTIAL_ENCRYPTION_KEYS
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    page = proven_draft.send("validation").content.decode()
    assert "The encryption key is missing" in page
    settings.CREDENTIAL_ENCRYPTION_KEYS = keys
    assert proven_draft.send("validation")["Location"].startswith("/accounts/")


def test_a_finish_that_was_killed_before_the_account_is_completed(proven_draft: Walk) -> None:
    began = timezone.now() - timedelta(minutes=1)
    change(proven_draft, finishing_at=began, finishing_actor=ACTOR.to_dict())
    assert reconcile() == 1
    assert CloudAccount.objects.get().pk == proven_draft.draft_id
    assert proven_draft.draft.data is None


def test_a_finish_that_was_killed_after_the_account_is_completed(proven_draft: Walk, owner: str) -> None:
    opened = open_draft(proven_draft.draft_id, Scope(owner))
    add_cloud_account(
        owner=owner, actor=ACTOR, details=opened.content.details(), credentials=opened.content.credentials(),
        report=CloudValidationResult.from_dict(opened.row.report), account_uuid=proven_draft.draft_id,
    )  # fmt: skip
    change(proven_draft, finishing_at=timezone.now() - timedelta(minutes=1), finishing_actor=ACTOR.to_dict())
    reconcile()
    assert CloudAccount.objects.count() == 1
    assert proven_draft.draft.account == proven_draft.draft_id


def test_a_finish_that_has_just_begun_is_left_alone(proven_draft: Walk) -> None:
    change(proven_draft, finishing_at=timezone.now(), finishing_actor=ACTOR.to_dict())
    assert reconcile() == 0


def test_a_draft_that_is_being_finished_takes_no_change(proven_draft: Walk, owner: str) -> None:
    opened = open_draft(proven_draft.draft_id, Scope(owner))
    change(proven_draft, finishing_at=timezone.now(), finishing_actor=ACTOR.to_dict())
    with pytest.raises(DraftFinishingError):
        save_step(opened.row, opened.content, step="environment", values={**TOY_ENVIRONMENT, "name": "Late"})


def test_one_drafts_trouble_does_not_keep_others_from_being_completed(
    proven_draft: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = timezone.now() - timedelta(minutes=1)
    change(proven_draft, finishing_at=began, finishing_actor=ACTOR.to_dict())
    broken = WizardSession.objects.create(
        owner="nobody", finishing_at=began - timedelta(hours=1), expires_at=timezone.now() + timedelta(days=1)
    )
    assert reconcile() == 1
    broken.refresh_from_db()
    assert broken.finishing_at is None


@pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
def test_eight_clicks_at_once_give_one_account(proven_draft: Walk, owner: str) -> None:
    def finish(_: int) -> str:
        try:
            return str(finish_draft(proven_draft.draft_id, scope=Scope(owner), actor=ACTOR))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(finish, range(8)))
    assert answers == {str(proven_draft.draft_id)}
    assert CloudAccount.objects.count() == CloudCredential.objects.count() == 1


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"revision": 99},
        {"validation": ValidationState.QUEUED},
        {"validation_revision": None},
        {"revision": 99, "validation_revision": 99, "validation": ValidationState.RUNNING},
    ],
)
def test_a_draft_that_changes_between_the_look_at_its_proof_and_the_finish_is_not_finished(
    proven_draft: Walk, owner: str, monkeypatch: pytest.MonkeyPatch, meanwhile: dict[str, Any]
) -> None:
    check_proof = draft_completion._require_proof

    def then_change(draft: WizardSession) -> None:
        check_proof(draft)
        change(proven_draft, **meanwhile)

    monkeypatch.setattr(draft_completion, "_require_proof", then_change)
    with pytest.raises(ProofError):
        finish_draft(proven_draft.draft_id, scope=Scope(owner), actor=ACTOR)
    assert proven_draft.draft.finishing_at is None
    assert not CloudAccount.objects.exists()


def broken(**_: object) -> None:
    raise RuntimeError("a defect")


def try_again(walk: Walk, times: int) -> None:
    for _ in range(times):
        WizardSession.objects.filter(pk=walk.draft_id, finishing_at__isnull=False).update(
            finishing_at=timezone.now() - timedelta(minutes=1)
        )
        reconcile()


@pytest.fixture
def poisoned(proven_draft: Walk, owner: str, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A draft whose finish meets a defect each time."""
    monkeypatch.setattr(draft_completion, "add_cloud_account", broken)
    with pytest.raises(RuntimeError):
        finish_draft(proven_draft.draft_id, scope=Scope(owner), actor=ACTOR)
    return proven_draft


def test_a_finish_that_fails_by_a_defect_is_tried_three_times(poisoned: Walk) -> None:
    try_again(poisoned, 3)
    assert poisoned.draft.is_finishing


def test_a_finish_that_fails_by_a_defect_each_time_is_released_for_the_person_to_act(poisoned: Walk) -> None:
    try_again(poisoned, 4)
    row = poisoned.draft
    assert (row.is_finishing, row.finishing_attempts, row.finishes_itself) == (False, 0, False)
    assert row.data is not None
    poisoned.client.post(f"{poisoned.url}discard/")
    assert not WizardSession.objects.exists()


def test_a_released_finish_works_once_the_defect_is_mended(
    poisoned: Walk, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_again(poisoned, 4)
    monkeypatch.setattr(draft_completion, "add_cloud_account", add_cloud_account)
    assert finish_draft(poisoned.draft_id, scope=Scope(owner), actor=ACTOR) == poisoned.draft_id


def test_a_finish_that_hangs_for_an_hour_is_purged_once_its_draft_has_expired(poisoned: Walk) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    change(poisoned, finishing_at=long_ago)
    assert purge_expired() == 0
    change(poisoned, expires_at=long_ago)
    assert purge_expired() == 1


def test_beginning_to_finish_extends_the_drafts_life(poisoned: Walk) -> None:
    assert poisoned.draft.expires_at - timezone.now() > timedelta(days=6)
