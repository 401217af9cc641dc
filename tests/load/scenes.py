"""The two scenes: many who add one account at once, and people who read pages while scans queue."""

from __future__ import annotations

import json
import random
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from itertools import product as combinations
from string import ascii_lowercase
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rich.console import Console

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.vault import store
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.tokens.services import create_token
from scans.models import ScanRun, ScanStatus
from tests.brokers.processes import Product
from tests.load.person import fetch, toybox
from tests.load.row import Row
from tests.stack import wait_for
from tests.toycloud.provider import STATE

AT_ONCE = 200
PEOPLE, EACH = 50, 10  # accounts; each asks for its first scan by itself
RETRY = 2.0  # seconds, of Retry-After
BROWSE = 60.0  # seconds
THINK = (1.0, 3.0)  # seconds between two pages of one person
PAGES = ("accounts", "account", "findings")


def row(name: str, seconds: list[float], *, errors: int, note: str = "", fine: bool = True) -> Row:
    taken = sorted(second * 1000 for second in seconds) or [0.0]
    p95 = statistics.quantiles(taken, n=20)[18] if len(taken) > 1 else taken[0]
    return Row(name, len(seconds), errors, statistics.median(taken), p95, taken[-1], note, fine and not errors)


def start(product: Product, port: int) -> None:
    for alias in settings.DATABASES:
        call_command("migrate", database=alias, verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    product.web(port)
    for name in ("worker", "hearts", "scanner", "fleet"):
        product.worker(name)
    product.beat()
    wait_for(lambda: fetch(port, "GET", "/readyz")[0] == 200, seconds=60, what="readiness")


def play(console: Console, product: Product, port: int) -> list[Row]:
    console.print(f"{AT_ONCE} at once add one account …", style="dim")
    adding = _add_at_once(port)
    console.print(f"{PEOPLE} people browse while {PEOPLE * EACH} scans queue …", style="dim")
    product.hold()  # the scans queue up until people begin
    people = [_person(number) for number in range(PEOPLE)]
    product.release()
    return [adding, *_browse(port, people)]


def _add_at_once(port: int) -> Row:
    owner = User.objects.create_user("load-api")
    _, token = create_token(owner=str(owner.pk), actor=SYSTEM, name="load", scope="write")
    body = json.dumps(toybox("zzzzzz")).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: _patiently(port, body, headers), range(AT_ONCE)))
    statuses = Counter(status for status, _ in answers)
    wrong = sum(times for status, times in statuses.items() if status not in (201, 409))
    note = ", ".join(f"{times} × {status}" for status, times in sorted(statuses.items()))
    seconds = [taken for _, taken in answers]
    return row(f"{AT_ONCE} adds of one account", seconds, errors=wrong, note=note, fine=statuses[201] == 1)


def _patiently(port: int, body: bytes, headers: dict[str, str]) -> tuple[int, float]:
    """As a client does that takes 429 for what it is: the call is sent again, and its time counts from the first."""
    began = time.perf_counter()
    while True:
        status, _ = fetch(port, "POST", "/api/v1/cloud-accounts/", body, **headers)
        if status != 429:
            return status, time.perf_counter() - began
        time.sleep(RETRY)


@dataclass(frozen=True, slots=True)
class Person:
    cookie: str
    accounts: list[str]


_names = combinations(ascii_lowercase, repeat=6)


def _person(number: int) -> Person:
    user = User.objects.create_user(f"load-{number}")
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    accounts = [account(str(user.pk), "".join(letters)) for letters in islice(_names, EACH)]
    return Person(f"{settings.SESSION_COOKIE_NAME}={cookie.value}", accounts)


def account(owner: str, account_id: str) -> str:
    """As onboarding leaves it; the first scan is asked for by the signal."""
    now = timezone.now()
    account = CloudAccount(
        id=uuid4(), owner=owner, provider="toy", account_id=account_id, name=account_id, partition="shelf",
        regions=["left", "right"], auth_method="token", status=CloudAccountStatus.ACTIVE, credential_since=now,
    )  # fmt: skip
    account.save(force_insert=True)
    store(
        account=account, credentials=Credentials("token", {"token": STATE.good_token}),
        facts=CredentialFacts(kind="Token"), since=now, actor=SYSTEM,
    )  # fmt: skip
    return str(account.pk)


def _browse(port: int, people: list[Person]) -> Iterator[Row]:
    taken: dict[str, list[float]] = defaultdict(list)
    errors: Counter[str] = Counter()
    lock = threading.Lock()
    queued = ScanRun.objects.filter(status=ScanStatus.QUEUED).count()
    until = time.monotonic() + BROWSE

    def browse(person: Person) -> None:
        chance = random.Random(person.cookie)  # noqa: S311  # who reads what when, guards nothing
        time.sleep(chance.uniform(0, THINK[1]))
        while time.monotonic() < until:
            page = chance.choice(PAGES)
            path = f"/accounts/{chance.choice(person.accounts)}/" if page == "account" else f"/{page}/"
            status, seconds = fetch(port, "GET", path, Cookie=person.cookie)
            with lock:
                taken[page].append(seconds)
                errors[page] += status != 200
            time.sleep(chance.uniform(*THINK))

    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(browse, people))
    done = ScanRun.objects.filter(status=ScanStatus.COMPLETED).count()
    failed = ScanRun.objects.filter(status=ScanStatus.FAILED).count()
    yield row(
        "all pages", [second for page in PAGES for second in taken[page]], errors=sum(errors.values()),
        note=f"{queued} scans queued at the start, {done} completed and {failed} failed at the end",
        fine=queued > PEOPLE * EACH / 2 and failed == 0,
    )  # fmt: skip
    for page in PAGES:
        yield row(f"page: {page}", taken[page], errors=errors[page])
