"""Sets of numbers, held against Python's own sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.provider_kit.reach.spans import UNCLEAR, PartialSet, Spans, points
from tests.cloudaccounts.provider_kit.reach.strategies import on_any_machine

pairs = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda one: (one[0], one[0] + one[1])), max_size=6
)
spans = pairs.map(Spans.of)


def numbers(of: Spans) -> set[int]:
    return {number for first, last in of.pairs for number in range(first, last + 1)}


@on_any_machine
@given(pairs)
def test_pairs_are_merged_whatever_their_order(given_pairs: list[tuple[int, int]]) -> None:
    made = Spans.of(given_pairs)
    assert made == Spans.of(reversed(given_pairs))
    assert numbers(made) == {number for first, last in given_pairs for number in range(first, last + 1)}
    assert all(one[1] + 1 < other[0] for one, other in zip(made.pairs, made.pairs[1:], strict=False))


@on_any_machine
@given(spans, spans)
def test_operations_are_those_of_sets(one: Spans, other: Spans) -> None:
    assert numbers(one | other) == numbers(one) | numbers(other)
    assert numbers(one - other) == numbers(one) - numbers(other)
    assert numbers(one & other) == numbers(one) & numbers(other)
    assert one.size == len(numbers(one))
    assert bool(one) == bool(numbers(one))
    assert {number for number in range(50) if number in one} == numbers(one)
    assert (one | other) - other == one - other


@on_any_machine
@given(st.lists(spans, max_size=4))
def test_one_point_of_each_part_is_enough(several: list[Spans]) -> None:
    whole = Spans.of([(0, 50)])

    def kind(number: int) -> tuple[bool, ...]:
        return tuple(number in one for one in several)

    assert {kind(number) for number in points(several, whole)} == {kind(number) for number in range(51)}


def test_what_was_not_told_may_be_anything_and_is_nothing_for_sure() -> None:
    told = PartialSet(Spans.of([(22, 22)])) | UNCLEAR
    assert told.surely_has(22)
    assert not told.surely_has(23)
    assert told.may_have(23)
    assert not PartialSet(Spans.of([(22, 22)])).may_have(23)
