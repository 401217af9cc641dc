from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.models import CloudAccount, Notice, NoticePreference
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


def test_an_owner_sees_what_they_were_told_as_new_once(
    alices: Client, bobs: Client, alice: User, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    notify(NoticeKind.ACCOUNT_FAILED, key="1", account=account, text="It failed.", remedy="Mend it.")
    first = alices.get("/notices/").content.decode()
    assert "It failed." in first
    assert ">new<" in first
    assert ">new<" not in alices.get("/notices/").content.decode()
    assert "It failed." not in bobs.get("/notices/").content.decode()
    assert Notice.objects.get().read_at is not None


def test_a_notice_leads_to_its_account_for_as_long_as_that_is_there(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    account = make_account(alice, name="payments")
    notify(NoticeKind.ACCOUNT_FAILED, key="1", account=account, text="It failed.", remedy="Mend it.")
    CloudAccount.objects.update(name="renamed since")
    link = f'<a href="/accounts/{account.pk}/">renamed since</a>'
    assert link in alices.get("/notices/").content.decode()
    CloudAccount.objects.all().delete()
    page = alices.get("/notices/").content.decode()
    assert f"/accounts/{account.pk}/" not in page
    assert "payments" in page
    assert "not connected any more" in page


def test_the_profile_chooses_what_comes_by_mail(alices: Client, alice: User) -> None:
    assert alices.get("/profile/").content.decode().count('name="kinds"') == len(NoticeKind)
    alices.post("/profile/notices/", {"kinds": [NoticeKind.ACCOUNT_FAILED.value]})
    muted = NoticePreference.objects.get(owner=str(alice.pk)).muted
    assert len(muted) == len(NoticeKind) - 1
    assert NoticeKind.ACCOUNT_FAILED.value not in muted
    alices.post("/profile/notices/", {"kinds": ["no-kind"]})
    assert NoticePreference.objects.get().muted == muted
    alices.post("/profile/notices/", {})
    assert len(NoticePreference.objects.get().muted) == len(NoticeKind)
