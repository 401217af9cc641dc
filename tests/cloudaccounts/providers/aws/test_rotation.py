"""A key replaced at AWS, on the wire: a second key beside the first, swapped while a scan runs, and a role after it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.setup_guides import rotation_guides
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials, ServerIdentity
from cloudaccounts.contract.setup import RETIRE, SetupContext
from cloudaccounts.credentials import vault
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.health.validation import validate_cloud_account
from cloudaccounts.lifecycle.adding import add_cloud_account
from cloudaccounts.models import CloudAccount, CloudCredential, CredentialRotation
from cloudaccounts.providers.aws.provider import PROVIDER
from cloudaccounts.rotation.requests import rollback_credential, stage_credential, start_rotation
from cloudaccounts.rotation.verify import run_rotation
from tests.cloudaccounts.providers.aws.conftest import ACCOUNT, EXTERNAL_ID, Cloud
from tests.conftest import ALL_DATABASES

wired = pytest.mark.django_db(databases=ALL_DATABASES)


def connect(owner: User, credentials: Credentials) -> CloudAccount:
    details = AccountDetails("aws", ACCOUNT, "aws", "Rotated", "dev", ("us-east-1",), credentials.method)
    report = validate_cloud_account(owner=str(owner.pk), details=details, credentials=credentials)
    assert report.ok, report
    return add_cloud_account(owner=str(owner.pk), actor=SYSTEM, details=details, credentials=credentials, report=report)


def rotate(account: CloudAccount, credentials: Credentials) -> CredentialRotation:
    stage_credential(account, actor=SYSTEM, credentials=credentials)
    rotation = start_rotation(account, actor=SYSTEM)
    run_rotation(rotation.pk)
    rotation.refresh_from_db()
    account.refresh_from_db()
    return rotation


@wired
def test_a_second_key_takes_over_with_the_clouds_own_date(cloud: Cloud, alice: User) -> None:
    name = f"rotated-{uuid4().hex[:6]}"
    account = connect(alice, cloud.keys(name, key_age_days=95))
    assert rotation_guides(account, PROVIDER.method("access_keys"))[0].snippets[0].body.endswith(name)
    assert account.credential_since is not None
    old = account.credential_since
    new = cloud.keys(f"{name}-new", key_age_days=2)
    assert rotate(account, new).swapped
    assert account.credential_since is not None
    assert (account.credential_since - old).days in (92, 93)
    opened = vault.open_credentials(account=account, actor=SYSTEM, purpose="test")
    assert opened["access_key_id"] == new["access_key_id"]


@wired
def test_a_key_that_is_inactive_leaves_the_old_one_in_use(cloud: Cloud, alice: User) -> None:
    account = connect(alice, cloud.keys(f"kept-{uuid4().hex[:6]}"))
    new = cloud.keys(f"inactive-{uuid4().hex[:6]}")
    cloud.control.set_key_status(new["access_key_id"], "Inactive")
    rotation = rotate(account, new)
    assert (rotation.swapped, rotation.ok) == (False, False)
    assert rotation.code
    assert account.status == "active"
    run_check(request_check(account, actor=SYSTEM).pk)
    account.refresh_from_db()
    assert account.last_check["ok"]


@wired
def test_keys_are_replaced_by_a_role_and_rolled_back(cloud: Cloud, alice: User) -> None:
    account = connect(alice, cloud.keys(f"to-role-{uuid4().hex[:6]}"))
    name = f"reader-{uuid4().hex[:6]}"
    arn = cloud.control.put_role(ACCOUNT, name, external_id=external_id_for(str(alice.pk)))
    assert rotate(account, Credentials("cross_account_role", {"role_arn": arn})).swapped
    assert (account.auth_method, account.credential_secretless) == ("cross_account_role", True)
    assert CloudCredential.objects.get().previous_kind == "access_keys"
    run_rotation(rollback_credential(account, actor=SYSTEM).pk)
    account.refresh_from_db()
    assert (account.auth_method, account.credential_secretless) == ("access_keys", False)


@wired
def test_a_role_without_the_external_id_is_refused(cloud: Cloud, alice: User) -> None:
    account = connect(alice, cloud.keys(f"stays-{uuid4().hex[:6]}"))
    arn = cloud.control.put_role(ACCOUNT, f"open-{uuid4().hex[:6]}", external_id=None)
    rotation = rotate(account, Credentials("cross_account_role", {"role_arn": arn}))
    assert (rotation.swapped, account.auth_method) == (False, "access_keys")


@wired
def test_temporary_keys_end_after_36_hours_at_the_latest(cloud: Cloud, alice: User) -> None:
    facts = PROVIDER.describe(
        Credentials("access_keys", {"access_key_id": "ASIAABCDEFGHIJKLMNOP", "session_token": "x"})
    )
    assert facts.expires_at is not None


def context(identity: str) -> SetupContext:
    return SetupContext(ACCOUNT, "aws", ("us-east-1",), EXTERNAL_ID, ServerIdentity(), identity=identity)


def test_the_guide_names_the_user_and_ends_with_deleting_the_old_key() -> None:
    guides = PROVIDER.rotation_guide("access_keys", context(f"arn:aws:iam::{ACCOUNT}:user/teams/audit/reader"))
    assert [guide.key for guide in guides] == ["cli", "hand", RETIRE]
    assert "create-access-key --user-name reader" in guides[0].snippets[0].body
    assert "delete-access-key --user-name reader" in guides[2].snippets[0].body
    assert PROVIDER.rotation_guide("cross_account_role", context("")) == ()


@pytest.mark.parametrize("identity", ["", "arn:aws:sts::1:assumed-role/x/y", "arn:aws:iam::123400000001:user/a;rm -rf"])
def test_an_identity_that_is_no_user_does_not_reach_a_command(identity: str) -> None:
    body = PROVIDER.rotation_guide("access_keys", context(identity))[0].snippets[0].body
    assert "--user-name cloud-accounts-reader" in body
    assert "rm" not in body.replace("permission", "")
