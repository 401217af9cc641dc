"""Until when AWS supports a runtime or version, by the files in ``facts``: by the day on which it was observed."""

from __future__ import annotations

from pathlib import Path

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation
from cloudaccounts.provider_kit.dated_facts import DatedFacts, Support, day_of, load
from cloudaccounts.provider_kit.posture import failed, passed, unknown

_FACTS = Path(__file__).parent.parent / "facts"

RUNTIMES = load(_FACTS / "lambda_runtimes.json")
ENGINES = load(_FACTS / "rds_engines.json")
KUBERNETES = load(_FACTS / "eks_versions.json")
PROTOCOLS = load(_FACTS / "tls_protocols.json")
CLOUDFRONT_POLICIES = load(_FACTS / "cloudfront_policies.json")


def evaluate_support(asset: Asset, facts: DatedFacts, name: str, what: str) -> Evaluation:
    """``what`` is how a person calls it: "PostgreSQL 11.22"."""
    day = day_of(asset)
    support, ends = facts.support(name, day), facts.ends(name)
    # Never heard of, or the file is too old to believe it (docs/decisions/0017-dates-not-lists.md).
    if support is Support.UNKNOWN:
        return unknown(f"Until when AWS supports {what} is not known here.")
    if support is Support.ENDED:
        return failed(f"AWS's standard support for {what} ended on {ends:%d %B %Y}.")
    return passed(
        f"{what} is supported until {ends:%d %B %Y}." if ends else f"AWS has announced no end of support for {what}."
    )


def outdated(protocols: list[str], asset: Asset) -> tuple[list[str], list[str]]:
    """Of protocols that are answered: those that must not be used any more, and those that are not known here."""
    day = day_of(asset)
    by_support = {name: PROTOCOLS.support(name, day) for name in protocols}
    return (
        sorted(name for name, support in by_support.items() if support is Support.ENDED),
        sorted(name for name, support in by_support.items() if support is Support.UNKNOWN),
    )
