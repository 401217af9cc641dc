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
            return not any(overlaps(widened(one), wanted) for one in self.patterns)
        return any(covers(one, wanted) for one in self.patterns if not has_variable(one))

    def surely_cover_all_of(self, others: Names) -> bool:
        """Whether all that ``others`` may stand for is among these names."""
        if not others.excepted:
            return all(self.surely_cover(widened(one)) for one in others.patterns)
        if not self.excepted:
            return self.surely_cover("*")
        left_out = [one for one in others.patterns if not has_variable(one)]
        return all(any(covers(one, widened(mine)) for one in left_out) for mine in self.patterns)


EVERYTHING = Names(("*",))
