"""Bulk actions from the list of accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.models import AccountGroup, GroupMember, Job, JobItem
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def act(client: Client, query: str = "", **data: Any) -> Any:
    return client.post(f"/accounts/act/{query}", data)


def subjects() -> set[UUID]:
    return {UUID(item.subject) for item in JobItem.objects.all()}


def test_it_starts_a_job_over_the_ticked_accounts(alices: Client, alice: User, make_account: MakeAccount) -> None:
    ticked, _ = make_account(alice), make_account(alice)
    response = act(alices, action="revalidate", account=[str(ticked.pk), "nonsense"])
    assert response["Location"] == f"/jobs/{Job.objects.get().pk}/"
    assert subjects() == {ticked.pk}


def test_somebody_elses_account_is_left_out(alices: Client, bob: User, make_account: MakeAccount) -> None:
    theirs = make_account(bob)
    response = act(alices, action="scan", account=[str(theirs.pk)])
    assert response["Location"] == "/accounts/"
    assert not Job.objects.exists()


def test_every_means_all_that_match_the_filters_of_the_address(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    staged = make_account(alice, environment="staging")
    make_account(alice)
    act(alices, "?environment=staging", action="environment", environment="dev", every="1")
    assert subjects() == {staged.pk}
    assert Job.objects.get().options["environment"] == "dev"


def test_suspending_asks_first(alices: Client, alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    asked = act(alices, action="suspend", account=[str(account.pk)])
    assert b"Suspend, for 1 account?" in asked.content
    assert not Job.objects.exists()
    act(alices, action="suspend", account=[str(account.pk)], confirmed="1")
    assert subjects() == {account.pk}


def test_ticked_accounts_join_a_group(alices: Client, alice: User, make_account: MakeAccount) -> None:
    account, group = make_account(alice), AccountGroup.objects.create(owner=str(alice.pk), name="Payments")
    response = act(alices, "?q=x%26y", action="group", group=str(group.pk), account=[str(account.pk)])
    assert response["Location"] == "/accounts/?q=x%26y"
    assert GroupMember.objects.filter(group=group.pk, account=account.pk).exists()


@pytest.mark.parametrize(
    "data",
    [{}, {"action": "delete"}, {"action": "environment", "environment": "moon"}, {"action": "group", "group": "x"},
     {"action": "group", "group": str(uuid4())}, {"action": "\0"}],
)  # fmt: skip
def test_what_cannot_be_done_is_not_done(
    alices: Client, alice: User, make_account: MakeAccount, data: dict[str, str]
) -> None:
    account = make_account(alice)
    assert act(alices, account=[str(account.pk)], **data).status_code == 302
    assert not Job.objects.exists()
