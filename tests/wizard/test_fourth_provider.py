"""A provider from a distribution of its own: found by its entry point, and then like the others everywhere."""

from __future__ import annotations

from django.test import Client

from cloudaccounts import registry
from cloudaccounts.models import CloudAccount
from scans.models import Asset, ScanRun
from scans.runs.execution import run_scan
from tests.toycloud import provider as toy
from tests.wizard.conftest import Start, Walk


def test_it_is_found_by_its_entry_point(toycloud: toy.State) -> None:
    assert registry.get("toy") is toy.PROVIDER
    assert ("toy", "Toy Cloud") in [(key, str(label)) for key, label in registry.choices()]


def test_the_wizard_offers_it(toycloud: toy.State, start: Start, alices: Client) -> None:
    assert "Toy Cloud" in start(alices).show()


def test_it_is_onboarded_and_scanned_with_no_other_file_touched(proven_draft: Walk, toycloud: toy.State) -> None:
    toycloud.set_assets("boxes", "left", "red", "blue")
    answer = proven_draft.send("validation")
    account = CloudAccount.objects.get()
    assert answer["Location"] == f"/accounts/{account.pk}/"
    assert (account.provider, account.status) == ("toy", "active")
    run = ScanRun.objects.get()
    assert run_scan(run.run_id) == "completed"
    assert sorted(Asset.objects.values_list("name", flat=True)) == ["blue", "red"]
    page = proven_draft.client.get(answer["Location"]).content.decode()
    assert "TOY" in page
