"""One user does his worst; what another one feels of it: a page, a validation by API, a heartbeat.

The one who measures, the one who does his worst (`worst`) and the product's own processes are processes apart, and the
toy cloud, which answers within the product, takes no time: so what each took of the processor is told for each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone
from rich.console import Console

from cloudaccounts.models import CallInFlight, CloudAccount, ConnectionCheck
from config.env import ROOT
from tests.brokers.processes import Product, processor_of
from tests.load.person import HELD, Person, fetch
from tests.load.row import Row
from tests.load.scenes import account, row
from tests.stack import wait_for

ROUNDS = 3  # each quiet and then worst, so that whatever else this machine does weighs on both
TIMES = 20  # measurements of each kind in a round
MOST = 2.0  # times the quiet p95
FLOOR_MS = 25.0  # below this nobody feels a doubling


@dataclass
class Phase:
    """What was measured, and what each process took of the processor meanwhile."""

    taken: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    seconds: float = 0.0
    processor: dict[str, float] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)  # that the other one had

    def add(self, other: Phase) -> None:
        self.seconds += other.seconds
        for what, measured in other.taken.items():
            self.taken.setdefault(what, []).extend(measured)
        for name, used in other.processor.items():
            self.processor[name] = self.processor.get(name, 0.0) + used
        for answer, times in other.answers.items():
            self.answers[answer] = self.answers.get(answer, 0) + times

    def told(self) -> str:
        parts = [f"{name} {used:.1f}" for name, used in sorted(self.processor.items(), key=lambda item: -item[1])]
        return f"seconds of the processor in {self.seconds:.0f} s on {os.cpu_count()}: {', '.join(parts)}"


def play(console: Console, product: Product, port: int) -> Iterator[Row]:
    alice, mallory = Person.create("alice-load", port), Person.create("mallory-load", port)
    watched = account(alice.owner, "alicex")
    held = [account(mallory.owner, name) for name in HELD]
    _measure(alice, watched, times=3)  # each process has loaded what it needs
    quiet, busy = Phase(), Phase()
    probes: list[tuple[int, float]] = []
    for number in range(ROUNDS):
        console.print(f"round {number + 1}: quiet … (load of this machine: {os.getloadavg()[0]:.1f})", style="dim")
        quiet.add(_phase(product, alice, watched))
        console.print("one user does his worst …", style="dim")
        with _held(product), _worst(mallory, held) as (other, answers):
            phase = _phase(product, alice, watched, other.pid)
            probes += [fetch(port, "GET", path) for path in ("/healthz", "/readyz") for _ in range(TIMES)]
        phase.answers = answers
        busy.add(phase)
        _settle(mallory.owner)
    for what in quiet.taken:
        yield from compare(what, quiet.taken[what], busy.taken[what], "one does his worst")
    yield row("probes meanwhile", [seconds for _, seconds in probes], errors=sum(status != 200 for status, _ in probes))
    yield row("quiet", [quiet.seconds], errors=0, note=quiet.told())
    had = ", ".join(f"{times} × {what}" for what, times in sorted(busy.answers.items()))
    yield row("one does his worst", [busy.seconds], errors=0, note=f"{busy.told()}; answers: {had}")


@contextmanager
def _held(product: Product) -> Iterator[None]:
    for name in HELD:
        product.hold(name)
    try:
        yield
    finally:
        for name in HELD:
            product.release(name)


def _settle(owner: str) -> None:
    """Until nothing of the one who did his worst is under way: else it would weigh on the quiet round that follows."""

    def at_rest() -> bool:
        calls = CallInFlight.objects.filter(owner=owner, claim__isnull=False)
        checks = ConnectionCheck.objects.filter(owner=owner, state__in=("queued", "running"))
        return not calls.exists() and not checks.exists()

    wait_for(at_rest, seconds=120, what="the end of his work")


def compare(what: str, quiet: list[tuple[int, float]], busy: list[tuple[int, float]], meanwhile: str) -> Iterator[Row]:
    calm = row(f"{what}, quiet", [seconds for _, seconds in quiet], errors=sum(status != 200 for status, _ in quiet))
    yield calm
    late = row(f"{what}, {meanwhile}", [s for _, s in busy], errors=sum(status != 200 for status, _ in busy))
    ratio = late.p95_ms / max(calm.p95_ms, FLOOR_MS)
    yield row(late.name, [s for _, s in busy], errors=late.errors, note=f"p95 {ratio:.1f} x quiet", fine=ratio <= MOST)


def _phase(product: Product, alice: Person, watched: str, other: int | None = None) -> Phase:
    def used() -> dict[str, float]:
        processes = product.processor() | ({"the other one": processor_of(other)} if other else {})
        return processes | {"who measures": time.process_time()}

    before, began = used(), time.monotonic()
    taken = _measure(alice, watched)
    seconds, after = time.monotonic() - began, used()
    return Phase(taken, seconds, {name: after[name] - before[name] for name in after})


def _measure(alice: Person, watched: str, times: int = TIMES) -> dict[str, list[tuple[int, float]]]:
    return {
        "page": [alice.page() for _ in range(times)],
        "validation": [alice.validate() for _ in range(times)],
        "stored account": [alice.call(f"{watched}/revalidate") for _ in range(times)],
        "heartbeat": [_heartbeat(watched) for _ in range(max(1, times // 10))],
    }


def _heartbeat(watched: str) -> tuple[int, float]:
    """From the moment when it is due. The scheduler asks each 15 seconds."""
    now = timezone.now()
    later = now + timedelta(days=1)
    CloudAccount.objects.filter(pk=watched).update(next_check_at=now, next_report_at=later)
    began = time.perf_counter()

    def checked() -> bool:
        return CloudAccount.objects.filter(pk=watched, last_checked_at__gt=now).exists()

    wait_for(checked, seconds=120, what="the heartbeat")
    return 200, time.perf_counter() - began


@contextmanager
def _worst(mallory: Person, held: list[str]) -> Iterator[tuple[subprocess.Popen[str], dict[str, int]]]:
    """Calls that hang, jobs, drafts and pages, all at once, for as long as the block takes; the answers, afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.load", "--worst"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    answers: dict[str, int] = {}
    given = {"owner": mallory.owner, "port": mallory.port, "cookie": mallory.cookie, "token": mallory.token}
    try:
        process.stdin.write(json.dumps({**given, "held": held}) + "\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "going":
            raise RuntimeError("the one who does his worst did not start")
        yield process, answers
        process.stdin.close()
        answers |= json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
