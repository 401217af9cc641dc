"""What all collectors share: the scope of a collection, and reads that may fail one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    SSLError,
)

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.provider_kit.focus import may_be_meant
from cloudaccounts.provider_kit.normalization import plain, with_unreadable
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import Who, aws_code, explain, is_denied

T = TypeVar("T")
# An answer of another shape than botocore's model has it: a field that is missing, or of another kind. It costs the
# fact or the resource that it is about, and nothing beside it.
SHAPE_ERRORS = (AttributeError, LookupError, TypeError, ValueError)
_SDK_ERRORS = (ClientError, BotoCoreError, ProviderError)  # some of botocore's are ValueErrors as well
REGION_OFF = "region_not_enabled"
NOT_SIGNED_UP = ("OptInRequired", "SubscriptionRequiredException")


@dataclass(frozen=True, slots=True)
class Scope:
    """One account, and one region of it ("" for a global service), for one of `SERVICES`."""

    connection: Connection
    account_id: str
    region: str
    service: str

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        """``region`` differs from the scope's where the resource is global."""
        arn_region = self.region if region is None else region
        return f"arn:{self.connection.partition.name}:{service}:{arn_region}:{self.account_id}:{resource}"


def tags(pairs: Iterable[Any] | None) -> dict[str, str]:
    """From AWS's list of Key and Value, sorted by key. A pair without a key names nothing."""
    return _named(pairs, "Key", "Value")


def _named(pairs: Iterable[Any] | None, key: str, value: str) -> dict[str, str]:
    return dict(sorted((str(pair[key]), str(pair.get(value, ""))) for pair in pairs or () if pair.get(key)))


def asset(
    scope: Scope,
    kind: str,
    arn: str,
    name: str,
    properties: Mapping[str, Any],
    *,
    tags: Mapping[str, str] | None = None,
    region: str = "",
) -> Asset:
    """An asset of this scope. ``kind`` follows "aws.": "rds.instance"."""
    return Asset(
        type=f"aws.{kind}",
        service=scope.service,
        region=region or scope.region or "global",
        native_id=arn,
        name=name,
        tags=tags or {},
        properties=properties,
    )


def paged(client: Any, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
    """All items of a list operation, page by page."""
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page.get(key) or ()


def unless_empty(items: Iterator[T]) -> Iterator[T] | None:
    """None where there are none: then nothing about them has to be asked. Reads the first page."""
    for first in items:
        return chain((first,), items)
    return None


def lower_tags(pairs: Iterable[Any] | None) -> dict[str, str]:
    """As `tags`, for the services that write key and value in lower case."""
    return _named(pairs, "key", "value")


def document(text: Any) -> Any:
    """A policy that AWS gives as JSON text; None where there is none.

    What is no JSON stays a text: a rule that needs the policy says that it has a form that is not known.
    """
    if not text:
        return None
    try:
        return plain(json.loads(text))
    except ValueError:
        return str(text)


class GoneError(Exception):
    """The resource was deleted between the list and the reading of it: it is simply not there."""


# "There is no such resource" of the operations that read one. Names: the operations' errors in botocore's models.
_GONE = frozenset(
    {
        *("NoSuchEntity", "NoSuchBucket", "NotFound", "NotFoundException", "ResourceNotFoundException"),
        *("DBSnapshotNotFound", "DBClusterSnapshotNotFoundFault", "RepositoryNotFoundException"),
        *("TableNotFoundException", "TrailNotFoundException", "LoadBalancerNotFound", "ListenerNotFound"),
        # SQS over its query protocol has the second form.
        *("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
    }
)
# What is wrong with the identity is wrong with everything: it ends the reading, instead of marking each resource.
_OF_IDENTITY = frozenset(
    {
        *("access_key_refused", "session_token_invalid", "session_token_missing", "secret_access_key_wrong"),
        *("credentials_expired", "session_ended", "clock_skew"),
    }
)
# The service as a whole cannot be reached: further lists would wait as long, in vain.
_UNREACHABLE = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, SSLError)


def is_gone(error: Exception, also: Iterable[str] = ()) -> bool:
    return isinstance(error, ClientError) and (aws_code(error) in _GONE or aws_code(error) in also)


def each(read: Callable[[T], Asset | None], items: Iterable[T], *, threads: int) -> Iterator[Asset]:
    """The assets of the items, in their order. Left out is what is gone, and what ``read`` answers with None for.

    Raises `ProviderError` at the end where some were told in a form that is not known.
    """
    meant = (item for item in items if may_be_meant(item))
    return _told(in_order(partial(_read_one, read), meant, threads=threads))


def one_by_one(read: Callable[[T], Asset | None], items: Iterable[T]) -> Iterator[Asset]:
    """As `each`, of all items and in the caller's thread: for those that cost no call of their own."""
    return _told(map(partial(_read_one, read), items))


def _read_one(read: Callable[[T], Asset | None], item: T) -> Asset | Exception | None:
    try:
        return read(item)
    except GoneError:
        return None
    except _SDK_ERRORS:
        raise
    except SHAPE_ERRORS as error:
        return error  # told at the end, so that it hides none of the others


def _told(results: Iterable[Asset | Exception | None]) -> Iterator[Asset]:
    odd: list[Exception] = []
    for result in results:
        if isinstance(result, Exception):
            odd.append(result)
        elif result is not None:
            yield result
    if odd:
        raise unexpected(odd[0], f"{len(odd)} resources" if len(odd) > 1 else "one resource")


def held_back(errors: list[ProviderError], assets: Iterable[Asset]) -> Iterator[Asset]:
    """The assets; what their list raises at its end is kept for the caller, so that further lists are read."""
    try:
        yield from assets
    except ProviderError as error:
        errors.append(error)


def unexpected(error: Exception, what: str) -> ProviderError:
    """One of `SHAPE_ERRORS` as a value for people."""
    return ProviderError(
        "unexpected_answer",
        f"AWS tells {what} in a form that is not known here.",
        "Tell the operator: the form of the answer may be new.",
        sdk_error=type(error).__name__,
    )


def chain_lists(scope: Scope, streams: Mapping[str, Iterable[Asset]]) -> Iterator[Asset]:
    """All streams one after another, each named by the permission that it needs. One that fails does not hide the next.

    Raises `ProviderError` at the end where any failed: the unit then counts as failed, and nothing that it did not
    find is taken to be deleted. What concerns all streams (the identity is refused, the service cannot be reached) is
    raised at once, as botocore raised it.
    """
    failed: dict[str, Exception] = {}
    for permission, stream in streams.items():
        try:
            yield from stream
        except _SDK_ERRORS as error:
            # At once: each further list would wait for the same timeout.
            if isinstance(error, _UNREACHABLE) or concerns_all(error, scope.connection.who):
                raise
            failed[permission] = error
    if failed:
        # What was denied is what a person can change, so it goes before what failed otherwise.
        denied = [permission for permission, error in failed.items() if is_denied(error)] or list(failed)
        raise explain(failed[denied[0]], scope.connection.who, " and ".join(denied))


def concerns_all(error: Exception, who: Who) -> bool:
    """Whether AWS refuses the identity itself, or the account: then no other call can succeed either."""
    return aws_code(error) in NOT_SIGNED_UP or explain(error, who).code in _OF_IDENTITY


def is_accepted(connection: Connection) -> bool:
    """Whether AWS knows the identity, as the partition's home region sees it. One call, which needs no permission."""
    try:
        connection.client("sts").get_caller_identity()
    except (ClientError, BotoCoreError):
        return False
    return True


@dataclass(slots=True)
class Properties:
    """Collects the properties of a resource, where each may be denied independently of the others.

    ``elsewhere``: the resource may lie in a region that is not enabled, where AWS knows no identity. Then its
    properties cost one attempt, and are told as ``region_not_enabled``.
    """

    connection: Connection
    values: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    elsewhere: bool = False
    off: bool = False

    def read(
        self,
        name: str,
        call: Callable[[], Any],
        *,
        permission: str,
        absent: Iterable[str] = (),
        default: Any = None,
        gone: Iterable[str] = (),
        names: Iterable[str] = (),
    ) -> None:
        """Stores what the call returns. AWS's errors in ``absent`` say that there is no such configuration: then it is
        ``default``. Those in ``gone``, and the usual ones, raise `GoneError`, and what is wrong with the identity is
        raised as it came. Every other error is stored as the reason why the property could not be read; so is an answer
        of a form that is not known.

        With ``names`` the call returns a mapping of these properties, which are known or unknown together; ``name`` is
        then not stored.
        """
        several = tuple(names)
        if self.off:
            self.values |= dict.fromkeys(several or (name,))
            self.refused |= {name: REGION_OFF for name in several or (name,) if name != OBSERVED}
            return
        try:
            answer = call()
        except (*_SDK_ERRORS, *SHAPE_ERRORS) as error:
            answer = dict.fromkeys(several) if several else None
            # Before the codes for what is gone: Lambda answers ResourceNotFoundException for a function without a
            # policy, which elsewhere says that there is no such resource.
            if isinstance(error, ClientError) and aws_code(error) in absent:
                answer = default
            elif is_gone(error, gone):
                raise GoneError(name) from None
            else:
                known = isinstance(error, _SDK_ERRORS)
                self._refuse(several or (name,), error if known else unexpected(error, "it"), permission)
        self.values |= answer if several else {name: answer}

    def _refuse(self, names: Iterable[str], error: Exception, permission: str) -> None:
        code = explain(error, self.connection.who, permission).code
        if code in _OF_IDENTITY:
            # AWS answers in a region that is off as for an unknown key. Whether the key is unknown is asked where it
            # must be known.
            if not (self.elsewhere and is_accepted(self.connection)):
                raise error
            # Remembered, so that a bucket in such a region costs one attempt and not nine.
            self.off, code = True, REGION_OFF
        # What was merely observed is no property that a rule reads, so its absence is no gap.
        self.refused |= {name: code for name in names if name != OBSERVED}

    def to_dict(self) -> dict[str, Any]:
        return with_unreadable(self.values, self.refused)
