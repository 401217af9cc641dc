"""A service account key replaced at Google Cloud, on the wire."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials, ServerIdentity
from cloudaccounts.contract.setup import RETIRE, SetupContext
from cloudaccounts.health.validation import validate_cloud_account
from cloudaccounts.lifecycle.adding import add_cloud_account
from cloudaccounts.models import CloudAccount
from cloudaccounts.providers.gcp.provider import PROVIDER
from cloudaccounts.rotation.verify import replace_credentials
from tests.cloudaccounts.providers.gcp.conftest import EXTERNAL_ID, LABEL, Cloud
from tests.conftest import ALL_DATABASES

wired = pytest.mark.django_db(databases=ALL_DATABASES)


def connect(cloud: Cloud, owner: User, credentials: Credentials) -> CloudAccount:
    details = AccountDetails("gcp", cloud.project, "gcp", "Rotated", "dev", ("europe-west1",))
    report = validate_cloud_account(owner=str(owner.pk), details=details, credentials=credentials)
    assert report.ok, report
    return add_cloud_account(owner=str(owner.pk), actor=SYSTEM, details=details, credentials=credentials, report=report)


@wired
def test_a_new_key_takes_over_with_googles_own_dates(cloud: Cloud, alice: User) -> None:
    account = connect(cloud, alice, cloud.key("reader-account", age_days=95))
    assert account.credential_since is not None
    old = account.credential_since
    new = cloud.key("reader-account", age_days=1, expires_in_days=10)
    report = replace_credentials(account, actor=SYSTEM, credentials=new, deadline=20.0)
    assert report.ok, report
    account.refresh_from_db()
    assert account.credential_since is not None
    assert (account.credential_since - old).days in (93, 94)
    assert account.credential_expires_at is not None


@wired
def test_a_disabled_key_leaves_the_old_one_in_use(cloud: Cloud, alice: User) -> None:
    account = connect(cloud, alice, cloud.key("reader-account"))
    new = cloud.key("other-account")
    cloud.admin.set_service_account_disabled(f"other-account@{cloud.project}.iam.gserviceaccount.com")
    report = replace_credentials(account, actor=SYSTEM, credentials=new, deadline=20.0)
    assert not report.ok
    account.refresh_from_db()
    assert account.credential_generation == 0


@wired
def test_a_key_is_replaced_by_impersonation(cloud: Cloud, alice: User) -> None:
    account = connect(cloud, alice, cloud.key("reader-account"))
    role = cloud.impersonation("impersonated", label=False)
    cloud.admin.set_label(cloud.project, LABEL, external_id_for(str(alice.pk)))
    report = replace_credentials(account, actor=SYSTEM, credentials=role, deadline=20.0)
    assert report.ok, report
    account.refresh_from_db()
    assert (account.auth_method, account.credential_secretless) == ("impersonation", True)


def test_the_guide_names_the_service_account_and_ends_with_deleting_the_old_key() -> None:
    email = "reader@my-project-1.iam.gserviceaccount.com"
    context = SetupContext("my-project-1", "gcp", (), EXTERNAL_ID, ServerIdentity(), identity=email)
    guides = PROVIDER.rotation_guide("service_account_key", context)
    assert [guide.key for guide in guides] == ["cli", "hand", RETIRE]
    assert f"--iam-account='{email}'" in guides[0].snippets[0].body
    assert "keys delete" in guides[2].snippets[0].body
    assert PROVIDER.rotation_guide("impersonation", context) == ()
