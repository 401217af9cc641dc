"""``/metrics`` for Prometheus: by token, or from this machine itself."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from secrets import compare_digest
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db.models import Count, Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cloudaccounts.metrics import Gauges
from cloudaccounts.models import (
    CloudAccount,
    ConnectionCheck,
    CredentialRotation,
    Job,
    NoticeDigest,
    Organization,
)
from cloudaccounts.models.check import CheckState
from cloudaccounts.models.delivery import DigestState
from cloudaccounts.models.job import JobState
from cloudaccounts.models.organization import SyncState
from cloudaccounts.models.rotation import RotationStage
from cloudaccounts.operations.workers import worker_state
from config.health import QUEUES
from config.middleware import FORWARDED
from scans.models import ScanRun, ScanStatus
from wizard.models import ValidationState, WizardSession

Samples = list[tuple[tuple[str, ...], float]]


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """404 for whoever has no token, or came through a proxy: strangers need not know that it exists."""
    if not _is_allowed(request):
        raise Http404
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    # A registry for this answer alone: the files of all processes of this host are added up when somebody asks.
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=settings.METRICS_DIR)  # type: ignore[no-untyped-call]
    registry.register(Gauges(_gauges()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_allowed(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    header = request.headers.get("Authorization", "")
    # In constant time, so that answers do not reveal how much of a guess was right.
    if token and compare_digest(header.encode(), f"Bearer {token}".encode()):
        return True
    # Behind a proxy on this machine every visitor has a local address. Headers of an untrusted proxy are removed by
    # config.middleware, which leaves a mark instead.
    if request.META.get("FORWARDED_UNTRUSTED") or any(name in request.META for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _gauges() -> list[tuple[str, str, tuple[str, ...], Samples]]:
    """Read from rows at most every ten seconds, however many scrapers there are."""
    gauges: list[tuple[str, str, tuple[str, ...], Samples]] | None = cache.get("metrics")
    if gauges is None:
        gauges = [*_queues(), _accounts(), _workers()]
        cache.set("metrics", gauges, timeout=10)
    return gauges


def _queues() -> list[tuple[str, str, tuple[str, ...], Samples]]:
    waiting: dict[str, QuerySet[Any]] = {
        "checks": ConnectionCheck.objects.filter(state=CheckState.QUEUED),
        "scans": ScanRun.objects.filter(status=ScanStatus.QUEUED),
        "jobs": Job.objects.filter(state=JobState.QUEUED),
        "rotations": CredentialRotation.objects.filter(state=RotationStage.QUEUED),
        "organizations": Organization.objects.filter(sync_state=SyncState.QUEUED),
        "validations": WizardSession.objects.filter(validation=ValidationState.QUEUED),
    }
    running: dict[str, QuerySet[Any]] = {
        "checks": ConnectionCheck.objects.filter(state=CheckState.RUNNING),
        "scans": ScanRun.objects.filter(status=ScanStatus.RUNNING),
        "jobs": Job.objects.filter(state=JobState.RUNNING),
        "rotations": CredentialRotation.objects.filter(state=RotationStage.RUNNING),
        "organizations": Organization.objects.filter(sync_state=SyncState.RUNNING),
        "validations": WizardSession.objects.filter(validation=ValidationState.RUNNING),
        "digests": NoticeDigest.objects.filter(state=DigestState.SENDING),
    }
    depth: Samples = [((name,), rows.count()) for name, rows in waiting.items()]
    oldest: Samples = [
        ((name,), _age(rows.aggregate(first=Min("requested_at"))["first"])) for name, rows in waiting.items()
    ]
    # A digest that was not taken waits for its next try on purpose: its age counts from then.
    digests = NoticeDigest.objects.filter(state=DigestState.READY)
    depth.append((("digests",), digests.count()))
    oldest.append((("digests",), _age(digests.aggregate(first=Min("due_at"))["first"])))
    under_way: Samples = [((name,), rows.count()) for name, rows in running.items()]
    return [
        ("cloud_accounts_queue_depth", "Work that waits for a worker.", ("queue",), depth),
        ("cloud_accounts_queue_oldest_seconds", "How long the first of it has waited.", ("queue",), oldest),
        ("cloud_accounts_running", "Work that a worker has taken.", ("queue",), under_way),
    ]


def _age(since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (timezone.now() - since).total_seconds())


def _accounts() -> tuple[str, str, tuple[str, ...], Samples]:
    rows = CloudAccount.objects.order_by().values("provider", "status").annotate(number=Count("id"))
    samples: Samples = [((row["provider"], row["status"]), row["number"]) for row in rows]
    return ("cloud_accounts_accounts", "Connected accounts.", ("provider", "status"), samples)


def _workers() -> tuple[str, str, tuple[str, ...], Samples]:
    samples: Samples = [((queue,), float(worker_state(queue).alive)) for queue in QUEUES]
    return ("cloud_accounts_worker_alive", "Whether some worker serves the queue.", ("queue",), samples)
