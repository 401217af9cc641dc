"""Rules on the pages: shown beside the tree, added, tried and deleted."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.groups.services import create_group
from cloudaccounts.models import Organization
from cloudaccounts.organizations.rules import read_rules, set_rules
from teams.scope import Scope
from tests.cloudaccounts.organizations.conftest import ALICE
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
RULE = {"under": "upper", "environment": "staging", "region_scope": "all", "auto": "auto"}


@pytest.fixture
def url(organization: Organization) -> str:
    return f"/organizations/{organization.pk}/rules/"


def test_a_rule_is_added_shown_changed_and_deleted(
    alice: User, alices: Client, organization: Organization, url: str
) -> None:
    create_group(scope=Scope(str(alice.pk)), actor=ALICE, name="Upstairs")
    answer = alices.post(url, {**RULE, "groups": ["Upstairs"], "action": "save"})
    assert answer.status_code == 302
    page = alices.get(f"/organizations/{organization.pk}/").content.decode()
    assert "Onboard automatically" in page
    assert "Upstairs" in page
    form = alices.get(f"{url}?under=upper").content.decode()
    assert '<option value="staging" selected>' in form
    alices.post(url, {**RULE, "auto": "review", "region_scope": "list", "regions": ["left"], "action": "save"})
    organization.refresh_from_db()
    assert organization.rules == [
        {"under": "upper", "environment": "staging", "groups": [], "regions": ["left"], "auto": False}
    ]
    alices.post(url, {"under": "upper", "action": "delete"})
    organization.refresh_from_db()
    assert organization.rules == []


def test_a_dry_run_shows_what_would_be_and_saves_nothing(alices: Client, organization: Organization, url: str) -> None:
    page = " ".join(alices.post(url, {**RULE, "action": "preview"}).content.decode().split())
    assert "2 would be onboarded by the next sync, 0 would wait for somebody, 1 have no rule." in page
    assert "box bbbbbb" in page
    organization.refresh_from_db()
    assert organization.rules == []


def test_what_is_wrong_is_shown_at_its_field(alices: Client, url: str) -> None:
    answer = alices.post(url, {**RULE, "region_scope": "list", "action": "save"})
    assert answer.status_code == 422
    assert "Choose at least one region" in answer.content.decode()


def test_somebody_elses_rules_are_not_there(bobs: Client, url: str) -> None:
    assert bobs.get(url).status_code == 404
    assert bobs.post(url, {**RULE, "action": "save"}).status_code == 404


def test_a_rule_of_a_place_that_went_can_be_deleted(alices: Client, organization: Organization, url: str) -> None:
    organization.last_synced_at = None
    rule = {"under": "gone", "environment": "dev", "groups": [], "regions": "all", "auto": False}
    set_rules(organization, actor=ALICE, rules=read_rules(organization, [rule]))
    assert "gone" in alices.get(f"{url}?under=gone").content.decode()
    alices.post(url, {"under": "gone", "action": "delete"})
    organization.refresh_from_db()
    assert organization.rules == []
