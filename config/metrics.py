"""``/metrics`` for Prometheus: by token, or from this machine itself."""

from __future__ import annotations

from secrets import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from cloudaccounts.metrics import Gauges
from cloudaccounts.models import (
    CloudAccount,
    NoticeDigest,
)
from cloudaccounts.models.delivery import DigestState
from config.middleware import asks_directly

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
    # Without a token configured, `Bearer ` and nothing behind it would fit: so it is asked for first.
    if token and compare_digest(header.encode(), f"Bearer {token}".encode()):
        return True
    # Behind a proxy on this machine every visitor has a local address, so the address alone does not decide.
    return asks_directly(request)


def _gauges() -> list[tuple[str, str, tuple[str, ...], Samples]]:
    """Read from rows at most every ten seconds, however many scrapers there are."""
    gauges: list[tuple[str, str, tuple[str, ...], Samples]] | None = cache.get("metrics")
    if gauges is None:
        gauges = [*_queues(), _accounts(), _workers()]
        cache.set("metrics", gauges, timeout=10)
    return gauges


def _queues() -> list[tuple[str, str, tuple[str, ...], Samples]]:
    from cloudaccounts.jobs.turns import unserved_since  # see docs/decisions/0012
    from config.waiting import KINDS, age, heartbeat_due_since

    depth: Samples = [((kind.name,), kind.waiting().count()) for kind in KINDS]
    oldest: Samples = [
        ((kind.name,), age(kind.waiting().order_by().aggregate(first=Min("requested_at"))["first"])) for kind in KINDS
    ]
    unserved: Samples = [((kind.name,), age(unserved_since(kind))) for kind in KINDS]
    late = age(heartbeat_due_since())
    oldest.append((("heartbeats",), late))
    unserved.append((("heartbeats",), late))
    under_way: Samples = [((kind.name,), kind.running().count()) for kind in KINDS]
    under_way.append((("digests",), NoticeDigest.objects.filter(state=DigestState.SENDING).count()))
    # A digest that was not taken waits for its next try on purpose: its age counts from then.
    digests = NoticeDigest.objects.filter(state=DigestState.READY)
    depth.append((("digests",), digests.count()))
    oldest.append((("digests",), age(digests.aggregate(first=Min("due_at"))["first"])))
    return [
        ("cloud_accounts_queue_depth", "Work that waits for a worker.", ("queue",), depth),
        ("cloud_accounts_queue_oldest_seconds", "How long the first of it has waited.", ("queue",), oldest),
        (
            "cloud_accounts_queue_unserved_seconds",
            "How long the first of it has waited whose owner has nothing under way.",
            ("queue",),
            unserved,
        ),
        ("cloud_accounts_running", "Work that a worker has taken.", ("queue",), under_way),
    ]


def _accounts() -> tuple[str, str, tuple[str, ...], Samples]:
    rows = CloudAccount.objects.order_by().values("provider", "status").annotate(number=Count("id"))
    samples: Samples = [((row["provider"], row["status"]), row["number"]) for row in rows]
    return ("cloud_accounts_accounts", "Connected accounts.", ("provider", "status"), samples)


def _workers() -> tuple[str, str, tuple[str, ...], Samples]:
    from cloudaccounts.operations.workers import worker_state  # see docs/decisions/0012
    from config.waiting import QUEUES

    samples: Samples = [((queue,), float(worker_state(queue).alive)) for queue in QUEUES]
    return ("cloud_accounts_worker_alive", "Whether some worker serves the queue.", ("queue",), samples)
