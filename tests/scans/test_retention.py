from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CloudAccount
from scans.models import Asset, Finding, FindingDay, ScanRun
from scans.retention import purge_findings_and_assets, purge_scans
from scans.runs.requests import cancel_scan, request_scan
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.conftest import Scan
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_old_scans_go_and_the_latest_of_an_account_stays(alice: User, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    first = ScanRun.objects.get()
    cancel_scan(first, actor=SYSTEM)
    latest = request_scan(account, actor=SYSTEM)
    ScanRun.objects.update(requested_at=timezone.now() - timedelta(days=500))
    assert purge_scans() == 1  # the other is still queued
    cancel_scan(latest, actor=SYSTEM)
    assert purge_scans() == 0
    assert ScanRun.objects.get().pk == latest.pk


def test_young_scans_stay(alice: User, toy_account: MakeAccount) -> None:
    toy_account(alice)
    cancel_scan(ScanRun.objects.get(), actor=SYSTEM)
    assert purge_scans() == 0


def test_what_was_resolved_or_gone_long_ago_goes(
    scan: Scan, toybox: CloudAccount, toycloud: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scans.retention.BATCH", 1)
    toycloud.set_assets("boxes", "left", "old", "older", "young", "open", lid="open")
    scan()
    long_ago = timezone.now() - timedelta(days=500)
    for name, gone in {"old": long_ago, "older": long_ago, "young": timezone.now()}.items():
        Asset.objects.filter(name=name).update(gone_at=gone)
        Finding.objects.filter(asset_name=name).update(status="resolved", resolved_at=gone)
    FindingDay.objects.create(owner=toybox.owner, day=f"{long_ago:%Y-%m-%d}")
    assert purge_findings_and_assets() == 5
    assert set(Asset.objects.values_list("name", flat=True)) == {"young", "open"}
    assert set(Finding.objects.values_list("asset_name", flat=True)) == {"young", "open"}
    assert FindingDay.objects.get().day == f"{timezone.now():%Y-%m-%d}"
    assert purge_findings_and_assets() == 0
