from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CloudAccount
from scans.models import ScanRun, ScanType
from scans.runs.execution import run_scan
from scans.runs.requests import request_scan
from tests.conftest import MakeAccount
from tests.toycloud.provider import State

Scan = Callable[..., ScanRun]


@pytest.fixture
def toybox(alice: User, toy_account: MakeAccount, toycloud: State) -> CloudAccount:
    """A box of the toy cloud whose first scan, requested by the signal, is put aside."""
    account = toy_account(alice)
    ScanRun.objects.all().delete()
    return account


@pytest.fixture
def scan(toybox: CloudAccount) -> Scan:
    """Scans the toy box and answers with the run as it ended."""

    def make(*, scan_type: str = ScanType.FULL, account: CloudAccount = toybox) -> ScanRun:
        run = request_scan(account, actor=SYSTEM, scan_type=scan_type)
        run_scan(run.run_id)
        run.refresh_from_db()
        return run

    return make


@pytest.fixture
def scan_of() -> Scan:
    """Scans any account in one way or the other."""

    def make(account: CloudAccount, scan_type: str) -> ScanRun:
        run = request_scan(account, actor=SYSTEM, scan_type=scan_type)
        run_scan(run.run_id)
        run.refresh_from_db()
        return run

    return make
