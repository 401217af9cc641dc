"""What a scan finds: resources, the same shape for all clouds, and the pieces that a scan consists of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

OBSERVED = "observed"  # the property that holds what changes by mere use; see `Asset`
ALTERED = (
    "altered"  # the property that says which others are not quite what the cloud said; see `provider_kit.cloud_data`
)
UNREADABLE = "unreadable"  # the property that says which others could not be read: property to error code


# Documents call it a reading; code and the API's keys keep this name (docs/glossary.md).
@dataclass(frozen=True, slots=True)
class ScanUnit:
    """The smallest piece of a scan that succeeds or fails independently of the others.

    What a unit that succeeded did not find is taken to be deleted. So a unit names each region that its assets may be
    in.
    """

    service: str
    region: str  # "global" where the service has no regions
    # Without them, what such a list no longer holds in another region would never be taken for deleted.
    also: tuple[str, ...] = ()  # further regions, where the provider lists them all in one go

    @property
    def label(self) -> str:
        return f"{self.service} in {self.region}" if self.region != "global" else self.service


@dataclass(frozen=True, slots=True)
class Asset:
    """One resource, the same shape for all clouds.

    ``type`` is dotted and stable (``aws.ec2.instance``); ``native_id`` is the provider's full identifier, unique in the
    account (an ARN, an ARM id, a full resource name); ``properties`` holds what checks read, in JSON types. What
    changes by mere use (last used, last signed in) is in it under `OBSERVED`, which the fingerprint leaves out. What
    could not be read is None, with its reason under `UNREADABLE`.
    """

    type: str
    service: str
    region: str
    native_id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def fingerprint(self) -> str:
        """SHA-256 over everything but `OBSERVED`: it stays equal exactly while nobody changes the resource.

        Without that exception an incremental scan would report a change whenever somebody signs in.
        """
        stable = {key: value for key, value in self.properties.items() if key != OBSERVED}
        content = [self.type, self.region, self.native_id, self.name, dict(self.tags), stable]
        # Sorted keys: in which order a cloud lists properties is no change.
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    def as_of(self, moment: datetime) -> Asset:
        """The same asset, observed at this moment (aware): ``at`` under `OBSERVED`, which rules about ages read.

        A resource that an incremental scan did not read again, because its cloud says that nothing was changed, is
        evaluated as of now: it has grown older all the same.
        """
        previous = self.properties.get(OBSERVED)
        observed = {**(previous if isinstance(previous, Mapping) else {}), "at": moment.isoformat()}
        return replace(self, properties={**self.properties, OBSERVED: observed})
