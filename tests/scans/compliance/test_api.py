"""The API's calls about compliance, over the toy benchmark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import create_group, set_groups
from cloudaccounts.models import AuditEvent, CloudAccount
from cloudaccounts.tokens.services import create_token
from scans.models import ControlAnswer, ScanRun
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toy_framework")]
Scan = Callable[..., ScanRun]
ANSWER = "compliance/toy_1.0/1.3/answer"


def caller(user: User, scope: str = "write") -> Caller:
    token, text = create_token(owner=str(user.pk), actor=SYSTEM, name="tests", scope=scope)
    return Caller(text, token)


@pytest.fixture
def alice_calls(alice: User) -> Caller:
    return caller(alice)


@pytest.fixture
def bob_calls(bob: User) -> Caller:
    return caller(bob)


@pytest.fixture
def scanned(toybox: CloudAccount, toycloud: State, scan: Scan) -> CloudAccount:
    toycloud.set_assets("boxes", "left", "red", "blue", lid="open")
    scan()
    return toybox


def test_frameworks_are_listed_with_their_totals(alice_calls: Caller, scanned: CloudAccount) -> None:
    answer = alice_calls.get("compliance/").json()
    assert answer["count"] == 1
    [row] = answer["items"]
    assert (row["framework"], row["version"], row["provider"], row["accounts"]) == ("toy_1.0", "1.0", "toy", 1)
    assert row["totals"] == {
        "passed": 2, "failed": 1, "unknown": 0, "muted": 0, "manual": 1, "not_covered": 1, "controls": 5,
    }  # fmt: skip


def test_a_framework_has_each_control_with_its_state(alice_calls: Caller, scanned: CloudAccount) -> None:
    answer = alice_calls.get("compliance/toy_1.0").json()
    assert answer["framework"] == "toy_1.0"
    assert answer["not_read"] == []
    first = answer["controls"][0]
    assert (first["id"], first["state"], first["check_ids"], first["failed"]) == (
        "1.1",
        "failed",
        ["toy_box_closed"],
        2,
    )
    assert first["accounts"] == {"passed": 0, "failed": 1, "unknown": 0, "muted": 0, "not_covered": 0}
    assert {row["id"]: row["state"] for row in answer["controls"]} == {
        "1.1": "failed", "1.2": "passed", "1.3": "manual", "2.1": "passed", "2.2": "not_covered",
    }  # fmt: skip


def test_it_says_what_was_not_read(alice_calls: Caller, alice: User, toy_account: Callable[..., CloudAccount]) -> None:
    account = toy_account(alice)
    [row] = alice_calls.get("compliance/toy_1.0").json()["not_read"]
    assert row["account"] == str(account.pk)
    assert row["why"] == ["Not scanned by the present rules yet: nothing is known of it."]


def test_it_is_narrowed_to_an_account_or_a_group(
    alice_calls: Caller, alice: User, scanned: CloudAccount, toy_account: Callable[..., CloudAccount]
) -> None:
    toy_account(alice, account_id="ghijkl", name="attic")
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Shelves")
    set_groups(scanned, actor=SYSTEM, group_ids=[group.pk])

    def accounts(query: str) -> int:
        return int(alice_calls.get(f"compliance/toy_1.0{query}").json()["accounts"])

    assert (accounts(""), accounts(f"?account={scanned.pk}"), accounts("?group=Shelves")) == (2, 1, 1)
    assert_problem(alice_calls.get("compliance/toy_1.0?group=Nowhere"), 422, "input_invalid")
    assert_problem(alice_calls.get("compliance/toy_1.0?acount=1"), 422, "input_invalid")


def test_somebody_elses_account_does_not_exist(bob_calls: Caller, scanned: CloudAccount) -> None:
    assert_problem(bob_calls.get(f"compliance/toy_1.0?account={scanned.pk}"), 404, "not_found")
    assert bob_calls.get("compliance/toy_1.0").json()["accounts"] == 0


@pytest.mark.parametrize("path", ["compliance/toy_2.0", "compliance/CIS", "compliance/a%0Ab"])
def test_an_unknown_framework_is_not_found(alice_calls: Caller, path: str) -> None:
    assert_problem(alice_calls.get(path), 404, "not_found")


class TestAnswers:
    def test_a_person_answers_a_manual_control(self, alice_calls: Caller, alice: User) -> None:
        body = {"state": "passed", "note": "Looked  under the shelf.", "evidence_file": "shelf.jpg"}
        answer = alice_calls.ask("PUT", ANSWER, body).json()
        assert (answer["state"], answer["note"], answer["answered_by"]) == (
            "passed",
            "Looked under the shelf.",
            "alice",
        )
        [row] = [row for row in alice_calls.get("compliance/toy_1.0").json()["controls"] if row["id"] == "1.3"]
        assert (row["state"], row["answer"]["evidence_file"]) == ("passed", "shelf.jpg")
        event = AuditEvent.objects.get(action="control.answered")
        assert (event.owner, event.detail["control"], event.detail["state"]) == (str(alice.pk), "1.3", "passed")

    def test_a_second_answer_replaces_the_first(self, alice_calls: Caller) -> None:
        for state in ("passed", "failed"):
            alice_calls.ask("PUT", ANSWER, {"state": state, "note": "Looked."})
        assert ControlAnswer.objects.get().state == "failed"
        assert AuditEvent.objects.filter(action="control.answered").count() == 2

    def test_it_is_replaced_only_from_what_was_read(self, alice_calls: Caller, bob_calls: Caller) -> None:
        assert_problem(alice_calls.get(ANSWER), 404, "not_found")
        body = {"state": "passed", "note": "Looked."}
        assert_problem(alice_calls.ask("PUT", ANSWER, body, **{"If-Match": '"none"'}), 412, "changed_meanwhile")
        first = alice_calls.ask("PUT", ANSWER, body)
        read = alice_calls.get(ANSWER)
        assert (read.json(), read["ETag"]) == (first.json(), first["ETag"])
        second = alice_calls.ask("PUT", ANSWER, {**body, "state": "failed"}, **{"If-Match": first["ETag"]})
        assert second.status_code == 200
        assert_problem(alice_calls.ask("PUT", ANSWER, body, **{"If-Match": first["ETag"]}), 412, "changed_meanwhile")
        assert ControlAnswer.objects.get().state == "failed"
        assert alice_calls.get(ANSWER)["ETag"] == second["ETag"]
        assert_problem(bob_calls.get(ANSWER), 404, "not_found")
        assert_problem(alice_calls.get("compliance/toy_1.0/9.9/answer"), 404, "not_found")

    @pytest.mark.parametrize("until", ["2099-12-31", "2099-12-31T00:00:00Z"])
    def test_it_may_end(self, alice_calls: Caller, until: str) -> None:
        answer = alice_calls.ask("PUT", ANSWER, {"state": "passed", "note": "Looked.", "until": until})
        assert answer.status_code == 200
        assert answer.json()["until"].startswith("2099-12-31")

    @pytest.mark.parametrize(
        "body",
        [
            {"state": "passed"},
            {"state": "passed", "note": "  "},
            {"state": "perhaps", "note": "Looked."},
            {"state": "passed", "note": "x" * 1001},
            {"state": "passed", "note": "Looked.", "until": "2020-01-01"},
            {"state": "passed", "note": "Looked.", "colour": "red"},
        ],
    )
    def test_what_is_wrong_is_refused(self, alice_calls: Caller, body: dict[str, str]) -> None:
        assert_problem(alice_calls.ask("PUT", ANSWER, body), 422, "input_invalid")
        assert not ControlAnswer.objects.exists()

    @pytest.mark.parametrize("control", ["1.1", "2.2"])
    def test_what_rules_decide_or_nothing_covers_is_no_persons_to_answer(
        self, alice_calls: Caller, control: str
    ) -> None:
        answer = alice_calls.ask("PUT", f"compliance/toy_1.0/{control}/answer", {"state": "passed", "note": "No."})
        assert_problem(answer, 409, "control_not_manual")

    def test_an_unknown_control_is_not_found(self, alice_calls: Caller) -> None:
        body = {"state": "passed", "note": "No."}
        assert_problem(alice_calls.ask("PUT", "compliance/toy_1.0/9.9/answer", body), 404, "not_found")

    def test_an_answer_is_of_its_owner_alone(self, alice_calls: Caller, bob_calls: Caller) -> None:
        alice_calls.ask("PUT", ANSWER, {"state": "passed", "note": "Looked."})
        rows = bob_calls.get("compliance/toy_1.0").json()["controls"]
        assert [row["state"] for row in rows if row["id"] == "1.3"] == ["manual"]

    def test_a_token_that_reads_answers_nothing(self, alice: User) -> None:
        answer = caller(alice, "read").ask("PUT", ANSWER, {"state": "passed", "note": "Looked."})
        assert answer.status_code == 403

    def test_one_that_ended_waits_for_a_person_again(self, alice_calls: Caller) -> None:
        alice_calls.ask("PUT", ANSWER, {"state": "passed", "note": "Looked.", "until": "2099-12-31"})
        ControlAnswer.objects.update(until=timezone.now() - timedelta(days=1))
        rows = alice_calls.get("compliance/toy_1.0").json()["controls"]
        assert [row["state"] for row in rows if row["id"] == "1.3"] == ["manual"]
