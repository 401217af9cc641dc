"""One user does his worst; what another one feels of it: a page, a validation by API, a heartbeat."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rich.console import Console

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.jobs.runner import start_job
from cloudaccounts.models import CloudAccount, ConnectionCheck, Job
from cloudaccounts.models.job import JobState
from cloudaccounts.tokens.services import create_token
from tests.brokers.processes import Product
from tests.load.row import Row
from tests.load.scenes import account, fetch, row
from tests.stack import wait_for
from tests.toycloud.provider import STATE
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.editing import create_wizard_session
from wizard.drafts.validation import request_validation

TIMES = 30  # measurements of each kind
HELD = [f"mm{letter}{other}mm" for letter in "abcdef" for other in "abcd"]  # accounts whose cloud never answers
MOST = 2.0  # times the quiet p95
FLOOR_MS = 25.0  # below this nobody feels a doubling
JOBS, DRAFTS, PAGES, CALLS = 120, 60, 16, 80


class Person:
    """Somebody with a browser and a token."""

    def __init__(self, name: str, port: int) -> None:
        self.user = User.objects.create_user(name)
        client = Client()
        client.force_login(self.user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        _, self.token = create_token(owner=str(self.user.pk), actor=SYSTEM, name="load", scope="write")
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={cookie.value}"
        self.port = port

    def page(self) -> tuple[int, float]:
        return fetch(self.port, "GET", "/accounts/", Cookie=self.cookie)

    def call(self, path: str, body: object = None) -> tuple[int, float]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = b"" if body is None else json.dumps(body).encode()
        return fetch(self.port, "POST", f"/api/v1/cloud-accounts/{path}", data, **headers)

    def validate(self, account_id: str = "alicea") -> tuple[int, float]:
        return self.call("validate", _toybox(account_id))


def _toybox(account_id: str) -> dict[str, object]:
    return {
        "provider": "toy", "account_id": account_id, "name": "one", "environment": "production", "regions": ["left"],
        "auth_method": "token", "credentials": {"token": STATE.good_token},
    }  # fmt: skip


def play(console: Console, product: Product, port: int) -> Iterator[Row]:
    alice, mallory = Person("alice-load", port), Person("mallory-load", port)
    watched = account(alice.user, "alicex")
    held = [account(mallory.user, name) for name in HELD]
    for name in HELD:
        product.hold(name)
    try:
        console.print(f"quiet … (load of this machine: {os.getloadavg()[0]:.1f})", style="dim")
        quiet = _measure(alice, watched)
        console.print(f"one user does his worst … (load: {os.getloadavg()[0]:.1f})", style="dim")
        with _worst(mallory, held):
            busy = _measure(alice, watched)
            probes = [fetch(port, "GET", path) for path in ("/healthz", "/readyz") for _ in range(TIMES)]
    finally:
        for name in HELD:
            product.release(name)
    for what in quiet:
        yield from _compare(what, quiet[what], busy[what])
    yield row("probes meanwhile", [seconds for _, seconds in probes], errors=sum(status != 200 for status, _ in probes))


def _compare(what: str, quiet: list[tuple[int, float]], busy: list[tuple[int, float]]) -> Iterator[Row]:
    calm = row(f"{what}, quiet", [seconds for _, seconds in quiet], errors=sum(status != 200 for status, _ in quiet))
    yield calm
    late = row(f"{what}, one does his worst", [s for _, s in busy], errors=sum(status != 200 for status, _ in busy))
    ratio = late.p95_ms / max(calm.p95_ms, FLOOR_MS)
    yield row(late.name, [s for _, s in busy], errors=late.errors, note=f"p95 {ratio:.1f} x quiet", fine=ratio <= MOST)


def _measure(alice: Person, watched: str) -> dict[str, list[tuple[int, float]]]:
    return {
        "page": [alice.page() for _ in range(TIMES)],
        "validation": [alice.validate() for _ in range(TIMES)],
        "stored account": [alice.call(f"{watched}/revalidate") for _ in range(TIMES)],
        "heartbeat": [_heartbeat(watched) for _ in range(3)],
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
def _worst(mallory: Person, held: list[str]) -> Iterator[None]:
    """Calls that hang, jobs, drafts and pages, all at once, for as long as the block takes."""
    stop = threading.Event()
    numbers = count()

    def again(act: Callable[[], object]) -> None:
        while not stop.is_set():
            act()

    def job() -> None:
        keys = [(str(uuid4()), "x") for _ in range(3)]
        try:
            start_job(
                owner=str(mallory.user.pk), actor=SYSTEM, kind="fleet.revalidate", title="x", items=keys, options={}
            )
        except ProviderError:
            time.sleep(0.2)  # as the limit says

    owner = str(mallory.user.pk)
    for number in range(DRAFTS):
        name = HELD[number % len(HELD)]
        content = DraftContent(steps={
            "provider": {"provider": "toy"},
            "environment": {"account_id": name, "partition": "shelf", "name": name, "environment": "production",
                            "regions": ["left"]},
            "authentication": {"method": "token", "token-token": STATE.good_token},
        })  # fmt: skip
        draft = create_wizard_session(owner, content)
        request_validation(draft, content)
    for number in range(JOBS):
        try:
            start_job(
                owner=owner, actor=SYSTEM, kind="fleet.revalidate", title=f"{number}",
                items=[(held[number % len(held)], "x"), (str(uuid4()), "y")], options={},
            )  # fmt: skip
        except ProviderError:
            break
    CloudAccount.objects.filter(pk__in=held).update(next_check_at=timezone.now())
    acts: list[Callable[[], object]] = [mallory.page] * PAGES
    acts += [lambda: mallory.call(f"{held[next(numbers) % len(held)]}/revalidate")] * (CALLS // 2)
    acts += [lambda: mallory.validate(HELD[next(numbers) % len(HELD)])] * (CALLS // 2)
    with ThreadPoolExecutor(len(acts) + 1) as pool:
        for act in [*acts, job]:
            pool.submit(again, act)
        time.sleep(5)
        try:
            yield
        finally:
            stop.set()
            Job.objects.filter(owner=owner).update(state=JobState.CANCELLED, active_key=None)
            ConnectionCheck.objects.filter(owner=owner, state="queued").update(state="abandoned", active_account=None)
