"""Pages at 100,000 accounts and at 1,000: the account list, a group's page, the dashboard, the operators' list."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.utils import timezone

from cloudaccounts.models import AccountGroup, CloudAccount, GroupMember
from cloudaccounts.models.account import Environment
from cloudaccounts.views.rotation import CREDENTIALS, STANDING
from scans.compliance.fleet import FRAMEWORKS
from scans.overview.views import FLEET
from tests.bench.result import Result, interleaved, processor_time

MANY, FEW = 100_000, 1_000
TIMES = 30
P95 = 100.0  # milliseconds: what a page of a list may take
CHUNK = 2_000
LISTS = {
    "account list": "/accounts/",
    "account list of a group": "/accounts/?group={group}",
    "account list, overdue": "/accounts/?rotation=critical",
    "account list, page 100": "/accounts/?page=100",
    "page of a group": "/groups/{group}/",
    "findings of a fleet without any": "/findings/",
}
# Part of a name lies in no index: these read an index of all names to its end, and so have no aim but their time.
SEARCHES = {
    "account list, search for one": "/accounts/?q=count-000123",
    "account list, search for nothing": "/accounts/?q=nothing",
}
# Their numbers are counted over all accounts, and kept for half a minute (`accounts.kept_numbers`).
COUNTED = {
    "dashboard": "/", "page of credential ages": "/rotation/", "standing secrets": "/rotation/standing-secrets/",
    "list of frameworks": "/compliance/",
}  # fmt: skip
COUNTED_MS = 60.0  # of server time, with numbers that are kept
COUNTED_ANEW_MS = 150.0  # and once in half a minute
OPERATORS = {
    "operators' list": "/admin/cloudaccounts/cloudaccount/",
    "operators' list, failed": "/admin/cloudaccounts/cloudaccount/?status__exact=failed",
    "operators' list, search": "/admin/cloudaccounts/cloudaccount/?q=account-000123",
    "operators' list, due soon": "/admin/cloudaccounts/cloudaccount/?rotation=warning",
    "operators' overview": "/admin/overview/",
}


def pages() -> Iterator[Result]:
    """The operators' lists hold everybody's rows, so they are measured with the few before the many come."""
    operator = _client(User.objects.create_superuser("bench-operator", password="not-used-here"))
    few, few_group = _owner_of(FEW)
    before = {name: _times(lambda a=address: _get(operator, a)) for name, address in OPERATORS.items()}  # type: ignore[misc]
    many, many_group = _owner_of(MANY)
    _settle()
    for name, address in LISTS.items():
        yield from _compare(
            name, lambda a=address: _get(many, a.format(group=many_group)),  # type: ignore[misc]
            lambda a=address: _get(few, a.format(group=few_group)),  # type: ignore[misc]
        )  # fmt: skip
    for name, address in SEARCHES.items():
        yield _late(name, _times(lambda a=address: _get(many, a)))  # type: ignore[misc]
    for name, address in COUNTED.items():
        yield from _counted(name, lambda a=address: _get(many, a))  # type: ignore[misc]
    for name, address in OPERATORS.items():
        after = _times(lambda a=address: _get(operator, a))  # type: ignore[misc]
        yield from _told(name, after, statistics.median(before[name]))


def _settle() -> None:
    """What autovacuum does when so many rows were written."""
    connection = connections["cloud_security"]
    connection.cursor().execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _counted(name: str, call: Callable[[], None]) -> Iterator[Result]:
    """As the clock has it, and by this process's own time, which others on the machine do not lengthen."""
    anew = []
    for _ in range(5):
        _forget()
        anew += _times(call, times=1, warm=False)
    taken = _times(call)
    median = statistics.median(taken) * 1000
    yield Result(f"{name}, {MANY:,} accounts", median, "ms", "lower", COUNTED_MS, "≤ 1")
    used = statistics.median(_times(call, clock=processor_time)) * 1000
    yield Result(f"{name}, {MANY:,} accounts, by processor", used, "ms", "lower", COUNTED_MS, "≤ 1")
    yield Result(
        f"{name}, {MANY:,} accounts, counted anew",
        statistics.median(anew) * 1000,
        "ms",
        "lower",
        COUNTED_ANEW_MS,
        "≤ 1",
    )


def _forget() -> None:
    CREDENTIALS.clear()
    FLEET.clear()
    STANDING.clear()
    FRAMEWORKS.clear()


def _compare(name: str, ours: Callable[[], None], theirs: Callable[[], None]) -> Iterator[Result]:
    """How many times the few's, by the time of the processor and in turns; and late ones, by the clock."""
    taken, reference = interleaved(ours, theirs, times=TIMES, clock=processor_time)
    yield Result(f"{name}, {MANY:,} / {FEW:,}", taken * 1000, "ms", "lower", reference * 1000, "≤ 1.3")
    yield _late(name, _times(ours))


def _told(name: str, taken: list[float], reference: float) -> Iterator[Result]:
    median = statistics.median(taken) * 1000
    yield Result(f"{name}, {MANY:,} / {FEW:,}", median, "ms", "lower", reference * 1000, "≤ 1.3")
    yield _late(name, taken)


def _late(name: str, taken: list[float]) -> Result:
    p95 = statistics.quantiles(taken, n=20)[18] * 1000
    return Result(f"{name}, {MANY:,}: p95", p95, "ms", "lower", P95, "≤ 1")


def _times(
    call: Callable[[], None], *, times: int = TIMES, warm: bool = True, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    if warm:
        call()
    taken = []
    for _ in range(times):
        began = clock()
        call()
        taken.append(clock() - began)
    return taken


def _get(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")


def _client(user: User) -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    return client


def _owner_of(count: int) -> tuple[Client, str]:
    """Accounts as a fleet has them: one in twenty failed (a page of the few), every age, all in one group."""
    user = User.objects.create_user(f"fleet-of-{count}", password="not-used-here")
    owner, now = str(user.pk), timezone.now()
    group = AccountGroup.objects.create(owner=owner, name="all of them", size=count)
    report = {"ok": True, "finished": True, "identity": "", "checks": [], "permissions": [], "regions": []}
    report["permissions"] = [{"service": "IAM", "permission": f"iam:Get{n}", "status": "granted"} for n in range(12)]
    for start in range(0, count, CHUNK):
        # Inserted in bulk: no signal, and so no scan, which is not what is measured here.
        rows = [
            CloudAccount(
                id=uuid4(), owner=owner, provider="aws", partition="aws", auth_method="access_keys",
                account_id=f"{count:06d}{number:06d}", name=f"account-{number:06d}",
                status="active" if number % 20 else "failed", regions=["us-east-1", "eu-west-1"], last_checked_at=now,
                last_check=report, credential_since=now - timedelta(days=number % 100),
                environment=Environment.values[number % 3], open_critical=number % 5, open_high=number % 11,
                passed_weight=1_000 + number % 77, failed_weight=number % 99,
                coverage_percent=100 if number % 4 else 80, scanned_at=now - timedelta(hours=number % 60),
            )
            for number in range(start, min(start + CHUNK, count))
        ]  # fmt: skip
        CloudAccount.objects.bulk_create(rows)
        GroupMember.objects.bulk_create(
            GroupMember(group=group.pk, account=row.pk, owner=owner, added_at=now) for row in rows
        )
    return _client(user), str(group.pk)
