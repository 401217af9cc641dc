"""AWS's errors in each protocol's own shape, as botocore/parsers.py reads them.

Codes: the "Common Errors" pages of the IAM, STS, EC2 and S3 API references.
"""

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

from sandbox.aws.call import Call, Protocol


@dataclass
class AwsError(Exception):
    """An answer other than success. `headers` are added to it."""

    code: str
    message: str
    status: int = 400
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


# One row per kind of refusal: (code, status, message) for the protocols that differ, "*" for all others.
_Row = tuple[str, int, str]
_KINDS: dict[str, dict[str, _Row]] = {
    "unknown_key": {
        "ec2": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        "s3": ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
        "json": ("UnrecognizedClientException", 400, "The security token included in the request is invalid."),
        "rest-json": ("UnrecognizedClientException", 403, "The security token included in the request is invalid."),
        "*": ("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
    },
    "wrong_token": {
        "ec2": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        "s3": ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        "json": ("UnrecognizedClientException", 400, "The security token included in the request is invalid."),
        "rest-json": ("UnrecognizedClientException", 403, "The security token included in the request is invalid."),
        "*": ("InvalidClientTokenId", 403, "The security token included in the request is invalid"),
    },
    "expired_token": {
        "ec2": ("RequestExpired", 400, "Request has expired."),
        "s3": ("ExpiredToken", 400, "The provided token has expired."),
        "json": ("ExpiredTokenException", 400, "The security token included in the request is expired"),
        "rest-json": ("ExpiredTokenException", 403, "The security token included in the request is expired"),
        "*": ("ExpiredToken", 403, "The security token included in the request is expired"),
    },
    "wrong_signature": {
        "ec2": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        "json": (
            "InvalidSignatureException",
            400,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        ),
        "rest-json": (
            "InvalidSignatureException",
            403,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        ),
        "s3": (
            "SignatureDoesNotMatch",
            403,
            "The request signature we calculated does not match the signature you provided. Check your key and "
            "signing method.",
        ),
        "*": (
            "SignatureDoesNotMatch",
            403,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        ),
    },
    "clock_skew": {
        "ec2": ("RequestExpired", 400, "Request has expired."),
        "s3": (
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
        ),
        "json": ("InvalidSignatureException", 400, "Signature expired: the request is older than 15 minutes."),
        "rest-json": ("InvalidSignatureException", 403, "Signature expired: the request is older than 15 minutes."),
        "*": ("SignatureDoesNotMatch", 403, "Signature expired: the request is older than 15 minutes."),
    },
    "unsigned": {
        "ec2": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        "s3": ("AccessDenied", 403, "Access Denied"),
        "json": ("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
        "rest-json": ("MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
        "*": ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    },
    "throttled": {
        "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
        "s3": ("SlowDown", 503, "Please reduce your request rate."),
        "json": ("ThrottlingException", 400, "Rate exceeded"),
        "rest-json": ("TooManyRequestsException", 429, "Rate exceeded"),
        "*": ("Throttling", 400, "Rate exceeded"),
    },
    # What AWS answers for a service in a region or account that it is not open for: a gap of its own, and no missing
    # permission.
    "not_subscribed": {
        "ec2": ("OptInRequired", 401, "You are not subscribed to this service."),
        "*": ("SubscriptionRequiredException", 403, "The AWS Access Key Id needs a subscription for the service."),
        "json": ("SubscriptionRequiredException", 400, "The AWS Access Key Id needs a subscription for the service."),
    },
    "broken": {
        "ec2": ("InternalError", 500, "An internal error has occurred."),
        "s3": ("InternalError", 500, "We encountered an internal error. Please try again."),
        "json": ("InternalServerError", 500, "The request processing has failed because of an unknown error."),
        "rest-json": ("InternalServerException", 500, "The request processing failed because of an unknown error."),
        "*": ("InternalFailure", 500, "The request processing has failed because of an unknown error."),
    },
    "denied": {
        "ec2": ("UnauthorizedOperation", 403, "You are not authorized to perform this operation."),
        "json": ("AccessDeniedException", 400, "Access denied."),
        "rest-json": ("AccessDeniedException", 403, "Access denied."),
        "*": ("AccessDenied", 403, "Access Denied"),
    },
    "unknown_operation": {
        "s3": ("MethodNotAllowed", 405, "The specified method is not allowed against this resource."),
        "json": ("UnknownOperationException", 400, "The sandbox does not simulate this operation."),
        "rest-json": ("UnknownOperationException", 404, "The sandbox does not simulate this operation."),
        "*": ("InvalidAction", 400, "The sandbox does not simulate this operation."),
    },
}


def of_kind(kind: str, protocol: Protocol, message: str | None = None, status: int | None = None) -> AwsError:
    """The error that AWS answers with in this protocol; `message` and `status` take the place of the usual ones."""
    row = _KINDS[kind]
    code, usual_status, usual_message = row.get(protocol) or row["json" if protocol == "cbor" else "*"]
    return AwsError(code, message or usual_message, status or usual_status)


def render(error: AwsError, call: Call) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of the answer."""
    # Names and ARNs come from the request, so they are escaped before they stand in XML.
    code, message, request_id = escape(error.code), escape(error.message), call.request_id
    headers = [("x-amzn-RequestId", request_id), *error.headers]
    if call.protocol in ("json", "rest-json"):
        content_type = "application/x-amz-json-1.1" if call.protocol == "json" else "application/json"
        # botocore reads the code of REST services from this header first.
        headers += [("Content-Type", content_type), ("x-amzn-ErrorType", error.code)]
        document = {"__type": error.code, "message": error.message}
        return error.status, headers, json.dumps(document).encode()
    if call.protocol == "cbor":
        headers += [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        return error.status, headers, _cbor_map({"__type": error.code, "message": error.message})
    headers.append(("Content-Type", "text/xml"))
    if call.protocol == "ec2":
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif call.protocol == "s3":
        headers.append(("x-amz-request-id", request_id))
        body = (
            f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId>"
            "<HostId>sandbox</HostId></Error>"
        )
    else:
        fault = "Sender" if error.status < 500 else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return error.status, headers, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def _cbor_map(values: dict[str, str]) -> bytes:
    """A CBOR map of text to text (RFC 8949, major types 5 and 3; texts up to 65,535 bytes)."""

    def text(value: str) -> bytes:
        raw = value.encode()
        return b"\x79" + len(raw).to_bytes(2, "big") + raw

    return bytes([0xA0 | len(values)]) + b"".join(text(key) + text(value) for key, value in values.items())
