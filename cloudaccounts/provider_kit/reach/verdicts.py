"""How reach becomes the evaluation of a check: open fails, closed passes, and what is unclear is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloudaccounts.contract.rules import Evaluation
from cloudaccounts.provider_kit.posture import abridge, failed, passed, unknown
from cloudaccounts.provider_kit.reach.addresses import Reach
from cloudaccounts.provider_kit.reach.rules import Result, Rule, open_ports, reach
from cloudaccounts.provider_kit.reach.traffic import EVERY_PORT, TCP, UDP


def evaluation(reached: Reach, failure: str, success: str, unclear: str) -> Evaluation:
    """The three sentences are the reasons of the three verdicts."""
    if reached == Reach.OPEN:
        return failed(failure)
    return passed(success) if reached == Reach.CLOSED else unknown(unclear)


def reach_by_any(rules: Sequence[Rule], protocols: Iterable[int], port: int, *, deny_wins: bool) -> Result:
    """The widest that any of the protocols gives."""
    results = [reach(rules, protocol, port, deny_wins=deny_wins) for protocol in protocols]
    for worst in (Reach.OPEN, Reach.UNCLEAR):
        matching = [result for result in results if result.reach == worst]
        if matching:
            return Result(worst, tuple(dict.fromkeys(name for result in matching for name in result.names)))
    return Result(Reach.CLOSED)


def every_port(rules: Sequence[Rule], *, deny_wins: bool) -> Result:
    """Whether (nearly) every port is open to the internet, by TCP or by UDP, by one rule or by several together."""
    unclear: Result | None = None
    for protocol in (TCP, UDP):
        ports = open_ports(rules, protocol, deny_wins=deny_wins)
        if ports.sure.size >= EVERY_PORT:
            return Result(Reach.OPEN, ports.names)
        if ports.may.size >= EVERY_PORT:
            unclear = Result(Reach.UNCLEAR)
    return unclear or Result(Reach.CLOSED)


def by(names: Iterable[str]) -> str:
    """``by a, b and 3 more``, or nothing where there is no name."""
    given = [name for name in names if name]
    return f" by {abridge(given)}" if given else ""
