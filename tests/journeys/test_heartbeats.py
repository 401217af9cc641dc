"""A running product whose worker is killed in the middle of a round of heartbeats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.env import ROOT
from tests.servers import same_as_tests
from tests.stack import Stack, wait_for

FLEET = 120

# Runs in a process of its own on the running product's data: what an import would leave, due now.
ONBOARD = """
import json, sys
from datetime import timedelta
from uuid import uuid4
from django.utils import timezone
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.vault import store
from cloudaccounts.models import CloudAccount
now = timezone.now()
rows = []
for number, fields in enumerate(json.loads(sys.stdin.readline())):
    row = CloudAccount(
        id=uuid4(), owner="1", provider="aws", partition="aws", account_id=fields["account_id"],
        name=f"fleet {number}", regions=["us-east-1"], auth_method="access_keys", status="active", health="ok",
        health_since=now, credential_since=now, next_check_at=None, next_report_at=now + timedelta(days=1),
    )
    rows.append(row)
CloudAccount.objects.bulk_create(rows)
for row, fields in zip(rows, json.loads(sys.stdin.readline())):
    keys = {name: fields[name] for name in ("access_key_id", "secret_access_key")}
    store(account=row, credentials=Credentials("access_keys", keys), facts=CredentialFacts("Access key"), since=now,
          actor=SYSTEM)
CloudAccount.objects.filter(owner="1").update(next_check_at=timezone.now())
print("done")
"""
LOOK = """
import json
from cloudaccounts.models import CloudAccount, HealthRecord, Notice
fleet = CloudAccount.objects.filter(name__startswith="fleet ")
print(json.dumps({
    "states": [list(row) for row in fleet.values_list("status", "health", "last_check_code")],
    "checked": fleet.exclude(last_checked_at=None).count(),
    "claimed": fleet.exclude(check_claim=None).count(),
    "records": [str(key) for key in HealthRecord.objects.values_list("account", flat=True)],
    "notices": Notice.objects.count(),
}))
"""


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    with same_as_tests() as databases, Stack(tmp_path / "stack", databases) as stack:
        yield stack


def run(stack: Stack, code: str, text: str = "") -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TEST_", "DJANGO_"))}
    env |= stack.databases
    env |= {
        "DATA_DIR": str(stack.folder / "data"), "CLOUD_ACCOUNTS_SANDBOX": "1", "CLOUD_ACCOUNTS_PLAIN_HTTP": "1",
        "SECRET_KEY": "", "BASE_URL": stack.url,
    }  # fmt: skip
    setup = f"import django; django.setup(); exec({code!r})"
    env["DJANGO_SETTINGS_MODULE"] = "config.settings"
    done = subprocess.run(
        [sys.executable, "-c", setup], cwd=ROOT, env=env, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def look(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(stack, LOOK).splitlines()[-1])
    return found


def asked(stack: Stack) -> Counter[str]:
    """How often AWS was asked who each account is."""
    calls = [call for call in stack.control.calls("aws") if call["action"] == "GetCallerIdentity"]
    return Counter(call["account"] for call in calls)


@pytest.mark.slow
def test_a_worker_killed_in_a_round_of_heartbeats_loses_nothing_and_doubles_nothing(own_stack: Stack) -> None:
    stack = own_stack
    accounts = json.dumps(stack.control.seed_accounts(FLEET))
    stack.control.fault("delay", service="sts", seconds=2)
    assert "done" in run(stack, ONBOARD, f"{accounts}\n{accounts}\n")
    wait_for(lambda: sum(asked(stack).values()) >= 8, seconds=60, what="the middle of a round")
    stack.kill("fleet@")
    killed_at = look(stack)
    assert killed_at["checked"] < FLEET
    stack.control.clear_faults()
    wait_for(lambda: stack.pids("fleet@"), seconds=20, what="a new worker")
    wait_for(lambda: look(stack)["checked"] == FLEET, seconds=120, what="the rest of the round")
    found = wait_for(
        lambda: (state := look(stack))["claimed"] == 0 and state, seconds=60, what="every account being given back"
    )
    assert {tuple(state) for state in found["states"]} == {("active", "ok", "")}
    written = Counter(found["records"])
    assert len(written) == FLEET
    assert set(written.values()) == {1}
    assert found["notices"] == 0
