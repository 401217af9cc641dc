"""A client secret replaced at Azure, on the wire."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials, ServerIdentity
from cloudaccounts.contract.setup import RETIRE, SetupContext
from cloudaccounts.credentials import vault
from cloudaccounts.health.validation import validate_cloud_account
from cloudaccounts.lifecycle.adding import add_cloud_account
from cloudaccounts.models import CloudAccount
from cloudaccounts.providers.azure.provider import PROVIDER
from cloudaccounts.rotation.verify import replace_credentials
from tests.cloudaccounts.providers.azure.conftest import EXTERNAL_ID, REGIONS, Cloud, changed
from tests.conftest import ALL_DATABASES

wired = pytest.mark.django_db(databases=ALL_DATABASES)


def connect(cloud: Cloud, owner: User, credentials: Credentials) -> CloudAccount:
    place = cloud.places["data-platform"]
    details = AccountDetails("azure", place, "public", "Rotated", "dev", REGIONS, credentials.method)
    report = validate_cloud_account(owner=str(owner.pk), details=details, credentials=credentials)
    assert report.ok, report
    return add_cloud_account(owner=str(owner.pk), actor=SYSTEM, details=details, credentials=credentials, report=report)


@wired
def test_a_new_secret_takes_over_with_its_date(cloud: Cloud, alice: User) -> None:
    account = connect(cloud, alice, cloud.app())
    new = changed(cloud.app(), expires_on="2031-05-06")
    report = replace_credentials(account, actor=SYSTEM, credentials=new, deadline=20.0)
    assert report.ok, report
    account.refresh_from_db()
    assert account.credential_expires_at is not None
    assert f"{account.credential_expires_at:%Y-%m-%d}" == "2031-05-06"
    opened = vault.open_credentials(account=account, actor=SYSTEM, purpose="test")
    assert opened["client_secret"] == new["client_secret"]


@wired
def test_a_wrong_secret_leaves_the_old_one_in_use(cloud: Cloud, alice: User) -> None:
    good = cloud.app()
    account = connect(cloud, alice, good)
    wrong = changed(good, client_secret=good["client_secret"][::-1])
    report = replace_credentials(account, actor=SYSTEM, credentials=wrong, deadline=20.0)
    assert not report.ok
    assert report.remedy
    opened = vault.open_credentials(account=account, actor=SYSTEM, purpose="test")
    assert opened["client_secret"] == good["client_secret"]


@pytest.mark.parametrize("method", ["client_secret", "certificate"])
def test_the_guide_names_the_app_and_ends_with_deleting_the_old_one(method: str) -> None:
    client = "0f0f0f0f-1111-4222-8333-444444444444"
    server = ServerIdentity()
    context = SetupContext(
        "x", "public", REGIONS, EXTERNAL_ID, server, identity=f"app {client} of tenant {client[::-1]}"
    )
    guides = PROVIDER.rotation_guide(method, context)
    assert [guide.key for guide in guides] == ["cli", "hand", RETIRE]
    assert f"--id '{client}'" in guides[0].snippets[0].body
    assert "--append" in guides[0].snippets[0].body
    assert "az ad app credential delete" in guides[2].snippets[0].body
    assert PROVIDER.rotation_guide("federated", context) == ()
