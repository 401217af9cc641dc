"""The wizard against the simulated AWS: the real provider and the real SDK, down to the wire."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.models import CloudAccount
from cloudaccounts.operations.workers import refresh_server_identities
from sandbox.rig import Rig
from tests.wizard.conftest import ENVIRONMENT, Start, Walk
from wizard.drafts.validation import run_validation


@pytest.fixture(scope="module")
def running_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as rig:
        yield rig


@pytest.fixture
def rig(running_rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """This process reaches the simulated clouds as a product process does: by proxy and CA."""
    for name, value in running_rig.env.items():
        monkeypatch.setenv(name, value)
    yield running_rig
    running_rig.control.clear_faults()


def walk_with_keys(rig: Rig, client: Client, start: Start, scenario: str) -> Walk:
    """A draft with a scenario's access keys, validated."""
    entries = rig.scenario(scenario)
    fields: dict[str, Any] = entries["fields"]
    walk = start(client)
    walk.accept("provider", {"provider": "aws"})
    walk.accept("environment", {**ENVIRONMENT, "account_id": entries["account_id"]})
    keys = {
        f"access_keys-{name}": fields.get(name, "") for name in ("access_key_id", "secret_access_key", "session_token")
    }
    walk.accept("authentication", {"method": "access_keys", **keys})
    run_validation(walk.draft_id)
    return walk


def test_keys_with_all_permissions_become_an_account(rig: Rig, alices: Client, start: Start) -> None:
    walk = walk_with_keys(rig, alices, start, "Everything granted")
    page = walk.show("validation")
    assert "denied" not in page
    walk.send("validation")
    account = CloudAccount.objects.get()
    assert account.pk == walk.draft_id
    assert account.report is not None
    assert account.report.ok


def test_keys_with_gaps_show_what_is_denied_and_what_mends_it(rig: Rig, alices: Client, start: Start) -> None:
    page = walk_with_keys(rig, alices, start, "Some permissions denied").show("validation")
    assert "s3:GetBucketPolicyStatus" in page
    assert "A policy denies these explicitly. Take them out of its Deny statement" in page
    # The verdict first, and one line for all services that need nobody.
    assert page.index("Access works, with 6 gaps.") < page.index('class="checks"')
    assert "You can finish with gaps" in page
    assert page.count("services without a gap") == 1
    assert "15 more enabled regions, not read" in page
    assert "Finish and start discovery" in page


def test_an_inactive_key_is_refused_with_its_cause(rig: Rig, alices: Client, start: Start) -> None:
    walk = walk_with_keys(rig, alices, start, "Inactive key")
    page = walk.show("validation")
    assert "Finish and start discovery" not in page
    assert "Check again" in page
    assert walk.draft.report["code"]


def test_a_role_made_with_the_shown_external_id_is_proven(rig: Rig, alice: User, alices: Client, start: Start) -> None:
    refresh_server_identities()
    walk = start(alices)
    walk.accept("provider", {"provider": "aws"})
    walk.accept("environment", {**ENVIRONMENT, "account_id": "444455556666"})
    external_id = external_id_for(str(alice.pk))
    assert external_id in walk.show("authentication")
    arn = rig.control.put_role("444455556666", "reader", external_id=external_id)
    walk.accept("authentication", {"method": "cross_account_role", "cross_account_role-role_arn": arn})
    run_validation(walk.draft_id)
    assert walk.draft.proof is not None, walk.draft.report


def test_no_request_leaves_for_a_host_that_no_simulated_cloud_owns(rig: Rig, alices: Client, start: Start) -> None:
    walk_with_keys(rig, alices, start, "Everything granted")
    assert not rig.control.refused_hosts()
