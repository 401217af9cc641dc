"""The clouds' SDKs load when a cloud is asked, and not before."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config.env import ROOT

SDKS = ("boto3", "botocore", "azure", "msal", "google.cloud", "grpc")
PROGRAM = """
import sys, django
django.setup()
{what}
print([name for name in {sdks!r} if name in sys.modules])
"""
USES = {
    "start-up": "",
    "urls": "from django.urls import reverse; reverse('accounts')",
    "the registry": "from cloudaccounts import registry; registry.all_providers()",
    "a page": "from django.test import Client; print(Client().get('/login/').status_code, file=sys.stderr)",
    "set-up texts": (
        "from cloudaccounts import registry\n"
        "from cloudaccounts.contract.identity import ServerIdentity\n"
        "from cloudaccounts.contract.setup import SetupContext\n"
        "server = ServerIdentity(account_id='999900001111')\n"
        "context = SetupContext('111122223333', 'aws', ('us-east-1',), 'ca-x', server)\n"
        "provider = registry.get('aws')\n"
        "[provider.setup_guides(method.key, context) for method in provider.methods]"
    ),
}


@pytest.mark.parametrize("use", USES)
def test_no_sdk_is_loaded_by(use: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(what=USES[use], sdks=SDKS)],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_command_loads_neither_ciphers_nor_what_a_provider_is() -> None:
    """Each was a twentieth of the time that every command and every worker takes to start (docs/decisions/0012)."""
    program = (
        "import sys, django; django.setup()\n"
        "from django.core.management import call_command; call_command('check', verbosity=0, stdout=sys.stderr)\n"
        "late = ('cryptography.fernet', 'cloudaccounts.contract.provider', 'cloudaccounts.contract.report')\n"
        "print([name for name in late if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
