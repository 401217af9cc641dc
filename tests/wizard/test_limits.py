"""The wizard for a member whose membership is limited to groups."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.queries import of_account
from cloudaccounts.groups.services import create_group
from cloudaccounts.models import CloudAccount
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.editing import create_wizard_session, find_draft
from wizard.drafts.errors import DraftNotFoundError
from wizard.drafts.queries import drafts_of
from wizard.steps.base import StepContext
from wizard.steps.environment import EnvironmentForm

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def limited(alice: User) -> Scope:
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Theirs")
    return Scope(str(alice.pk), groups=frozenset({group.pk}))


def form(scope: Scope, **given: str) -> EnvironmentForm:
    entries = {
        "account_id": "111122223333", "partition": "aws", "name": "x", "environment": "dev", "region_scope": "all",
        **given,
    }  # fmt: skip
    data = QueryDict(mutable=True)
    data.update(entries)
    draft = create_wizard_session(scope)
    content = DraftContent(steps={"provider": {"provider": "aws"}})
    return EnvironmentForm(data, context=StepContext(scope, draft.pk, content))


def test_drafts_are_seen_from_as_wide_a_limit(alice: User, limited: Scope) -> None:
    everything = Scope(str(alice.pk))
    theirs, all_of_it = create_wizard_session(limited), create_wizard_session(everything)
    assert [row.pk for row in drafts_of(limited)] == [theirs.pk]
    assert {row.pk for row in drafts_of(everything)} == {theirs.pk, all_of_it.pk}
    assert find_draft(theirs.pk, limited).pk == theirs.pk
    with pytest.raises(DraftNotFoundError):
        find_draft(all_of_it.pk, limited)


def test_a_group_of_the_limit_has_to_be_chosen_and_the_only_one_is(alice: User, limited: Scope) -> None:
    assert "group" not in form(Scope(str(alice.pk))).fields
    assert form(limited).errors.keys() == {"group"}
    group = next(iter(limited.groups or ()))
    [(only, _)] = form(limited).fields["group"].choices  # type: ignore[attr-defined]
    assert only == str(group)
    chosen = form(limited, group=str(group))
    assert chosen.is_valid(), chosen.errors
    assert chosen.values_to_store()["group"] == str(group)
    other = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Not theirs")
    assert form(limited, group=str(other.pk)).errors.keys() == {"group"}


def test_an_account_outside_is_refused_without_its_name(alice: User, limited: Scope, make_account: MakeAccount) -> None:
    make_account(alice, name="hidden-one", account_id="111122223333")
    group = next(iter(limited.groups or ()))
    [message] = form(limited, group=str(group)).errors["account_id"]
    assert message == "Your team has connected this account already."
    assert "hidden-one" in str(form(Scope(str(alice.pk))).errors["account_id"])
    assert of_account(Scope(str(alice.pk)), CloudAccount.objects.get()) == []
