"""What a scan finds: resources, the same shape for all clouds, and the pieces that a scan consists of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class ScanUnit:
    """The smallest piece of a scan that succeeds or fails by itself.

    What was not found by a unit that succeeded is gone: so a unit tells each region that its assets may name.
    """

    service: str
    region: str  # "global" where the service has no regions
    also: tuple[str, ...] = ()  # further regions, where the provider lists them all in one go

    @property
    def label(self) -> str:
        return f"{self.service} in {self.region}" if self.region != "global" else self.service


@dataclass(frozen=True, slots=True)
class Asset:
    """One resource, the same shape for all clouds.

    ``type`` is dotted and stable (``aws.ec2.instance``); ``native_id`` is the provider's full identifier, unique in the
    account (an ARN, an ARM id, a full resource name); ``properties`` holds what checks read, in JSON types. What
    changes by mere use (last used, last signed in) stands in it under `OBSERVED`, which the fingerprint leaves out.
    """

    type: str
    service: str
    region: str
    native_id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def fingerprint(self) -> str:
        """SHA-256 over all that is told of the resource but `OBSERVED`: equal exactly while nothing was changed."""
        stable = {key: value for key, value in self.properties.items() if key != OBSERVED}
        told = [self.type, self.region, self.native_id, self.name, dict(self.tags), stable]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()

    def as_of(self, moment: datetime) -> Asset:
        """The same asset, looked at at this moment (aware): ``at`` under `OBSERVED`, which rules about ages read.

        A resource that was not looked at again, because its cloud says that nothing was changed, is judged as of now.
        """
        seen = self.properties.get(OBSERVED)
        observed = {**(seen if isinstance(seen, Mapping) else {}), "at": moment.isoformat()}
        return replace(self, properties={**self.properties, OBSERVED: observed})
