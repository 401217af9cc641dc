from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.models import CloudAccount, Notice
from scans.models import ScanRun
from scans.runs.execution import run_scan
from scans.runs.reconcile import requeue_scans
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


def test_a_failed_scan_is_told_once_with_what_mends_it(alice: User, toy_account: MakeAccount, toycloud: State) -> None:
    account = toy_account(alice)
    toycloud.good_token = "another"
    run = ScanRun.objects.get(account=account.pk)
    assert run_scan(run.run_id) == "failed"
    notice = Notice.objects.get()
    assert (notice.kind, notice.owner, notice.account) == ("scan.failed", str(alice.pk), account.pk)
    assert "does not know this token" in notice.text
    assert notice.remedy == "Ask for another."


def test_a_scan_that_killed_its_workers_is_told(alice: User, toy_account: MakeAccount) -> None:
    toy_account(alice)
    ScanRun.objects.update(status="running", attempts=3, lease_until=timezone.now() - timedelta(seconds=1))
    requeue_scans()
    assert "worker died" in Notice.objects.get().text
