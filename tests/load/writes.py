"""One user sends each writing call of the API forty times at once (`flood`), and another one reads pages meanwhile.

No answer is a 500, of forty calls that name the same state one passes, nobody waits a second for a lock, and the
other's page takes at most twice as long as before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

from rich.console import Console

from config.env import ROOT
from tests.brokers.processes import Product
from tests.load.isolation import compare
from tests.load.locks import Locks
from tests.load.person import Person
from tests.load.row import Row
from tests.load.scenes import account, row

PARTS = 4  # each after a quiet while, so that whatever else this machine does weighs on both
PAGES = 20  # of the other one before each part
PAUSE = 0.1  # seconds between two of them
LONGEST_WAIT = 1.0  # seconds for a lock
PATIENCE = 600.0  # seconds for a part
FROM_ONE_TAG = " from one tag"  # ends the name of a call that forty made of the same state
ENDS = {200, 201, 202, 204}
CHANGES_NOTHING = "PUT /api/v1/groups/{group_id}/accounts/"  # where the account is in the group


def play(console: Console, _product: Product, port: int) -> Iterator[Row]:
    alice, mallory = Person.create("alice-load", port), Person.create("mallory-load", port)
    quiet, busy = list[tuple[int, float]](), list[tuple[int, float]]()
    answers: dict[str, Counter[str]] = {}
    account(alice.owner, "alicex")
    locks = Locks()
    for _ in range(3):
        alice.page()  # each process has loaded what it needs
    with locks:
        for part in range(PARTS):
            console.print(f"part {part + 1} … (load of this machine: {os.getloadavg()[0]:.1f})", style="dim")
            quiet += [_page(alice) for _ in range(PAGES)]
            told, pages = _flood(alice, mallory, part)
            busy += pages
            answers |= {name: Counter(counted) for name, counted in told.items()}
    yield from compare("page", quiet, busy, "all writing calls at once")
    for name, counted in sorted(answers.items()):
        yield _told(name, counted)
    yield row("longest wait for a lock", [locks.longest], errors=0, fine=locks.longest <= LONGEST_WAIT)


def _flood(alice: Person, mallory: Person, part: int) -> tuple[dict[str, dict[str, int]], list[tuple[int, float]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.load", "--flood"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    given = {"owner": mallory.owner, "port": mallory.port, "cookie": mallory.cookie, "token": mallory.token}
    pages = []
    try:
        process.stdin.write(json.dumps({**given, "part": part, "parts": PARTS}) + "\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "going":
            raise RuntimeError("the one who sends all calls did not start")
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            pages.append(_page(alice))
        told: dict[str, dict[str, int]] = json.loads(process.stdout.readline())
        return told, pages
    finally:
        process.kill()
        process.wait()


def _page(person: Person) -> tuple[int, float]:
    time.sleep(PAUSE)
    return person.page()


def _told(name: str, answers: Counter[str]) -> Row:
    broken = sum(times for status, times in answers.items() if not 200 <= int(status) < 500)
    passed = sum(times for status, times in answers.items() if int(status) in ENDS)
    note = ", ".join(f"{times} × {status}" for status, times in sorted(answers.items()))
    # Two that pass from the same state: the first one's change was lost. What changes nothing leaves it as it is.
    fine = passed <= 1 or not name.endswith(FROM_ONE_TAG) or name.startswith(CHANGES_NOTHING)
    return row(name, [0.0] * sum(answers.values()), errors=broken, note=note, fine=fine)
