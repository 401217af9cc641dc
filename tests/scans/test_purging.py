from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.actors import SYSTEM
from scans.models import ScanRun
from scans.services import cancel_scan, purge_scans, request_scan
from tests.conftest import ALL_DATABASES, MakeAccount

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
