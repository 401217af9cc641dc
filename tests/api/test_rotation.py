"""Automatic rotation over the API."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cloudaccounts.models import CloudAccount, RotationRun
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_it_is_read_turned_on_and_off(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    account = make_account(alice)
    path = f"cloud-accounts/{account.pk}/rotation"
    before = alice_calls.get(path)
    assert {name: before.json()[name] for name in ("automatic", "max_age_days", "source", "possible", "run")} == {
        "automatic": False, "max_age_days": 60, "source": "default", "possible": True, "run": None,
    }  # fmt: skip
    answer = alice_calls.put(path, {"automatic": True, "max_age_days": 45}, **{"If-Match": before["ETag"]})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["automatic"], answer.json()["max_age_days"], answer.json()["ready"]) == (True, 45, None)
    assert RotationRun.objects.get().purpose == "prove"
    assert_problem(
        alice_calls.put(path, {"automatic": False}, **{"If-Match": before["ETag"]}), 412, "changed_meanwhile"
    )
    assert alice_calls.put(path, {"automatic": False}).json()["automatic"] is False


def test_the_team_s_policy_holds_where_an_account_says_nothing(
    alice: User, alice_calls: Caller, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    assert alice_calls.put("rotation/policy", {"automatic": True, "max_age_days": 30}).status_code == 200
    assert alice_calls.get("rotation/policy").json() == {
        "automatic": True, "max_age_days": 30, "keys_forbidden": False, "unused_days": 90,
    }  # fmt: skip
    shown = alice_calls.get(f"cloud-accounts/{account.pk}/rotation").json()
    assert (shown["automatic"], shown["max_age_days"], shown["source"]) == (True, 30, "team")


def test_what_cannot_rotate_itself_is_refused(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    path = f"cloud-accounts/{make_account(alice, secretless=True).pk}/rotation"
    assert_problem(alice_calls.put(path, {"automatic": True}), 409, "not_rotatable")
    assert alice_calls.get(path).json()["possible"] is False


@pytest.mark.parametrize("body", [{"automatic": True, "max_age_days": 0}, {"max_age_days": 5}, {"automatic": "maybe"}])
def test_what_is_no_wish_is_refused(
    alice: User, alice_calls: Caller, make_account: MakeAccount, body: dict[str, object]
) -> None:
    path = f"cloud-accounts/{make_account(alice).pk}/rotation"
    assert alice_calls.put(path, body).status_code == 422


def test_a_policy_against_new_keys_refuses_an_account_with_one(alice: User, alice_calls: Caller) -> None:
    policy = {"automatic": False, "max_age_days": 60, "keys_forbidden": True, "unused_days": 30}
    assert alice_calls.put("rotation/policy", policy).json() == policy
    given = {
        "provider": "aws", "account_id": "111122223333", "name": "new", "environment": "dev", "regions": "all",
        "auth_method": "access_keys",
        "credentials": {"access_key_id": f"AKIA{'TEST' * 4}", "secret_access_key": "abcDEF1234" * 4},
    }  # fmt: skip
    assert_problem(alice_calls.post("cloud-accounts/", given), 422, "keys_forbidden")
    assert not CloudAccount.objects.exists()


def test_who_still_holds_a_secret(
    alice: User, alice_calls: Caller, bob_calls: Caller, make_account: MakeAccount
) -> None:
    make_account(alice, name="old", age_days=100)
    make_account(alice, name="role", secretless=True)
    answer = alice_calls.get("rotation/standing-secrets").json()
    (row,) = answer["items"]
    assert (answer["count"], row["name"], row["age_days"], row["why"], row["opens"]) == (1, "old", 100, "chosen", 0)
    assert row["better_method"] == "cross_account_role"
    assert alice_calls.get("rotation/standing-secrets?provider=gcp").json() == {"items": [], "count": 0}
    assert bob_calls.get("rotation/standing-secrets").json()["count"] == 0
    assert_problem(alice_calls.get("rotation/standing-secrets?clouds=aws"), 422, "input_invalid")


def test_the_policy_is_changed_only_from_what_was_read(alice_calls: Caller) -> None:
    tag = alice_calls.get("rotation/policy")["ETag"]
    given = {"automatic": True, "max_age_days": 45}
    answer = alice_calls.put("rotation/policy", given, **{"If-Match": tag})
    assert answer.status_code == 200
    refused = alice_calls.put("rotation/policy", {**given, "automatic": False}, **{"If-Match": tag})
    assert_problem(refused, 412, "changed_meanwhile")
    assert alice_calls.get("rotation/policy")["ETag"] == answer["ETag"]
