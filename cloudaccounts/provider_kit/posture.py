"""What posture checks are written with: properties read by type, and results with a reason in a sentence.

A check never raises, whatever a property holds: what was not read, or has an unexpected form, makes the result UNKNOWN
with the reason. A wrong PASS would hide a risk, and a wrong FAIL costs trust in all the others.

What the readers here read is the evidence of the result, with what the rule expects there where it says so. A rule that
looks past them, at one entry of a long list for example, names its facts itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from cloudaccounts.contract.inventory import OBSERVED, UNREADABLE, Asset
from cloudaccounts.contract.rules import Evaluation, Fact, PostureCheck, Reference, Severity, Threshold, Verdict
from cloudaccounts.provider_kit.check_results import join_names
from cloudaccounts.provider_kit.deciding_parts import Rule as Rule
from cloudaccounts.provider_kit.evidence import Expected as Expected  # rules take both from here
from cloudaccounts.provider_kit.evidence import evaluate_with_evidence, record, record_flag, unreadable_fact

# Error codes that do not read well with their underscores replaced; all others do.
_REASONS = {
    "grant_not_given": "an optional step of set-up was not taken",
    "organization_not_seen": "the organization of this account is not among those that are seen",
    "denied_by_organization": "denied by a policy of the organization",
    "throttled": "the cloud limited the rate of requests",
    "too_large": "it is larger than what is kept of a resource",
}

_NOTHING_EXPECTED: Expected = MappingProxyType({})

T = TypeVar("T")


class UnknownFactError(Exception):
    """A property that a check needs is missing or could not be read. The message is the reason of the result."""

    def __init__(self, reason: str, evidence: Sequence[Fact] = ()) -> None:
        super().__init__(reason)
        self.evidence = tuple(evidence)


# ``evidence``: the facts that decided it, where the rule wants to be more exact than what the readers recorded.
def passed(reason: str, evidence: Sequence[Fact] = ()) -> Evaluation:
    return Evaluation(Verdict.PASS, reason, tuple(evidence))


def failed(reason: str, evidence: Sequence[Fact] = ()) -> Evaluation:
    return Evaluation(Verdict.FAIL, reason, tuple(evidence))


def not_applicable(reason: str) -> Evaluation:
    return Evaluation(Verdict.NOT_APPLICABLE, reason)


def unknown(reason: str, evidence: Sequence[Fact] = ()) -> Evaluation:
    return Evaluation(Verdict.UNKNOWN, reason, tuple(evidence))


def expect(condition: bool, failure: str, success: str, evidence: Sequence[Fact] = ()) -> Evaluation:
    """A result from a condition, with its reason in either case."""
    return passed(success, evidence) if condition else failed(failure, evidence)


def value(asset: Asset, path: str) -> Any:
    """The property at ``a.b.c``; None where it is missing. Clouds leave out what is at its default.

    Raises `UnknownFactError` where it could not be read.
    """
    first, *rest = path.split(".")
    unreadable = asset.properties.get(UNREADABLE)
    # Before the value itself: a property that could not be read is None, which else would count as the default.
    if isinstance(unreadable, Mapping) and first in unreadable:
        code = str(unreadable[first])
        raise UnknownFactError(
            f"{_words(first)} could not be read: {_REASONS.get(code, code.replace('_', ' '))}.",
            [unreadable_fact(first, code)],
        )
    current: Any = asset.properties.get(first)
    for key in rest:
        if current is None:
            break
        if not isinstance(current, Mapping):
            record(first, asset.properties.get(first))
            raise _unexpected_form(path)
        current = current.get(key)
    record(path, current)
    return current


def known(asset: Asset, path: str) -> Any:
    """As `value`, for what the inventory sets on every asset of the type: where it is missing, it was not read."""
    content = value(asset, path)
    if content is None:
        raise UnknownFactError(f"{_words(path.rsplit('.', 1)[-1])} was not told.")
    return content


def optional(asset: Asset, name: str, kind: type[T]) -> T | None:
    """A property that the inventory sets on every asset of the type. It may be None, which says that there is none."""
    content = value(asset, name)
    # None is an answer of the cloud's; a missing name is an asset that was stored before the property was read.
    if name not in asset.properties:
        raise UnknownFactError(f"{_words(name)} was not told.")
    return None if content is None else _typed(content, kind, name)


def required(asset: Asset, name: str, kind: type[T]) -> T:
    """As `optional`, where None says that it was not read."""
    return _typed(known(asset, name), kind, name)


def rows(asset: Asset, name: str) -> list[Mapping[str, Any]]:
    """A list of objects that the inventory sets on every asset of the type."""
    return [_typed(row, dict, name) for row in required(asset, name, list)]


def observed(asset: Asset, name: str) -> Any:
    """What changes by mere use; None where it is missing."""
    values = asset.properties.get(OBSERVED)
    content = values.get(name) if isinstance(values, Mapping) else None
    record(f"{OBSERVED}.{name}", content)
    return content


def parse_time(text: Any) -> datetime | None:
    """From ISO 8601, as UTC where it names no zone; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def days_since(asset: Asset, date: Any) -> int:
    """Whole days from the date to the time of observation. Raises `UnknownFactError` where either is missing.

    Not to the present: a check evaluates what is stored, and the same asset must give the same result again.
    """
    now, then = parse_time(observed(asset, "at")), parse_time(date)
    if now is None:
        raise UnknownFactError("When this was observed was not told.")
    if then is None:
        raise UnknownFactError("A date that the rule needs was not told.")
    return (now - then).days


def flag(asset: Asset, path: str, *, default: bool | None = False) -> bool:
    """True or false. ``default`` is what the cloud means where it leaves the property out (None: that is unknown)."""
    content = value(asset, path)
    record_flag(path)
    if content is None:
        content = default
    if not isinstance(content, bool):
        raise UnknownFactError(f"{path} was not told.") if content is None else _unexpected_form(path)
    return content


def text(asset: Asset, path: str) -> str:
    """Empty where the cloud leaves it out."""
    content = value(asset, path)
    if content is None:
        return ""
    if not isinstance(content, str):
        raise _unexpected_form(path)
    return content


def number(asset: Asset, path: str) -> int:
    """0 where the cloud leaves it out."""
    content = value(asset, path)
    if content is None:
        return 0
    if isinstance(content, bool) or not isinstance(content, int):  # True is an int for Python
        raise _unexpected_form(path)
    return content


def mapping(asset: Asset, path: str) -> Mapping[str, Any]:
    content = value(asset, path)
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise _unexpected_form(path)
    return content


def mappings(asset: Asset, path: str) -> list[Mapping[str, Any]]:
    """A list of objects; empty where the cloud leaves it out."""
    content = value(asset, path)
    if content is None:
        return []
    if not isinstance(content, list) or not all(isinstance(item, Mapping) for item in content):
        raise _unexpected_form(path)
    return content


def texts(asset: Asset, path: str) -> list[str]:
    return list_of_texts(value(asset, path), path)


def list_of_texts(part: Any, path: str) -> list[str]:
    """As `texts`, for a part of a property that was read already; ``path`` names it in the reason."""
    if part is None:
        return []
    if not isinstance(part, list) or not all(isinstance(item, str) for item in part):
        raise _unexpected_form(path)
    return part


def abridge(names: Iterable[str], most: int = 4) -> str:
    """``a, b and 3 more``: a reason must stay a sentence, however many names there are."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) <= most:
        return join_names(distinct)
    return f"{', '.join(distinct[:most])} and {len(distinct) - most} more"


# By identity, as functions are: what a rule expects is a mapping, and checks are looked up by hash here and there.
@dataclass(frozen=True, slots=True, eq=False)
class GuardedRule:
    """A rule for assets of one type. What it could not find out is its result, so that it raises nothing."""

    asset_type: str
    rule: Rule
    expected: Expected

    def __call__(self, asset: Asset) -> Evaluation:
        if asset.type != self.asset_type:
            return not_applicable("This rule is about another type of resource.")
        return evaluate_with_evidence(self._decided, asset, self.expected)

    def _decided(self, asset: Asset) -> Evaluation:
        try:
            return self.rule(asset)
        except UnknownFactError as error:
            return unknown(str(error), error.evidence)


def with_expectations(expectations: Mapping[str, Expected], *checks: PostureCheck) -> tuple[PostureCheck, ...]:
    """The checks, with what they expect by their ids, beside what each says itself.

    Raises ValueError where an expectation is of no check.
    """
    if unknown_ids := expectations.keys() - {check.id for check in checks}:
        raise ValueError(f"Expectations of no check: {', '.join(sorted(unknown_ids))}")
    return tuple(_with_expected(check, expectations.get(check.id, _NOTHING_EXPECTED)) for check in checks)


def _with_expected(check: PostureCheck, expected: Expected) -> PostureCheck:
    rule = check.evaluate
    if not expected or not isinstance(rule, GuardedRule):
        return check
    # What the check says itself goes before the table.
    return replace(check, evaluate=replace(rule, expected={**expected, **rule.expected}))


def posture_check(
    identifier: str,
    title: str,
    severity: Severity,
    service: str,
    asset_type: str,
    *,
    why: str,
    console: str,
    command: str,
    references: tuple[Reference, ...],
    time_dependent: bool = False,
    every_region: bool = False,
    terraform: str = "",
    expected: Expected = _NOTHING_EXPECTED,
    thresholds: tuple[Threshold, ...] = (),
) -> Callable[[Rule], PostureCheck]:
    """Makes a check of a function that evaluates assets of the type. For use as a decorator.

    ``expected`` says what the rule wants to see, by path: ``{"versioning.status": "Enabled"}``. The evidence then shows
    exactly this path, also where the rule read ``versioning`` as a whole.
    """

    def make(rule: Rule) -> PostureCheck:
        return PostureCheck(
            id=identifier,
            title=title,
            severity=severity,
            service=service,
            asset_type=asset_type,
            why=why,
            console=console,
            command=command,
            references=references,
            evaluate=GuardedRule(asset_type, rule, expected),
            time_dependent=time_dependent,
            every_region=every_region,
            terraform=terraform,
            thresholds=thresholds,
        )

    return make


def _typed(content: Any, kind: type[T], name: str) -> T:
    if not isinstance(content, kind) or (kind is int and isinstance(content, bool)):  # True is an int for Python
        raise _unexpected_form(name)
    if kind is bool:
        record_flag(name)
    return content


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _unexpected_form(path: str) -> UnknownFactError:
    return UnknownFactError(f"{path} has a form that is not known here.")
