"""Where a cloud takes in findings: a hub, a bucket. Channels offer these beside their own kinds.

Findings come as OCSF events (https://schema.ocsf.io/1.5.0/classes/detection_finding), as plain JSON values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SinkSetting:
    """A field of a sink's settings. ``pattern`` is matched as a whole; ``wrong`` is said where it does not match."""

    name: str
    label: str
    pattern: str
    wrong: str
    help: str = ""
    example: str = ""
    default: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery. Tried again it has the same ``id`` and ``at``, so that a sink can write it in the same place.

    ``external_id`` is the team's own, never from a form: whoever could choose it could write to another team's cloud.
    """

    id: str
    at: datetime
    external_id: str


class FindingSink(ABC):
    """No SDK is loaded before something is sent: pages list the sinks, and load none."""

    key: str
    label: str
    summary: str
    settings: tuple[SinkSetting, ...]

    @abstractmethod
    def where(self, settings: Mapping[str, str]) -> str:
        """Where it leads, in a few words, for lists."""

    @abstractmethod
    def send(self, findings: Sequence[Mapping[str, Any]], settings: Mapping[str, str], delivery: Delivery) -> str:
        """What became of them, in a sentence. Without findings it tries what it can without leaving anything behind.

        Raises `ProviderError`. Calls the network.
        """
