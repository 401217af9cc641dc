"""Google Cloud in the wizard: the same four steps, and an upload that is read and never stored as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import Actor
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from scans.models import Asset, ScanStatus
from scans.runs.execution import run_scan
from scans.runs.requests import request_scan
from tests.cloudaccounts.providers.gcp.conftest import LABEL, Cloud
from tests.conftest import ALL_DATABASES
from tests.wizard.conftest import Walk
from wizard.drafts.validation import run_validation

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def walk(cloud: Cloud, alices: Client, settings: Any, tmp_path: Path) -> Iterator[Walk]:
    """Alice's draft of the test's project, at the third step."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    response = alices.post("/wizard/")
    draft = Walk(alices, UUID(response["Location"].strip("/").split("/")[-1]))
    draft.accept("provider", {"provider": "gcp"})
    draft.accept("environment", environment(cloud))
    yield draft
    assert [path.name for path in tmp_path.iterdir()] == []


def environment(cloud: Cloud) -> dict[str, Any]:
    where = {"account_id": cloud.project, "partition": "gcp", "regions": ["europe-west1"]}
    return {**where, "name": "Data platform", "environment": "dev"}


def fields(value: Any) -> dict[str, Any]:
    # As a browser sends it: the text, and the file under a name of its own.
    name = "service_account_key-service_account_json"
    own = {name: value} if isinstance(value, str) else {name: "", f"{name}-file": value}
    return {"method": "service_account_key", **own}


def key_file(cloud: Cloud) -> str:
    return cloud.admin.put_key(cloud.admin.put_service_account(cloud.project, "reader-account"))


def test_an_uploaded_key_is_sealed_as_text_and_never_shown(cloud: Cloud, walk: Walk) -> None:
    text = key_file(cloud)
    walk.accept("authentication", fields(SimpleUploadedFile("key.json", text.encode())))
    stored = walk.entries["steps"]["authentication"]["service_account_key-service_account_json"]
    assert json.loads(stored)["private_key_id"] == json.loads(text)["private_key_id"]
    page = walk.show("authentication")
    assert "PRIVATE KEY" not in page
    assert 'type="file"' in page
    assert 'enctype="multipart/form-data"' in page


def test_five_megabytes_are_told_and_not_stored(walk: Walk) -> None:
    response = walk.send("authentication", fields(SimpleUploadedFile("key.json", b"x" * 5_000_000)))
    assert response.status_code == 200
    assert "5,000 kB" in response.content.decode()
    assert "authentication" not in walk.entries["steps"]


def test_a_pasted_key_goes_all_the_way_to_assets(cloud: Cloud, walk: Walk) -> None:
    walk.accept("authentication", fields(key_file(cloud)))
    run_validation(walk.draft_id)
    report = walk.draft.result
    assert report is not None
    assert report.ok, report
    assert "PRIVATE KEY" not in json.dumps(report.to_dict())
    assert walk.send("validation").status_code == 302
    account = CloudAccount.objects.get()
    assert (account.provider, account.account_id, account.status) == ("gcp", cloud.project, CloudAccountStatus.ACTIVE)
    assert account.latest_scan_run_id is not None
    assert run_scan(account.latest_scan_run_id) == ScanStatus.COMPLETED
    assert Asset.objects.filter(account=account.pk, type="gcp.iam.service_account").exists()


def test_what_a_scan_no_longer_finds_in_a_region_is_gone(cloud: Cloud, walk: Walk) -> None:
    """A unit lists all regions at once: each of them is swept."""
    cloud.admin.put_instances(cloud.project, 2)
    walk.accept("authentication", fields(key_file(cloud)))
    run_validation(walk.draft_id)
    walk.send("validation")
    account = CloudAccount.objects.get()
    assert account.latest_scan_run_id is not None
    run_scan(account.latest_scan_run_id)
    machines = Asset.objects.filter(account=account.pk, type="gcp.compute.instance")
    assert machines.filter(gone_at=None).count() == 2
    cloud.admin.put_instances(cloud.project, 1)
    again = request_scan(account=account, actor=Actor(account.owner, "alice", "page", ""))
    run_scan(again.run_id)
    assert machines.filter(gone_at=None).count() == 1


@pytest.mark.parametrize("method", ["impersonation", "workload_identity"])
def test_bob_is_refused_where_alice_is_connected(
    cloud: Cloud, walk: Walk, method: str, alice: User, bobs: Client
) -> None:
    credentials = cloud.by(method, label=False)
    cloud.admin.set_label(cloud.project, LABEL, external_id_for(str(alice.pk)))
    given = {"method": method, **{f"{method}-{name}": value for name, value in credentials.values.items()}}
    walk.accept("authentication", given)
    run_validation(walk.draft_id)
    assert walk.draft.result is not None
    assert walk.draft.result.ok, walk.draft.result
    response = bobs.post("/wizard/")
    bob = Walk(bobs, UUID(response["Location"].strip("/").split("/")[-1]))
    bob.accept("provider", {"provider": "gcp"})
    bob.accept("environment", environment(cloud))
    bob.accept("authentication", given)
    run_validation(bob.draft_id)
    assert bob.draft.result is not None
    assert bob.draft.result.code == "external_id_other"
    bob.send("validation")
    assert not CloudAccount.objects.exists()
