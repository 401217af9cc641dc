from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.utils import timezone

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.queries import AccountFilter
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from teams.names import has_in_name
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import NAVIGATION, seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def names(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/accounts/{query}")
    assert response.status_code == 200
    return [account.name for account in response.context["page"]]


def test_it_hides_other_peoples_accounts(alices: Client, alice: User, bob: User, make_account: MakeAccount) -> None:
    make_account(alice, name="mine")
    make_account(bob, name="theirs")
    assert names(alices) == ["mine"]


def test_it_finds_by_part_of_the_name(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="payments-prod")
    make_account(alice, name="web")
    assert names(alices, "?q=MENTS") == ["payments-prod"]


LONG = "x" * 70
NAMED = ("payments-prod", "Web & Shop", "ÄRGER", "100 % sure_thing", "v66", f"{LONG}-Tail", "ägypten " + "y" * 90)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MENTS", {"payments-prod"}), ("b & s", {"Web & Shop"}), ("rger", {"ÄRGER"}), ("ärger", {"ÄRGER"}),
        ("% sure_", {"100 % sure_thing"}), ("_", {"100 % sure_thing"}), ("v6", {"v66"}), ("tail", {f"{LONG}-Tail"}),
        (LONG, {f"{LONG}-Tail"}), ("ypten", {"ägypten " + "y" * 90}), ("y" * 80, {"ägypten " + "y" * 90}),
        # The key of "v66" is 763636: "63", which is a "c", stands in it between two bytes alone.
        ("c", set()), ("f", set()),
    ],
)  # fmt: skip
def test_any_part_of_a_name_is_found_whatever_its_case_and_length(
    alices: Client, alice: User, make_account: MakeAccount, text: str, expected: set[str]
) -> None:
    for name in NAMED:
        make_account(alice, name=name)
    assert {row.name for row in CloudAccount.objects.of(str(alice.pk)).filter(has_in_name(text))} == expected


def test_it_finds_by_the_account_id_as_people_type_it(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="found", account_id="111122223333")
    make_account(alice, name="other", account_id="999922223333")
    assert names(alices, "?q=1111-2222") == ["found"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status=failed", ["broken"]),
        ("?environment=staging", ["staged"]),
        ("?provider=aws", ["broken", "old", "role", "staged"]),
        ("?rotation=critical", ["old"]),
        ("?rotation=not_applicable", ["role"]),
        ("?rotation=ok", ["broken", "staged"]),
        ("?status=active&environment=staging", ["staged"]),
    ],
)
def test_it_filters(alices: Client, alice: User, make_account: MakeAccount, query: str, expected: list[str]) -> None:
    make_account(alice, name="broken", status=CloudAccountStatus.FAILED)
    make_account(alice, name="staged", environment="staging")
    make_account(alice, name="old", age_days=90)
    make_account(alice, name="role", secretless=True, age_days=400)
    assert names(alices, query) == expected


def test_a_credential_that_expires_soon_counts_as_due(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="soon", credential_expires_at=timezone.now() + timedelta(days=13))
    make_account(alice, name="later", credential_expires_at=timezone.now() + timedelta(days=15))
    make_account(alice, name="gone", credential_expires_at=timezone.now() - timedelta(minutes=1))
    assert names(alices, "?rotation=warning") == ["soon"]
    assert names(alices, "?rotation=critical") == ["gone"]
    assert names(alices, "?rotation=ok") == ["later"]


@pytest.mark.skipif(connections["cloud_security"].vendor != "sqlite", reason="It reads SQLite's plans.")
def test_what_is_overdue_is_counted_by_an_index_for_each_cause(alice: User) -> None:
    """One "or" over both would look at each account of the team."""
    _, parts = account_queries.counted_accounts(Scope(str(alice.pk)), AccountFilter(rotation="critical"))
    by_age, by_end = (part[:10].explain() for part in parts)
    assert "account_owner_ages (owner=? AND credential_secretless=? AND credential_since<?)" in by_age
    assert "account_owner_ends (owner=? AND credential_expires_at<?)" in by_end


def test_a_filter_that_does_not_exist_narrows_nothing(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="mine")
    assert names(alices, "?provider=nimbus&status=%00&rotation=x&sort=;drop&page=zzz") == ["mine"]


def test_it_sorts_by_the_age_of_credentials(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="a", age_days=1)
    make_account(alice, name="b", age_days=5)
    assert names(alices, "?sort=age") == ["b", "a"]


def test_pages_keep_the_filters(alices: Client, alice: User, make_account: MakeAccount) -> None:
    for number in range(26):
        make_account(alice, name=f"team-{number:02d}")
    response = alices.get("/accounts/?q=team")
    assert "1–25 of 26" in seen(response)
    assert 'href="?q=team&amp;page=2"' in response.content.decode()
    assert names(alices, "?q=team&page=2") == ["team-25"]


def test_an_empty_search_says_how_to_see_all(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice)
    assert "No account fits" in alices.get("/accounts/?q=zzz").content.decode()


def test_an_empty_list_invites_to_connect(alices: Client) -> None:
    assert "Connect the first account" in alices.get("/accounts/").content.decode()


def test_a_name_is_text_and_never_markup(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="<script>alert(1)</script>")
    assert "<script>alert" not in alices.get("/accounts/").content.decode()


def test_an_account_of_a_provider_that_is_gone_is_still_listed(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    make_account(alice, name="left-over", provider="nimbus")
    assert names(alices) == ["left-over"]


def test_it_asks_the_same_few_questions_however_many_accounts_there_are(
    alices: Client, alice: User, make_account: MakeAccount, django_assert_num_queries: object
) -> None:
    for _ in range(3):
        make_account(alice)
    with django_assert_num_queries(NAVIGATION + 4, using="cloud_security"):  # type: ignore[operator]
        alices.get("/accounts/")
    for _ in range(30):
        make_account(alice)
    with django_assert_num_queries(NAVIGATION + 4, using="cloud_security"):  # type: ignore[operator]
        alices.get("/accounts/")
    with django_assert_num_queries(NAVIGATION + 5, using="cloud_security"):  # type: ignore[operator]  # keys first, then their rows
        alices.get("/accounts/?provider=aws")


@pytest.mark.parametrize(
    "sort", ["name", "-name", "newest", "checked", "age", "critical", "score", "coverage", "scanned"]
)
def test_what_is_narrowed_comes_in_the_order_that_was_asked_for_on_every_page(
    alices: Client, alice: User, make_account: MakeAccount, sort: str
) -> None:
    for number in range(30):
        checked = timezone.now() - timedelta(minutes=number * 7 % 30)
        make_account(alice, name=f"box-{number * 11 % 30:02d}", age_days=number * 13 % 30, last_checked_at=checked)
    make_account(alice, name="another", status=CloudAccountStatus.FAILED)
    listed = [*names(alices, f"?status=active&sort={sort}"), *names(alices, f"?status=active&sort={sort}&page=2")]
    assert len(listed) == 30
    assert listed == list(
        account_queries.accounts(Scope(str(alice.pk)), AccountFilter(status="active", sort=sort)).values_list(
            "name", flat=True
        )
    )


def test_it_does_not_load_the_reports(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, last_check={"ok": True, "identity": "x"})
    listed = alices.get("/accounts/").context["page"][0]
    assert "last_check" in listed.get_deferred_fields()


def test_coverage_and_score_stand_beside_the_status(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="blind", coverage_percent=71, posture={"critical": 1, "score": 63}, score=63)
    make_account(alice, name="new")
    page = seen(alices.get("/accounts/"))
    assert "71%" in page
    assert "45% pass, 26% fail, 29% not evaluated" in page
    assert "1 critical, 0 high" in page
    assert "Partly blinded" in page
    assert "not known" in page


def test_it_filters_by_coverage(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="blind", coverage_percent=99)
    make_account(alice, name="seen", coverage_percent=100)
    make_account(alice, name="new")
    assert names(alices, "?coverage=gaps") == ["blind"]
    assert names(alices, "?coverage=complete") == ["seen"]
    assert names(alices, "?coverage=unknown") == ["new"]


def test_all_regions_are_said_as_such(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="everywhere", all_regions=True, regions=["us-east-1", "us-east-2"])
    assert "all 2 regions" in seen(alices.get("/accounts/"))


def test_it_is_exported_with_what_an_import_reads_and_its_coverage(
    alices: Client, alice: User, bob: User, make_account: MakeAccount
) -> None:
    make_account(bob, name="theirs")
    make_account(alice, name="everywhere", all_regions=True, regions=["us-east-1"])
    make_account(
        alice, name="listed", coverage_percent=11, posture={"critical": 2, "score": 5},
        coverage={"regions": {"enabled": 17, "read": 2}},
    )  # fmt: skip
    text = b"".join(alices.get("/accounts/?format=csv")).decode()
    head, everywhere, listed = (line.split(",") for line in text.splitlines())
    first, second = dict(zip(head, everywhere, strict=True)), dict(zip(head, listed, strict=True))
    assert (first["name"], first["regions"], first["coverage_percent"], first["score"]) == ("everywhere", "all", "", "")
    assert (second["regions"], second["coverage_percent"], second["critical"]) == ("us-east-1 eu-west-1", "11", "2")
    assert (second["regions_enabled"], second["regions_read"], second["score"]) == ("17", "2", "5")


def test_the_ticked_accounts_are_exported_alone(alices: Client, alice: User, make_account: MakeAccount) -> None:
    ticked, _ = make_account(alice, name="ticked"), make_account(alice, name="left-out")
    text = b"".join(alices.get(f"/accounts/?format=csv&account={ticked.pk}&account=nonsense")).decode()
    assert "ticked" in text
    assert "left-out" not in text


def test_it_sorts_by_what_is_most_at_risk(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="calm", score=90)
    make_account(alice, name="bad", open_critical=3, score=40)
    make_account(alice, name="worse", open_critical=3, open_high=1, score=50)
    assert names(alices, "?sort=critical") == ["worse", "bad", "calm"]
    assert names(alices, "?sort=score") == ["bad", "worse", "calm"]
    assert 'aria-sort="descending"' in alices.get("/accounts/?sort=critical").content.decode()
