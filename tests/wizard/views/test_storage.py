"""Where a draft's entries are, and where they are not."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import Client, RequestFactory

from teams.scope import Scope
from tests.wizard.conftest import ENVIRONMENT, KEYS, SECRET, Start, Walk, raw_row
from wizard.drafts.editing import open_draft, save_step
from wizard.drafts.errors import DraftChangedError
from wizard.models import Step
from wizard.views.storage import DraftStorage, prefix_of

FIELDS = {**KEYS, "access_keys-secret_access_key": SECRET}


def test_the_row_holds_no_secret_in_clear(aws_draft: Walk) -> None:
    aws_draft.accept("authentication", FIELDS)
    row = raw_row(aws_draft.draft_id)
    assert "111122223333" in row  # the account id is not secret: the search looks at the right row
    assert SECRET not in row
    assert FIELDS["access_keys-access_key_id"] not in row


def test_the_browser_session_holds_nothing_of_the_draft(aws_draft: Walk) -> None:
    aws_draft.accept("authentication", FIELDS)
    sessions = [session.get_decoded() for session in Session.objects.all()]
    own = {"_auth_user_id", "_auth_user_backend", "_auth_user_hash", "password_confirmed_at"}
    assert all(set(data) <= own for data in sessions)


def test_neither_the_csrf_token_nor_unknown_fields_are_stored(alice: User, start: Start) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    client.get("/wizard/")
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    response = client.post("/wizard/", {"csrfmiddlewaretoken": token})
    walk = Walk(client, UUID(response["Location"].strip("/").split("/")[-1]))
    walk.send("provider", {"provider": "aws", "extra": "surplus"}, csrfmiddlewaretoken=token)
    content = str(walk.entries)
    assert "aws" in content
    assert token not in content
    assert "surplus" not in content


def test_a_post_without_the_csrf_token_is_refused(alice: User, aws_draft: Walk) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert Walk(strict, aws_draft.draft_id).send("environment", ENVIRONMENT).status_code == 403


def test_a_tab_that_does_not_know_of_anothers_change_saves_nothing_and_says_so(aws_draft: Walk) -> None:
    other_tab = Walk(aws_draft.client, aws_draft.draft_id, seen=aws_draft.seen)
    aws_draft.accept("environment", {**ENVIRONMENT, "name": "First"})
    response = other_tab.send("environment", {**ENVIRONMENT, "name": "Second"})
    page = response.content.decode()
    assert "changed in another tab" in page
    assert 'value="Second"' in page
    assert aws_draft.draft.name == "First"


def test_pressing_continue_again_saves_over_the_other_tabs_change(aws_draft: Walk) -> None:
    other_tab = Walk(aws_draft.client, aws_draft.draft_id, seen=aws_draft.seen)
    aws_draft.accept("environment", {**ENVIRONMENT, "name": "First"})
    page = other_tab.send("environment", {**ENVIRONMENT, "name": "Second"}).content.decode()
    assert f'name="seen_version" value="{aws_draft.draft.version}"' in page
    other_tab.seen = aws_draft.draft.version
    other_tab.accept("environment", {**ENVIRONMENT, "name": "Second"})
    assert aws_draft.draft.name == "Second"


def test_a_form_sent_twice_is_the_same_as_once(aws_draft: Walk) -> None:
    seen = aws_draft.seen
    changed = {**ENVIRONMENT, "name": "Twice"}
    assert aws_draft.send("environment", changed).status_code == 302
    aws_draft.seen = seen
    assert aws_draft.send("environment", changed).status_code == 302
    assert aws_draft.draft.version == (seen or 0) + 1


def test_two_writers_at_once_leave_one_of_the_two_contents(aws_draft: Walk, owner: str) -> None:
    first = open_draft(aws_draft.draft_id, Scope(owner))
    two = open_draft(aws_draft.draft_id, Scope(owner))
    save_step(first.row, first.content, step=Step.ENVIRONMENT, values={**ENVIRONMENT, "name": "One"})
    with pytest.raises(DraftChangedError):
        save_step(two.row, two.content, step=Step.ENVIRONMENT, values={**ENVIRONMENT, "name": "Two"})
    assert open_draft(aws_draft.draft_id, Scope(owner)).content.details().name == "One"


def test_formtools_reset_keeps_the_draft(aws_draft: Walk, alice: User, rf: RequestFactory) -> None:
    request: HttpRequest = rf.get("/")
    request.user = alice
    storage = DraftStorage(prefix_of(aws_draft.draft_id), request)
    storage.reset()
    assert aws_draft.draft.account_id == "111122223333"


def test_a_sealed_draft_does_not_open_as_another(aws_draft: Walk, start: Start) -> None:
    other = start(aws_draft.client)
    other_row = other.draft
    other_row.data = aws_draft.draft.data
    other_row.save()
    assert "This draft cannot be opened" in other.client.get(other.url).content.decode()
