"""``/healthz`` (this process answers) and ``/readyz`` (everything that it needs answers too)."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error as AnyDatabaseError
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from cloudaccounts.work.databases import is_outage
from cloudaccounts.work.threads import DatabaseThreads
from config.databases import DISCOVERY, SECURITY

_renewing = threading.Lock()
UNKNOWN = "Unknown: the database cannot be read."
FRESH = 1.0  # seconds for which a report is given again
LEAST_FREE = 100_000_000  # bytes: SQLite needs room for its journal, and a file that is half written is lost
STALE = 5  # seconds for which it is given while another one is made


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200, or 503 with a sentence for each thing that is wrong. Anybody may ask, so it names no host or path."""
    report = _recent_report()
    ready = all(state == "ok" for state in report.values())
    return JsonResponse({"ready": ready, "checks": report}, status=200 if ready else 503)


def _recent_report() -> dict[str, str]:
    """At most one a second: the page needs no login, and must not let strangers load broker and databases.

    While somebody asks regularly nobody waits for it: a busy database must not look like one that is away.
    """
    stored: tuple[float, dict[str, str]] | None = cache.get("readyz")
    # Nobody asked within `STALE` seconds: this caller waits for a new report rather than be given an old one.
    if stored is None:
        return _renew()
    made_at, report = stored
    if time.monotonic() - made_at > FRESH and _renewing.acquire(blocking=False):
        threading.Thread(target=_renew_aside, name="readyz", daemon=True).start()
    return report


def _renew() -> dict[str, str]:
    report = _report()
    cache.set("readyz", (time.monotonic(), report), timeout=STALE)
    return report


def _renew_aside() -> None:
    try:
        _renew()
    finally:
        connections.close_all()  # this thread's own
        _renewing.release()


def _report() -> dict[str, str]:
    from config.waiting import QUEUES  # see docs/decisions/0012

    report = {f"database {alias}": state for alias, state in _databases().items()}
    # Else each further question would wait for its timeout.
    readable = report[f"database {SECURITY}"] == report[f"database {DISCOVERY}"] == "ok"
    report["disk"] = _disk()
    report["broker"] = _broker()
    report |= {f"worker {queue}": _worker(queue) if readable else UNKNOWN for queue in QUEUES}
    report["encryption key"] = _key() if readable else UNKNOWN
    return report


def _databases() -> dict[str, str]:
    aliases = list(settings.DATABASES)
    if all(connections[alias].vendor == "sqlite" for alias in aliases):
        return {alias: _database(alias) for alias in aliases}
    # At the same time: each that is away takes its whole timeout.
    with DatabaseThreads(len(aliases), "readyz") as pool:
        return dict(zip(aliases, pool.map(_database, aliases), strict=True))


def _database(alias: str) -> str:
    try:
        # A table that every engine has: MongoDB's backend offers no other portable query.
        prepared = MigrationRecorder.Migration.objects.using(alias).exists()
    except AnyDatabaseError as error:
        if is_outage(error):
            return "The database cannot be reached."
        prepared = False
    return "ok" if prepared else f"Its tables are missing: run manage.py migrate --database {alias}."


def _disk() -> str:
    """Of this machine's own folders. A database server's full disk shows as workers that are not heard of."""
    folders = {Path(settings.DATA_DIR), Path(settings.METRICS_DIR)}
    for alias in settings.DATABASES:
        if connections[alias].vendor == "sqlite":
            folders.add(Path(str(connections[alias].settings_dict["NAME"])).parent)
    try:
        least = min(shutil.disk_usage(folder).free for folder in folders if folder.is_dir())
    except (OSError, ValueError):
        return "How much space is free where the data lies cannot be read."
    if least >= LEAST_FREE:
        return "ok"
    free, needed = least // 1_000_000, LEAST_FREE // 1_000_000
    return f"The disk is full: {free} MB are free where the data lies, and {needed} MB are needed."


def _broker() -> str:
    # Limited to seconds: whoever polls this page needs an answer, also while the broker drops packets.
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
        if settings.CELERY_BROKER_URL.startswith("filesystem:"):
            _write_beside_messages(Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"])))
    except (OperationalError, OSError):
        return "The message broker cannot be reached: work waits in the database until it is back."
    return "ok"


def _write_beside_messages(folder: Path) -> None:
    """The transport of files has no connection to test: writing a file shows whether it works. Raises OSError."""
    # A worker reads names that end with .msg alone. With content: a full disk still takes an empty file.
    with tempfile.NamedTemporaryFile(prefix=".probe-", dir=folder) as probe:
        probe.write(b"x" * 4096)
        probe.flush()


def _worker(queue: str) -> str:
    from cloudaccounts.operations.workers import worker_state  # see docs/decisions/0012
    from config.waiting import stuck

    try:
        if worker_state(queue).alive:
            return stuck(queue) or "ok"
    except AnyDatabaseError:
        return UNKNOWN
    return f"No worker serves the queue {queue!r}: start one, and waiting work continues automatically."


def _key() -> str:
    from cloudaccounts.operations.workers import confirm_key  # see docs/decisions/0012

    try:
        wrong = confirm_key()
    except AnyDatabaseError:
        return UNKNOWN
    return "ok" if wrong is None else f"{wrong.cause} {wrong.remedy}"
