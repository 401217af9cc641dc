"""Lanes: who waits for whom in a web process, so that nobody's requests hold up somebody else's (docs/decisions/0015).

gunicorn runs this file without importing it (see config/gunicorn.conf.py), so it imports nothing of ours at its head.
"""

from __future__ import annotations

import hashlib
import ipaddress
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence

Work = Callable[[], None]
CALLER = "cloudaccounts.caller"  # key in the WSGI environment: who was signed in, as config.middleware saw it
CROWDED_FOR = 10.0  # seconds after a request of somebody else
# Of a processor, over all web processes of a host, while others come too, for a caller who sends several requests at
# once; who sends one after the other takes half of what there is at most, and is not held back.
PART = 0.25
BURST = 0.5  # seconds of the processor in advance, in each process: a page and what it loads
LONGEST_REST = 2.0  # seconds: a report that computes for long must not shut its reader out
# Seconds that a caller with several requests under way waits for another one's only request, from when that begins: a
# page takes less. Two threads that compute take twice as long each, so the other one's page would be twice as late.
YIELD = 0.2
YIELD_MOST = 0.25  # and seconds that one waits at most between two requests of one's own, however many others come
# A bound on memory. Whoever falls out is a stranger at an address until the next answer confirms the credential again.
_REMEMBERED = 10_000  # credentials whose callers are known


class _Request:
    __slots__ = ("refuse", "since", "work")

    def __init__(self, work: Work, refuse: Work) -> None:
        self.work, self.refuse, self.since = work, refuse, time.monotonic()


class _Crowd:
    """Whether more than one caller has come of late."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()  # callers, the latest last

    def note(self, caller: str) -> None:
        self._seen[caller] = time.monotonic()
        self._seen.move_to_end(caller)
        while len(self._seen) > 2:  # the latest two tell whether there are others
            self._seen.popitem(last=False)

    def __bool__(self) -> bool:
        return len(self._seen) > 1 and time.monotonic() - next(iter(self._seen.values())) < CROWDED_FOR


class Company:
    """Who else is here: one for all lanes of a process, whose threads share one interpreter and so one processor.

    Two threads that compute take twice as long each, in whichever lane they are. So, while others come too, a caller
    who has several requests under way gets a part of the processor: behind what is beyond, the next one waits. And it
    waits, for a moment, while a request of somebody is answered who has sent no other.

    ``processes`` is how many of them share the work.
    """

    def __init__(self, processes: int = 1) -> None:
        self._part = PART / processes
        self._crowd = _Crowd()
        self._under_way: Counter[str] = Counter()
        # (seconds of the processor, when) of each caller: it grows by the part each second, up to BURST.
        self._credits: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._usual: dict[str, float] = {}  # seconds that one request of a caller took, of late
        self._lone: dict[str, float] = {}  # callers whose only request is being answered, and when it began
        self._began: dict[str, float] = {}  # when the latest request began, of callers who have any under way
        self._lock = threading.Lock()

    def comes(self, caller: str) -> None:
        with self._lock:
            self._under_way[caller] += 1
            self._lone.pop(caller, None)
            self._crowd.note(caller)

    def begins(self, caller: str) -> float:
        """Charges what requests of this caller took of late, so that those in other threads do not begin as well.

        Returns it for `goes`, which settles the difference.
        """
        with self._lock:
            usual = self._usual.get(caller, 0.0)
            self._charge(caller, usual)
            self._began[caller] = time.monotonic()
            if self._under_way[caller] == 1:
                self._lone[caller] = self._began[caller]
            return usual

    def goes(self, caller: str, used: float = 0.0, charged: float = 0.0) -> None:
        """``used``: seconds of the processor that its request took, 0 where it was refused."""
        with self._lock:
            self._under_way[caller] -= 1
            self._lone.pop(caller, None)
            if not self._under_way[caller]:
                del self._under_way[caller]
                self._began.pop(caller, None)
            if used:
                self._usual[caller] = (self._usual.get(caller, used) + used) / 2
                self._charge(caller, used - charged)

    def rest(self, caller: str) -> float:
        """Seconds until a request of this caller, of whom one waits, may begin; 0 where it may now."""
        with self._lock:
            if self._under_way[caller] < 2 or not self._crowd:
                return 0.0
            now = time.monotonic()
            until = min(max(self._lone.values(), default=0.0) + YIELD, self._began.get(caller, 0.0) + YIELD_MOST)
            return max(0.0, -self._credit(caller, now) / self._part, until - now)

    def _charge(self, caller: str, seconds: float) -> None:
        now = time.monotonic()
        self._credits[caller] = max(-LONGEST_REST * self._part, min(BURST, self._credit(caller, now) - seconds)), now
        self._credits.move_to_end(caller)
        while len(self._credits) > _REMEMBERED:
            self._usual.pop(self._credits.popitem(last=False)[0], None)

    def _credit(self, caller: str, now: float) -> float:
        credit, since = self._credits.get(caller, (BURST, now))
        return min(BURST, credit + (now - since) * self._part)


class Lane:
    """Threads for one kind of request. Callers get them in turn, and no caller gets all of them.

    ``share`` is how many requests of one caller run at the same time, ``crowded`` how many while somebody else sends
    requests too: each more would take the processor from the other. ``most`` is how many may run or wait, ``patience``
    how many seconds they wait. A quarter of the threads is left to callers of whom nothing runs: whoever comes newly
    need not wait for those who are busy.
    """

    def __init__(
        self,
        name: str,
        *,
        threads: int,
        share: int,
        most: int,
        patience: float = float("inf"),
        crowded: int | None = None,
        company: Company | None = None,
    ) -> None:
        self.name = name
        self._threads = threads
        self._share = max(1, share)
        self._crowded = self._share if crowded is None else crowded
        self._company = company or Company()
        self._crowd = _Crowd()  # of this lane: whoever is elsewhere needs none of its threads
        self._most = max(1, most)
        self._kept_free = threads // 4
        self._patience = patience
        self._waiting: OrderedDict[str, deque[_Request]] = OrderedDict()  # by caller, whose turn it is first
        self._running: Counter[str] = Counter()
        self._idle = self._started = 0
        self._changed = threading.Condition()

    def submit(self, caller: str, work: Work, refuse: Work) -> bool:
        """False where the caller has as much under way as one may: then neither is called. Else one of them will be."""
        with self._changed:
            queue = self._waiting.get(caller)
            if self._running[caller] + (len(queue) if queue else 0) >= self._most:
                return False
            self._company.comes(caller)
            self._crowd.note(caller)
            self._waiting.setdefault(caller, deque()).append(_Request(work, refuse))
            if self._idle == 0 and self._started < self._threads:
                self._started += 1
                # Daemons: a thread that hangs must not keep the process from ending.
                threading.Thread(target=self._serve, name=f"{self.name}-{self._started}", daemon=True).start()
            self._changed.notify()
        return True

    def refuse_late(self) -> None:
        """Refuses what has waited longer than its patience. Somebody calls this each second."""
        late: list[tuple[str, _Request]] = []
        before = time.monotonic() - self._patience
        with self._changed:
            for caller, queue in list(self._waiting.items()):
                while queue and queue[0].since < before:
                    late.append((caller, queue.popleft()))
                if not queue:
                    del self._waiting[caller]
        for caller, request in late:
            self._company.goes(caller)
            request.refuse()

    def _serve(self) -> None:
        caller = ""
        while True:
            with self._changed:
                if caller:
                    self._running[caller] -= 1
                    if not self._running[caller]:
                        del self._running[caller]
                    self._changed.notify()  # what this caller held back may run now
                self._idle += 1
                while (turn := self._next()) is None:
                    self._changed.wait(self._soonest())
                self._idle -= 1
            caller, work, charged = turn
            # Of this thread alone: what a request waits for, a cloud or the database, is no time of the processor.
            began = time.thread_time()
            try:
                work()
            finally:
                self._company.goes(caller, time.thread_time() - began, charged)

    def _soonest(self) -> float | None:
        """Seconds until a caller who rests may go on; None where nobody does: then a request or an end wakes."""
        rests = [rest for caller in self._waiting if (rest := self._company.rest(caller))]
        return min(rests, default=None)

    def _next(self) -> tuple[str, Work, float] | None:
        busy = self._running.total()
        share = self._crowded if self._crowd else self._share
        for caller, queue in self._waiting.items():
            running = self._running.get(caller, 0)
            # Never true of a caller of whom nothing runs: the last quarter of the threads is for those.
            if running and (running >= share or busy >= self._threads - self._kept_free):
                continue
            if self._company.rest(caller):
                continue
            work = queue.popleft().work
            if queue:
                # Behind everybody else who waits, however much this caller has sent: one request a turn.
                self._waiting.move_to_end(caller)
            else:
                del self._waiting[caller]
            self._running[caller] += 1
            return caller, work, self._company.begins(caller)
        return None


class Callers:
    """Who sends a request, as far as that is known before it is answered.

    Only what the product itself has confirmed counts: made-up tokens and cookies are all of one stranger, the address
    that they come from. Otherwise whoever wants more than a share would write another name on each request.
    """

    def __init__(self, cookie: str, proxies: Sequence[str] = ()) -> None:
        self._cookie = f"{cookie}="
        self._sockets = "unix" in proxies  # whoever opens the unix socket that this server listens at is a proxy
        self._proxies = [ipaddress.ip_network(network, strict=False) for network in proxies if network != "unix"]
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, headers: Mapping[str, str], peer: str) -> str:
        """``headers`` with names in upper case, as gunicorn has them."""
        credential = self._credential(headers)
        with self._lock:
            if credential is not None and (caller := self._known.get(credential)):
                self._known.move_to_end(credential)
                return caller
        return f"?{self._network(headers, peer)}"

    def confirm(self, headers: Mapping[str, str], caller: str) -> None:
        credential = self._credential(headers)
        if credential is None or not caller:
            return
        with self._lock:
            self._known[credential] = caller
            self._known.move_to_end(credential)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _credential(self, headers: Mapping[str, str]) -> bytes | None:
        text = headers.get("AUTHORIZATION", "").strip()
        if not text:
            parts = (part.strip() for part in headers.get("COOKIE", "").split(";"))
            text = next((part for part in parts if part.startswith(self._cookie)), "")
        # What is remembered for ten thousand callers must not be their credentials.
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest() if text else None

    def _network(self, headers: Mapping[str, str], peer: str) -> str:
        """The client's address; of IPv6 the network of a household or machine, which has 2**64 addresses."""
        address = _address(peer)
        if address is None and not self._sockets:
            return "local"
        for hop in reversed(headers.get("X-FORWARDED-FOR", "").split(",")):
            if address is not None and not any(address in network for network in self._proxies):
                break
            address = _address(hop.strip()) or address
        if address is None:
            return "local"
        return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
