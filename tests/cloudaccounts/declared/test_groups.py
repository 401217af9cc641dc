"""Groups in a file come after what they are part of, in a moment however they are nested, and circles are told."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.declared.groups import Groups
from cloudaccounts.declared.planning import make_plan
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import CIRCLE, GROUP_LIMIT, create_group
from teams.scope import Scope
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MANY = 12_000


def row(number: int, parent: int | None) -> dict[str, Any]:
    return {"name": f"g{number}", "parent": None if parent is None else f"g{parent}"}


SHAPES: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "a chain from its end": lambda: [row(n, n + 1 if n + 1 < MANY else None) for n in range(MANY)],
    "a chain from its beginning": lambda: [row(n, n - 1 if n else None) for n in range(MANY)],
    "a star": lambda: [row(n, MANY - 1 if n < MANY - 1 else None) for n in range(MANY)],
    "a circle": lambda: [row(n, (n + 1) % MANY) for n in range(MANY)],
    "a chain into a small circle": lambda: [row(n, n + 1 if n + 1 < MANY else MANY - 2) for n in range(MANY)],
    "one name for all": lambda: [row(1, 2 if n else None) for n in range(MANY)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_many_are_put_in_order_within_a_second_of_the_processor(shape: str) -> None:
    rows = SHAPES[shape]()
    began = time.process_time()
    ordered = Groups().order(rows)
    circles = Groups().together(rows, {})
    assert time.process_time() - began < 1
    assert sorted(map(id, ordered)) == sorted(map(id, rows))
    places = {entry["name"]: place for place, entry in enumerate(ordered)}
    if shape == "a circle":
        assert circles == {f"[{number}].parent": CIRCLE for number in range(MANY)}
    elif shape == "a chain into a small circle":
        # What hangs below a circle is in none.
        assert set(circles) == {f"[{MANY - 2}].parent", f"[{MANY - 1}].parent"}
    else:
        assert not circles
        assert all(places.get(entry["parent"], -1) < places[entry["name"]] for entry in rows)


def test_more_than_a_team_may_have_are_refused_before_anything_is_put_in_order(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Groups, "order", None)
    with pytest.raises(InputError) as refused:
        make_plan(str(alice.pk), {"groups": [row(number, None) for number in range(GROUP_LIMIT + 1)]})
    assert refused.value.fields == {"groups": f"There are too many: {GROUP_LIMIT} at most."}


def test_circles_are_told_by_place_and_with_their_cause(alice: User) -> None:
    rows = [row(1, 2), row(2, 1), row(3, 3), row(4, 1), row(5, None)]
    with pytest.raises(InputError) as refused:
        make_plan(str(alice.pk), {"groups": rows})
    assert refused.value.fields == dict.fromkeys((f"groups[{place}].parent" for place in (0, 1, 2)), CIRCLE)


def test_a_circle_that_closes_by_groups_that_are_there_is_told_and_one_that_is_undone_is_none(alice: User) -> None:
    scope = Scope(str(alice.pk))
    top = create_group(scope=scope, actor=SYSTEM, name="g1")
    middle = create_group(scope=scope, actor=SYSTEM, name="g2", parent=top.pk)
    create_group(scope=scope, actor=SYSTEM, name="g3", parent=middle.pk)
    with pytest.raises(InputError) as refused:
        make_plan(scope.owner, {"groups": [row(1, 3), {"name": "g2"}]})
    assert refused.value.fields == {"groups[0].parent": CIRCLE}
    assert len(make_plan(scope.owner, {"groups": [row(2, None), row(1, 3)]}).changes) == 2
