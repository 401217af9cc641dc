"""One call to AWS, read off the wire: protocol, service, operation and parameters."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any, Literal
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

from sandbox.aws import hosts

Protocol = Literal["query", "ec2", "s3", "xml", "json", "rest-json", "cbor"]

# Endpoint prefixes whose botocore service goes by another name.
_BOTOCORE_NAMES = {
    "s3-control": "s3control",
    "monitoring": "cloudwatch",
    "elasticfilesystem": "efs",
    "access-analyzer": "accessanalyzer",
    "email": "sesv2",
    "es": "opensearch",
    "tagging": "resourcegroupstaggingapi",
    "airflow": "mwaa",
}
# REST services whose bodies and errors are XML; all other REST services speak JSON.
_XML_SERVICES = {"s3-control", "route53", "cloudfront"}


@dataclass
class Call:
    """A request before it is decided on. `path` and `query` are as sent; header names are in lower case."""

    method: str
    host: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    endpoint: hosts.Endpoint
    request_id: str
    scope: dict[str, str] = field(default_factory=dict)

    @property
    def service(self) -> str:
        return self.endpoint.service

    @property
    def region(self) -> str:
        return self.endpoint.region

    @cached_property
    def protocol(self) -> Protocol:
        """Decided by what was sent, as AWS does where a service speaks several."""
        if self.service in ("ec2", "s3"):
            return "ec2" if self.service == "ec2" else "s3"
        if self.service in _XML_SERVICES:
            return "xml"
        if self.headers.get("smithy-protocol") == "rpc-v2-cbor":
            return "cbor"
        if "x-amz-target" in self.headers:
            return "json"
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return "query"
        return "rest-json"

    @cached_property
    def form(self) -> dict[str, str]:
        """The parameters of the query protocols."""
        if self.protocol not in ("query", "ec2"):
            return {}
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body of the JSON protocols; empty where there is none."""
        try:
            parsed = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @cached_property
    def s3_path(self) -> str:
        """The path with the bucket as its first part, also where the bucket stood in the host name."""
        return f"/{self.endpoint.bucket}{self.path}" if self.endpoint.bucket else self.path

    @cached_property
    def bucket_and_key(self) -> tuple[str, str]:
        bucket, _, key = self.s3_path.lstrip("/").partition("/")
        return bucket, key

    @cached_property
    def action(self) -> str:
        """The operation's name in botocore's model; empty where AWS has no such operation."""
        if self.protocol in ("query", "ec2"):
            return self.form.get("Action", "")
        if self.protocol == "json":
            return self.headers["x-amz-target"].rpartition(".")[2]
        if self.protocol == "cbor":
            return self.path.rpartition("/")[2]
        return self._rest_operation()

    # moto matches the request against botocore's model, so the name is AWS's own and no table of paths has to be kept
    # here.
    def _rest_operation(self) -> str:
        name = _BOTOCORE_NAMES.get(self.service, self.service.removeprefix("api."))
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": self.s3_path,
            "RAW_URI": self.s3_path,
            "QUERY_STRING": self.query,
            "HTTP_HOST": self.host,
            "SERVER_NAME": self.host,
            "SERVER_PORT": "443",
            "wsgi.url_scheme": "https",
            "wsgi.input": BytesIO(),
            **{f"HTTP_{key.upper().replace('-', '_')}": value for key, value in self.headers.items()},
        }
        try:
            operation, _ = get_service_router(name).match(Request(environ))
        except (HTTPException, NotImplementedError, ValueError, KeyError):
            return ""
        return str(operation.name)

    def listed(self, prefix: str) -> list[str]:
        """A list parameter of the query protocol: `ActionNames` reads ActionNames.member.1, .2, …"""
        for infix in (".member.", "."):
            numbered = [
                (int(number), value)
                for name, value in self.form.items()
                if name.startswith(prefix + infix) and (number := name.removeprefix(prefix + infix)).isdigit()
            ]
            if numbered:
                return [value for _, value in sorted(numbered)]
        return []


def read(environ: WSGIEnvironment, endpoint: hosts.Endpoint, request_id: str) -> Call:
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    # As sent, since the signature is over these very characters: PATH_INFO is decoded, and cannot be encoded back.
    path, _, query = str(environ["RAW_URI"]).partition("?")
    body: bytes = environ["wsgi.input"].read()
    host = headers.get("host", "").lower()
    return Call(str(environ["REQUEST_METHOD"]), host, path, query, headers, body, endpoint, request_id)
