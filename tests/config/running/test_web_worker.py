"""gunicorn with our settings and an application that waits: what waits holds up nothing else."""

from __future__ import annotations

import http.client
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from config.env import ROOT
from config.running.lanes import BURST, PART
from config.running.web_worker import HEAD_TIMEOUT
from tests.servers import EMBEDDED
from tests.stack import wait_for
from tests.webserver import WebServer

APPLICATION = """
import pathlib, time
HOLD = pathlib.Path(__file__).with_name("hold")

def application(environ, start_response):
    path, body = environ["PATH_INFO"], environ["wsgi.input"].read()
    with pathlib.Path(__file__).with_name("began").open("a") as began:
        began.write(path + "\\n")
    if environ.get("HTTP_AUTHORIZATION"):
        environ["cloudaccounts.caller"] = environ["HTTP_AUTHORIZATION"]
    if "compute" in (path.lstrip("/"), environ["QUERY_STRING"]):
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
    while HOLD.exists() and path != "/healthz" and environ.get("HTTP_AUTHORIZATION") != "Alice":
        time.sleep(0.02)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body) + 1))])
    return [b"=" + body]
"""
COMPUTES = 0.02  # seconds
VALIDATE = "/api/v1/cloud-accounts/validate"


class Waiting:
    def __init__(self, server: WebServer, folder: Path) -> None:
        self.server, self._folder = server, folder

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def hold(self) -> None:
        (self._folder / "hold").touch()

    def release(self) -> None:
        (self._folder / "hold").unlink()

    def began(self, path: str) -> int:
        file = self._folder / "began"
        return file.read_text().split().count(path) if file.exists() else 0


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    (tmp_path / "waits.py").write_text(APPLICATION)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TEST_"))}
    env |= {**EMBEDDED, "DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "x" * 60, "TEAM_CALLS_IN_FLIGHT": "3"}
    with ExitStack() as stack:
        server = WebServer(
            ROOT, env, tmp_path / "gunicorn.log", "--pythonpath", str(tmp_path), application="waits:application"
        )
        stack.enter_context(server)
        case = Waiting(server, tmp_path)
        yield case
        (tmp_path / "hold").unlink(missing_ok=True)


Send = Callable[..., requests.Response]


def post(url: str, who: str = "", body: bytes = b"{}") -> requests.Response:
    headers = {"Authorization": who} if who else {}
    return requests.post(url, data=body, headers=headers, timeout=20)


def test_calls_that_wait_hold_up_no_page_and_no_probe_and_one_caller_only_himself(waiting: Waiting) -> None:
    post(f"{waiting.url}/hello", "Mallory")  # from now on the server knows who that is
    waiting.hold()
    with ThreadPoolExecutor(12) as pool:
        calls = [pool.submit(post, waiting.url + VALIDATE, "Mallory") for _ in range(12)]
        wait_for(lambda: waiting.began(VALIDATE) == 3, seconds=20, what="three calls")
        wait_for(lambda: sum(call.done() for call in calls) == 9, seconds=20, what="nine refusals")
        refused = [call.result() for call in calls if call.done()]
        assert {answer.status_code for answer in refused} == {429}
        assert {answer.headers["Retry-After"] for answer in refused} == {"2"}
        assert {answer.json()["code"] for answer in refused} == {"too_many_at_once"}
        assert waiting.server.get("/healthz").status_code == 200
        assert post(f"{waiting.url}/page", "Alice").status_code == 200
        assert post(waiting.url + VALIDATE, "Alice").status_code == 200
        waiting.release()
    assert sorted(call.result().status_code for call in calls) == [200] * 3 + [429] * 9


def test_pages_of_one_caller_leave_threads_to_others_and_are_all_answered(waiting: Waiting) -> None:
    post(f"{waiting.url}/hello", "Mallory")
    waiting.hold()
    with ThreadPoolExecutor(30) as pool:
        pages = [pool.submit(post, f"{waiting.url}/page", "Mallory") for _ in range(30)]
        wait_for(lambda: waiting.began("/page") >= 1, seconds=20, what="a page")
        assert post(f"{waiting.url}/other", "Alice").status_code == 200
        assert waiting.server.get("/healthz").status_code == 200
        assert waiting.began("/page") <= 2  # one, since others come too; two at most
        waiting.release()
    assert {page.result().status_code for page in pages} == {200}


def test_who_sends_much_gets_a_part_of_the_processor_while_others_come(waiting: Waiting) -> None:
    """Of pages and of calls that ask a cloud together, since threads of a process compute in turns."""
    stop = threading.Event()

    def mallory(path: str) -> int:
        times = 0
        while not stop.is_set():
            times += post(waiting.url + path, "Mallory").status_code == 200
        return times

    for who in ("Mallory", "Alice"):
        post(f"{waiting.url}/hello", who)
    began = time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        loops = [pool.submit(mallory, path) for path in ["/compute"] * 8 + [f"{VALIDATE}?compute"] * 4]
        while time.monotonic() - began < 6:
            assert post(f"{waiting.url}/page", "Alice").status_code == 200
            time.sleep(0.1)
        stop.set()
        served = sum(loop.result() for loop in loops)
    seconds = time.monotonic() - began
    assert served > 5
    # Twelve wait at the end, and are answered.
    assert (served - 12) * COMPUTES < BURST + PART * seconds


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        b"POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
        b"POST /page HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5\r\nab",
        b"POST /page HTTP/1.1\r\nHost: x\r\nX-Half: a he",
    ],
    ids=["body", "waits to be asked", "chunk", "head"],
)
def test_slow_clients_hold_no_thread_that_answers(waiting: Waiting, sent: bytes) -> None:
    """From addresses of their own, so that no turn by caller helps."""
    with ExitStack() as stack:
        for number in range(50):
            line = socket.create_connection(
                ("127.0.0.1", waiting.server.port), timeout=20, source_address=(f"127.0.0.{number + 2}", 0)
            )
            stack.enter_context(line).sendall(sent)
        time.sleep(0.5)
        assert post(f"{waiting.url}/other").status_code == 200
        assert waiting.began("/page") == 0


def test_a_head_that_never_ends_is_ended(waiting: Waiting) -> None:
    with socket.create_connection(("127.0.0.1", waiting.server.port), timeout=HEAD_TIMEOUT + 10) as line:
        line.sendall(b"GET /page HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < HEAD_TIMEOUT + 8:
                line.sendall(b"x")  # a byte in time, again and again
                if select.select([line], [], [], 0.5)[0] and not line.recv(100):
                    break
        assert HEAD_TIMEOUT - 2 < time.monotonic() - began < HEAD_TIMEOUT + 5


def test_a_connection_is_used_again_with_bodies_small_large_and_in_chunks(waiting: Waiting) -> None:
    session = requests.Session()
    for body in (b"a", b"b" * 3_000_000, b""):
        assert session.post(f"{waiting.url}/page", data=body, timeout=20).content == b"=" + body
    pieces = (piece for piece in (b"one", b"two"))
    assert session.post(f"{waiting.url}/page", data=pieces, timeout=20).content == b"=onetwo"
    with socket.create_connection(("127.0.0.1", waiting.server.port), timeout=20) as line:
        line.sendall(b"POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 100 Continue")
        line.sendall(b"ok")
        wait_for(lambda: line.recv(10_000).endswith(b"=ok"), seconds=20, what="the answer")


def test_an_idle_connection_is_kept_longer_than_balancers_keep_it(waiting: Waiting) -> None:
    """gunicorn's own two seconds end it under the hands of whoever uses it again."""
    line = http.client.HTTPConnection("127.0.0.1", waiting.server.port, timeout=20)
    line.auto_open = 0  # a connection that was ended is an error, and not opened anew
    line.connect()
    for pause in (2.6, 2.6, 0.0):
        line.request("GET", "/healthz")
        assert line.getresponse().read() == b"="
        time.sleep(pause)
    line.close()
