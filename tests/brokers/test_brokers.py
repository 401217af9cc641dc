"""Celery's core on each broker: nothing is lost, nothing is done twice, and nobody waits for somebody else's work."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import islice
from itertools import product as combinations
from string import ascii_lowercase

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_results.models import TaskResult

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.health.connection_checks import request_check, requeue_checks
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import AuditEvent, CloudAccount, ConnectionCheck, Job
from cloudaccounts.models.check import CheckState
from cloudaccounts.models.job import JobState
from cloudaccounts.work import messages
from scans.models import Asset, ScanRun, ScanSchedule, ScanStatus
from scans.runs.reconcile import requeue_scans
from teams.scope import Scope
from tests.brokers.engines import Broker
from tests.brokers.processes import Product
from tests.conftest import ALL_DATABASES
from tests.stack import wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALL_DATABASES),
    pytest.mark.timeout(300),
]
Box = Callable[..., CloudAccount]
UNITS = ("toys:global", "boxes:left", "boxes:right")
FLOOD = 300
SOON = 10.0  # seconds; with nothing else on the machine a validation of the toy cloud takes a tenth of one


def scan_of(account: CloudAccount) -> ScanRun:
    return ScanRun.objects.get(account=account.pk)


def is_done(account: CloudAccount) -> bool:
    return scan_of(account).status == ScanStatus.COMPLETED


def is_checked(check: ConnectionCheck) -> bool:
    return ConnectionCheck.objects.get(pk=check.pk).state == CheckState.FINISHED


def ended(task: str, times: int) -> bool:
    """At least: a message that leaves work behind is followed by another."""
    return TaskResult.objects.filter(task_name=task, status="SUCCESS").count() >= times


def test_a_scan_of_a_killed_worker_is_taken_up_and_done_once(product: Product, box: Box) -> None:
    account = box("abcdef")  # which asks for its first scan
    product.hold()
    victim = product.worker("scanner")
    wait_for(lambda: product.visits()["scan abcdef"], seconds=30, what="the scan")
    product.worker("scanner")
    product.kill(victim)
    # The lease of a dead worker runs out after half a minute; here its clock is put forward.
    assert ScanRun.objects.filter(status=ScanStatus.RUNNING).update(lease_until=timezone.now()) == 1
    product.release()
    assert requeue_scans() >= 1  # given back, and told about where the broker takes the message

    def is_taken_up() -> bool:
        ScanRun.objects.filter(status=ScanStatus.QUEUED).update(nudged_at=None)  # as half a minute later
        requeue_scans()
        time.sleep(1)
        return is_done(account)

    wait_for(is_taken_up, seconds=60, what="the end of the scan")
    assert scan_of(account).attempts == 2
    assert Asset.objects.filter(account=account.pk).count() == len(UNITS)
    events = AuditEvent.objects.filter(action="scan.completed")
    wait_for(events.exists, seconds=10, what="the audit of it")
    assert events.count() == 1
    assert {product.visits()[f"collect:{unit} abcdef"] for unit in UNITS} == {1}


def test_work_that_is_told_of_many_times_is_done_once(product: Product, box: Box, alice: User) -> None:
    account = box("abcdef")
    check = request_check(account, actor=SYSTEM)
    other = box("ghijkl")
    job = start_job(
        scope=Scope(str(alice.pk)), actor=SYSTEM, kind="fleet.revalidate", title="Check",
        items=[(str(other.pk), "ghijkl")], options={},
    )  # fmt: skip
    again = 5
    for _ in range(again):
        assert messages.send("scans.run", str(scan_of(account).run_id), queue="scans")
        assert messages.send("cloudaccounts.run_check", str(check.pk))
        assert messages.send("cloudaccounts.run_job", str(job.pk), queue="fleet")
    for name in ("worker", "scanner", "fleet") * 2:
        product.worker(name)
    delivered = {"scans.run": again + 2, "cloudaccounts.run_check": again + 1, "cloudaccounts.run_job": again + 1}
    for task, times in delivered.items():
        wait_for(partial(ended, task, times), seconds=60, what=f"{times} × {task}")
    visits = product.visits()
    assert (visits["scan abcdef"], visits["scan ghijkl"]) == (1, 1)
    assert (visits["validate abcdef"], visits["validate ghijkl"]) == (1, 1)
    assert (is_done(account), is_done(other), is_checked(check)) == (True, True, True)
    assert Job.objects.get().state == JobState.FINISHED
    assert {run.attempts for run in ScanRun.objects.all()} == {1}


def test_a_flood_of_scans_does_not_slow_a_validation(
    product: Product, box: Box, record_property: Callable[[str, object], None]
) -> None:
    for letters in islice(combinations(ascii_lowercase, repeat=6), FLOOD):
        box("".join(letters))
    product.worker("worker")
    product.worker("scanner")
    wait_for(ScanRun.objects.filter(status=ScanStatus.COMPLETED).exists, seconds=60, what="a scan")
    account = CloudAccount.objects.order_by("account_id")[0]
    took = []
    for _ in range(5):
        began = time.monotonic()
        check = request_check(account, actor=SYSTEM)
        wait_for(partial(is_checked, check), seconds=60, what="the validation")
        took.append(time.monotonic() - began)
    waiting = ScanRun.objects.filter(status=ScanStatus.QUEUED).count()
    record_property("seconds", max(took))
    print(f"slowest of {len(took)} validations: {max(took):.2f} s with {waiting} scans waiting")  # noqa: T201
    assert waiting > FLOOD / 3, "the flood was over before the measurement was"
    assert max(took) < SOON


def test_two_schedulers_do_each_due_thing_once(product: Product, box: Box) -> None:
    now = timezone.now()
    later = now + timedelta(days=1)
    names = ("abcdef", "ghijkl", "mnopqr", "stuvwx")
    for name in names:
        box(name, health="ok", health_since=now, next_check_at=later, next_report_at=later)
    ScanRun.objects.all().delete()
    for name in ("worker", "hearts", "scanner", "fleet"):
        product.worker(name)
    product.beat()
    product.beat()
    ScanSchedule.objects.update(next_at=now)
    CloudAccount.objects.update(next_check_at=now)

    def all_is_done() -> bool:
        scanned = ScanRun.objects.filter(status=ScanStatus.COMPLETED).values("account").distinct().count()
        return scanned == len(names) and all(product.visits()[f"light {name}"] for name in names)

    wait_for(all_is_done, seconds=90, what="all scans and heartbeats")
    time.sleep(5)  # several more rounds of both
    visits = product.visits()
    assert {visits[f"scan {name}"] for name in names} == {1}
    assert {visits[f"light {name}"] for name in names} == {1}
    assert ScanRun.objects.filter(scheduled=True).count() == ScanRun.objects.count() == len(names)


def test_a_broker_that_goes_and_comes_back_loses_no_work(stoppable: Product, own_broker: Broker, box: Box) -> None:
    early, late = box("abcdef"), box("ghijkl")
    stoppable.worker("worker")
    stoppable.hold()
    checks = [request_check(early, actor=SYSTEM)]
    wait_for(lambda: stoppable.visits()["validate abcdef"], seconds=30, what="the first validation")
    own_broker.stop()
    try:
        began = time.monotonic()
        checks.append(request_check(late, actor=SYSTEM))
        assert time.monotonic() - began < 15, "whoever asks waits for a broker that is down"
    finally:
        own_broker.start()
    stoppable.release()

    def are_done() -> bool:
        ConnectionCheck.objects.filter(state=CheckState.QUEUED).update(nudged_at=None)  # as half a minute later
        requeue_checks()
        time.sleep(1)
        return all(is_checked(check) for check in checks)

    wait_for(are_done, seconds=90, what="both validations")
    assert (stoppable.visits()["validate abcdef"], stoppable.visits()["validate ghijkl"]) == (1, 1)
    assert {check.attempts for check in ConnectionCheck.objects.all()} == {1}
