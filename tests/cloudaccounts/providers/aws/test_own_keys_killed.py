"""kill -9 of the process that rotates, in the moment when AWS makes the key: nobody gets the answer with its secret."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import RotationRun, RotationStep
from cloudaccounts.rotation.automatic.requests import set_rotation
from cloudaccounts.rotation.automatic.runner import run_automatic_rotation
from config.env import ROOT
from tests.brokers.conftest import _url
from tests.cloudaccounts.providers.aws.conftest import ACCOUNT, Cloud
from tests.cloudaccounts.providers.aws.test_own_keys import key_in_use, record, user
from tests.cloudaccounts.providers.aws.test_rotation import connect
from tests.cloudaccounts.rotation.automatic.driving import drive, latest
from tests.cloudaccounts.rotation.automatic.scene import Clock
from tests.conftest import ALL_DATABASES
from tests.environment import FOLDER
from tests.servers import VARIABLE_OF
from tests.stack import wait_for

SLOW = 4.0  # seconds that AWS takes: the process is killed within them, and AWS goes on


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=ALL_DATABASES)
def test_killed_while_aws_makes_the_key(cloud: Cloud, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    arn, credentials = user(cloud)
    account = connect(alice, credentials)
    set_rotation(account, automatic=True, max_age_days=1, actor=SYSTEM)
    run_automatic_rotation(latest(account).pk)
    cloud.control.fault("delay", service="iam", action="CreateAccessKey", account=ACCOUNT, seconds=SLOW, times=1)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TEST_", "PYTEST_"))}
    env |= {variable: _url(alias) for alias, variable in VARIABLE_OF.items()} | {"DATA_DIR": str(FOLDER / "data")}
    command = [sys.executable, "manage.py", "rotate_credentials", "--account", str(account.pk)]
    process = subprocess.Popen(command, cwd=ROOT, env={**env, **cloud.rig.env})
    try:
        asked = lambda: any(fault["hits"] for fault in cloud.control.faults())  # noqa: E731
        wait_for(asked, seconds=60, what="the call that makes a key")
    finally:
        process.kill()
        process.wait(20)
    wait_for(lambda: record(cloud, arn), seconds=30, what="the key that AWS made all the same")
    ((made, lost),) = record(cloud, arn)
    run, step = latest(account), RotationStep.objects.get()
    assert (made, key_in_use(account)) == ("CreateAccessKey", credentials["access_key_id"])
    assert (run.state, run.known_keys, step.outcome) == ("creating", [credentials["access_key_id"]], "begun")
    # The lease ends, and whoever goes on finds the key.
    RotationRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    clock = Clock(datetime.now(UTC))
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    assert drive(account, clock, "watching").state == "watching"
    new = key_in_use(account)
    assert record(cloud, arn) == [("CreateAccessKey", lost), ("DeleteAccessKey", lost), ("CreateAccessKey", new)]
    assert drive(account, clock).state == "finished"
