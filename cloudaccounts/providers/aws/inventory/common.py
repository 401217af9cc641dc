"""What all collectors share: the scope of a collection, and reads that may fail one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import plain, with_unreadable
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import aws_code, explain, is_denied


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
    """From AWS's list of Key and Value, sorted by key."""
    return {pair["Key"]: pair.get("Value", "") for pair in sorted(pairs or (), key=lambda pair: pair["Key"])}


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


def lower_tags(pairs: Iterable[Any] | None) -> dict[str, str]:
    """As `tags`, for the services that write key and value in lower case."""
    return {pair["key"]: pair.get("value", "") for pair in sorted(pairs or (), key=lambda pair: pair["key"])}


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


def chain_permitted(scope: Scope, streams: Mapping[str, Iterable[Asset]]) -> Iterator[Asset]:
    """All streams one after another, each named by the permission that it needs. A denied one does not hide the next.

    Raises `ProviderError` at the end where any was denied: the unit then counts as failed, and nothing that it did not
    find is taken to be deleted. Raises botocore's other errors at once.
    """
    denied: dict[str, ClientError] = {}
    for permission, stream in streams.items():
        try:
            yield from stream
        except ClientError as error:
            if not is_denied(error):
                raise
            denied[permission] = error
    if denied:
        raise explain(next(iter(denied.values())), scope.connection.who, " and ".join(denied))


@dataclass(slots=True)
class Properties:
    """Collects the properties of a resource, where each may be denied independently of the others."""

    connection: Connection
    values: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def read(
        self, name: str, call: Callable[[], Any], *, permission: str, absent: Iterable[str] = (), default: Any = None
    ) -> None:
        """Stores what the call returns. AWS's errors in ``absent`` say that there is no such configuration: then it is
        ``default``. Every other error is stored as the reason why the property could not be read.
        """
        try:
            self.values[name] = call()
        except ClientError as error:
            self.values[name] = None
            if aws_code(error) in absent:
                self.values[name] = default
            else:
                self.refused[name] = explain(error, self.connection.who, permission).code
        except (BotoCoreError, ProviderError) as error:
            self.values[name] = None
            self.refused[name] = explain(error, self.connection.who, permission).code

    def to_dict(self) -> dict[str, Any]:
        return with_unreadable(self.values, self.refused)
