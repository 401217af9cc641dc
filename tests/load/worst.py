"""The one who does his worst, in a process of his own: who measures must not share an interpreter with him, and his
processor's time is none of the product's.

Reads ``{"owner", "port", "cookie", "token", "held"}`` from its standard input, writes "going" when all is under way,
goes on until its input ends, and then writes how often it had which answer.

The variable ``LOAD_WORST`` (such as ``page,check``) leaves him those of his deeds alone, to see which does what.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from uuid import uuid4

from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import CloudAccount, ConnectionCheck, Job
from cloudaccounts.models.job import JobState
from teams.scope import Scope
from tests.load.person import HELD, Person
from tests.toycloud.provider import STATE
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.editing import create_wizard_session
from wizard.drafts.validation import request_validation

JOBS, DRAFTS, PAGES, CALLS = 120, 60, 16, 80
DEEDS = ("page", "check", "validation", "job", "draft", "heartbeat")


def main() -> None:
    given = json.loads(sys.stdin.readline())
    mallory, held = Person(given["owner"], given["port"], given["cookie"], given["token"]), given["held"]
    stop, answers = threading.Event(), Counter[str]()
    lock, numbers = threading.Lock(), count()

    def again(what: str, act: Callable[[], tuple[int, float]]) -> None:
        while not stop.is_set():
            status, _ = act()
            with lock:
                answers[f"{what} {status}"] += 1

    deeds = [deed for deed in os.environ.get("LOAD_WORST", ",".join(DEEDS)).split(",") if deed]
    _fill_queues(mallory.owner, held, deeds)
    acts: list[tuple[str, Callable[[], tuple[int, float]]]] = [("page", mallory.page)] * PAGES
    acts += [("check", lambda: mallory.call(f"{held[next(numbers) % len(held)]}/revalidate"))] * (CALLS // 2)
    acts += [("validation", lambda: mallory.validate(HELD[next(numbers) % len(HELD)]))] * (CALLS // 2)
    acts += [("job", lambda: _job(mallory.owner))]
    acts = [(what, act) for what, act in acts if what in deeds]
    with ThreadPoolExecutor(len(acts) or 1) as pool:
        for what, act in acts:
            pool.submit(again, what, act)
        time.sleep(5)
        print("going", flush=True)  # noqa: T201
        sys.stdin.read()
        stop.set()
        Job.objects.filter(owner=mallory.owner).update(state=JobState.CANCELLED, active_key=None)
        waiting = ConnectionCheck.objects.filter(owner=mallory.owner, state="queued")
        waiting.update(state="abandoned", active_account=None)
        print(json.dumps(answers), flush=True)  # noqa: T201


def _fill_queues(owner: str, held: list[str], deeds: list[str]) -> None:
    for number in range(DRAFTS if "draft" in deeds else 0):
        name = HELD[number % len(HELD)]
        content = DraftContent(steps={
            "provider": {"provider": "toy"},
            "environment": {"account_id": name, "partition": "shelf", "name": name, "environment": "production",
                            "regions": ["left"]},
            "authentication": {"method": "token", "token-token": STATE.good_token},
        })  # fmt: skip
        draft = create_wizard_session(Scope(owner), content)
        request_validation(draft, content)
    for number in range(JOBS if "job" in deeds else 0):
        try:
            start_job(
                scope=Scope(owner), actor=SYSTEM, kind="fleet.revalidate", title=f"{number}",
                items=[(held[number % len(held)], "x"), (str(uuid4()), "y")], options={},
            )  # fmt: skip
        except ProviderError:  # as many as the team may have
            break
    if "heartbeat" in deeds:
        CloudAccount.objects.filter(pk__in=held).update(next_check_at=timezone.now())


def _job(owner: str) -> tuple[int, float]:
    began = time.perf_counter()
    keys = [(str(uuid4()), "x") for _ in range(3)]
    try:
        start_job(scope=Scope(owner), actor=SYSTEM, kind="fleet.revalidate", title="x", items=keys, options={})
    except ProviderError:
        time.sleep(0.2)  # as the limit says
        return 429, time.perf_counter() - began
    return 201, time.perf_counter() - began
