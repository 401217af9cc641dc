"""HTTP/1.1 on one accepted connection, handed to a WSGI application.

Neither wsgiref nor werkzeug's server keeps connections alive and answers in one write; each miss costs about 40 ms a
request (delayed acknowledgements), which would hide what the benchmarks measure.
"""

import io
import sys
from collections.abc import Callable, Iterable
from http.client import responses
from socket import socket
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication

MAX_LINE = 65_536
MAX_BODY = 64 * 1024 * 1024


class DisconnectError(Exception):
    """Raised by an application that wants the connection closed without an answer."""


class BadRequestError(ValueError):
    pass


def serve(connection: socket, host: str, application: WSGIApplication, *, scheme: str = "https") -> None:
    """Answers requests until the client closes, or a request or application asks to."""
    with connection.makefile("rb") as reader:
        while True:
            environ = _read_request(reader, connection, host, scheme)
            if environ is None:
                return
            # HTTP/1.1 keeps connections open unless one side says otherwise; SDKs rely on it.
            keep = environ.get("HTTP_CONNECTION", "").lower() != "close"
            try:
                connection.sendall(_answer(application, environ, keep=keep))
            except DisconnectError:
                return
            if not keep:
                return


def _read_request(reader: BinaryIO, connection: socket, host: str, scheme: str) -> dict[str, Any] | None:
    # Bounded, since a client that sends no end of line would otherwise fill the memory.
    line = reader.readline(MAX_LINE)
    if not line.strip():
        return None
    try:
        method, target, version = line.decode("latin-1").split()
    except ValueError as error:
        raise BadRequestError("malformed request line") from error
    # Undecoded, too (RAW_URI): AWS signs the path as it was sent, and a bucket's key may hold an encoded slash.
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "RAW_URI": target,
        "REQUEST_URI": target,
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": "443" if scheme == "https" else "80",
        "SERVER_PROTOCOL": version,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    _read_headers(reader, environ)
    if environ.pop("HTTP_EXPECT", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    # Whole before the application runs: signatures are over all of it.
    body = _read_body(reader, environ)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)
    return environ


def _read_headers(reader: BinaryIO, environ: dict[str, Any]) -> None:
    while line := reader.readline(MAX_LINE).rstrip(b"\r\n"):
        name, _, value = line.decode("latin-1").partition(":")
        key = name.strip().upper().replace("-", "_")
        # WSGI has these two without the prefix (PEP 3333).
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        # A header that is sent several times is one list (RFC 9110, section 5.3).
        environ[key] = f"{environ[key]},{value.strip()}" if key in environ else value.strip()


def _read_body(reader: BinaryIO, environ: dict[str, Any]) -> bytes:
    if environ.pop("HTTP_TRANSFER_ENCODING", "").lower() != "chunked":
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY:
            raise BadRequestError("body too large for the sandbox")
        return reader.read(length) if length else b""
    # RFC 9112, section 7.1: a size in hexadecimal digits, so many bytes, an end of line; the size 0 is the last.
    chunks = []
    while size := int(reader.readline(MAX_LINE).split(b";")[0], 16):
        chunks.append(reader.read(size))
        reader.readline(MAX_LINE)
    while reader.readline(MAX_LINE).strip():  # trailers
        pass
    return b"".join(chunks)


def _answer(application: WSGIApplication, environ: dict[str, Any], *, keep: bool) -> bytes:
    """The whole response as one block of bytes."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
        started[:] = [(status, headers)]
        return lambda _: None

    result: Iterable[bytes] = application(environ, start_response)
    try:
        body = b"".join(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    status, headers = started[0]
    head = [f"HTTP/1.1 {status}"]
    # No body follows these, and the length in an answer to HEAD is that of the body that GET would have.
    bodiless = environ["REQUEST_METHOD"] == "HEAD" or status[:3] in ("204", "304")
    for name, value in headers:
        lowered = name.lower()
        # Ours to say: the body is one block of known length, whatever the application meant to do with it.
        if lowered in ("connection", "transfer-encoding") or (lowered == "content-length" and not bodiless):
            continue
        head.append(f"{name}: {value}")
    if not bodiless:
        head.append(f"Content-Length: {len(body)}")
    head.append(f"Connection: {'keep-alive' if keep else 'close'}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + (b"" if bodiless else body)


def reason(status: int) -> str:
    """A status line's text, such as `403 Forbidden`."""
    return f"{status} {responses.get(status, 'Unknown')}"
