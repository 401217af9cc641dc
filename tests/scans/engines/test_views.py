"""Pages of a second engine."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from cloudaccounts.models import AuditEvent, CloudAccount
from scans.engines.choices import account_choice, team_choice
from scans.engines.runs import run_engine
from scans.models import EngineRun, Finding
from tests.conftest import ALL_DATABASES
from tests.scans.conftest import Scan
from tests.scans.engines.conftest import Says, result
from tests.scans.engines.test_runs import BLUE, RED
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
LIST = reverse("engine-findings")
HTML = "<script>alert(1)</script>"


@pytest.fixture
def page(client: Client, alice: User, toycloud: State, scan: Scan, says: Says) -> Client:
    """One found by both, one by Prowler alone with a hostile text, and one that Prowler passes."""
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("boxes", "right", "green", lid="open")
    says(
        result("box_open", "FAIL", RED),
        result("box_dusty", "FAIL", BLUE, status_detail=HTML),
        result("box_open", "PASS", "toy:boxes:right:green"),
    )
    scan()
    run_engine(EngineRun.objects.get().pk)
    client.force_login(alice)
    return client


def test_the_list_tells_how_they_stand(page: Client) -> None:
    text = page.get(LIST).content.decode()
    for words in ("1 found by both", "1 where the two differ", "1 by it alone", "found it too: Boxes are closed"):
        assert words in text
    assert HTML not in text
    assert "&lt;script&gt;" in text
    alone = page.get(LIST, {"relation": "only"}).content.decode()
    assert "Title of box_dusty" in alone
    assert "Title of box_open" not in alone


def test_a_finding_says_that_it_was_also_found(page: Client) -> None:
    both, differs = Finding.objects.order_by("-asset_name")
    assert "Also found by Prowler" in page.get(reverse("finding", args=[both.pk])).content.decode()
    text = page.get(reverse("finding", args=[differs.pk])).content.decode()
    assert "Prowler differs: it passes this resource" in text


def test_what_is_not_mine_is_not_there(page: Client, bob: User) -> None:
    page.force_login(bob)
    assert "box_" not in page.get(LIST).content.decode()


def test_the_list_costs_the_same_for_many(page: Client, django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        page.get(LIST)


def test_what_does_not_fit_is_no_filter(page: Client) -> None:
    assert page.get(LIST, {"relation": "<b>", "account": "7", "resolved": "maybe", "page": "x"}).status_code == 200


def test_choosing_is_an_event_of_the_audit(page: Client, toybox: CloudAccount) -> None:
    page.post(reverse("engine-team"), {})
    assert not team_choice(toybox.owner)
    for choice, kept in (("on", True), ("off", False), ("team", None)):
        page.post(reverse("account-engine", args=[toybox.pk]), {"choice": choice})
        assert account_choice(toybox) is kept
    page.post(reverse("account-engine", args=[toybox.pk]), {"choice": "<b>"})
    assert account_choice(toybox) is None
    assert AuditEvent.objects.filter(action="engine.account").count() == 3
    assert AuditEvent.objects.filter(action="engine.team").count() == 2


def test_without_an_engine_nothing_is_offered(page: Client, toybox: CloudAccount, settings: LazySettings) -> None:
    address = reverse("account-scan", args=[toybox.pk])
    assert "Second engine" in page.get(address).content.decode()
    settings.PROWLER_COMMAND = ""
    assert "Second engine" not in page.get(address).content.decode()
    assert "No second engine is installed" in page.get(LIST).content.decode()
