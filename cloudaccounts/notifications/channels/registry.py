"""The kinds of channels: each folder here with a ``kind.py``, and the sinks of providers. No list names them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications import channels
from cloudaccounts.notifications.channels.base import ChannelKind
from cloudaccounts.notifications.channels.message import FINDING_OPENED, FINDING_RESOLVED
from cloudaccounts.notifications.channels.sinks import sink_kinds

# Single critical findings and trouble of the product itself are the operators' and people's own notices: channels get
# findings in groups, and nothing that is of no team.
_NOT_OF_TEAMS = {NoticeKind.FINDING_CRITICAL.value, NoticeKind.SYSTEM.value}
# What closes what: both are about one incident. Permissions are lost and return one by one, so one that returned ends
# nothing; coverage is back when all of it is.
CLOSES = {
    FINDING_RESOLVED: FINDING_OPENED,
    NoticeKind.ACCOUNT_RECOVERED.value: NoticeKind.ACCOUNT_FAILED.value,
    NoticeKind.COVERAGE_BACK.value: NoticeKind.COVERAGE_LOST.value,
}


@cache
def all_kinds() -> dict[str, ChannelKind]:
    """By key, in the order of their labels."""
    names = [module.name for module in iter_modules(channels.__path__) if module.ispkg]
    modules = (f"{channels.__name__}.{name}.kind" for name in names)
    kinds: list[ChannelKind] = [import_module(name).KIND for name in modules if find_spec(name)]
    kinds += sink_kinds()
    return {kind.key: kind for kind in sorted(kinds, key=lambda kind: kind.label.lower())}


def find_kind(key: str) -> ChannelKind | None:
    return all_kinds().get(key)


@cache
def event_labels() -> dict[str, str]:
    """Each event that a channel may ask for, with its words. A new kind of notice joins without being named here."""
    groups = {FINDING_OPENED: "findings opened", FINDING_RESOLVED: "findings resolved"}
    return groups | {kind.value: str(kind.label) for kind in NoticeKind if kind.value not in _NOT_OF_TEAMS}


def events_of(kind: ChannelKind) -> list[str]:
    """The events that a kind can send: those with an end alone, where it keeps tickets."""
    if kind.can_send:
        return list(kind.can_send)
    if not kind.keeps_incidents:
        return list(event_labels())
    paired = {*CLOSES, *CLOSES.values()}
    return [event for event in event_labels() if event in paired]
