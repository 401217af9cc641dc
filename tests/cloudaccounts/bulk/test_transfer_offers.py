"""Accounts go to another team when an owner of each agrees, and not otherwise."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.bulk.transfer_offers import OfferGoneError, accept, cancel, decline, offer_accounts, offers_to
from cloudaccounts.errors import InputError
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import AuditEvent, CloudAccount, JobItem, Notice, TransferOffer
from cloudaccounts.models.notice import NoticeKind
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)


def actor(user: User) -> Actor:
    return Actor(str(user.pk), user.username, "page", "127.0.0.1")


def offered(alice: User, bob: User, *accounts: CloudAccount) -> TransferOffer:
    return offer_accounts(
        owner=str(alice.pk), to_owner=str(bob.pk), accounts=accounts, actor=actor(alice), label="alice"
    )


def owner_of(account: CloudAccount) -> str:
    return CloudAccount.objects.values_list("owner", flat=True).get(pk=account.pk)


def test_they_move_once_the_other_owner_accepts(alice: User, bob: User, make_account: MakeAccount) -> None:
    one, other = make_account(alice), make_account(alice, account_id="111122224444")
    offer = offered(alice, bob, one)
    assert owner_of(one) == str(alice.pk)
    assert [row.pk for row in offers_to(str(bob.pk))] == [offer.pk]
    job = accept(offer.pk, to_owner=str(bob.pk), actor=actor(bob))
    run_job(job.pk)
    assert (owner_of(one), owner_of(other)) == (str(bob.pk), str(alice.pk))
    for owner in (alice, bob):
        actions = set(AuditEvent.objects.filter(owner=str(owner.pk)).values_list("action", flat=True))
        assert {"transfer.offered", "transfer.accepted", "account.transferred"} <= actions
    kinds = dict(Notice.objects.values_list("owner", "kind"))
    assert kinds == {str(bob.pk): NoticeKind.TRANSFER_OFFERED, str(alice.pk): NoticeKind.TRANSFER_DECIDED}


def test_what_was_given_back_is_not_taken_a_second_time(alice: User, bob: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    offer = offered(alice, bob, account)
    run_job(accept(offer.pk, to_owner=str(bob.pk), actor=actor(bob)).pk)
    CloudAccount.objects.update(owner=str(alice.pk))
    with pytest.raises(OfferGoneError):
        accept(offer.pk, to_owner=str(bob.pk), actor=actor(bob))


def test_nobody_else_decides_and_nobody_twice(alice: User, bob: User, make_account: MakeAccount) -> None:
    offer = offered(alice, bob, make_account(alice))
    for act, whose in ((accept, "to_owner"), (decline, "to_owner")):
        with pytest.raises(OfferGoneError):
            act(offer.pk, **{whose: str(alice.pk)}, actor=actor(alice))
    with pytest.raises(OfferGoneError):
        cancel(offer.pk, owner=str(bob.pk), actor=actor(bob))
    cancel(offer.pk, owner=str(alice.pk), actor=actor(alice))
    for act in (accept, decline):
        with pytest.raises(OfferGoneError):
            act(offer.pk, to_owner=str(bob.pk), actor=actor(bob))


def test_an_offer_ends(alice: User, bob: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    offer = offered(alice, bob, account)
    job = accept(offer.pk, to_owner=str(bob.pk), actor=actor(bob))
    TransferOffer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    run_job(job.pk)
    assert owner_of(account) == str(alice.pk)
    assert JobItem.objects.get(job=job.pk).state == "failed"


def test_an_accepted_offer_moves_what_it_names_alone(alice: User, bob: User, make_account: MakeAccount) -> None:
    account, other = make_account(alice), make_account(alice, account_id="111122224444")
    job = accept(offered(alice, bob, account).pk, to_owner=str(bob.pk), actor=actor(bob))
    JobItem.objects.filter(job=job.pk).update(subject=str(other.pk))
    run_job(job.pk)
    assert owner_of(other) == str(alice.pk)


def test_what_is_not_the_teams_own_cannot_be_offered(alice: User, bob: User, make_account: MakeAccount) -> None:
    with pytest.raises(InputError):
        offered(alice, bob, make_account(bob))
    with pytest.raises(InputError):
        offered(alice, alice, make_account(alice))


def test_the_page_says_of_no_key_whether_it_is_a_teams(
    alice: User, bob: User, alices: Client, bobs: Client, make_account: MakeAccount
) -> None:
    account = make_account(alice, name="shared-one")
    answers = [
        alices.post("/team/transfers/", {"to": to, "accounts": [str(account.pk)]}, follow=True).content.decode()
        for to in (str(uuid4()), str(bob.pk))
    ]
    assert all("Offered. If there is such a team" in answer for answer in answers)
    assert not any("bob" in answer for answer in answers)
    assert AuditEvent.objects.filter(action="transfer.offered").values("owner").distinct().count() == 2
    offer = TransferOffer.objects.get(to_owner=str(bob.pk))
    assert "shared-one" in bobs.get("/team/transfers/").content.decode()
    assert alices.post(f"/team/transfers/{offer.pk}/accept/").status_code == 404
    assert bobs.post(f"/team/transfers/{offer.pk}/cancel/").status_code == 404
    assert bobs.post(f"/team/transfers/{offer.pk}/decline/").status_code == 302
    assert "Declined" in alices.get("/team/transfers/").content.decode()
