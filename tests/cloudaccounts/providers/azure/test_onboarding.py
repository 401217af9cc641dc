"""From the wizard to the first scan, on the wire; and one customer at another customer's door."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.models import CloudAccount, CloudCredential
from scans.models import Asset, ScanRun
from scans.runs.execution import run_scan
from tests.cloudaccounts.providers.azure.conftest import TAG, Cloud
from tests.conftest import ALL_DATABASES
from tests.wizard.conftest import Walk, raw_row
from wizard.drafts.validation import run_validation

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def begin(client: Client, account_id: str) -> Walk:
    walk = Walk(client, UUID(client.post("/wizard/")["Location"].strip("/").split("/")[-1]))
    walk.accept("provider", {"provider": "azure"})
    environment = {
        "account_id": f"/subscriptions/{account_id.upper()}",
        "partition": "public",
        "name": "Azure here",
        "environment": "production",
        "regions": ["westeurope", "northeurope"],
    }
    walk.accept("environment", environment)
    return walk


def sign_in(walk: Walk, method: str, fields: dict[str, str]) -> None:
    walk.accept("authentication", {"method": method, **{f"{method}-{name}": text for name, text in fields.items()}})


def proven(walk: Walk) -> CloudValidationResult:
    run_validation(walk.draft_id)
    return CloudValidationResult.from_dict(walk.draft.report)


@pytest.mark.parametrize("title", ["Everything granted", "Certificate"])
def test_a_subscription_is_connected_and_scanned(cloud: Cloud, alices: Client, title: str) -> None:
    scenario = cloud.rig.scenario(title, "azure")
    walk = begin(alices, scenario["account_id"])
    page = walk.show("authentication")
    assert "Federated credential" in page
    sign_in(walk, scenario["method"], scenario["fields"])
    secret = scenario["fields"].get("client_secret") or scenario["fields"]["certificate_pem"].splitlines()[3]
    assert secret not in raw_row(walk.draft_id)
    assert secret not in walk.show("authentication")
    assert proven(walk).ok
    walk.show("validation")
    walk.send("validation")
    account = CloudAccount.objects.get()
    assert (account.provider, account.account_id, account.status) == ("azure", scenario["account_id"], "active")
    assert account.credential_expires_at is not None
    assert account.tenant == scenario["fields"]["tenant_id"]
    assert run_scan(ScanRun.objects.get().run_id) == "completed"
    assert Asset.objects.filter(type="azure.storage.storage_account").exists()
    assert secret not in alices.get(f"/accounts/{account.pk}/").content.decode()


def test_bob_cannot_connect_alices_subscription_by_this_servers_identity(
    cloud: Cloud, alice: User, bob: User, alices: Client, bobs: Client, request: pytest.FixtureRequest
) -> None:
    scenario = cloud.rig.scenario("Federated credential", "azure")
    place, fields = scenario["account_id"], scenario["fields"]
    request.addfinalizer(lambda: cloud.control.put_tag(place, TAG, None))
    cloud.control.put_tag(place, TAG, external_id_for(str(alice.pk)))
    his = begin(bobs, place)
    sign_in(his, "federated", fields)
    report = proven(his)
    assert (report.ok, report.code) == (False, "external_id_mismatch")
    assert external_id_for(str(bob.pk)) in report.remedy
    assert external_id_for(str(alice.pk)) not in str(report.to_dict())
    his.show("validation")
    his.send("validation")
    assert not CloudAccount.objects.exists()
    assert not CloudCredential.objects.exists()
    hers = begin(alices, place)
    sign_in(hers, "federated", fields)
    assert proven(hers).ok
    hers.show("validation")
    hers.send("validation")
    assert CloudAccount.objects.get().owner == str(alice.pk)


@pytest.mark.parametrize("tenant", ["evil.com", "common", "../x", "\0", "x" * 100_000])
def test_hostile_tenants_end_at_the_form(cloud: Cloud, alices: Client, tenant: str) -> None:
    scenario = cloud.rig.scenario("Everything granted", "azure")
    walk = begin(alices, scenario["account_id"])
    fields = {f"client_secret-{name}": text for name, text in {**scenario["fields"], "tenant_id": tenant}.items()}
    answer = walk.send("authentication", {"method": "client_secret", **fields})
    assert answer.status_code in (200, 422)
    assert cloud.hosts() == set()
    assert walk.draft.step == "authentication"
