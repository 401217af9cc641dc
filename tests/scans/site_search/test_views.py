"""One search over accounts, resources, rules and controls."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.models import CloudAccount
from scans.site_search.queries import SHOWN
from scans.tags import tag_lines
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import NAVIGATION
from tests.scans.assets.test_views import asset

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice, name="payments-prod")


def hits(client: Client, text: str) -> Any:
    response = client.get("/search/", {"q": text})
    assert response.status_code == 200
    return response.context["hits"]


def test_it_finds_an_account_by_part_of_its_name_and_by_its_id(alices: Client, account: CloudAccount) -> None:
    assert [row.pk for row in hits(alices, "ments-pr").accounts] == [account.pk]
    assert [row.pk for row in hits(alices, account.account_id[:8]).accounts] == [account.pk]


def test_it_finds_a_resource_by_any_part_of_its_name_or_id(alices: Client, account: CloudAccount) -> None:
    bucket = asset(account, "acme-invoices-prod", native_id="arn:aws:s3:::acme-invoices-prod-7")
    assert [hit.asset.pk for hit in hits(alices, "voices").assets] == [bucket.pk]
    assert [hit.asset.pk for hit in hits(alices, "prod-7").assets] == [bucket.pk]


@pytest.mark.parametrize("text", ["team=web-sh", "team: web-shop", "WEB-shop", "eb-s"])
def test_it_finds_a_resource_by_any_part_of_a_tag_and_says_which(
    alices: Client, bobs: Client, account: CloudAccount, text: str
) -> None:
    tags = {"env": "prod", "team": "web-shop"}
    bucket = asset(account, "acme-invoices", tags=tags, tag_lines=tag_lines(tags))
    asset(account, "other", tags={"team": "data"}, tag_lines=tag_lines({"team": "data"}))
    (hit,) = hits(alices, text).assets
    assert (hit.asset.pk, hit.tag) == (bucket.pk, "team=web-shop")
    assert b"<code>team=web-shop</code>" in alices.get("/search/", {"q": text}).content
    assert hits(bobs, text).empty


def test_what_is_named_so_comes_before_what_is_tagged_so(alices: Client, account: CloudAccount) -> None:
    tagged = asset(account, "acme", tag_lines=tag_lines({"env": "prod"}))
    named = asset(account, "invoices-prod-7")
    assert [(hit.asset.pk, hit.tag) for hit in hits(alices, "prod").assets] == [(named.pk, ""), (tagged.pk, "env=prod")]


def test_it_finds_rules_with_the_number_of_their_findings_and_controls_by_their_words(alices: Client) -> None:
    found = hits(alices, "MFA")
    assert found.rules
    assert all(rule.open == 0 for rule in found.rules)
    (control,) = [hit for hit in hits(alices, "2.1.1").controls if hit.framework == "cis_aws_5.0"]
    assert control.title in {hit.title for hit in hits(alices, control.title[:30]).controls}


def test_what_belongs_to_somebody_else_is_not_found(bobs: Client, account: CloudAccount) -> None:
    asset(account, "acme-invoices-prod")
    assert hits(bobs, "invoices").empty
    assert hits(bobs, "payments").empty


@pytest.mark.parametrize("text", ["", " ", "x", "\0"])
def test_one_character_is_no_search(alices: Client, text: str) -> None:
    assert hits(alices, text) is None


def test_a_text_of_the_internets_harms_nothing(alices: Client, account: CloudAccount) -> None:
    for text in ('"" OR 1=1', "%_%", "<script>alert(1)</script>", "a" * 5000, "𝒳\ud7ff\0x"):
        page = alices.get("/search/", {"q": text})
        assert page.status_code == 200
        assert b"<script>alert" not in page.content


def test_it_asks_the_same_few_questions_however_much_there_is(
    alices: Client, account: CloudAccount, django_assert_num_queries: Any
) -> None:
    for number in range(SHOWN + 5):
        asset(account, f"acme-root-{number}")
    with django_assert_num_queries(NAVIGATION + 8, using="cloud_security"):
        page = alices.get("/search/", {"q": "root"})
    assert len(page.context["hits"].assets) == SHOWN
    assert page.context["hits"].more_assets
