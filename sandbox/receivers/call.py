"""One call that a receiver gets, and its answer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from sandbox import wire


@dataclass
class Call:
    host: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]  # names in lower case
    body: bytes

    @classmethod
    def of(cls, host: str, environ: WSGIEnvironment) -> "Call":
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        }
        return cls(
            host, environ["REQUEST_METHOD"], environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"]), headers,
            environ["wsgi.input"].read(),
        )  # fmt: skip

    def json(self) -> Any:
        """None where the body is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    # What a person would see there, by a line each; empty where the call was refused or only read.
    shown: list[str] = field(default_factory=list)

    @classmethod
    def of_json(cls, status: int, value: Any, *, shown: Iterable[str] = ()) -> "Reply":
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json"}, list(shown))

    @classmethod
    def of_text(cls, status: int, text: str, *, shown: Iterable[str] = ()) -> "Reply":
        return cls(status, text.encode(), {"Content-Type": "text/plain"}, list(shown))

    def send(self, start_response: StartResponse) -> list[bytes]:
        start_response(wire.reason(self.status), list(self.headers.items()))
        return [self.body]
