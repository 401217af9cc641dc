"""The actions or resources of a statement: those listed, or all but those listed."""

from __future__ import annotations

from dataclasses import dataclass

from cloudaccounts.providers.aws.policy.patterns import covers, has_variable, overlaps, widened


@dataclass(frozen=True, slots=True)
class Names:
    """Patterns as Action and Resource list them. ``excepted``: all but these, as of NotAction and NotResource."""

    patterns: tuple[str, ...]
    excepted: bool = False

    def surely_cover(self, wanted: str) -> bool:
        """Whether everything that ``wanted`` matches is among the names, whatever variables stand for."""
        if self.excepted:
            return not any(overlaps(widened(pattern), wanted) for pattern in self.patterns)
        return any(covers(pattern, wanted) for pattern in self.patterns if not has_variable(pattern))

    def surely_cover_all_of(self, others: Names) -> bool:
        """Whether all that ``others`` may stand for is among these names."""
        if not others.excepted:
            return all(self.surely_cover(widened(pattern)) for pattern in others.patterns)
        if not self.excepted:
            return self.surely_cover("*")
        left_out = [pattern for pattern in others.patterns if not has_variable(pattern)]
        return all(any(covers(pattern, widened(mine)) for pattern in left_out) for mine in self.patterns)


EVERYTHING = Names(("*",))
