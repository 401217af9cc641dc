"""An account of the toy cloud, and a scan of it from its request to its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CloudAccount
from scans.models import ScanRun
from scans.runs.execution import run_scan
from scans.runs.requests import request_scan
from tests.toycloud.provider import State

MakeAccount = Callable[..., CloudAccount]


@pytest.fixture(name="account")
def account_with_boxes(alice: User, toy_account: MakeAccount, toycloud: State) -> CloudAccount:
    """Its first scan, requested by the signal, is put aside."""
    account = toy_account(alice)
    ScanRun.objects.all().delete()
    toycloud.set_assets("toys", "global", "bear", "robot")
    toycloud.set_assets("boxes", "left", "red", "blue")
    toycloud.set_assets("boxes", "right", "green")
    return account


def scan(account: CloudAccount) -> ScanRun:
    run = request_scan(account, actor=SYSTEM)
    run_scan(run.run_id)
    run.refresh_from_db()
    return run


def scan_status(account: CloudAccount) -> str:
    return run_scan(request_scan(account, actor=SYSTEM).run_id)
