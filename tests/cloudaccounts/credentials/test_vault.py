from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.credentials import vault
from cloudaccounts.errors import CredentialsUnreadableError
from cloudaccounts.models import AuditEvent, CloudAccount, CloudCredential
from tests.conftest import ALL_DATABASES, SECRET, raw_rows

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


def test_it_opens_what_was_stored(alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    opened = vault.open_credentials(account=account, actor=SYSTEM, purpose="test")
    assert opened.method == "access_keys"
    assert opened["secret_access_key"] == SECRET


def test_the_database_holds_no_secret_in_clear(alice: User, make_account: MakeAccount) -> None:
    make_account(alice)
    rows = raw_rows("cloud_security")
    assert any("gAAAA" in row for row in rows)
    assert not any(SECRET in row for row in rows)


def test_a_ciphertext_copied_to_another_row_does_not_open(alice: User, bob: User, make_account: MakeAccount) -> None:
    one, other = make_account(alice), make_account(bob)
    stolen = CloudCredential.objects.get(account_id=one.pk).payload
    CloudCredential.objects.filter(account_id=other.pk).update(payload=stolen)
    with pytest.raises(CredentialsUnreadableError) as caught:
        vault.open_credentials(account=other, actor=SYSTEM, purpose="test")
    assert caught.value.code == "sealed_for_another"


def test_each_opening_is_audited_with_who_and_where_from(alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    vault.open_credentials(account=account, actor=Actor("7", "olga", "admin", "192.0.2.7"), purpose="connection check")
    event = AuditEvent.objects.get(action="credential.opened")
    assert (event.actor_label, event.address, event.via, event.account) == ("olga", "192.0.2.7", "admin", account.pk)
    assert "connection check" in event.text
    assert SECRET not in str(vars(event))


def test_each_change_is_audited(alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    assert AuditEvent.objects.filter(account=account.pk, action="credential.sealed").count() == 1


def test_a_wrong_key_is_told_and_audited(alice: User, make_account: MakeAccount, settings: Settings) -> None:
    account = make_account(alice)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CredentialsUnreadableError, match="Credentials unreadable"):
        vault.open_credentials(account=account, actor=SYSTEM, purpose="test")
    assert AuditEvent.objects.filter(action="credential.unreadable").count() == 1


def test_a_missing_credential_is_told(alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    CloudCredential.objects.all().delete()
    with pytest.raises(CredentialsUnreadableError) as caught:
        vault.open_credentials(account=account, actor=SYSTEM, purpose="test")
    assert caught.value.code == "credential_missing"


def test_opened_credentials_show_nothing_of_themselves(
    alice: User, make_account: MakeAccount, caplog: pytest.LogCaptureFixture
) -> None:
    opened = vault.open_credentials(account=make_account(alice), actor=SYSTEM, purpose="test")
    logging.getLogger("test").warning("got %s", opened)
    assert SECRET not in repr(opened) + str(opened) + caplog.text
