"""How a rule reads an asset: what is missing, refused or of an odd type makes UNKNOWN: no PASS and no error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from cloudaccounts.contract import OBSERVED, Asset, Judgement, PostureCheck, Reference, Severity, Verdict

T = TypeVar("T")
Rule = Callable[[Asset], Judgement]

_UNREADABLE = "unreadable"
_REASONS = {
    "permission_denied": "permission denied",
    "denied_by_organization": "denied by a policy of the organization",
    "throttled": "AWS limited the rate of requests",
}


class CannotTellError(Exception):
    """The asset does not hold what the rule needs; the message says why, for people."""


def passed(reason: str) -> Judgement:
    return Judgement(Verdict.PASS, reason)


def failed(reason: str) -> Judgement:
    return Judgement(Verdict.FAIL, reason)


def not_applicable(reason: str) -> Judgement:
    return Judgement(Verdict.NOT_APPLICABLE, reason)


def verdict(good: bool, when_good: str, when_bad: str) -> Judgement:
    return passed(when_good) if good else failed(when_bad)


def optional(asset: Asset, name: str, kind: type[T]) -> T | None:
    """The property; None where AWS told that there is none. Raises `CannotTellError`."""
    refused = asset.properties.get(_UNREADABLE)
    if isinstance(refused, Mapping) and name in refused:
        code = str(refused[name])
        raise CannotTellError(f"{_words(name)} could not be read: {_REASONS.get(code, code.replace('_', ' '))}.")
    if name not in asset.properties:
        raise CannotTellError(f"{_words(name)} was not told.")
    value = asset.properties[name]
    if value is None:
        return None
    return _typed(value, kind, name)


def required(asset: Asset, name: str, kind: type[T]) -> T:
    """As `optional`, where AWS always tells it."""
    value = optional(asset, name, kind)
    if value is None:
        raise CannotTellError(f"{_words(name)} was not told.")
    return value


def rows(asset: Asset, name: str) -> list[Mapping[str, Any]]:
    """A list of mappings. Raises `CannotTellError` where one of them is none."""
    return [_typed(row, dict, name) for row in required(asset, name, list)]


def texts(value: Any) -> list[str]:
    """The texts of a list; a single text counts as a list of one, as in AWS's policies."""
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []


def observed(asset: Asset, name: str) -> Any:
    seen = asset.properties.get(OBSERVED)
    return seen.get(name) if isinstance(seen, Mapping) else None


def moment(value: Any) -> datetime | None:
    """From ISO 8601, as UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        told = datetime.fromisoformat(value)
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def days_since(asset: Asset, value: Any) -> int:
    """Whole days from the date to the moment of observation. Raises `CannotTellError` where either is missing."""
    now, then = moment(observed(asset, "at")), moment(value)
    if now is None:
        raise CannotTellError("When this was observed was not told.")
    if then is None:
        raise CannotTellError("A date that the rule needs was not told.")
    return (now - then).days


def _typed(value: Any, kind: type[T], name: str) -> T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise CannotTellError(f"{_words(name)} was told in a form that is not known here.")
    return value


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def cis(section: str) -> Reference:
    return Reference("CIS AWS 3.0.0", section)


def aws(title: str, url: str) -> Reference:
    return Reference(title, url=url)


def check(
    identifier: str,
    title: str,
    severity: Severity,
    asset_type: str,
    rule: Rule,
    *,
    why: str,
    console: str,
    command: str,
    references: tuple[Reference, ...] = (),
    ages: bool = False,
) -> PostureCheck:
    """A check whose judge never raises. The service is the second part of the asset's type."""

    def judge(asset: Asset) -> Judgement:
        if asset.type != asset_type:
            return not_applicable("This rule is about another kind of resource.")
        try:
            return rule(asset)
        except CannotTellError as error:
            return Judgement(Verdict.UNKNOWN, str(error))

    return PostureCheck(
        id=f"aws_{identifier}",
        title=title,
        severity=severity,
        service=asset_type.split(".")[1],
        asset_type=asset_type,
        why=why,
        console=console,
        command=command,
        references=references,
        judge=judge,
        ages=ages,
    )
