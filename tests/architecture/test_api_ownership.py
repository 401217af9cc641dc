"""Every call of the HTTP API that names somebody's record answers 404 to everybody else, superusers included."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.forms.models import model_to_dict

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.bulk.actions import revalidate_many
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import CloudAccount, Organization
from cloudaccounts.tokens.services import create_token
from config.api.assembly import ROOT, description
from scans.models import ScanRun
from scans.muting.rules import create_mute_rule
from scans.saved_views.services import Person, save_view
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.channels import make_channel
from tests.conftest import ALL_DATABASES
from tests.scans.findings.test_views import make as make_finding

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
ASK_A_CLOUD = ("revalidate", "credentials")  # tests/api has these
_PARAMETER = re.compile(r"{(\w+)}")
CALLS = [(verb.upper(), path) for path, verbs in description()["paths"].items() for verb in verbs]
# What these name is everybody's: a framework and its controls. Whose numbers and answers, tests/scans/compliance asks.
PUBLIC = "/api/v1/compliance/"
CHECKS = "/api/v1/checks/"  # everybody's as well; whose switches, tests/api/test_checks.py asks
NAMING = [(verb, path) for verb, path in CALLS if "{" in path and not path.startswith((PUBLIC, CHECKS))]
# Lists that can be narrowed to an account.
BY_ACCOUNT = [
    path for path, verbs in description()["paths"].items()
    if any(item["name"] == "account" for item in verbs.get("get", {}).get("parameters", ()))
]  # fmt: skip
OF_GONE_ACCOUNTS = ("/audit/", "/notices/")
# A body that is accepted: what is refused must be the address.
BODIES: dict[str, Any] = {
    "credentials": {"credentials": {"access_key_id": "AKIA" + "A" * 16, "secret_access_key": "a" * 40}},
    "schedule": {"every": "daily"},
    "rotation": {"automatic": False},
    "rules": {"rules": []},
    "comments": {"text": "Mine"},
}


@pytest.fixture
def records(alice: User, make_account: MakeAccount) -> dict[str, Any]:
    account = make_account(alice)
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Platform")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    return {
        "account_id": account.pk,
        "run_id": ScanRun.objects.get().run_id,
        "finding_id": make_finding(account, "web").pk,
        "group_id": group.pk,
        "rule_id": create_mute_rule(
            Scope(account.owner), {"account": account.pk}, actor=SYSTEM, reason="Meant"
        ).rule.pk,
        "view_id": save_view(
            Scope(account.owner),
            Person(account.owner),
            actor=SYSTEM,
            name="Mine",
            page="findings",
            query="",
            shared=False,
        ).pk,
        "organization_id": Organization.objects.create(
            owner=str(alice.pk), provider="aws", connection=account.pk, name="Meadowlark"
        ).pk,
        "job_id": revalidate_many(scope=Scope(str(alice.pk)), actor=SYSTEM, accounts=[account]).pk,
        "channel_id": make_channel(alice).pk,
        "team": alice.pk,
        "user": alice.pk,
    }


def caller(user: User) -> Caller:
    token, text = create_token(owner=str(user.pk), actor=SYSTEM, name="tests", scope="write")
    return Caller(text, token)


def ask(calls: Caller, verb: str, path: str, records: dict[str, UUID]) -> Any:
    named: dict[str, Any] = {
        "framework": "cis_aws_5.0",
        "control": "1.1",
        "check_id": "aws_s3_bucket_public",
        **records,
    }
    address = _PARAMETER.sub(lambda match: str(named[match[1]]), path.removeprefix(ROOT))
    body = None if verb in {"GET", "DELETE"} else BODIES.get(path.rsplit("/", 1)[-1], {})
    return calls.ask(verb, address, body)


def test_there_are_such_calls() -> None:
    assert len(NAMING) >= 8
    assert len(CALLS) >= 15


@pytest.mark.parametrize(("verb", "path"), NAMING)
@pytest.mark.parametrize("who", ["bob", "operator"])
def test_it_does_not_exist_for_anybody_else(
    verb: str, path: str, who: str, request: pytest.FixtureRequest, records: dict[str, UUID]
) -> None:
    before = model_to_dict(CloudAccount.objects.get()), model_to_dict(ScanRun.objects.get())
    assert_problem(ask(caller(request.getfixturevalue(who)), verb, path, records), 404, "not_found")
    assert before == (model_to_dict(CloudAccount.objects.get()), model_to_dict(ScanRun.objects.get()))


@pytest.mark.parametrize(("verb", "path"), [call for call in NAMING if not call[1].endswith(ASK_A_CLOUD)])
def test_it_exists_for_its_owner(verb: str, path: str, alice: User, records: dict[str, UUID]) -> None:
    assert ask(caller(alice), verb, path, records).status_code != 404


@pytest.mark.parametrize(("verb", "path"), CALLS)
def test_nobody_is_answered_without_a_token(verb: str, path: str, records: dict[str, UUID]) -> None:
    calls = Caller("", None)  # type: ignore[arg-type]  # nobody's
    assert_problem(ask(calls, verb, path, records), 401, "token_invalid")


@pytest.mark.parametrize("path", [path for verb, path in CALLS if verb == "GET" and path.endswith("/")])
def test_lists_hold_nothing_of_others(path: str, bob: User, alice: User, records: dict[str, UUID]) -> None:
    answer = caller(bob).get(path.removeprefix(ROOT)).json()
    query = f"{path.removeprefix(ROOT)}?account={records['account_id']}"
    if path == PUBLIC:
        assert {row["accounts"] for row in answer["items"]} == {0}
    elif path == CHECKS:
        assert {row["enabled"] for row in answer["items"]} == {True}
    elif path.endswith("/teams/"):
        assert [row["name"] for row in answer["items"]] == ["bob"]
    elif path.endswith("/audit/"):
        assert {row["action"] for row in answer["items"]} == {"token.created"}  # bob's own, by which he asks
    else:
        assert answer == {"items": [], "count": 0}
    if path.endswith(OF_GONE_ACCOUNTS):
        # Of accounts that were deleted as well: what names no account of one's own is about none.
        assert caller(bob).get(query).json()["items"] == []
    elif path in BY_ACCOUNT:
        assert_problem(caller(bob).get(query), 404, "not_found")
        assert caller(alice).get(query).status_code == 200
