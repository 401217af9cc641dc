from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.models import CloudAccount
from cloudaccounts.web import pagination
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def accounts(alice: User, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch) -> list[CloudAccount]:
    """Thirty of them, where twenty-eight are counted: two pages."""
    monkeypatch.setattr(pagination, "COUNT_LIMIT", 28)
    first = make_account(alice, name="account 00")
    rows = [
        CloudAccount(
            owner=first.owner, provider="aws", account_id=f"{number:012d}", name=f"account {number:02d}",
            partition="aws", auth_method="access_keys", status="active",
        )
        for number in range(1, 30)
    ]  # fmt: skip
    return [first, *CloudAccount.objects.bulk_create(rows)]


def test_a_long_list_is_not_counted_to_its_end(alices: Client, accounts: list[CloudAccount]) -> None:
    text = seen(alices.get("/accounts/"))
    assert "1–25 of 28+" in text
    assert "page 1<" in text
    assert "search to see the others" not in text


def test_the_last_page_of_what_was_counted_says_how_to_find_the_rest(
    alices: Client, accounts: list[CloudAccount]
) -> None:
    response = alices.get("/accounts/?page=99")
    assert [account.name for account in response.context["page"]] == ["account 25", "account 26", "account 27"]
    assert "26–28 of 28+ · search to see the others" in seen(response)


def test_a_list_within_the_limit_is_counted_exactly(alices: Client, accounts: list[CloudAccount]) -> None:
    CloudAccount.objects.filter(name__gte="account 28").delete()
    text = seen(alices.get("/accounts/"))
    assert "1–25 of 28<" in text
    assert "page 1 of 2" in text


def test_a_list_that_fits_its_page_has_no_line_of_pages(alices: Client, accounts: list[CloudAccount]) -> None:
    assert 'aria-label="Pages"' in seen(alices.get("/accounts/"))
    CloudAccount.objects.filter(name__gte="account 10").delete()
    assert 'aria-label="Pages"' not in seen(alices.get("/accounts/"))


def test_a_late_page_looks_for_its_keys_first_and_shows_the_same_rows(
    alices: Client, accounts: list[CloudAccount], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = CloudAccount.objects.order_by("name_key", "id").defer("last_check")
    plain = pagination.slice_of(rows, 3, 12)
    monkeypatch.setattr(pagination, "LATE", 2)
    late = pagination.slice_of(rows, 3, 12)
    assert [row.name for row in late] == [f"account {number:02d}" for number in range(3, 12)]
    assert late == plain
    assert all("last_check" in row.get_deferred_fields() for row in late)
