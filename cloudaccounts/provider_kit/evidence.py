"""Which facts decided a verdict: what a rule reads is recorded while it runs, and kept in a short form.

The readers of `provider_kit.posture` record into the log of the evaluation that runs in this thread. A rule that knows
better which facts count names them itself (`Evaluation.evidence`), and none of the recorded ones are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any

from cloudaccounts.contract.inventory import OBSERVED, UNREADABLE, Asset
from cloudaccounts.contract.rules import Evaluation, Fact, Verdict
from cloudaccounts.provider_kit.deciding_parts import Rule, deciding_parts
from cloudaccounts.provider_kit.evidence_fields import fields_read, shown
from cloudaccounts.provider_kit.secret_looks import NOT_SHOWN, looks_secret
from cloudaccounts.storable import CUT, Bounds, short_text, storable

MOST_FACTS = 12
MOST_PATH = 200  # characters
VALUE = Bounds(text=300, items=12, depth=5, total=100)  # of one fact; at most about 1,000 characters

Expected = Mapping[str, Any]  # path to the value, or words, that a rule wants to see there

# Per thread, and reset when the evaluation ends. None outside of an evaluation: then nothing is recorded.
_LOG: ContextVar[FactLog | None] = ContextVar("facts", default=None)
# When it was observed is different at each scan, and the reason of a rule about age says how old something is.
_LEFT_OUT = f"{OBSERVED}.at"
_NO_FIELDS: frozenset[str] = frozenset()


class FactLog:
    """What one evaluation read: path to value, in the order of reading, and which of the paths are flags."""

    __slots__ = ("facts", "flags")

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.flags: set[str] = set()


def record(path: str, value: Any) -> None:
    """Notes that the rule which runs in this thread, if any, read this."""
    log = _LOG.get()
    if log is not None:
        log.facts[path] = value


def record_flag(path: str) -> None:
    """Notes that what was read there is true or false."""
    log = _LOG.get()
    if log is not None:
        log.flags.add(path)


def evaluate_with_evidence(rule: Rule, asset: Asset, expected: Expected) -> Evaluation:
    """The rule's result with the facts that it read, or with its own where it names some.

    Only for failures and unknowns: most results are passes, of which nothing is shown. What a rule raises is raised.
    """
    log = FactLog()
    token = _LOG.set(log)
    try:
        evaluation = rule(asset)
    finally:
        _LOG.reset(token)
    if evaluation.verdict not in {Verdict.FAIL, Verdict.UNKNOWN}:
        return evaluation
    # The rule's own facts go before those that were recorded.
    facts: Sequence[Fact] = evaluation.evidence
    named = {*log.facts, *expected, *(fact.path for fact in facts)}
    if not facts and evaluation.verdict == Verdict.FAIL:
        passing = _passing_flags(rule, asset, log, expected)
        facts = _narrowed(rule, asset, _facts(log, {**passing, **expected}))
        facts = facts or [Fact("name", asset.name)]  # a rule that reads nothing else goes by what it is
    facts = facts or _facts(log, expected)
    # Which parts of them may be shown, the rule says itself: those that it reads.
    inside = any(isinstance(fact.value, (Mapping, list)) or fact.path not in named for fact in facts)
    fields = fields_read(rule, asset) if inside else _NO_FIELDS
    return replace(
        evaluation,
        evidence=tuple(
            replace(fact, value=shown(fact.value, fact.path, fields, named=_named(fact.path, named))) for fact in facts
        ),
    )


def _named(path: str, names: Iterable[str]) -> str:
    """The longest of the names that the path begins with."""
    begins = [name for name in names if path == name or path.startswith((f"{name}.", f"{name}["))]
    return max(begins, key=len, default="")


def _narrowed(rule: Rule, asset: Asset, facts: Iterable[Fact]) -> list[Fact]:
    """Instead of a list or an object those parts by which the rule fails; the most telling facts first."""
    narrowed: list[Fact] = []
    decided = False
    for fact in facts:
        parts = deciding_parts(rule, fact.path, fact.value, partial(_with_value, asset, fact.path))
        decided = decided or parts[0][0] != fact.path
        narrowed += (Fact(path, value, fact.expected) for path, value in parts)
    if decided:  # then what is empty beside it is as it should be; flags say themselves what would pass
        narrowed = [replace(fact, expected=None) if _is_empty_of_words(fact) else fact for fact in narrowed]
    return sorted(narrowed, key=lambda fact: (fact.expected is None, fact.expected == fact.value))


def _is_empty_of_words(fact: Fact) -> bool:
    return isinstance(fact.expected, str) and fact.value in ([], {}, None)


def _passing_flags(rule: Rule, asset: Asset, log: FactLog, expected: Expected) -> dict[str, bool]:
    """For flags of which the rule does not say what it expects: the value with which it would pass, if there is one.

    Found by asking the rule, which is pure. So nothing has to be written down twice for most rules.
    """
    passing: dict[str, bool] = {}
    for path in log.facts:
        if path in log.flags and path not in expected and len(passing) < MOST_FACTS:
            for value in (True, False):
                # Only the other value is asked for, and only where it would turn the verdict.
                if value is not log.facts[path] and rule(_with_value(asset, path, value)).verdict == Verdict.PASS:
                    passing[path] = value
                    break
    return passing or _passing_together(rule, asset, log, expected)


def _passing_together(rule: Rule, asset: Asset, log: FactLog, expected: Expected) -> dict[str, bool]:
    """Where no single flag lets it pass: all of them on, or all of them off."""
    flags = [path for path in log.facts if path in log.flags and path not in expected][:MOST_FACTS]
    for value in (True, False) if len(flags) > 1 else ():
        changed = asset
        for path in flags:
            changed = _with_value(changed, path, value)
        if rule(changed).verdict == Verdict.PASS:
            return dict.fromkeys((path for path in flags if log.facts[path] is not value), value)
    return {}


def _with_value(asset: Asset, path: str, value: Any) -> Asset:
    first, *rest = path.split(".")
    properties = dict(asset.properties)
    holder = properties
    for key in (first, *rest)[:-1]:
        inner = holder.get(key)
        holder[key] = dict(inner) if isinstance(inner, Mapping) else {}
        holder = holder[key]
    holder[(first, *rest)[-1]] = value
    return replace(asset, properties=properties)


def _facts(log: FactLog, expected: Expected) -> tuple[Fact, ...]:
    """What was read, in order. For an object, those of its parts that were read too, or have an expectation."""
    facts: dict[str, Fact] = {}
    for path, value in log.facts.items():
        if path == _LEFT_OUT:
            continue
        inside = f"{path}."
        parts = [name for name in expected if name.startswith(inside)]
        # Its parts say more than the whole object would.
        if not parts and any(name.startswith(inside) for name in log.facts):
            continue
        for name in parts or [path]:
            facts[name] = Fact(name, _at(value, name[len(inside) :]), expected.get(name))
    return tuple(facts.values())


def fact(asset: Asset, path: str, expected: Any = None) -> Fact:
    """What the asset holds at ``a.b.c``, for a rule that names its evidence. None where there is nothing."""
    return Fact(path, _at(asset.properties, path), expected)


def unreadable_fact(name: str, code: str) -> Fact:
    return Fact(f"{UNREADABLE}.{name}", code)


def bounded(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """At most `MOST_FACTS` of them, each of bounded length. Call it once, to keep them. What must not be shown was left
    out when the rule was asked (`evidence_fields`).
    """
    distinct = list({fact.path: fact for fact in facts}.values())
    kept = [_bounded(fact) for fact in distinct[:MOST_FACTS]]
    if len(distinct) > MOST_FACTS:
        # The last one gives way, so that the number of facts holds and nothing is cut silently.
        kept[-1:] = [Fact(CUT, f"{len(distinct) - MOST_FACTS + 1} more facts")]
    return tuple(kept)


def as_json(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    return [{"path": fact.path, "value": fact.value, "expected": fact.expected} for fact in facts]


def _bounded(fact: Fact) -> Fact:
    # Once more, for checks that are no `GuardedRule`, as those of a provider of somebody's own may be.
    value = storable(shown(fact.value, fact.path, None), VALUE)
    # Names in a path may be data: of a variable, of a role.
    path = NOT_SHOWN if looks_secret(fact.path) else short_text(fact.path, MOST_PATH)
    return Fact(path, value, storable(fact.expected, VALUE))


def _at(value: Any, path: str) -> Any:
    for key in path.split(".") if path else ():
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
