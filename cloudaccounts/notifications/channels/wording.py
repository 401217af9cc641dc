"""Texts that several kinds share. What a name in them may do at a receiver, each kind sees to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cloudaccounts.notifications.channels.message import FINDING_OPENED, FINDING_RESOLVED, Event, Message
from cloudaccounts.notifications.channels.registry import event_labels

_RANK = {"critical": 0, "high": 1, "medium": 2, "low": 3}
# Trouble before relief, and findings last: they are the longest part.
_LAST = (FINDING_OPENED, FINDING_RESOLVED)


def headline(message: Message) -> str:
    """One line: what is in the message."""
    if message.is_test:
        return "Test from Cloud Accounts: this channel works."
    events = message.events
    if len(events) == 1:
        return events[0].title
    parts = [part for kind in (FINDING_OPENED, FINDING_RESOLVED) if (part := _findings(events, kind))]
    others = Counter(event.kind for event in events if event.kind not in _LAST)
    parts = [f"{_label(kind)}{f' ({number})' if number > 1 else ''}" for kind, number in others.items()] + parts
    line = "; ".join(parts)
    return line[:1].upper() + line[1:]


def by_weight(events: Sequence[Event]) -> list[Event]:
    return sorted(
        events, key=lambda event: (event.kind in _LAST, event.kind == FINDING_RESOLVED, rank(event), -event.count)
    )


def rank(event: Event) -> int:
    return _RANK.get(event.severity, len(_RANK))


def plain_lines(event: Event) -> list[str]:
    """An event as lines of text: title, what it is about, what to do."""
    mark = f"[{event.severity}] " if event.severity else ""
    return [line for line in (f"{mark}{event.title}", event.text, event.remedy, event.url) if line]


def label(event: Event) -> str:
    return _label(event.kind)


def cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _label(kind: str) -> str:
    return event_labels().get(kind, kind)


def _findings(events: Sequence[Event], kind: str) -> str:
    chosen = [event for event in events if event.kind == kind]
    if not chosen:
        return ""
    number = sum(event.count for event in chosen)
    verb = "opened" if kind == FINDING_OPENED else "resolved"
    accounts = len({event.account for event in chosen})
    where = f"in {chosen[0].account_name}" if accounts == 1 else f"in {accounts} accounts"
    checks = len({event.check_id for event in chosen})
    findings = f"{number:,} finding{'' if number == 1 else 's'}"
    return f"{findings} of {checks} check{'' if checks == 1 else 's'} {verb} {where}"
