"""Searches that hit a check's or an account's name as well: asked of their indexes apart, while they are few."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db.models import Q

from cloudaccounts.models import CloudAccount
from scans import search
from scans.findings.filters import FindingFilter
from scans.findings.queries import findings, searched
from scans.models import Finding
from teams.names import name_key
from teams.scope import Scope
from tests.api.test_scans import make_finding, scanned
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
__all__ = ["scanned"]  # a fixture


def names(scope: Scope, text: str) -> list[str]:
    return sorted(findings(scope, FindingFilter(q=text)).values_list("check_id", flat=True))


def test_few_hits_of_an_account_are_found_by_their_keys(alice: User, scanned: CloudAccount) -> None:
    made = sorted(make_finding(scanned).check_id for _ in range(3))
    CloudAccount.objects.filter(pk=scanned.pk).update(name="warehouse-eu", name_key=name_key("warehouse-eu"))
    scope = Scope(str(alice.pk))
    assert names(scope, "warehouse") == made
    rows, by_key = searched(scope, "warehouse")
    assert by_key
    assert "OR" not in str(rows.query).split("WHERE")[-1]


def test_many_hits_are_all_found_too(alice: User, scanned: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    made = sorted(make_finding(scanned).check_id for _ in range(3))
    CloudAccount.objects.filter(pk=scanned.pk).update(name="warehouse-eu", name_key=name_key("warehouse-eu"))
    monkeypatch.setattr(search, "MAX_HITS", 2)
    scope = Scope(str(alice.pk))
    assert not searched(scope, "warehouse")[1]
    assert names(scope, "warehouse") == made


def test_each_alternative_is_few_or_many_by_itself(scanned: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    several = [make_finding(scanned, severity="low") for _ in range(3)]
    single = make_finding(scanned, severity="critical")
    monkeypatch.setattr(search, "MAX_HITS", 2)
    low, critical = Q(severity="low"), Q(severity="critical")
    keys, left = search.few_more(Finding.objects.all(), [several[0].pk], [low, critical])
    assert keys == [several[0].pk, single.pk]
    assert left == [low]
