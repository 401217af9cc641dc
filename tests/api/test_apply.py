"""The registry as code over HTTP: the plan, the job, and what is refused because a server's secrets are its own."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.declared import applying
from cloudaccounts.groups.services import create_group
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import AccountGroup, CloudAccount, Job
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, raw_rows

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # jobs have threads


@pytest.fixture
def content(toybox: dict[str, Any]) -> dict[str, Any]:
    return {"groups": [{"name": "Payments"}], "accounts": [{**toybox, "groups": ["Payments"]}]}


def test_a_plan_then_a_job_then_nothing_to_do(alice_calls: Caller, content: dict[str, Any]) -> None:
    plan = alice_calls.post("apply?plan=true", content)
    assert plan.status_code == 200, plan.content
    assert (plan.json()["create"], plan.json()["unchanged"]) == (2, 0)
    assert content["accounts"][0]["credentials"]["token"] not in plan.content.decode()
    answer = alice_calls.post("apply", content)
    assert answer.status_code == 202, answer.content
    run_job(Job.objects.get().pk)
    told = alice_calls.get(f"jobs/{answer.json()['job_id']}").json()
    assert (told["state"], told["done"], told["failed"]) == ("finished", 2, 0)
    assert CloudAccount.objects.get().name == "toybox"
    assert alice_calls.post("apply?plan=true", content).json()["changes"] == []
    assert not any(content["accounts"][0]["credentials"]["token"] in row for row in raw_rows("cloud_security"))


@pytest.mark.parametrize("secret", ["env:SECRET_KEY", "file:key.json"])
def test_what_is_on_the_server_is_not_read_for_a_call(
    alice_calls: Caller, content: dict[str, Any], secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "resolve_plan", None)
    content["accounts"][0]["credentials"]["token"] = secret
    for path in ("apply", "apply?plan=true"):
        told = assert_problem(alice_calls.post(path, content), 422, "input_invalid")
        assert set(told["details"]["fields"]) == {"accounts[0].credentials.token"}


def test_all_that_is_wrong_is_told_by_path(alice_calls: Caller, content: dict[str, Any]) -> None:
    content["accounts"][0]["environment"] = "moon"
    content["groups"].append({"name": "x", "parent": "nobody"})
    told = assert_problem(alice_calls.post("apply", content), 422, "input_invalid")
    assert set(told["details"]["fields"]) == {"accounts[0].environment"}
    content["accounts"][0]["environment"] = "dev"
    told = assert_problem(alice_calls.post("apply", content), 422, "input_invalid")
    assert set(told["details"]["fields"]) == {"groups[1].parent"}
    assert not Job.objects.exists()


def test_nothing_is_deleted_unless_asked_for(alice: User, alice_calls: Caller) -> None:
    create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Old")
    plan = alice_calls.post("apply?plan=true", {"groups": []}).json()
    assert (plan["changes"], plan["not_in_file"]) == ([], {"groups": ["Old"]})
    alice_calls.post("apply?prune=true", {"groups": []})
    run_job(Job.objects.get().pk)
    assert not AccountGroup.objects.exists()


@pytest.mark.parametrize("body", [[], "text", None, 3])
def test_what_is_no_file_is_refused(alice_calls: Caller, body: Any) -> None:
    assert alice_calls.post("apply", body).status_code in {400, 422}
