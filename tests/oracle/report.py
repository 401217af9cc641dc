"""What ``make oracle`` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.oracle.verdicts import Comparison, Difference, Known

LOG_LINES = 12
Line = Callable[[str], object]


def write(comparison: Comparison, known: Sequence[Known], log: str, line: Line = print) -> int:
    """Prints it; answers with the exit code: 1 where a difference is not explained."""
    line(
        f"agree {comparison.agree}, differ {len(comparison.differ)}, only this product {len(comparison.only_ours)}, "
        f"only Prowler {len(comparison.only_theirs)}"
    )
    unexplained = _section("Differ", comparison.differ, known, line)
    unexplained += _section("Only this product has an opinion", comparison.only_ours, known, line)
    unexplained += _section("Only Prowler has an opinion", comparison.only_theirs, known, line)
    line(f"\n{len(comparison.without_counterpart)} of Prowler's checks that answered have no counterpart here:")
    line("  " + ", ".join(comparison.without_counterpart))
    errors = [text for text in log.splitlines() if "ERROR" in text]
    if errors:
        line(f"\nProwler's log has {len(errors)} errors; what they are about is missing from its findings:")
    for text in errors[:LOG_LINES]:
        line(f"  {text[:180]}")
    if unexplained:
        line(f"\n{unexplained} are not explained in tests/oracle/known.yaml.")
    return 1 if unexplained else 0


def _section(title: str, rows: Sequence[Difference], known: Sequence[Known], line: Line) -> int:
    """The number of rows without an explanation."""
    unexplained = 0
    if rows:
        line(f"\n{title}:")
    for row in rows:
        right = next((one.right for one in known if one.is_about(row)), "")
        unexplained += not right
        line(f"  {row.check}  {row.resource}")
        if row.ours:
            line(f"    this product  {row.ours[:150]}")
        if row.theirs:
            line(f"    Prowler       {row.theirs[:150]}")
        line(f"    {right or 'NOT EXPLAINED'}")
    return unexplained
