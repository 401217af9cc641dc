"""Every credential that the sandbox lists leads somewhere: all of one cloud by one owner, in one go.

Each is connected, or shows the refusal that its title names. None is refused because another one came before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.text import slugify

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CloudAccount
from cloudaccounts.operations.workers import refresh_server_identities
from config.simulated.scenarios import Scenario, read_scenarios
from sandbox.files import DESCRIPTION_FILE
from sandbox.rig import Rig
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from wizard.drafts.completion import finish_draft
from wizard.drafts.validation import request_validation, run_validation
from wizard.steps.prefill import create_prefilled_draft

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

TAG = "cloud-accounts-external-id"
REFUSALS = {  # by cloud and title: the report's code
    ("aws", "no-permission-at-all"): "no_permissions",
    ("aws", "inactive-key"): "access_key_refused",
    ("aws", "root-users-key"): "root_key_refused",
    ("azure", "no-permission-at-all"): "no_permissions",
    ("azure", "expired-secret"): "client_secret_expired",
    ("azure", "wrong-tenant"): "app_not_in_tenant",
    ("azure", "disabled-subscription"): "subscription_disabled",
    ("gcp", "no-permission-at-all"): "project_not_visible",
    ("gcp", "disabled-key"): "key_refused",
    ("gcp", "api-not-enabled"): "api_disabled",
    ("gcp", "project-marked-for-deletion"): "project_not_active",
}


@pytest.fixture(scope="module")
def running_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as rig:
        yield rig


@pytest.fixture
def rig(running_rig: Rig, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Rig:
    for name, value in running_rig.env.items():
        monkeypatch.setenv(name, value)
    settings.SANDBOX_DESCRIPTION = running_rig.data_dir / DESCRIPTION_FILE
    return running_rig


def play_the_customer(rig: Rig, one: Scenario, owner: str) -> None:
    """What the command of the page does."""
    external_id = external_id_for(owner)
    if one.cloud == "aws":
        rig.control.put_role(one.account_id, external_id=external_id)
    elif one.cloud == "azure":
        rig.control.put_tag(one.account_id, TAG, external_id)
    else:
        rig.control.gcp.set_label(one.account_id, TAG, external_id)


def outcome(one: Scenario, owner: str) -> str:
    """`connected`, or the code of the refusal."""
    draft = create_prefilled_draft(Scope(owner), one.entries())
    assert draft.row.step == "validation", (one.title, draft.content.typed)
    request_validation(draft.row, draft.content)
    report = run_validation(draft.row.pk)
    assert report is not None
    if not report.ok:
        return report.code
    finish_draft(draft.row.pk, scope=Scope(owner), actor=SYSTEM)
    return "connected"


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.timeout(180)
def test_every_entry_of_a_cloud_leads_where_its_title_says(rig: Rig, alice: User, cloud: str, backwards: bool) -> None:
    owner = str(alice.pk)
    refresh_server_identities()
    entries = [one for one in read_scenarios() if one.cloud == cloud]
    assert entries
    seen = {}
    for one in reversed(entries) if backwards else entries:
        if one.customer_step:
            play_the_customer(rig, one, owner)
        seen[one.slug] = outcome(one, owner)
    assert seen == {one.slug: REFUSALS.get((cloud, one.slug), "connected") for one in entries}
    assert {one.slug for one in entries if one.refused} == {title for at, title in REFUSALS if at == cloud}
    connected = {one.account_id for one in entries if not one.refused}
    assert set(CloudAccount.objects.of(owner).values_list("account_id", flat=True)) == connected


def test_each_has_an_address_of_its_own(rig: Rig) -> None:
    every = [(one["cloud"], slugify(one["title"])) for one in rig.credentials]
    assert len(set(every)) == len(every)
    assert [(one.cloud, one.slug) for one in read_scenarios()] == every
