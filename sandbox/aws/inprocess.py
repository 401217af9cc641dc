"""boto3 clients that reach moto within this process, past proxy, signature and permission: for the seed alone."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from werkzeug.test import create_environ

from sandbox.aws import clouds


class _Raw:
    """The part of a urllib3 response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


class Workshop:
    """Makes clients for any account, from one session, so that each service's model is loaded once."""

    def __init__(self) -> None:
        self._session = boto3.session.Session(aws_access_key_id="seed", aws_secret_access_key="seed")

    def client(self, service: str, account_id: str, region: str) -> Any:
        # By path, since moto is told to ignore bucket names in hosts (see `clouds`).
        config = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
        # boto3's stubs want the service's name as a literal.
        client = self._session.client(service, region_name=region, config=config)  # type: ignore[call-overload]
        client.meta.events.register("before-send", _sender(account_id))
        return client


def _sender(account_id: str) -> Callable[..., AWSResponse]:
    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        url = urlsplit(str(request.url))
        # botocore gives header values as bytes, whatever its stubs say.
        sent_headers: list[tuple[str, Any]] = list(request.headers.items())
        headers = {key: value.decode() if isinstance(value, bytes) else value for key, value in sent_headers}
        environ = create_environ(
            f"{url.path}?{url.query}",
            f"https://{url.netloc}/",
            method=request.method,
            headers={**headers, "x-moto-account-id": account_id},
            data=request.body or b"",
        )
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, received: list[tuple[str, str]], _error: Any = None
        ) -> Callable[[bytes], object]:
            started.append((status, received))
            return lambda _: None

        body = b"".join(clouds.application(environ, start_response))
        status, received = started[0]
        # _Raw stands for the urllib3 response that botocore's stubs ask for.
        return AWSResponse(str(request.url), int(status[:3]), dict(received), _Raw(body))  # type: ignore[arg-type]

    return send
