"""There is an end to the number of one owner's drafts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.conftest import ALL_DATABASES
from wizard.models import WizardSession

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_beyond_the_limit_a_draft_is_refused_with_429(
    alice: User, alices: Client, bobs: Client, settings: Settings
) -> None:
    settings.TEAM_DRAFTS = 2
    assert [alices.post("/wizard/").status_code for _ in range(3)] == [302, 302, 429]
    refused = alices.post("/wizard/")
    assert int(refused["Retry-After"]) > 0
    assert "There are 2 drafts of yours already" in refused.content.decode()
    assert bobs.post("/wizard/").status_code == 302
    assert WizardSession.objects.count() == 3


def test_one_that_has_expired_does_not_count(alice: User, alices: Client, settings: Settings) -> None:
    settings.TEAM_DRAFTS = 1
    alices.post("/wizard/")
    WizardSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert alices.post("/wizard/").status_code == 302
