"""Who still has a key, why, and a team's policy against new ones on each way in."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from cloudaccounts.accounts.parsing import AccountInput, read_account, read_new_credentials
from cloudaccounts.accounts.resolution import ResolvedAccount
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.vault import store
from cloudaccounts.errors import KeysForbiddenError
from cloudaccounts.forms.method import MethodForm
from cloudaccounts.imports.parser import Row
from cloudaccounts.imports.runner import import_row
from cloudaccounts.lifecycle.transfer import transfer_account
from cloudaccounts.models import CloudAccount, CloudCredential, CredentialRotation, RotationPolicy
from cloudaccounts.registry import get
from cloudaccounts.rotation import standing
from cloudaccounts.rotation.automatic.requests import set_policy
from cloudaccounts.rotation.requests import stage_credential, start_rotation
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

KEY = {"access_key_id": f"AKIA{'TEST' * 4}", "secret_access_key": "abcDEF1234" * 4}


def scope_of(user: User) -> Scope:
    return Scope(str(user.pk))


def forbid(user: User, **changes: Any) -> None:
    wish = {"automatic": False, "max_age_days": 60, "keys_forbidden": True} | changes
    set_policy(str(user.pk), actor=SYSTEM, **wish)


def why(user: User) -> dict[str, str]:
    scope = scope_of(user)
    return {one.account.name: one.why for one in standing.described(list(standing.holding(scope)), scope)}


@pytest.fixture
def fleet(alice: User, bob: User, make_account: MakeAccount) -> CloudAccount:
    """Of alice's: an old key, a young one that opens two members, and a role. The account with the young key."""
    make_account(alice, name="old", age_days=100)
    connecting = make_account(alice, name="connecting", age_days=1)
    make_account(alice, name="role", secretless=True)
    for name in ("one", "two"):
        make_account(alice, name=name, secretless=True, connection=connecting.pk)
    make_account(bob, name="another's", age_days=3)
    return connecting


def test_members_that_a_key_opens_are_not_without_one(alice: User, fleet: CloudAccount) -> None:
    numbers = standing.figures(scope_of(alice))
    assert (numbers.total, numbers.holding, numbers.through, numbers.free) == (5, 2, 2, 1)
    (kind,) = numbers.kinds
    assert (kind.provider, kind.method, kind.label, kind.number) == ("aws", "access_keys", "Access keys", 2)
    assert standing.figures(None).holding == 3


def test_who_why_and_what_instead(alice: User, fleet: CloudAccount) -> None:
    scope = scope_of(alice)
    old, connecting = standing.described(list(standing.holding(scope)), scope)
    assert (old.account.name, old.why, old.opens, old.age.days) == ("old", "chosen", 0, 100)
    assert (connecting.account.name, connecting.why, connecting.opens) == ("connecting", "connects_organization", 2)
    assert old.better is not None
    assert old.better.key == "cross_account_role"


def test_the_first_reason_that_holds_is_told(alice: User, make_account: MakeAccount, toy_account: MakeAccount) -> None:
    make_account(alice, name="key")
    toy_account(alice)
    forbid(alice)
    assert why(alice) == {"key": "before_policy", "toybox": "no_alternative"}
    forbid(alice, automatic=True)
    assert why(alice)["key"] == "replaces_itself"


def test_queries_do_not_grow_with_accounts(
    alice: User, fleet: CloudAccount, make_account: MakeAccount, django_assert_num_queries: Any
) -> None:
    scope = scope_of(alice)
    for number in range(5):
        make_account(alice, name=f"more {number}")
    with django_assert_num_queries(4, using="cloud_security"):
        standing.figures(scope)
    accounts = list(standing.holding(scope))
    with django_assert_num_queries(3, using="cloud_security"):
        standing.described(accounts, scope)


def report(**options: Any) -> str:
    out = io.StringIO()
    call_command("standing_secrets", stdout=out, **options)
    return out.getvalue()


def test_the_command_in_each_format(alice: User, fleet: CloudAccount) -> None:
    rows = json.loads(report(format="json", owner="alice"))
    assert [(row["name"], row["why"], row["better_method"], row["opens"]) for row in rows] == [
        ("old", "chosen", "cross_account_role", 0),
        ("connecting", "connects_organization", "cross_account_role", 2),
    ]
    assert [row["name"] for row in csv.DictReader(io.StringIO(report(format="csv")))] == [
        "old",
        "another's",
        "connecting",
    ]
    lines = report(owner="alice").splitlines()
    assert lines[1].startswith("old")
    assert lines[-1] == "1 of 5 accounts without a standing secret; 2 members are opened with one"


@pytest.mark.parametrize(("limit", "fails"), [("1", True), ("2", True), ("3", False)])
def test_it_fails_from_a_number_on(alice: User, fleet: CloudAccount, limit: str, fails: bool) -> None:
    if fails:
        with pytest.raises(SystemExit) as stopped:
            call_command("standing_secrets", f"--fail-on={limit}", "--owner=alice", stdout=io.StringIO())
        assert stopped.value.code == 1
    else:
        call_command("standing_secrets", f"--fail-on={limit}", "--owner=alice", stdout=io.StringIO())


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_what_is_no_number_is_refused(limit: str) -> None:
    with pytest.raises(CommandError):
        call_command("standing_secrets", f"--fail-on={limit}")


def test_the_page_leads_to_the_better_method(alices: Client, fleet: CloudAccount) -> None:
    page = alices.get("/rotation/standing-secrets/").content.decode()
    link = f"/accounts/{fleet.pk}/rotate/?method=cross_account_role"
    assert link in page
    assert "another&#x27;s" not in page
    moving = alices.get(link)
    assert moving.context["form"].shown_method.key == "cross_account_role"
    assert "the old credential stays until the new method has passed its test" in " ".join(
        moving.content.decode().split()
    )


def test_the_page_shows_one_kind_and_takes_no_other(alices: Client, fleet: CloudAccount) -> None:
    path = "/rotation/standing-secrets/"
    assert alices.get(path, {"provider": "aws", "method": "access_keys"}).context["kind"] is not None
    answer = alices.get(path, {"provider": "aws", "method": "<b>"})
    assert (answer.context["kind"], sum(len(holders) for _, holders in answer.context["reasons"])) == (None, 2)


def test_a_reason_is_said_once_however_many_have_it(alices: Client, alice: User, make_account: MakeAccount) -> None:
    for name in ("one", "two", "three"):
        make_account(alice, name=name)
    answer = alices.get("/rotation/standing-secrets/")
    [(reason, holders)] = answer.context["reasons"]
    assert (seen(answer).count(reason), len(holders)) == (1, 3)


def test_without_accounts_the_page_says_so(alices: Client) -> None:
    assert "No accounts yet" in alices.get("/rotation/standing-secrets/").content.decode()


# --- the policy -------------------------------------------------------------------------------------------------------


def test_a_new_key_is_refused_as_it_is_read_and_as_it_is_stored(alice: User, bob: User) -> None:
    forbid(alice)
    given = AccountInput("aws", "111122223333", "new", "dev", "all", "access_keys", KEY)
    with pytest.raises(KeysForbiddenError) as refused:
        read_account(given, owner=str(alice.pk))
    assert refused.value.code == "keys_forbidden"
    assert refused.value.remedy
    read_account(given, owner=str(bob.pk))  # another team's policy is its own
    account = CloudAccount(owner=str(alice.pk), provider="aws", account_id="111122223333")
    facts = CredentialFacts("Access key")
    with pytest.raises(KeysForbiddenError):
        store(account=account, credentials=Credentials("access_keys", KEY), facts=facts, since=None, actor=SYSTEM)
    assert not CloudCredential.objects.exists()


def test_an_import_refuses_the_row(alice: User) -> None:
    forbid(alice)
    values = {
        "provider": "aws", "account_id": "111122223333", "name": "new", "environment": "dev",
        "auth_method": "access_keys",
    }  # fmt: skip
    result = import_row(Row(2, values, (), KEY), scope_of(alice), SYSTEM, dry_run=True)
    assert (result.state, result.reason) == ("refused", KeysForbiddenError().cause)
    assert result.remedy


def test_a_key_may_take_a_key_s_place_but_not_a_role_s(alice: User, make_account: MakeAccount) -> None:
    key, role = make_account(alice), make_account(alice, secretless=True)
    forbid(alice)
    credentials = read_new_credentials(ResolvedAccount.of(key), KEY, method="access_keys")
    stage_credential(key, actor=SYSTEM, credentials=credentials)
    with pytest.raises(KeysForbiddenError):
        read_new_credentials(ResolvedAccount.of(role), KEY, method="access_keys")
    with pytest.raises(KeysForbiddenError):
        stage_credential(role, actor=SYSTEM, credentials=credentials)
    assert CloudCredential.objects.get(account_id=role.pk).staged is None


def test_a_key_staged_before_the_policy_takes_no_role_s_place_after_it(alice: User, make_account: MakeAccount) -> None:
    role = make_account(alice, secretless=True)
    stage_credential(role, actor=SYSTEM, credentials=Credentials("access_keys", KEY))
    forbid(alice)
    with pytest.raises(KeysForbiddenError):
        start_rotation(role, actor=SYSTEM)
    assert CredentialRotation.objects.get().state == "staged"
    # A key's place it may take, and what was in use before may come back.
    CloudAccount.objects.update(credential_secretless=False)
    role.refresh_from_db()
    assert start_rotation(role, actor=SYSTEM).state == "queued"


def test_the_key_in_use_before_a_role_may_come_back(alice: User, make_account: MakeAccount) -> None:
    role = make_account(alice, secretless=True)
    stage_credential(role, actor=SYSTEM, credentials=Credentials("access_keys", KEY))
    CredentialRotation.objects.update(purpose="rollback")
    forbid(alice)
    assert start_rotation(role, actor=SYSTEM).state == "queued"


def test_a_key_does_not_move_into_such_a_team(alice: User, bob: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    forbid(bob)
    with pytest.raises(KeysForbiddenError):
        transfer_account(account, to_owner=str(bob.pk), actor=SYSTEM)
    assert CloudAccount.objects.get().owner == str(alice.pk)


def test_a_form_shows_such_methods_and_does_not_take_them(alice: User) -> None:
    def form(data: dict[str, str] | None = None, **options: Any) -> MethodForm:
        return MethodForm(
            data, provider=get("aws"), account_id="111122223333", partition="aws", owner=str(alice.pk), **options
        )

    forbid(alice)
    shown = form(initial={"method": "access_keys"})
    assert shown.shown_method.key == "cross_account_role"  # what was chosen before cannot be any more
    assert [("disabled" in str(radio.tag()), bool(refused)) for radio, _, refused in shown.cards] == [
        (False, False),
        (True, True),
    ]
    posted = form({"method": "access_keys", **{f"access_keys-{name}": value for name, value in KEY.items()}})
    assert not posted.is_valid()
    assert KeysForbiddenError().cause in posted.errors["method"][0]
    assert all(refused is None for _, _, refused in form(replaces_key=True).cards)


def test_the_policy_is_set_on_its_page_and_kept_by_calls_that_do_not_name_it(alice: User, alices: Client) -> None:
    form = {"automatic": "on", "max_age_days": "30", "keys_forbidden": "on", "unused_days": "45"}
    assert alices.post("/rotation/policy/", form).status_code == 302
    forbid(alice, keys_forbidden=None)
    assert RotationPolicy.objects.get().keys_forbidden
    assert "checked" in str(alices.get("/rotation/policy/").context["form"]["keys_forbidden"])
    alices.post("/rotation/policy/", {"max_age_days": "30"})
    assert not RotationPolicy.objects.get().keys_forbidden
    assert not CredentialRotation.objects.exists()
