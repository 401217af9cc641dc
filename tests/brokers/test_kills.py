"""Workers killed with SIGKILL at chosen points: what they had begun is brought to one end by the next, done once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from string import ascii_lowercase

import pytest
from django.db import connections, transaction
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.organizations import NodeKind, NodeState, OrganizationNode
from cloudaccounts.credentials import vault
from cloudaccounts.jobs.runner import requeue_jobs
from cloudaccounts.models import (
    AuditEvent,
    CloudAccount,
    CloudCredential,
    CredentialRotation,
    HealthRecord,
    Job,
    JobItem,
    OrganizationMember,
)
from cloudaccounts.models.job import JobState
from cloudaccounts.models.rotation import RotationStage
from cloudaccounts.organizations.choosing import new_members
from cloudaccounts.organizations.connections import connect_organization
from cloudaccounts.organizations.members import onboard_members
from cloudaccounts.organizations.sync import run_sync
from cloudaccounts.rotation.reconcile import requeue_rotations
from cloudaccounts.rotation.requests import stage_credential, start_rotation
from cloudaccounts.work import messages
from config.databases import SECURITY
from scans.models import ScanRun
from tests.brokers.processes import Product
from tests.conftest import ALL_DATABASES
from tests.environment import MONGODB
from tests.stack import wait_for
from tests.toycloud.provider import State

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALL_DATABASES),
    pytest.mark.timeout(300),
]
Box = Callable[..., CloudAccount]
LOCKS = pytest.mark.skipif(MONGODB, reason="MongoDB's rows cannot be locked from outside.")


@pytest.fixture
def account(box: Box) -> CloudAccount:
    account = box("abcdef")
    ScanRun.objects.all().delete()
    return account


def staged(account: CloudAccount) -> CredentialRotation:
    """A new credential whose test is asked for. The toy cloud takes it; ``note`` tells it from the one in use."""
    credentials = Credentials("token", {"token": "let-me-in", "note": "new"})
    stage_credential(account, actor=SYSTEM, credentials=credentials)
    return start_rotation(account, actor=SYSTEM)


def in_use(account: CloudAccount) -> str:
    """Which credential opens the account: exactly one does, whole."""
    opened = vault.open_credentials(account=account, actor=SYSTEM, purpose="a test")
    assert opened["token"] == "let-me-in"  # the toy cloud's
    return opened.values.get("note", "old")


def replaced(account: CloudAccount) -> int:
    return AuditEvent.objects.filter(account=account.pk, action="credential.replaced").count()


def finish(product: Product, rotation: CredentialRotation) -> None:
    """A second worker and the reconciler, as half a minute after the first one's death."""
    product.worker("worker")
    CredentialRotation.objects.filter(state=RotationStage.RUNNING).update(lease_until=timezone.now())

    def is_ended() -> bool:
        CredentialRotation.objects.filter(state=RotationStage.QUEUED).update(nudged_at=None)
        requeue_rotations()
        time.sleep(0.5)
        return CredentialRotation.objects.get(pk=rotation.pk).state == RotationStage.FINISHED

    wait_for(is_ended, seconds=60, what="the end of the rotation")


def assert_swapped_once(account: CloudAccount, rotation: CredentialRotation) -> None:
    rotation.refresh_from_db()
    row = CloudCredential.objects.get(account_id=account.pk)
    assert (rotation.state, rotation.swapped, rotation.ok, rotation.active_account) == ("finished", True, True, None)
    assert (row.generation, row.replaced_by, row.staged, row.previous_kind) == (1, rotation.pk, None, "token")
    account.refresh_from_db()
    assert (account.credential_generation, account.status) == (1, "active")
    assert (in_use(account), replaced(account)) == ("new", 1)


@contextmanager
def locked(alias: str, *rows: type[CloudAccount] | type[CloudCredential], table: str = "") -> Iterator[None]:
    """Nobody else writes: on PostgreSQL into these rows or this table, on SQLite (BEGIN IMMEDIATE) into the file."""
    with transaction.atomic(using=alias):
        for model in rows:
            list(model.objects.select_for_update().values_list("pk"))
        if table and connections[alias].vendor == "postgresql":
            with connections[alias].cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield


def wait_until_blocked(alias: str) -> None:
    """On PostgreSQL somebody waits for our lock; SQLite does not tell, and a second is long for the step up to it."""
    if connections[alias].vendor == "sqlite":
        time.sleep(1)
        return

    def is_blocked() -> bool:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(cursor.fetchone()[0])

    wait_for(is_blocked, seconds=30, what="a worker that waits for the lock")


def test_killed_while_the_new_credential_is_tested(product: Product, account: CloudAccount) -> None:
    product.hold("validate")
    rotation = staged(account)
    victim = product.worker("worker")
    wait_for(lambda: product.visits()["validate abcdef"], seconds=30, what="the test of the new credential")
    product.kill(victim)
    assert (in_use(account), replaced(account)) == ("old", 0)
    product.release("validate")
    finish(product, rotation)
    assert_swapped_once(account, rotation)
    assert CredentialRotation.objects.get().attempts == 2


@LOCKS
@pytest.mark.parametrize(
    "model", [CloudCredential, CloudAccount], ids=["before the swap", "between the swap and the account"]
)
def test_killed_in_the_transaction_of_the_swap(
    product: Product, account: CloudAccount, model: type[CloudAccount] | type[CloudCredential]
) -> None:
    """SQLite has one lock for all, so both are the moment before its transaction there."""
    product.hold("validated")
    rotation = staged(account)
    victim = product.worker("worker")
    wait_for(lambda: product.visits()["validated abcdef"], seconds=30, what="the new credential's proof")
    with locked(SECURITY, model):
        product.release("validated")
        wait_until_blocked(SECURITY)
        product.kill(victim)
    row = CloudCredential.objects.get(account_id=account.pk)
    assert (row.generation, row.staged_id, in_use(account), replaced(account)) == (0, rotation.pk, "old", 0)
    finish(product, rotation)
    assert_swapped_once(account, rotation)


@LOCKS
def test_killed_right_after_the_swap(product: Product, account: CloudAccount) -> None:
    """Before the broker could be told: the message comes again, and finds nothing to do."""
    product.hold("validated")
    rotation = staged(account)
    victim = product.worker("worker")
    wait_for(lambda: product.visits()["validated abcdef"], seconds=30, what="the new credential's proof")
    with locked("default", table="django_celery_results_taskresult"):  # where the worker would write that it is done
        product.release("validated")
        wait_for(CloudCredential.objects.filter(generation=1).exists, seconds=30, what="the swap")
        product.kill(victim)
    assert in_use(account) == "new"
    finish(product, rotation)
    for _ in range(3):
        messages.send("cloudaccounts.run_rotation", str(rotation.pk))
    time.sleep(3)
    assert_swapped_once(account, rotation)
    assert product.visits()["validate abcdef"] == 1


def test_killed_in_a_round_of_heartbeats(product: Product, box: Box) -> None:
    now = timezone.now()
    names = ("abcdef", "ghijkl", "mnopqr")
    for name in names:
        box(name, health="ok", health_since=now, next_check_at=now, next_report_at=now.replace(year=now.year + 1))
    product.hold("light")
    victim = product.worker("worker")
    messages.send("cloudaccounts.heartbeats")
    wait_for(lambda: all(product.visits()[f"light {name}"] for name in names), seconds=30, what="the round")
    product.kill(victim)
    product.release("light")
    claimed = CloudAccount.objects.filter(check_claim__isnull=False, next_check_at__gt=timezone.now())
    assert claimed.count() == 3, "what the dead round had is nobody else's before its lease ends"
    assert not HealthRecord.objects.exists()
    product.worker("worker")
    messages.send("cloudaccounts.heartbeats")
    time.sleep(2)
    assert {product.visits()[f"light {name}"] for name in names} == {1}
    CloudAccount.objects.update(next_check_at=timezone.now())  # as half a minute later
    messages.send("cloudaccounts.heartbeats")
    wait_for(lambda: HealthRecord.objects.count() == len(names), seconds=30, what="the next round")
    wait_for(lambda: not CloudAccount.objects.exclude(check_claim=None).exists(), seconds=30, what="its end")
    assert {product.visits()[f"light {name}"] for name in names} == {2}
    assert set(CloudAccount.objects.values_list("status", "health", "failures")) == {("active", "ok", 0)}
    assert HealthRecord.objects.values("account").distinct().count() == len(names)


def test_killed_while_an_organization_is_onboarded(product: Product, account: CloudAccount, toycloud: State) -> None:
    names = [letter * 6 for letter in ascii_lowercase[6:18]]
    toycloud.tree = [
        [OrganizationNode("root", "", "The shelf", NodeKind.CONTAINER)],
        [OrganizationNode(name, "root", name, NodeKind.ACCOUNT, name, NodeState.ACTIVE) for name in names],
    ]
    organization = connect_organization(account, actor=SYSTEM, options={})
    run_sync(organization.pk)
    running = names[:3]
    for name in running:
        product.hold(name)
    job = onboard_members(
        organization, actor=SYSTEM, members=new_members(organization), environment="dev", regions=["left"]
    )
    victim = product.worker("fleet")
    others = JobItem.objects.filter(job=job.pk, state="done")
    wait_for(lambda: others.count() == len(names) - len(running), seconds=60, what="the onboarding of the others")
    wait_for(lambda: all(product.visits()[f"validate {name}"] for name in running), seconds=30, what="the last ones")
    product.kill(victim)
    for name in running:
        product.release(name)
    assert OrganizationMember.objects.filter(account_id__in=running, state="onboarding").count() == len(running)
    assert not CloudAccount.objects.filter(account_id__in=running).exists()
    product.worker("fleet")
    assert Job.objects.filter(state=JobState.RUNNING).update(lease_until=timezone.now()) == 1

    def is_ended() -> bool:
        Job.objects.filter(state=JobState.QUEUED).update(nudged_at=None)  # as half a minute later
        requeue_jobs()
        time.sleep(0.5)
        return Job.objects.get().state == JobState.FINISHED

    wait_for(is_ended, seconds=60, what="the end of the onboarding")
    job.refresh_from_db()
    assert (job.done, job.failed, job.skipped) == (len(names), 0, 0)
    onboarded = CloudAccount.objects.filter(connection=account.pk)
    assert sorted(onboarded.values_list("account_id", flat=True)) == names
    assert set(OrganizationMember.objects.filter(kind="account").values_list("state", flat=True)) == {"onboarded"}
    assert ScanRun.objects.filter(account__in=onboarded.values("pk")).count() == len(names)
    visits = product.visits()
    assert {visits[f"validate {name}"] for name in names if name not in running} == {1}, "what is done stays done"
    assert {visits[f"validate {name}"] for name in running} == {2}
