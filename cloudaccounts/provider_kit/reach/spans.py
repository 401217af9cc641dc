"""Sets of whole numbers as sorted spans: addresses, ports and protocols are all kept this way."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

Pair = tuple[int, int]  # first and last, both within


@dataclass(frozen=True, slots=True)
class Spans:
    """Disjoint, sorted and not adjacent, so that equal sets are equal objects. Make one with `Spans.of`."""

    pairs: tuple[Pair, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Spans:
        merged: list[Pair] = []
        for first, last in sorted(pairs):
            # Adjacent ones are joined too, so that one set has one form.
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    def __or__(self, other: Spans) -> Spans:
        if not self.pairs or self == other:
            return other
        return Spans.of((*self.pairs, *other.pairs)) if other.pairs else self

    def __sub__(self, other: Spans) -> Spans:
        left: list[Pair] = []
        holes = other.pairs
        at = 0
        for first, last in self.pairs:
            while at < len(holes) and holes[at][1] < first:
                at += 1
            start, hole = first, at
            while hole < len(holes) and holes[hole][0] <= last:
                if start < holes[hole][0]:
                    left.append((start, holes[hole][0] - 1))
                start = holes[hole][1] + 1
                hole += 1
            if start <= last:
                left.append((start, last))
        return Spans(tuple(left))

    def __and__(self, other: Spans) -> Spans:
        # By the subtraction, which is the one operation with a walk of its own to get right.
        return self - (self - other)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self.pairs, number, key=lambda pair: pair[0])
        return at > 0 and number <= self.pairs[at - 1][1]

    def __bool__(self) -> bool:
        return bool(self.pairs)

    @property
    def size(self) -> int:
        """How many numbers are in it."""
        return sum(last - first + 1 for first, last in self.pairs)


NONE = Spans()


@dataclass(frozen=True, slots=True)
class PartialSet:
    """A set as far as it is known. ``unclear``: any other number may be in it as well."""

    sure: Spans = NONE
    unclear: bool = False

    def __or__(self, other: PartialSet) -> PartialSet:
        return PartialSet(self.sure | other.sure, self.unclear or other.unclear)

    def surely_has(self, number: int) -> bool:
        return number in self.sure

    def may_have(self, number: int) -> bool:
        return self.unclear or number in self.sure


UNCLEAR = PartialSet(unclear=True)


def union_of_partial(several: Iterable[PartialSet]) -> PartialSet:
    sets = list(several)
    return PartialSet(Spans.of(pair for part in sets for pair in part.sure.pairs), any(part.unclear for part in sets))


def points(sets: Iterable[Spans], whole: Spans) -> list[int]:
    """One number of each part of ``whole`` in which no two numbers differ for any of ``sets``."""
    starts = {whole.pairs[0][0]}
    for spans in sets:
        for first, last in spans.pairs:
            # Where a span begins and where it has ended: nothing changes in between.
            starts |= {number for number in (first, last + 1) if number in whole}
    return sorted(starts)
