"""The end of a credential that was replaced, and of one that was never put into use."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import CloudAccount, CloudCredential, CredentialRotation, Notice
from cloudaccounts.rotation.reminders import destroy_expired_credentials
from tests.cloudaccounts.rotation.steps import NEW, replace, rotate, stage, token_in_use
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import STATE

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_the_old_one_is_destroyed_after_its_grace_time_with_a_reminder(account: CloudAccount) -> None:
    rotate(account)
    assert destroy_expired_credentials(now=timezone.now() + timedelta(days=6, hours=23)) == 0
    assert CloudCredential.objects.get().previous is not None
    assert destroy_expired_credentials(now=timezone.now() + timedelta(days=7, minutes=1)) == 1
    row = CloudCredential.objects.get()
    assert (row.previous, row.previous_kind, row.previous_until) == (None, "", None)
    told = Notice.objects.get(kind="credential.retired")
    assert (told.account, told.owner) == (account.pk, account.owner)
    assert "Delete it at the provider" in told.remedy
    assert destroy_expired_credentials(now=timezone.now() + timedelta(days=8)) == 0
    assert Notice.objects.filter(kind="credential.retired").count() == 1
    assert token_in_use(account) == NEW


def test_a_second_replacement_destroys_the_first_old_one_and_says_so(account: CloudAccount) -> None:
    rotate(account)
    STATE.good_token = "third-word"
    rotate(account, "third-word")
    assert Notice.objects.filter(kind="credential.retired").count() == 1
    row = CloudCredential.objects.get()
    assert row.previous is not None
    assert row.previous.open(bound_to=account.pk)["token"] == NEW


def test_what_nobody_puts_into_use_is_destroyed_after_a_day(account: CloudAccount) -> None:
    rotation = stage(account)
    assert destroy_expired_credentials(now=timezone.now() + timedelta(hours=23)) == 0
    assert destroy_expired_credentials(now=timezone.now() + timedelta(hours=25)) == 1
    assert CloudCredential.objects.get().staged is None
    rotation.refresh_from_db()
    assert rotation.state == "discarded"


def test_at_once_what_cannot_be_stored_leaves_no_replacement_under_way(account: CloudAccount) -> None:
    CloudCredential.objects.all().delete()
    for _ in range(2):  # the second time as well: nothing stands in its way
        with pytest.raises(ProviderError) as refused:
            replace(account, NEW)
        assert refused.value.code == "credential_missing"
    for rotation in CredentialRotation.objects.all():
        assert (rotation.state, rotation.code, rotation.active_account) == ("abandoned", "credential_missing", None)
