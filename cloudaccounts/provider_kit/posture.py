"""What posture checks are written with: facts read with care, and verdicts in a sentence. For providers.

A rule never raises, whatever stands in a property: what was not read, or has a form that is not known here, makes the
verdict UNKNOWN with the reason. Nothing here knows a cloud, an SDK or Django.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Reference, Severity, Verdict

UNREADABLE = "unreadable"  # a property that says what could not be read: property to error code
_REASONS = {
    "denied_by_organization": "denied by a policy of the organization",
    "throttled": "the cloud limited the rate of requests",
}

T = TypeVar("T")
Rule = Callable[[Asset], Evaluation]


class UnknownFactError(Exception):
    """What a rule needs was not told; the text says why."""


def passed(reason: str) -> Evaluation:
    return Evaluation(Verdict.PASS, reason)


def failed(reason: str) -> Evaluation:
    return Evaluation(Verdict.FAIL, reason)


def not_applicable(reason: str) -> Evaluation:
    return Evaluation(Verdict.NOT_APPLICABLE, reason)


def unknown(reason: str) -> Evaluation:
    return Evaluation(Verdict.UNKNOWN, reason)


def expect(good: bool, otherwise: str, well: str) -> Evaluation:
    return passed(well) if good else failed(otherwise)


def value(asset: Asset, path: str) -> Any:
    """What stands at ``a.b.c``; None where it is missing, which clouds mean as the default.

    Raises `UnknownFactError` where it could not be read.
    """
    first, *rest = path.split(".")
    refused = asset.properties.get(UNREADABLE)
    if isinstance(refused, Mapping) and first in refused:
        code = str(refused[first])
        raise UnknownFactError(f"{_words(first)} could not be read: {_REASONS.get(code, code.replace('_', ' '))}.")
    found: Any = asset.properties.get(first)
    for key in rest:
        if found is None:
            return None
        if not isinstance(found, Mapping):
            raise _odd(path)
        found = found.get(key)
    return found


def known(asset: Asset, path: str) -> Any:
    """As `value`, of what an inventory always tells: missing is not read."""
    found = value(asset, path)
    if found is None:
        raise UnknownFactError(f"{_words(path.rsplit('.', 1)[-1])} was not told.")
    return found


def optional(asset: Asset, name: str, kind: type[T]) -> T | None:
    """A property that an inventory always tells; None where it told that there is none."""
    found = value(asset, name)
    if name not in asset.properties:
        raise UnknownFactError(f"{_words(name)} was not told.")
    return None if found is None else _typed(found, kind, name)


def required(asset: Asset, name: str, kind: type[T]) -> T:
    """As `optional`, where there always is one."""
    return _typed(known(asset, name), kind, name)


def rows(asset: Asset, name: str) -> list[Mapping[str, Any]]:
    """A list of objects that is always told."""
    return [_typed(row, dict, name) for row in required(asset, name, list)]


def observed(asset: Asset, name: str) -> Any:
    """What changes by mere use; None where it was not told."""
    seen = asset.properties.get(OBSERVED)
    return seen.get(name) if isinstance(seen, Mapping) else None


def moment(told: Any) -> datetime | None:
    """From ISO 8601, as UTC where it names no zone; None for anything else."""
    if not isinstance(told, str):
        return None
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def days_since(asset: Asset, told: Any) -> int:
    """Whole days from the date to the moment of observation. Raises `UnknownFactError` where either is missing."""
    now, then = moment(observed(asset, "at")), moment(told)
    if now is None:
        raise UnknownFactError("When this was observed was not told.")
    if then is None:
        raise UnknownFactError("A date that the rule needs was not told.")
    return (now - then).days


def flag(asset: Asset, path: str, *, default: bool | None = False) -> bool:
    """True or false; ``default`` is what the cloud means where it tells nothing (None: that is unknown)."""
    found = value(asset, path)
    if found is None:
        found = default
    if not isinstance(found, bool):
        raise UnknownFactError(f"{path} was not told.") if found is None else _odd(path)
    return found


def text(asset: Asset, path: str) -> str:
    """Empty where the cloud tells nothing."""
    found = value(asset, path)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise _odd(path)
    return found


def number(asset: Asset, path: str) -> int:
    """0 where the cloud tells nothing."""
    found = value(asset, path)
    if found is None:
        return 0
    if isinstance(found, bool) or not isinstance(found, int):
        raise _odd(path)
    return found


def mapping(asset: Asset, path: str) -> Mapping[str, Any]:
    found = value(asset, path)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise _odd(path)
    return found


def mappings(asset: Asset, path: str) -> list[Mapping[str, Any]]:
    """A list of objects; empty where the cloud tells nothing."""
    found = value(asset, path)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise _odd(path)
    return found


def texts(asset: Asset, path: str) -> list[str]:
    return list_of_texts(value(asset, path), path)


def list_of_texts(found: Any, what: str) -> list[str]:
    """Of a part of a property; empty for None."""
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise _odd(what)
    return found


def listed(names: Iterable[str], most: int = 4) -> str:
    """``a, b and 3 more``: for reasons, which stay a sentence."""
    every = list(dict.fromkeys(names))
    if len(every) <= most:
        return " and ".join(filter(None, (", ".join(every[:-1]), every[-1]))) if every else ""
    return f"{', '.join(every[:most])} and {len(every) - most} more"


def careful(asset_type: str, judge: Rule) -> Rule:
    """The rule for assets of the type, with what it needs and was not told as a verdict: it raises nothing."""

    def judged(asset: Asset) -> Evaluation:
        if asset.type != asset_type:
            return not_applicable("This rule is about another type of resource.")
        try:
            return judge(asset)
        except UnknownFactError as error:
            return unknown(str(error))

    return judged


def rule(
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
) -> Callable[[Rule], PostureCheck]:
    """Makes the check of a function that judges assets of the type."""

    def make(judge: Rule) -> PostureCheck:
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
            judge=careful(asset_type, judge),
        )

    return make


def _typed(found: Any, kind: type[T], name: str) -> T:
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise _odd(name)
    return found


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _odd(path: str) -> UnknownFactError:
    return UnknownFactError(f"{path} has a form that is not known here.")
