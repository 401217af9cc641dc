"""What a kind of channel is. Each stands in a folder of its own here, as ``kind.py`` with one ``KIND``."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cloudaccounts.errors import InputError
from cloudaccounts.notifications.channels.message import Message, Sent
from cloudaccounts.notifications.outbound.errors import HostRefusedError
from cloudaccounts.notifications.outbound.hosts import parse_address

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of a kind's settings. ``secret`` ones are stored encrypted, and never come back."""

    name: str
    label: str
    help: str = ""
    example: str = ""
    secret: bool = False
    required: bool = True
    default: str = ""
    pattern: str = r"[^\x00-\x1f\x7f]+"
    wrong: str = "This value is not accepted."
    longest: int = 200
    is_list: bool = False  # of texts; a form separates them by commas or lines
    most: int = 20
    choices: tuple[tuple[str, str], ...] = ()
    is_address: bool = False  # checked by `parse_address` against the kind's hosts

    def clean(self, value: Any, hosts: Sequence[str]) -> Any:
        """Raises ValueError with a sentence."""
        if self.is_list:
            items = [value] if isinstance(value, str) else value
            if not isinstance(items, list) or len(items) > self.most:
                raise ValueError(f"Give a list of at most {self.most}.")
            texts = [text for item in items for text in re.split(r"[,\n]", str(item)) if text.strip()]
            return list(dict.fromkeys(self._clean_text(text, hosts) for text in texts[: self.most]))
        return self._clean_text(value, hosts)

    def _clean_text(self, value: Any, hosts: Sequence[str]) -> str:
        if not isinstance(value, str):
            raise ValueError("Give a text.")
        text = value.strip()
        if len(text) > self.longest:
            raise ValueError(f"Give at most {self.longest} characters.")
        if self.choices and text not in dict(self.choices):
            raise ValueError(f"Choose one of {', '.join(dict(self.choices))}.")
        if not re.fullmatch(self.pattern, text):
            raise ValueError(self.wrong)
        if self.is_address:
            try:
                parse_address(text, vendor_hosts=hosts)
            except HostRefusedError as error:
                raise ValueError(f"{error.cause} {error.remedy}") from None
        return text


class ChannelKind(ABC):
    key: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]  # a sentence: what arrives there
    settings: ClassVar[tuple[Setting, ...]]
    hosts: ClassVar[tuple[str, ...]] = ()  # the vendor's own; empty where any public host may be meant
    # Kinds that keep tickets: one message an event, and only of events that open or close something.
    keeps_incidents: ClassVar[bool] = False
    takes_findings: ClassVar[bool] = False  # each finding of the groups, not a message about them
    can_send: ClassVar[tuple[str, ...]] = ()  # the events that it is narrowed to; empty where it is not
    usual_events: ClassVar[tuple[str, ...]] = ()  # empty: all that it can
    usual_severity: ClassVar[str] = "high"
    usual_digest: ClassVar[int] = 1  # minutes that events are gathered for one message
    least_digest: ClassVar[int] = 0
    makes_secret: ClassVar[bool] = False  # the product makes the secret, and shows it once

    @abstractmethod
    def send(self, message: Message, settings: Settings) -> Sent:
        """Raises `DeliveryError`. ``settings`` are with their secrets. Asks the network.

        May be called again with the same message after a crash: what can tell the receiver so, does.
        """

    @property
    def secret_names(self) -> tuple[str, ...]:
        return tuple(setting.name for setting in self.settings if setting.secret)

    def clean(
        self, values: Mapping[str, Any], *, prefix: str = "settings.", open_alone: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The open settings and the secret ones. Raises `InputError`, which names fields and repeats no value.

        ``open_alone``: the secret ones stand elsewhere, and are neither taken nor missed.
        """
        asked = [setting for setting in self.settings if not (open_alone and setting.secret)]
        names = {setting.name for setting in asked}
        problems = {f"{prefix}{name}": "There is no such setting." for name in set(values) - names}
        shown: dict[str, Any] = {}
        secret: dict[str, Any] = {}
        for setting in asked:
            value = values.get(setting.name)
            if value in (None, "", []):
                if setting.required and not setting.default:
                    problems[f"{prefix}{setting.name}"] = "This is missing."
                value = setting.default
            if value in (None, "", []):
                continue
            try:
                (secret if setting.secret else shown)[setting.name] = setting.clean(value, self.hosts)
            except ValueError as error:
                problems[f"{prefix}{setting.name}"] = str(error)
        if problems:
            raise InputError(dict(sorted(problems.items())))
        return shown, secret

    def where(self, settings: Settings) -> str:
        """Where it leads, without anything secret: a host, a project. Shown in lists. ``settings`` with secrets."""
        return ""
