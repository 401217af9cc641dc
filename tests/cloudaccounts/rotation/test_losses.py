"""A new credential that reads less than the one in use: asked about before it takes over, on the page's way."""

from __future__ import annotations

import pytest

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import AuditEvent, CloudAccount, CredentialRotation
from cloudaccounts.rotation.requests import rollback_credential, start_rotation
from cloudaccounts.rotation.verify import run_rotation
from tests.cloudaccounts.rotation.steps import NEW, rotate, token_in_use
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def proven(account: CloudAccount) -> CloudAccount:
    CloudAccount.objects.filter(pk=account.pk).update(proven_permissions=["boxes:Lock", "boxes:Open"])
    account.refresh_from_db()
    return account


def again(account: CloudAccount, *, accept: bool) -> CredentialRotation:
    rotation = start_rotation(account, actor=SYSTEM, accept_losses=accept)
    run_rotation(rotation.pk)
    rotation.refresh_from_db()
    return rotation


def test_it_waits_until_somebody_agrees(proven: CloudAccount, toycloud: State) -> None:
    toycloud.denied = ["boxes:Open"]
    rotation = rotate(proven)
    assert (rotation.state, rotation.swapped, rotation.code) == ("finished", False, "access_would_be_lost")
    assert [loss["what"] for loss in rotation.losses] == ["boxes:Open"]
    assert "boxes:Open" in rotation.cause
    assert token_in_use(proven) == "let-me-in"
    assert AuditEvent.objects.filter(action="credential.refused").count() == 1
    assert again(proven, accept=True).swapped
    assert token_in_use(proven) == NEW


def test_testing_again_without_agreeing_asks_again(proven: CloudAccount, toycloud: State) -> None:
    toycloud.denied = ["boxes:Open"]
    rotate(proven)
    assert again(proven, accept=False).code == "access_would_be_lost"
    assert token_in_use(proven) == "let-me-in"


def test_what_is_granted_meanwhile_is_no_loss(proven: CloudAccount, toycloud: State) -> None:
    toycloud.denied = ["boxes:Open"]
    rotate(proven)
    toycloud.denied = []
    rotation = again(proven, accept=False)
    assert (rotation.swapped, rotation.losses) == (True, [])


def test_agreeing_is_to_what_was_shown(proven: CloudAccount, toycloud: State) -> None:
    toycloud.denied = ["boxes:Open"]
    rotate(proven)
    toycloud.denied = ["boxes:Open", "boxes:Lock"]
    rotation = again(proven, accept=True)
    assert [loss["what"] for loss in rotation.losses] == ["boxes:Lock"]
    assert token_in_use(proven) == "let-me-in"


def test_a_rollback_to_one_that_reads_less_asks_too(proven: CloudAccount, toycloud: State) -> None:
    assert rotate(proven).swapped
    proven.refresh_from_db()
    toycloud.denied = ["boxes:Open"]
    rotation = rollback_credential(proven, actor=SYSTEM)
    run_rotation(rotation.pk)
    rotation.refresh_from_db()
    assert rotation.code == "access_would_be_lost"
    assert token_in_use(proven) == NEW
