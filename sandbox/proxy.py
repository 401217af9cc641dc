"""The CONNECT proxy: connects simulated hosts to their emulator, refuses all others, and records every one."""

import logging
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterable, Sequence
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox import wire
from sandbox.authority import Authority
from sandbox.emulator import Address, Emulator
from sandbox.faults import Fault, Faults
from sandbox.journal import Journal

logger = logging.getLogger(__name__)

MAX_HEAD = 16_384  # bytes
IDLE_SECONDS = 300.0
HANG_SECONDS = 120.0  # longer than clients wait


class Proxy(socketserver.ThreadingTCPServer):
    """Listens on loopback. TLS is ended here rather than in a server behind, which saves a hop for each byte."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512  # many heartbeats connect at the same moment

    def __init__(
        self, port: int, authority: Authority, emulators: Sequence[Emulator], faults: Faults, journal: Journal
    ) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.authority = authority
        self.emulators = emulators
        self.faults = faults
        self.journal = journal
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        logger.exception("sandbox proxy: a connection failed")

    def unreachable(self, host: str) -> Fault | None:
        return self.faults.take(["unreachable"], {"host": host})


class _Connection(socketserver.BaseRequestHandler):
    server: Proxy
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.settimeout(IDLE_SECONDS)
        try:
            self._handle()
        except (ConnectionError, TimeoutError, ssl.SSLError, wire.BadRequestError, OSError) as error:
            # Clients hang up when they like; that is no fault of the sandbox.
            logger.debug("sandbox proxy: %s", error)

    def _handle(self) -> None:
        method, target = self._read_head()
        host, _, port_text = target.rpartition(":")
        host = host.strip("[]").lower()
        if method != "CONNECT" or not host or not port_text.isdigit():
            self.server.journal.host(target, 0, "refused")
            self._refuse(405, "the sandbox proxy answers CONNECT alone")
            return
        port = int(port_text)
        # The first emulator that knows the host: no host belongs to two clouds.
        target_route = next(
            (route for emulator in self.server.emulators if (route := emulator.route(host)) is not None), None
        )
        # The tripwire for tests: product code that asks any other host is refused here, and the test fails by name.
        if target_route is None or port != 443:
            self.server.journal.host(host, port, "refused")
            self._refuse(403, f"the sandbox has no {host}:{port}")
            return
        # After the tripwire: a host that is not simulated stays refused, whatever switches are set.
        if fault := self.server.unreachable(host):
            self.server.journal.host(host, port, "unreachable")
            self._be_unreachable(fault)
            return
        # Written down before the answer, so that a test that reads the journal afterwards finds it.
        self.server.journal.host(host, port, "joined")
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if isinstance(target_route, tuple):
            self._splice(target_route)
            return
        context = self.server.authority.server_context(host)
        with context.wrap_socket(self.request, server_side=True) as secured:
            wire.serve(secured, host, self._watched(host, target_route))

    def _watched(self, host: str, application: WSGIApplication) -> WSGIApplication:
        """Cuts connections to an unreachable host that were opened before the switch was set, too."""

        def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if self.server.unreachable(host):
                self.server.journal.host(host, 443, "unreachable")
                raise wire.DisconnectError
            return application(environ, start_response)

        return watched

    def _read_head(self) -> tuple[str, str]:
        head = b""
        while b"\r\n\r\n" not in head:
            block = self.request.recv(4096)
            if not block or len(head) > MAX_HEAD:
                raise wire.BadRequestError("no request head")
            head += block
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        return method, target

    def _refuse(self, status: int, text: str) -> None:
        body = f"{text}\n".encode()
        head = f"HTTP/1.1 {wire.reason(status)}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        self.request.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)

    def _be_unreachable(self, fault: Fault) -> None:
        if fault.mode == "refuse":
            self._refuse(502, "fault: this host is unreachable")
        elif fault.mode == "drop":
            # Accepted and then closed: the client meets an end of file in its TLS handshake.
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            # Ends with the sandbox, so that a hanging host does not keep it from stopping.
            self.server.stopping.wait(fault.seconds or HANG_SECONDS)

    def _splice(self, address: Address) -> None:
        """Copies bytes both ways, for emulators that speak TLS themselves (gRPC)."""
        with socket.create_connection(address, timeout=10) as upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            other = {self.request: upstream, upstream: self.request}
            while True:
                readable, _, _ = select.select(list(other), [], [], IDLE_SECONDS)
                for source in readable:
                    block = source.recv(65_536)
                    if not block:
                        return
                    other[source].sendall(block)
                if not readable:
                    return
