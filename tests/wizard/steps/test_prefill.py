from __future__ import annotations

from typing import Any

import pytest

from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from wizard.drafts.editing import open_draft
from wizard.steps.prefill import create_prefilled_draft

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

PROVIDER = {"provider": "aws"}
ENVIRONMENT: dict[str, Any] = {
    "account_id": "1111-2222-3333", "partition": "aws", "name": "data-platform", "environment": "dev",
    "regions": ["us-east-1", "eu-west-1"],
}  # fmt: skip
KEYS = {
    "method": "access_keys",
    "access_keys-access_key_id": "AKIA2222333344445555",
    "access_keys-secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKE",
}


def test_every_step_is_taken_as_its_form_takes_it(owner: str) -> None:
    made = create_prefilled_draft(
        Scope(owner), {"provider": PROVIDER, "environment": ENVIRONMENT, "authentication": {**KEYS}}
    )
    draft = open_draft(made.row.pk, Scope(owner))
    assert draft.row.step == "validation"
    assert (draft.row.provider, draft.row.account_id, draft.row.name) == ("aws", "111122223333", "data-platform")
    assert draft.content.details().regions == ("us-east-1", "eu-west-1")
    assert draft.content.credentials()["access_key_id"] == "AKIA2222333344445555"


def test_it_rests_at_the_first_step_without_entries(owner: str) -> None:
    draft = open_draft(create_prefilled_draft(Scope(owner), {"provider": PROVIDER}).row.pk, Scope(owner))
    assert draft.row.step == "environment"


def test_what_a_form_refuses_is_kept_as_typed(owner: str) -> None:
    wrong = {**ENVIRONMENT, "account_id": "12"}
    made = create_prefilled_draft(
        Scope(owner), {"provider": PROVIDER, "environment": wrong, "authentication": {**KEYS}}
    )
    draft = open_draft(made.row.pk, Scope(owner))
    assert draft.row.step == "environment"
    assert draft.content.typed["environment"]["account_id"] == "12"
    assert "authentication" not in draft.content.steps


def test_a_secret_that_is_refused_is_kept_nowhere(owner: str) -> None:
    refused = {**KEYS, "access_keys-access_key_id": "not a key"}
    made = create_prefilled_draft(
        Scope(owner), {"provider": PROVIDER, "environment": ENVIRONMENT, "authentication": refused}
    )
    draft = open_draft(made.row.pk, Scope(owner))
    assert draft.row.step == "authentication"
    assert KEYS["access_keys-secret_access_key"] not in repr(draft.content.to_dict())
