"""Lists by cursor: each row once, whatever is added or deleted meanwhile."""

from __future__ import annotations

import base64

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import create_group
from cloudaccounts.models import CloudAccount
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def all_of(calls: Caller, path: str, key: str = "id", limit: int = 2) -> list[str]:
    rows, cursor = [], ""
    while cursor is not None:
        answer = calls.get(f"{path}?limit={limit}&cursor={cursor}").json()
        assert set(answer) == {"items", "next"}
        rows += [row[key] for row in answer["items"]]
        cursor = answer["next"]
    return rows


@pytest.mark.parametrize("path", ["cloud-accounts/", "scans/", "audit/"])
def test_every_row_comes_once(alice: User, alice_calls: Caller, make_account: MakeAccount, path: str) -> None:
    for number in range(5):
        make_account(alice, name=f"same {number // 3}")  # equal names: the key decides among them
    whole = [row["run_id" if path == "scans/" else "id"] for row in alice_calls.get(path).json()["items"]]
    assert len(whole) >= 5
    assert all_of(alice_calls, path, "run_id" if path == "scans/" else "id") == whole


def test_what_is_deleted_meanwhile_moves_nothing(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    for name in "abcdef":
        make_account(alice, name=name)
    first = alice_calls.get("cloud-accounts/?limit=3&cursor=").json()
    CloudAccount.objects.filter(name__in=("a", "c")).delete()
    make_account(alice, name="aa")
    rest = alice_calls.get(f"cloud-accounts/?limit=9&cursor={first['next']}").json()
    assert [row["name"] for row in rest["items"]] == ["d", "e", "f"]
    assert rest["next"] is None


def test_a_short_list_has_cursors_too(alice: User, alice_calls: Caller) -> None:
    for name in "abcde":
        create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name=name)
    assert all_of(alice_calls, "groups/", "name") == list("abcde")


@pytest.mark.parametrize(
    "cursor",
    ["x", "e30", "W10", "WzEsMiwzLDRd", base64.urlsafe_b64encode(b'["a\\u0000", "b"]').decode(), "WzFlOTk5LDFd", "é"],
)
@pytest.mark.parametrize("path", ["cloud-accounts/", "scans/", "groups/", "notices/"])
def test_what_is_no_cursor_is_refused(alice_calls: Caller, path: str, cursor: str) -> None:
    assert_problem(alice_calls.get(f"{path}?cursor={cursor}"), 422, "input_invalid")
