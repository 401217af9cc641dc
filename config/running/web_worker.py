"""gunicorn's worker with lanes (see lanes.py): threads that read requests, and for each kind of request threads that
answer.

Reading has threads of its own, many and cheap, so that clients who send slowly hold none of those that answer. Probes
are answered by threads that nothing else can take. Calls that wait for a cloud have theirs, of which pages need none.
"""

from __future__ import annotations

import io
import json
import re
import socket
import ssl
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from gunicorn import http, util
from gunicorn.workers.gthread import ThreadWorker

READERS = 64
READ_TIMEOUT = 10.0  # seconds without a byte, while a request is read
HEAD_TIMEOUT = 10.0  # seconds for a whole head
BODY_TIMEOUT = 30.0  # seconds for a whole body
ANSWER_TIMEOUT = 60.0  # seconds for a part of an answer to go out, and for what a body has beyond what was read before
BODY_BUFFERED = 1024 * 1024 + 1  # bytes: what the product takes, and one more, which it refuses itself
PROBES = frozenset({"/healthz", "/readyz"})
# Calls whose answer waits for a cloud: add, validate, replace, and a check of a stored account.
_ACCOUNTS = r"/api/v1/cloud-accounts"
WAITS_FOR_A_CLOUD = re.compile(
    rf"{_ACCOUNTS}/?|{_ACCOUNTS}/validate/?|{_ACCOUNTS}/[0-9a-f-]+/(?:revalidate|credentials)/?"
)
CLOUD_THREADS = 24
PATIENCE = 3.0  # seconds that a call waits until others of the same caller have ended: bursts pass, and then it is 429
RETRY_AFTER = 2  # seconds


class _Handed:
    """Stands for the result of a request that a lane answers."""

    def __init__(self) -> None:
        self.done: Future[Any] = Future()


class LaneWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    wsgi: Any  # the application
    lanes: Any = None  # the module lanes.py, set by gunicorn.conf.py

    def init_process(self) -> None:
        self._heads: dict[int, tuple[float, Any]] = {}  # what is read in this moment, and until when
        super().init_process()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(READERS, "read")

    def load_wsgi(self) -> None:
        super().load_wsgi()
        from django.conf import settings
        from django.db import connections

        from config.replacing import watch_hung_threads

        watch_hung_threads()
        self._close_connections = connections.close_all
        # A thread that comes back from the database waits this long for each other one that computes; Python's own
        # 5 ms would make a page of ten queries wait for a tenth of a second behind two that are busy.
        sys.setswitchinterval(0.001)
        lane, in_flight = self.lanes["Lane"], settings.TEAM_CALLS_IN_FLIGHT
        self._callers = self.lanes["Callers"](settings.SESSION_COOKIE_NAME, settings.TRUSTED_PROXIES)
        self._probes = lane("probe", threads=2, share=2, most=64)
        # Not of the probes: whoever asks for health is no company.
        company = self.lanes["Company"](max(1, self.cfg.workers))
        # A quarter each at most, and one while others come too: a second would take half of what they get.
        pages = max(4, self.cfg.threads)
        self._pages = lane("page", threads=pages, share=pages // 4, crowded=1, most=200, company=company)
        # Waiting costs no processor, but what goes before and after a cloud's answers does: where somebody else waits
        # too, eight validations of one caller at a time made his take four times as long.
        self._clouds = lane(
            "cloud",
            threads=max(CLOUD_THREADS, 2 * in_flight),
            share=in_flight,
            crowded=max(2, in_flight // 4),
            most=256,
            patience=PATIENCE,
            company=company,
        )
        application: Any = self.wsgi

        def wsgi(environ: dict[str, Any], start_response: Any) -> Any:
            answer = application(environ, start_response)
            headers = {"AUTHORIZATION": environ.get("HTTP_AUTHORIZATION", ""), "COOKIE": environ.get("HTTP_COOKIE", "")}
            self._callers.confirm(headers, environ.get(self.lanes["CALLER"], ""))
            return answer

        self.wsgi = wsgi

    def enqueue_req(self, conn: Any) -> None:
        # gunicorn takes the connection back when this is done: here that is when a lane has answered, and not when it
        # was read.
        finished: Future[Any] = Future()
        finished.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))
        self.tpool.submit(self.handle, conn).add_done_callback(lambda read: _pass_on(read, finished))

    def handle(self, conn: Any) -> Any:
        """In a reading thread. gunicorn reads a head without a timeout: `notify` ends what takes too long."""
        self._heads[id(conn)] = (time.monotonic() + HEAD_TIMEOUT, conn)
        try:
            return super().handle(conn)
        finally:
            self._heads.pop(id(conn), None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """In a reading thread: reads the body, and hands the request to its lane."""
        self._heads.pop(id(conn), None)
        try:
            conn.sock.settimeout(READ_TIMEOUT)
            _buffer_body(req, conn.sock)
        finally:
            # Not for ever: who takes nothing of an answer, or sends no more of a long body, would keep the thread.
            conn.sock.settimeout(ANSWER_TIMEOUT)
        headers = dict(req.headers)  # of a header that comes twice the last counts: for turns, that is enough
        peer = conn.client[0] if isinstance(conn.client, tuple) else ""
        lane = self._lane(req)
        handed = _Handed()

        def answer() -> None:
            try:
                self._answer(req, conn, handed.done)
            finally:
                if (
                    lane is self._clouds
                ):  # many threads, each seldom at work: none keeps connections until the next call
                    self._close_connections()

        def refuse() -> None:
            # In a reading thread: writing may wait for a client, and `notify`, which calls this, runs in gunicorn's
            # main thread.
            self.tpool.submit(_refuse, conn.sock, req.path).add_done_callback(lambda _: handed.done.set_result(False))

        if not lane.submit(self._callers.of(headers, peer), answer, refuse):
            refuse()
        return handed

    def notify(self) -> None:
        """Called each second."""
        super().notify()
        self._clouds.refuse_late()
        now = time.monotonic()
        for until, conn in list(self._heads.values()):
            if now > until:
                # Its reader wakes up with the end of the stream. It may have ended by itself meanwhile.
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)

    def _keepalive_after(self, conn: Any, keepalive: Any) -> Any:
        return keepalive if isinstance(keepalive, _Handed) else super()._keepalive_after(conn, keepalive)

    def _lane(self, req: Any) -> Any:
        if req.path in PROBES:
            return self._probes
        # By method too: a GET of the same addresses reads rows, and waits for no cloud.
        return self._clouds if req.method == "POST" and WAITS_FOR_A_CLOUD.fullmatch(req.path) else self._pages

    def _answer(self, req: Any, conn: Any, done: Future[Any]) -> None:
        """In a thread of a lane. As `ThreadWorker.handle` does after it has read the request."""
        keepalive = False
        try:
            keepalive = super()._keepalive_after(conn, super().handle_request(req, conn))
        except (http.errors.NoMoreData, StopIteration, ssl.SSLError, OSError) as error:
            self.log.debug("The connection ended early. %s", error)
        except Exception as error:  # noqa: BLE001 # as gunicorn: logged and answered there
            self.handle_error(req, conn.sock, conn.client, error)
        finally:
            done.set_result(keepalive)


def _pass_on(read: Future[Any], finished: Future[Any]) -> None:
    """The result of reading, or that of the lane which the request was handed to."""
    if error := read.exception():
        finished.set_exception(error)
    elif isinstance(result := read.result(), _Handed):
        result.done.add_done_callback(lambda done: finished.set_result(done.result()))
    else:
        finished.set_result(result)


def _buffer_body(req: Any, sock: Any) -> None:
    """Reads the body whole, so that the thread that answers waits for no client. Raises OSError where it is too slow.

    Not beyond what the product takes. A client that waits to be asked for its body (Expect) is asked here, since
    gunicorn would ask in the thread that answers.
    """
    if not {name for name, _ in req.headers} & {"CONTENT-LENGTH", "TRANSFER-ENCODING"}:
        return
    if req._expected_100_continue:
        req._expected_100_continue = False
        util.write(sock, b"HTTP/1.1 100 Continue\r\n\r\n")
    until, parts, size = time.monotonic() + BODY_TIMEOUT, [], 0
    while size < BODY_BUFFERED and (part := req.body.read(min(16384, BODY_BUFFERED - size))):
        parts.append(part)
        size += len(part)
        if time.monotonic() > until:
            raise TimeoutError("the body came too slowly")
    req.body = _Buffered(b"".join(parts), req.body)


class _Buffered(io.RawIOBase):
    """What was read of a body, followed by what was not. The parser reads the rest before the next request."""

    def __init__(self, data: bytes, rest: Any) -> None:
        self._data = io.BytesIO(data)
        self._rest = rest
        self.failed = False

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self._data.read() + bytes(self._rest.read())
        return self._data.read(size) or bytes(self._rest.read(size))

    def readline(self, size: int | None = -1) -> bytes:
        return self._data.readline(size) or bytes(self._rest.readline(size))

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        return [*self._data.readlines(), *self._rest.readlines(hint)]


def _refuse(sock: Any, path: str) -> None:
    """429, before the product has seen the request."""
    message = "Too many requests of yours are being answered at the same time."
    remedy = f"Wait for the answers of some of them, and send this one again in {RETRY_AFTER} seconds."
    kind, body = "text/plain; charset=utf-8", f"{message} {remedy}"
    if path.startswith("/api/"):
        kind = "application/json"
        body = json.dumps({"code": "too_many_at_once", "message": message, "remedy": remedy})
    head = (
        f"HTTP/1.1 429 Too Many Requests\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n"
        f"Retry-After: {RETRY_AFTER}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    util.write(sock, head.encode() + body.encode())
