"""Which entries of a list, or which parts of an object, make a rule fail: found by asking the rule without the others.

A rule is pure, so it can be asked again. A security group of sixty rules fails by one of them, and this one is what a
person wants to look up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.storable import CUT

MOST_QUESTIONS = 150  # to one rule about one asset; an evaluation costs some ten microseconds
MOST_ENTRIES = 60  # of a list or an object: a longer one is shown from its beginning
MOST_PARTS = 4
LEVELS = 4
SHORT = 300  # characters of JSON: a shorter entry is shown whole

Rule = Callable[[Asset], Evaluation]
Rebuild = Callable[[Any], Asset]  # the asset with this value in place of the one that is looked at
Parts = list[tuple[str, Any]]  # path and value


class _NoMoreQuestionsError(Exception):
    pass


class _Questions:
    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._left = MOST_QUESTIONS

    def fails(self, asset: Asset) -> bool:
        self._left -= 1
        if self._left < 0:
            raise _NoMoreQuestionsError
        return self._rule(asset).verdict == Verdict.FAIL


def deciding_parts(rule: Rule, path: str, value: Any, rebuild: Rebuild) -> Parts:
    """Parts of what the failing rule read at the path, or all of it where it fails by the whole."""
    try:
        return _parts(path, value, rebuild, _Questions(rule), LEVELS)
    # Shown whole, as if nothing had been asked: a part of an answer could name the wrong entry.
    except _NoMoreQuestionsError:
        return [(path, value)]


def _parts(path: str, value: Any, rebuild: Rebuild, questions: _Questions, levels: int) -> Parts:
    if levels and value and isinstance(value, Mapping) and len(value) <= MOST_ENTRIES:
        return _of_object(path, value, rebuild, questions, levels)
    if levels and value and isinstance(value, list) and len(value) <= MOST_ENTRIES:
        return _of_list(path, value, rebuild, questions, levels)
    return [(path, value)]


def _of_object(path: str, value: Mapping[str, Any], rebuild: Rebuild, questions: _Questions, levels: int) -> Parts:
    """Those without which the rule does not fail."""
    names = [
        name
        for name in value
        if not questions.fails(rebuild({other: part for other, part in value.items() if other != name}))
    ]
    if len(names) != 1:
        return [(f"{path}.{name}", value[name]) for name in names] if 0 < len(names) <= MOST_PARTS else [(path, value)]
    (name,) = names
    return _parts(f"{path}.{name}", value[name], lambda part: rebuild({**value, name: part}), questions, levels - 1)


def _of_list(path: str, value: list[Any], rebuild: Rebuild, questions: _Questions, levels: int) -> Parts:
    """Those that let it fail although none of the others does. None, where it fails by what is not in the list."""
    # It fails by what is missing, so no entry is to blame.
    if questions.fails(rebuild([])):
        return [(path, value)]
    alone = [place for place, entry in enumerate(value) if questions.fails(rebuild([entry]))]
    # An entry may fail alone and be overruled by another, as the rules of a firewall are.
    places = [
        place
        for place in alone
        if len(alone) == 1
        or questions.fails(
            rebuild([entry for other, entry in enumerate(value) if other == place or other not in alone])
        )
    ]
    if len(places) == 1 and len(json.dumps(value[places[0]], default=str)) > SHORT:
        (place,) = places
        before, after = value[:place], value[place + 1 :]
        return _parts(
            f"{path}[{place}]", value[place], lambda part: rebuild([*before, part, *after]), questions, levels - 1
        )
    parts: Parts = [(f"{path}[{place}]", value[place]) for place in places[:MOST_PARTS]]
    if len(places) > MOST_PARTS:
        parts.append((f"{path}[{CUT}]", f"{len(places) - MOST_PARTS} more like these"))
    return parts or [(path, value)]
