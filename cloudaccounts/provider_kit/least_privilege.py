"""From enabled checks to the permissions behind them: check, type of asset, reading that yields it, calls of that.

A provider's list of permissions says of each which readings need it. What a report names, what set-up grants and what
the smallest grant holds are that one list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cloudaccounts.contract.rules import PostureCheck


@dataclass(frozen=True, slots=True)
class Readings:
    """``always`` is needed whatever is checked: to sign in, to list, and to see what changed since the last scan."""

    always: frozenset[str]
    by_name: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, Collection[str]]], names: Iterable[str] = ()) -> Readings:
        """From permissions with the readings that need them, none for `always`. ``names`` are known anyway."""
        always: set[str] = set()
        by_name: dict[str, set[str]] = {name: set() for name in names}
        for permission, readings in rows:
            if not readings:
                always.add(permission)
            for reading in readings:
                by_name.setdefault(reading, set()).add(permission)
        frozen = {name: frozenset(permissions) for name, permissions in by_name.items()}
        return cls(frozenset(always), MappingProxyType(frozen))

    @property
    def all(self) -> frozenset[str]:
        return self.always.union(*self.by_name.values())

    def needed(
        self,
        checks: Iterable[PostureCheck],
        reading_of: Callable[[PostureCheck], str],
        *,
        also: Collection[str] = (),
        whole: Collection[str] = (),
    ) -> dict[str, tuple[str, ...]]:
        """Each permission with the ids of the checks that need it, both in order; those that are always needed first.

        A whole reading counts, and not single facts: without one of its calls a scan still asks, is refused, and tells
        a gap. ``also`` is needed always, as things are; ``whole`` for no check, and so comes last. Raises KeyError for
        a check of a reading that is not known.
        """
        always = self.always | frozenset(also)
        by_permission: dict[str, list[str]] = {}
        for check in checks:
            for permission in self.by_name[reading_of(check)]:
                by_permission.setdefault(permission, []).append(check.id)
        needed = {
            **dict.fromkeys(sorted(always), ()),
            **{name: tuple(sorted(by_permission[name])) for name in sorted(by_permission) if name not in always},
        }
        return needed | dict.fromkeys(sorted(frozenset(whole) - needed.keys()), ())
