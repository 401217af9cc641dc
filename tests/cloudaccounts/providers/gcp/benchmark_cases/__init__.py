"""What rules that benchmarks ask for are told, and what they then say: a table for each kind of service."""

from __future__ import annotations

from typing import Any

from cloudaccounts.contract.rules import Verdict

P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
NOW = "2026-11-30T12:00:00+00:00"
SEEN = {"observed": {"at": NOW}}
Case = tuple[str, Verdict, dict[str, Any]]


def named(*cases: tuple[str, list[tuple[Verdict, dict[str, Any]]]]) -> list[Case]:
    return [(identifier, verdict, told) for identifier, table in cases for verdict, told in table]


def each(identifiers: tuple[str, ...], table: list[tuple[Verdict, dict[str, Any]]]) -> list[Case]:
    """The same table for rules that look at the same."""
    return [(identifier, verdict, told) for identifier in identifiers for verdict, told in table]
