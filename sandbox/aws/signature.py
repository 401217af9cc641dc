"""Checks Signature Version 4 in the Authorization header.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from posixpath import normpath
from urllib.parse import quote

from sandbox.aws.call import Call

# AWS's own limit for most requests:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
ALLOWED_SKEW = timedelta(minutes=15)

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)"
    r"/aws4_request,\s*SignedHeaders=(?P<signed>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Signed:
    """What the Authorization header claims."""

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: str
    signature: str


def parse(call: Call) -> Signed | None:
    match = _HEADER.fullmatch(call.headers.get("authorization", ""))
    if match is None:
        return None
    return Signed(match["key"], match["date"], match["region"], match["service"], match["signed"], match["signature"])


def is_stale(call: Call, now: datetime) -> bool:
    """Whether the request's own time is more than 15 minutes away."""
    try:
        sent = datetime.strptime(call.headers.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return True
    return abs(now - sent) > ALLOWED_SKEW


def matches(call: Call, signed: Signed, secret: str) -> bool:
    """Whether the signature is the one that the secret makes of this very request."""
    canonical = _canonical_request(call, signed)
    scope = f"{signed.date}/{signed.region}/{signed.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{call.headers.get('x-amz-date', '')}\n{scope}\n{digest}"
    key = _signing_key(secret, signed.date, signed.region, signed.service)
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signed.signature)


def _canonical_request(call: Call, signed: Signed) -> str:
    pairs = [pair.partition("=")[::2] for pair in call.query.split("&") if pair]
    query = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    names = signed.signed_headers.split(";")
    headers = "".join(f"{name}:{' '.join(call.headers.get(name, '').split())}\n" for name in names)
    # S3 clients send the hash (or UNSIGNED-PAYLOAD) in a header; the signature is over what stands there.
    payload = call.headers.get("x-amz-content-sha256") or hashlib.sha256(call.body).hexdigest()
    return "\n".join([call.method, _canonical_path(call), query, headers, signed.signed_headers, payload])


def _canonical_path(call: Call) -> str:
    """S3 signs the path as it was sent; all others sign it normalized and encoded once more."""
    if call.service in ("s3", "s3-control"):
        return call.path or "/"
    path = normpath(call.path) if call.path else "/"
    if call.path.endswith("/") and not path.endswith("/"):
        path += "/"
    return quote(path.replace("//", "/"), safe="/~")


# One key a day, region and service, used for each of thousands of requests.
@lru_cache(maxsize=4096)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
