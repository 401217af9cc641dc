from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.resolution import resolve_account
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import VisibleAccount
from cloudaccounts.lifecycle.adding import add_cloud_account
from cloudaccounts.models import AuditEvent, CloudAccount
from cloudaccounts.work.databases import SECURITY
from tests.toycloud import provider as toy
from tests.wizard.conftest import Walk
from wizard.drafts import completion as draft_completion
from wizard.drafts import reconcile as draft_reconcile
from wizard.drafts import related_accounts
from wizard.drafts.automatic_finish import validate_draft
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.reconcile import reconcile
from wizard.drafts.related_accounts import connect_related_accounts
from wizard.drafts.validation import find_related_accounts, run_validation
from wizard.models import ValidationState, WizardSession

ACTOR = Actor("1", "alice", "page", "127.0.0.1")

SEEN = [
    VisibleAccount("abcdef", "Toybox itself"),
    VisibleAccount("ghijkl", "Second box"),
    VisibleAccount("mnopqr", "Third box"),
    VisibleAccount("stuvwx", "Closed box", enabled=False),
]


@pytest.fixture
def draft(toycloud: toy.State, toy_draft: Walk) -> Walk:
    """Proven, with a token that opens other boxes too."""
    toycloud.visible_accounts = list(SEEN)
    validate_draft(toy_draft.draft_id)
    return toy_draft


def related_drafts(draft: Walk) -> list[WizardSession]:
    return list(WizardSession.objects.exclude(pk=draft.draft_id).order_by("account_id"))


def test_the_other_accounts_are_offered_and_its_own_is_not(draft: Walk) -> None:
    page = draft.show("validation")
    assert "Second box" in page
    assert "Third box" in page
    assert "Toybox itself" not in page


def test_what_is_connected_already_is_not_offered(
    toycloud: toy.State, toy_draft: Walk, alice: User, toy_account: Callable[..., CloudAccount]
) -> None:
    toy_account(alice, account_id="ghijkl")
    toycloud.visible_accounts = list(SEEN)
    validate_draft(toy_draft.draft_id)
    assert "Second box" not in toy_draft.show("validation")


def test_the_chosen_become_accounts_by_themselves_once_proven(draft: Walk) -> None:
    answer = draft.send("validation", others=["ghijkl", "mnopqr"])
    assert answer.status_code == 302
    assert [related.account_id for related in related_drafts(draft)] == ["ghijkl", "mnopqr"]
    for related in related_drafts(draft):
        validate_draft(related.pk)
    names = CloudAccount.objects.order_by("account_id").values_list("account_id", "name", "status")
    assert list(names) == [
        ("abcdef", "Toybox", "active"),
        ("ghijkl", "Second box", "active"),
        ("mnopqr", "Third box", "active"),
    ]
    assert AuditEvent.objects.filter(action="account.created", actor_label="alice").count() == 3


def test_one_that_is_refused_waits_among_the_drafts_with_its_report(draft: Walk, toycloud: toy.State) -> None:
    draft.send("validation", others=["ghijkl"])
    toycloud.failure = ProviderError("wrong_account", "Not this box.", "Another one.")
    (related,) = related_drafts(draft)
    validate_draft(related.pk)
    related.refresh_from_db()
    assert related.account is None
    assert "Not this box." in Walk(draft.client, related.pk).show("validation")
    assert CloudAccount.objects.count() == 1


def test_what_was_not_offered_or_is_closed_is_not_begun(draft: Walk) -> None:
    draft.send("validation", others=["stuvwx", "zzzzzz", "../../x"])
    assert related_drafts(draft) == []


def test_a_second_click_begins_none_twice(draft: Walk) -> None:
    for _ in range(2):
        draft.send("validation", others=["ghijkl"])
    assert len(related_drafts(draft)) == 1


def test_each_companion_holds_its_own_sealed_copy(draft: Walk, toycloud: toy.State) -> None:
    draft.send("validation", others=["ghijkl"])
    (related,) = related_drafts(draft)
    assert toycloud.good_token not in str(vars(related))
    assert Walk(draft.client, related.pk).entries["steps"]["environment"]["account_id"] == "ghijkl"


def test_a_kill_between_proof_and_finish_is_mended(draft: Walk) -> None:
    draft.send("validation", others=["ghijkl"])
    (related,) = related_drafts(draft)
    run_validation(related.pk)
    assert CloudAccount.objects.count() == 1
    assert reconcile() >= 1
    assert CloudAccount.objects.filter(pk=related.pk).exists()


def test_one_that_a_person_changes_no_longer_finishes_by_itself(draft: Walk) -> None:
    draft.send("validation", others=["ghijkl"])
    (related,) = related_drafts(draft)
    walk = Walk(draft.client, related.pk)
    walk.show("environment")
    walk.accept(
        "environment",
        {"account_id": "ghijkl", "partition": "shelf", "name": "Mine", "environment": "dev", "regions": ["left"]},
    )
    validate_draft(related.pk)
    assert not CloudAccount.objects.filter(pk=related.pk).exists()


def test_neighbours_that_cannot_be_listed_take_nothing_from_the_proof(
    toycloud: toy.State, toy_draft: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ProviderError("permission_denied", "Not allowed to list.", "")

    monkeypatch.setattr(toy.ToyProvider, "visible_accounts", refuse)
    validate_draft(toy_draft.draft_id)
    row = WizardSession.objects.get(pk=toy_draft.draft_id)
    assert row.proof is not None
    assert row.validated_at is not None
    assert row.validated_at <= timezone.now()


def test_a_kill_before_the_validation_was_asked_for_is_mended(draft: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(related_accounts, "request_validation", kill)
        with pytest.raises(SystemExit):
            connect_related_accounts(draft.draft, ["ghijkl"], actor=ACTOR)
    (related,) = related_drafts(draft)
    assert related.validation == ValidationState.IDLE
    reconcile()
    related.refresh_from_db()
    assert related.validation == ValidationState.QUEUED
    validate_draft(related.pk)
    assert CloudAccount.objects.filter(pk=related.pk).exists()


def test_one_that_a_person_types_in_is_not_asked_for_by_itself(draft: Walk) -> None:
    draft.send("validation", others=["ghijkl"])
    (related,) = related_drafts(draft)
    WizardSession.objects.filter(pk=related.pk).update(validation=ValidationState.IDLE)
    walk = Walk(draft.client, related.pk)
    walk.show("environment")
    walk.send("environment", {"account_id": "half"}, wizard_goto_step="provider")
    reconcile()
    related.refresh_from_db()
    assert (related.validation, related.finishes_itself) == (ValidationState.IDLE, False)


def test_one_whose_validation_can_never_be_asked_for_is_not_tried_for_ever(
    draft: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft.send("validation", others=["ghijkl"])
    (related,) = related_drafts(draft)
    WizardSession.objects.filter(pk=related.pk).update(validation=ValidationState.IDLE)
    monkeypatch.setattr(draft_reconcile, "request_validation", refuse)
    reconcile()
    related.refresh_from_db()
    assert not related.finishes_itself


def test_one_that_is_refused_at_its_start_does_not_keep_the_others_from_beginning(
    draft: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(related_accounts, "request_validation", refuse)
    assert connect_related_accounts(draft.draft, ["ghijkl", "mnopqr"], actor=ACTOR) == 2
    assert [related.account_id for related in related_drafts(draft)] == ["ghijkl", "mnopqr"]


def test_beginning_one_twice_is_once_and_spoils_no_transaction(draft: Walk) -> None:
    assert connect_related_accounts(draft.draft, ["ghijkl"], actor=ACTOR) == 1
    assert connect_related_accounts(draft.draft, ["ghijkl"], actor=ACTOR) == 0
    assert len(related_drafts(draft)) == 1


def test_a_defect_in_finishing_one_does_not_stop_the_reconciler(draft: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    draft.send("validation", others=["ghijkl", "mnopqr"])
    first, second = related_drafts(draft)
    for walk in (first, second):
        run_validation(walk.pk)

    def fail_for_the_first(**values: Any) -> CloudAccount:
        if values["account_uuid"] == first.pk:
            raise RuntimeError("a defect")
        return add_cloud_account(**values)

    monkeypatch.setattr(draft_completion, "add_cloud_account", fail_for_the_first)
    reconcile()
    assert CloudAccount.objects.filter(pk=second.pk).exists()


def test_finishing_leaves_no_list_of_other_accounts_behind(draft: Walk) -> None:
    assert draft.draft.others
    draft.send("validation")
    assert draft.draft.others == []


def test_two_hundred_neighbours_are_looked_up_in_one_query(
    toycloud: toy.State, toy_draft: Walk, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    letters = "abcdefghijklmnop"
    toycloud.visible_accounts = [VisibleAccount(f"zzzz{a}{b}", "Box") for a in letters for b in letters]
    draft, content = toy_draft.draft, DraftContent.from_dict(toy_draft.entries)
    external_id_for(draft.owner)  # made on first use
    account = resolve_account(draft.owner, content.details())
    with django_assert_max_num_queries(2, connection=connections[SECURITY]):  # this id is read, too
        assert len(find_related_accounts(draft, account, content.credentials())) == 200


def refuse(*_: object, **__: object) -> None:
    raise ProviderError("refused", "Not like this.", "")
