"""Values that a check knows, and dates that Azure announced. What is neither makes the result unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck
from cloudaccounts.provider_kit.dated_facts import DatedFacts, Support, day_of, load
from cloudaccounts.provider_kit.posture import UnknownFactError, failed, passed, text, unknown

_FACTS = Path(__file__).parent.parent / "facts"
MOST_SHOWN = 40  # characters of a value that is not known


def facts(name: str) -> DatedFacts:
    """A file of ``facts/``."""
    return load(_FACTS / f"{name}.json")


TLS = facts("tls")
# Azure's answers vary in case, as other values of its enumerations do.
_TLS_NAMES = {name.lower(): name for name in TLS.entries}


def is_one_of(asset: Asset, path: str, *, good: Iterable[str], bad: Iterable[str], absent: bool | None = None) -> bool:
    """Whether the text there is a good value or a bad one, whatever its case.

    ``absent`` is what Azure means where it leaves the property out; None where that is not documented. Raises
    `UnknownFactError` for that, and for a value of neither list: a new one is neither the best nor the worst.
    """
    content = text(asset, path)
    if not content:
        if absent is None:
            raise UnknownFactError(f"{path} was not told.")
        return absent
    # Without regard to case, in which Azure's answers vary.
    if content.lower() in {value.lower() for value in good}:
        return True
    if content.lower() in {value.lower() for value in bad}:
        return False
    raise new_value(path, content)


def new_value(path: str, content: str) -> UnknownFactError:
    return UnknownFactError(f"{path} has a value that is not known here: {content[:MOST_SHOWN]}.")


def also_for(
    check: PostureCheck, asset_type: str, *, identifier: tuple[str, str], title: str, command: str
) -> PostureCheck:
    """The same rule for a sibling type that has the same properties. ``identifier``: what to replace in it by what."""

    def evaluate(asset: Asset) -> Evaluation:
        own = asset.type == asset_type
        # The rule looks at the type first, so it is asked about the sibling under its own name.
        return check.evaluate(replace(asset, type=check.asset_type if own else ""))

    own_id = check.id.replace(*identifier)
    return replace(
        check, id=own_id, title=title, asset_type=asset_type, command=command, terraform="", evaluate=evaluate
    )


def modern_tls(asset: Asset, path: str, *, absent: str = "") -> Evaluation:
    """Whether a minimum version of TLS has no known weakness. ``absent`` is what a missing one stands for."""
    version = text(asset, path) or absent
    if not version:
        raise UnknownFactError(f"{path} was not told.")
    return of_tls(version, path)


def of_tls(version: str, path: str) -> Evaluation:
    name = _TLS_NAMES.get(version.lower())
    if name is None:
        raise new_value(path, version)
    shown = str(TLS.detail(name, "shown"))
    if TLS.detail(name, "weak_since") is None:
        return passed(f"The minimum is {shown}.")
    return failed(f"The minimum is {shown}.")


def supported(asset: Asset, known: DatedFacts, name: str, shown: str) -> Evaluation:
    """Whether a version was supported on the day on which the asset was observed."""
    day = day_of(asset)
    support = known.support(name, day)
    if support is Support.UNKNOWN:
        return unknown(f"Until when {shown} is supported is not known here.")
    ends = known.ends(name)
    if support is Support.ENDED:
        return failed(f"The support of {shown} ended on {ends:%d %B %Y}.")
    return passed(f"{shown} is supported until {ends:%d %B %Y}." if ends else f"{shown} is supported.")
