from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from wizard.drafts.editing import create_wizard_session

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_it_offers_what_waits(alice: User, alices: Client) -> None:
    draft = create_wizard_session(Scope(str(alice.pk)))
    assert f"/wizard/{draft.pk}/" in alices.get("/wizard/drafts-panel/").content.decode()


def test_it_is_empty_where_nothing_waits(bobs: Client, alice: User) -> None:
    create_wizard_session(Scope(str(alice.pk)))
    assert bobs.get("/wizard/drafts-panel/").content == b""
