"""Credentials by the hundred thousand: all of them re-encrypted, all of them told by age."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from uuid import UUID, uuid4

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.credentials.reencryption import rotate_encryption_keys
from cloudaccounts.crypto.fields import Sealed, newest_key_fingerprint
from cloudaccounts.models import CloudAccount, CloudCredential
from cloudaccounts.work.databases import SECURITY
from tests.bench.result import Result

MANY = 100_000
BATCH = 1000
_VALUES = {"method": "access_keys", "access_key_id": "AKIA" + "Q2" * 8, "secret_access_key": "x" * 40}


def results(*, reencryption: bool = True, report: bool = True) -> Iterator[Result]:
    keys = list(settings.CREDENTIAL_ENCRYPTION_KEYS)
    _seed()
    try:
        if reencryption:
            yield _reencryption()
        if report:
            yield from _report()
    finally:
        with connections[SECURITY].cursor() as cursor:
            cursor.execute("DELETE FROM cloud_credentials")
            cursor.execute("DELETE FROM enhanced_cloud_accounts WHERE owner = 'bench-rotation'")
        settings.CREDENTIAL_ENCRYPTION_KEYS = keys


def _seed() -> None:
    """In bulk: no signal, and so no scan, which is not what is measured here."""
    now = timezone.now()
    fingerprint = newest_key_fingerprint()
    report = {"ok": True, "finished": True, "identity": "", "checks": [], "permissions": [], "regions": []}
    numbers = iter(range(MANY))
    while chunk := list(islice(numbers, BATCH)):
        accounts = [
            CloudAccount(
                id=uuid4(), owner="bench-rotation", provider="aws", partition="aws", auth_method="access_keys",
                status="active", account_id=f"{number:012d}", name=f"account {number}", regions=["us-east-1"],
                last_checked_at=now, last_check=report, credential_since=now - timedelta(days=number % 120),
            )
            for number in chunk
        ]  # fmt: skip
        CloudAccount.objects.bulk_create(accounts)
        CloudCredential.objects.bulk_create(
            CloudCredential(
                account_id=account.pk, kind="access_keys", label="Access key", hint="AKIA…Q2Q2",
                payload=Sealed.seal(_VALUES, bound_to=account.pk), key_fingerprint=fingerprint, created_at=now,
            )
            for account in accounts
        )  # fmt: skip


def _turn_key() -> None:
    """Older keys stay, last of all: what else is sealed keeps one that opens it, and both sides meet the right one."""
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_ENCRYPTION_KEYS]


def _reencryption() -> Result:
    """In turns, with a new key each time; the better of two each."""
    ours, bare = [], []
    for _ in range(2):
        _turn_key()
        began = time.perf_counter()
        done = rotate_encryption_keys(actor=SYSTEM)
        ours.append(MANY / (time.perf_counter() - began))
        if not done.complete or done.values < MANY:
            raise RuntimeError(f"not everything was re-encrypted: {done}")
        _turn_key()
        began = time.perf_counter()
        _bare()
        bare.append(MANY / (time.perf_counter() - began))
    name = f"{MANY:,} credentials re-encrypted / MultiFernet.rotate and a bulk write"
    return Result(name, max(ours), "values/s", "higher", max(bare), "≥ 0.5")


def _bare() -> None:
    """What a script would do with nobody else at work: read, MultiFernet.rotate, executemany."""
    ring = MultiFernet([Fernet(key) for key in settings.CREDENTIAL_ENCRYPTION_KEYS])
    last = UUID(int=0)
    connection = connections[SECURITY]
    with connection.cursor() as cursor:
        key = CloudCredential._meta.get_field("account").target_field
        while True:
            start = key.get_db_prep_value(last, connection)
            cursor.execute(
                "SELECT account_id, payload FROM cloud_credentials WHERE account_id > %s ORDER BY account_id LIMIT %s",
                [start, BATCH],
            )
            rows = cursor.fetchall()
            if not rows:
                return
            last = UUID(str(rows[-1][0]))
            with transaction.atomic(using=SECURITY):
                cursor.executemany(
                    "UPDATE cloud_credentials SET payload = %s WHERE account_id = %s",
                    [(ring.rotate(payload).decode(), row) for row, payload in rows],
                )


def _report() -> Iterator[Result]:
    for format_ in ("table", "csv", "json"):
        began = time.perf_counter()
        call_command("rotation_report", format=format_, stdout=_Nowhere())
        seconds = time.perf_counter() - began
        yield Result(f"rotation_report of {MANY:,} accounts as {format_} / 3 s", seconds, "s", "lower", 3.0, "≤ 1")
    tracemalloc.start()
    call_command("rotation_report", format="csv", stdout=_Nowhere())
    peak = tracemalloc.get_traced_memory()[1] / 1024 / 1024
    tracemalloc.reset_peak()
    call_command("rotation_report", format="csv", provider="gcp", stdout=_Nowhere())
    few = tracemalloc.get_traced_memory()[1] / 1024 / 1024
    tracemalloc.stop()
    name = f"rotation_report of {MANY:,} accounts, peak memory / of none"
    yield Result(name, peak, "MB", "lower", max(few, 1.0), "flat: a few MB")


class _Nowhere(io.StringIO):
    """Keeps nothing, so that the memory is the report's own."""

    def write(self, text: str) -> int:
        return len(text)
