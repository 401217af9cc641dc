"""10,000 members of an AWS Organization, discovered from the simulated cloud into the database."""

from __future__ import annotations

import resource
import time
import tracemalloc
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.vault import store
from cloudaccounts.models import CloudAccount, Organization, OrganizationMember
from cloudaccounts.organizations.connections import connect_organization
from cloudaccounts.organizations.sync import request_sync, run_sync
from sandbox.rig import Rig
from tests.bench.result import Result

MEMBERS = 10_000
MEMORY_AIM = 64.0  # MB that a look may add to its worker
RATE_AIM = 100.0  # members a second: AWS gives 20 a page


def discover(rig: Rig) -> tuple[Result, Result]:
    """Rate, and how much memory the look took at most beyond what was there before."""
    rig.control.grow_organization(MEMBERS)
    organization = connect_organization(_management(rig), actor=SYSTEM, options={})
    run_sync(organization.pk)  # the first writes everything
    members = OrganizationMember.objects.filter(organization=organization.pk, kind="account").count()
    if members < MEMBERS:
        raise RuntimeError(f"only {members} members were found: {Organization.objects.get(pk=organization.pk).cause}")
    OrganizationMember.objects.filter(organization=organization.pk).delete()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    request_sync(organization, actor=SYSTEM)
    run_sync(organization.pk)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
    OrganizationMember.objects.filter(organization=organization.pk).delete()
    request_sync(organization, actor=SYSTEM)
    began = time.perf_counter()
    run_sync(organization.pk)
    rate = members / (time.perf_counter() - began)
    return (
        Result(f"{MEMBERS:,} members discovered", rate, "members/s", "higher", RATE_AIM, "≥ 1 (100/s)"),
        Result(f"peak memory of discovering {MEMBERS:,} members", max(peak, grown), "MB", "lower", MEMORY_AIM, "≤ 1"),
    )


def _management(rig: Rig) -> CloudAccount:
    user = User.objects.create_user(f"organization-{uuid4().hex[:8]}", password="not-used-here")
    scenario = rig.scenario("Organization")
    account = CloudAccount(
        id=uuid4(), owner=str(user.pk), provider=scenario["cloud"], account_id=scenario["account_id"],
        name="management", regions=["us-east-1"], partition="aws", auth_method=scenario["method"], status="active",
        credential_since=timezone.now(),
    )  # fmt: skip
    credentials = Credentials(scenario["method"], scenario["fields"])
    CloudAccount.objects.bulk_create([account])  # without its first scan
    store(account=account, credentials=credentials, facts=CredentialFacts("Access key"), since=None, actor=SYSTEM)
    return account
