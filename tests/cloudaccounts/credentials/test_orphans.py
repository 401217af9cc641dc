from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.credentials.orphans import delete_orphaned_credentials
from cloudaccounts.models import AuditEvent, CloudCredential
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def left(alice: User, toy_account: MakeAccount) -> Iterator[UUID]:
    """A credential as a kill leaves it on MongoDB: the account was never written. Its own date is years ago."""
    row = CloudCredential.objects.get(account=toy_account(alice))
    row.pk = uuid4()
    row.created_at = timezone.now() - timedelta(days=900)
    row.save(force_insert=True)
    yield row.pk
    CloudCredential.objects.filter(pk=row.pk).delete()  # the test's database checks its references at the end


def test_a_credential_that_no_account_has_is_destroyed_and_counted(left: UUID) -> None:
    CloudCredential.objects.update(written_at=timezone.now() - timedelta(hours=25))
    assert delete_orphaned_credentials() == 1
    assert not CloudCredential.objects.filter(pk=left).exists()
    assert CloudCredential.objects.count() == 1
    event = AuditEvent.objects.get(action="credential.swept")
    assert (event.detail["number"], event.owner) == (1, "")
    assert delete_orphaned_credentials() == 0


def test_one_whose_account_may_still_be_written_stays(left: UUID) -> None:
    assert delete_orphaned_credentials() == 0
    assert CloudCredential.objects.filter(pk=left).exists()
    assert not AuditEvent.objects.filter(action="credential.swept").exists()
