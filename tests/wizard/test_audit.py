"""What the trail tells of drafts, whose credentials are in use before there is an account."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client

from cloudaccounts.models import AuditEvent
from tests.toycloud import provider as toy
from tests.wizard.conftest import Start, Walk
from wizard.drafts.validation import run_validation
from wizard.models import WizardSession


def test_a_validation_leaves_an_event_that_names_who_asked_for_it(
    toy_draft: Walk, toycloud: toy.State, owner: str
) -> None:
    run_validation(toy_draft.draft_id)
    event = AuditEvent.objects.get(action="draft.opened")
    assert event.text == "Credentials of a draft opened for validation"
    assert (event.account, event.account_label, event.owner) == (toy_draft.draft_id, "Toybox", owner)
    assert (event.actor, event.actor_label, event.via, event.address) == (owner, "alice", "page", "127.0.0.1")
    assert toycloud.good_token not in str(AuditEvent.objects.values_list())


def test_checking_again_names_who_did(toy_draft: Walk, owner: str) -> None:
    run_validation(toy_draft.draft_id)
    toy_draft.client.post(f"{toy_draft.url}validate/")
    run_validation(toy_draft.draft_id)
    assert list(AuditEvent.objects.filter(action="draft.opened").values_list("actor", flat=True)) == [owner, owner]


def test_a_validation_that_nobody_is_known_to_have_asked_for_is_the_systems(toy_draft: Walk) -> None:
    WizardSession.objects.update(asked_by={})
    run_validation(toy_draft.draft_id)
    assert AuditEvent.objects.get(action="draft.opened").actor == "system"


def test_credentials_are_not_used_where_the_trail_cannot_be_written(
    toy_draft: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise DatabaseError("away")

    used = []
    monkeypatch.setattr("wizard.drafts.audit.record_event", fail)
    monkeypatch.setattr(toy.ToyProvider, "validate", lambda *_: used.append(1))
    report = run_validation(toy_draft.draft_id)
    assert report is not None
    assert report.code == "internal_error"
    assert used == []


def test_a_draft_that_cannot_be_opened_is_not_told_as_opened(
    toy_draft: Walk, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CREDENTIAL_ENCRYPTION_KEYS", [])
    run_validation(toy_draft.draft_id)
    assert not AuditEvent.objects.filter(action="draft.opened").exists()


def test_discarding_a_draft_that_holds_something_leaves_an_event(aws_draft: Walk, owner: str) -> None:
    aws_draft.client.post(f"{aws_draft.url}discard/")
    event = AuditEvent.objects.get(action="draft.discarded")
    assert (event.action, event.account, event.account_label) == (
        "draft.discarded",
        aws_draft.draft_id,
        "Data platform",
    )
    assert (event.actor, event.actor_label, event.owner) == (owner, "alice", owner)


def test_discarding_a_draft_that_nothing_was_entered_into_leaves_none(alices: Client, start: Start) -> None:
    walk = start(alices)
    walk.client.post(f"{walk.url}discard/")
    assert not WizardSession.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="draft.").exists()


def test_an_operator_who_deletes_a_draft_is_named(
    aws_draft: Walk, operator: User, browser_of: Callable[[User], Client]
) -> None:
    path = f"/admin/wizard/wizardsession/{aws_draft.draft_id}/delete/"
    assert browser_of(operator).post(path, {"post": "yes"}).status_code == 302
    event = AuditEvent.objects.get(action="draft.discarded")
    assert (event.action, event.actor_label, event.via) == ("draft.discarded", "olga", "admin")
