from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKE"


def entry(title: str, account_id: str, **more: Any) -> dict[str, Any]:
    """As the simulated clouds write it."""
    return {
        "cloud": "aws", "title": title, "account_id": account_id, "partition": "aws", "name": "data-platform",
        "environment": "production", "regions": ["us-east-1"], "method": "access_keys",
        "fields": {"access_key_id": "AKIA2222333344445555", "secret_access_key": SECRET}, "note": "A note.",
        "refused": False, "customer_step": "", "afterwards": "", **more,
    }  # fmt: skip


@pytest.fixture
def described(settings: Settings, tmp_path: Path) -> Path:
    """The file of simulated clouds that run: one entry of each kind."""
    role = {"role_arn": "arn:aws:iam::444455556666:role/cloud-accounts-reader"}
    step = "make role ACCOUNT=4444-5555-6666 EXTERNAL_ID={external_id}"
    entries = [
        entry("Everything granted", "111122223333"),
        entry("Cross-account role", "444455556666", method="cross_account_role", fields=role, customer_step=step),
        entry("Root user's key", "777788889999", refused=True),
        entry("Organization", "301030103010", afterwards="make organization EXTERNAL_ID={external_id}"),
    ]
    file = tmp_path / "sandbox.json"
    file.write_text(json.dumps({"credentials": entries, "control_token": "not-for-pages"}))
    settings.SANDBOX_DESCRIPTION = file
    return file
