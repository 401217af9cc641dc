"""Pages of compliance, over the toy benchmark."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import create_group, set_groups
from cloudaccounts.models import AuditEvent, CloudAccount
from scans.compliance import views
from scans.findings.suppression import suppress_findings
from scans.models import ControlAnswer, Finding, ScanRun
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.pages import NAVIGATION
from tests.toycloud.provider import State

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toy_framework")]
Scan = Callable[..., ScanRun]
ROOT = "/compliance/"
TOY = f"{ROOT}toy_1.0/"


@pytest.fixture(autouse=True)
def scanned(toybox: CloudAccount, toycloud: State, scan: Scan) -> CloudAccount:
    toycloud.set_assets("boxes", "left", "red", "blue", lid="open")
    scan()
    return toybox


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def lines_of(client: Client, address: str) -> list[str]:
    answer: Any = client.get(address)
    return b"".join(answer.streaming_content).decode().splitlines()


def test_the_first_page_lists_frameworks_with_numbers(alices: Client) -> None:
    page = text(alices, ROOT)
    assert "Toy benchmark 1.0" in page
    assert '<b class="bad-ink">1</b>' in page


def test_without_an_account_of_its_cloud_a_framework_is_told_apart(bobs: Client) -> None:
    page = text(bobs, ROOT)
    assert "No account in scope" in page
    assert "Without an account in scope" in page


def test_a_framework_shows_its_controls_with_states_and_what_was_not_read(
    alices: Client, toycloud: State, alice: User, toy_account: Callable[..., CloudAccount]
) -> None:
    toy_account(alice, account_id="ghijkl", name="attic")
    page = text(alices, TOY)
    for words in (
        "Boxes are shut",
        "Toys are painted",
        "not covered",
        "Look under the shelf.",
        "What this does not rest on",
    ):
        assert words in page
    assert "attic</a>: Not scanned by the present rules yet: nothing is known of it." in page


@pytest.mark.parametrize(("state", "shown", "hidden"), [("failed", "1.1", "2.1"), ("manual", "1.3", "1.1")])
def test_it_is_narrowed_to_a_state(alices: Client, state: str, shown: str, hidden: str) -> None:
    page = text(alices, f"{TOY}?show={state}")
    assert f"{TOY}{shown}/" in page
    assert f"{TOY}{hidden}/" not in page


@pytest.mark.parametrize("view", ["accounts", "exceptions", "history", "report", "nonsense"])
def test_each_view_opens(alices: Client, view: str) -> None:
    assert "Toy benchmark" in text(alices, f"{TOY}?view={view}")


def test_the_report_has_a_cover_and_says_what_it_does_not(alices: Client, scanned: CloudAccount) -> None:
    suppress_findings(
        Scope(scanned.owner), Finding.objects.filter(asset_name="red").values_list("pk", flat=True), actor=SYSTEM,
        reason="Open by design.",
    )  # fmt: skip
    page = text(alices, f"{TOY}?view=report")
    for words in (
        "Toy benchmark 1.0: compliance report", "Prepared", "by alice", "What this report does not say",
        "1 of 5 controls have no check that answers them: 2.2.", "1 wait for a person’s answer: 1.3.",
        "Everything that the checks need was read", "Exceptions in force", "Open by design.",
    ):  # fmt: skip
        assert words in page


def test_the_report_names_what_was_not_read(
    alices: Client, alice: User, toy_account: Callable[..., CloudAccount]
) -> None:
    toy_account(alice, account_id="ghijkl", name="attic")
    page = text(alices, f"{TOY}?view=report")
    assert "1 of 2 accounts was not fully read." in page
    assert "<b>attic</b>: Not scanned by the present rules yet" in page


def test_the_report_says_once_what_several_accounts_share(
    alices: Client, alice: User, toy_account: Callable[..., CloudAccount]
) -> None:
    for number, name in enumerate(("attic", "cellar"), start=1):
        toy_account(alice, account_id=f"ghijk{number}", name=name)
    page = text(alices, f"{TOY}?view=report")
    assert "2 of 3 accounts were not fully read." in page
    assert "<b>2 accounts</b>: Not scanned by the present rules yet" in page
    assert "attic, cellar" in page
    assert page.count("Not scanned by the present rules yet") == 1


def test_of_many_accounts_pages_name_a_hundred_and_the_file_all(
    alices: Client, alice: User, scanned: CloudAccount
) -> None:
    """The page of 100,000 accounts took longer to name them than to find how they stand."""
    for number in range(103):
        scanned.pk, scanned.name, scanned.account_id = uuid4(), f"shelf {number:03d}", f"shelf{number}"
        scanned.save(force_insert=True)
    for address in (TOY, f"{TOY}?view=report"):
        page = text(alices, address)
        assert "shelf 099" in page
        assert "shelf 100" not in page
        assert "and 3 more, all in the" in page
    assert "shelf 102" in alices.get(f"{TOY}?format=json").content.decode()


def test_accounts_come_by_pages(
    alices: Client, alice: User, toy_account: Callable[..., CloudAccount], monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_account(alice, account_id="ghijkl", name="attic")
    monkeypatch.setattr(views, "ACCOUNTS", 1)
    answers = [alices.get(f"{TOY}?view=accounts&page={number}") for number in (1, 2)]
    assert [[row.account.name for row in answer.context["rows"]] for answer in answers] == [["toybox"], ["attic"]]


def test_a_group_and_an_account_narrow_it(
    alices: Client, alice: User, scanned: CloudAccount, toy_account: Callable[..., CloudAccount]
) -> None:
    toy_account(alice, account_id="ghijkl", name="attic")
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Shelves")
    set_groups(scanned, actor=SYSTEM, group_ids=[group.pk])
    assert "<span>2 accounts</span>" in text(alices, TOY)
    for query in (f"?account={scanned.pk}", f"?group={group.pk}"):
        page = text(alices, TOY + query)
        assert "<span>1 account</span>" in page
        assert "attic" not in page


def test_somebody_elses_account_is_not_found(bobs: Client, scanned: CloudAccount) -> None:
    text(bobs, f"{TOY}?account={scanned.pk}", 404)
    text(bobs, f"{TOY}1.1/?account={scanned.pk}", 404)
    assert "The lid of" not in text(bobs, f"{TOY}1.1/")


@pytest.mark.parametrize("address", [f"{ROOT}toy_2.0/", f"{TOY}9.9/", f"{ROOT}toy_2.0/1.1/"])
def test_what_does_not_exist_is_not_found(alices: Client, address: str) -> None:
    text(alices, address, 404)


def test_exports_hold_each_control_and_are_recorded(alices: Client) -> None:
    lines = lines_of(alices, f"{TOY}?format=csv")
    assert len(lines) == 6
    assert lines[1].startswith("toy_1.0,1.0,1.1,Boxes are shut,1,automated,1,failed,,toy_box_closed,2,0,0,1,0,0,0")
    body = json.loads(alices.get(f"{TOY}?format=json").content)
    assert [row["state"] for row in body["controls"]] == ["failed", "passed", "manual", "passed", "not_covered"]
    assert AuditEvent.objects.filter(action="export.taken").count() == 2


def test_a_control_shows_its_checks_its_failures_and_its_accounts(alices: Client) -> None:
    page = text(alices, f"{TOY}1.1/")
    for words in (
        "Boxes are closed",
        "The lid of red is open.",
        "The lid of blue is open.",
        "toybox",
        "Failing resources",
    ):
        assert words in page
    assert "What was looked at" not in page  # no form: a rule decides it


def test_a_controls_failures_are_exported(alices: Client) -> None:
    body = json.loads(alices.get(f"{TOY}1.1/?format=json").content)
    assert (body["id"], body["state"], {row["asset_name"] for row in body["failures"]}) == (
        "1.1",
        "failed",
        {"red", "blue"},
    )
    lines = lines_of(alices, f"{TOY}1.1/?format=csv")
    assert len(lines) == 3


class TestAnswers:
    def test_a_manual_control_is_answered_and_the_answer_withdrawn(self, alices: Client) -> None:
        answer = alices.post(
            f"{TOY}1.3/",
            {"state": "passed", "note": "Dry.", "evidence_file": "shelf.jpg", "until": "2099-01-01"},
        )
        assert answer.headers["Location"] == f"{TOY}1.3/"
        page = text(alices, f"{TOY}1.3/")
        for words in ("Dry.", "shelf.jpg", "1 January 2099", "Earlier answers", "alice"):
            assert words in page
        assert "<dd>2</dd>" not in page
        alices.post(f"{TOY}1.3/withdraw/")
        assert not ControlAnswer.objects.exists()
        assert "withdrawn" in text(alices, f"{TOY}1.3/")

    def test_what_is_missing_is_said(self, alices: Client) -> None:
        answer = alices.post(f"{TOY}1.3/", {"state": "passed", "note": ""})
        assert answer.status_code == 422
        assert "Say what you looked at" in answer.content.decode()

    def test_a_control_that_rules_decide_takes_no_answer(self, alices: Client) -> None:
        assert alices.post(f"{TOY}1.1/", {"state": "passed", "note": "No."}).status_code == 422
        assert not ControlAnswer.objects.exists()

    def test_an_answer_is_of_its_owner_alone(self, alices: Client, bobs: Client) -> None:
        alices.post(f"{TOY}1.3/", {"state": "passed", "note": "Dry."})
        bobs.post(f"{TOY}1.3/withdraw/")
        assert "Dry." not in text(bobs, f"{TOY}1.3/")
        assert ControlAnswer.objects.count() == 1


@pytest.mark.parametrize(
    ("address", "queries"),
    [(ROOT, NAVIGATION + 11), (TOY, NAVIGATION + 10), (f"{TOY}?view=report", 11), (f"{TOY}1.1/", NAVIGATION + 12)],
)
def test_pages_take_as_many_queries_for_many_accounts_as_for_one(
    address: str,
    queries: int,
    alices: Client,
    alice: User,
    toy_account: Callable[..., CloudAccount],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    alices.get(address)
    with django_assert_num_queries(queries, using="cloud_security"):
        alices.get(address)
    for number in range(9):
        toy_account(alice, account_id=f"aaaaa{'bcdefghij'[number]}", name=f"box {number}")
    with django_assert_num_queries(queries, using="cloud_security"):
        alices.get(address)
