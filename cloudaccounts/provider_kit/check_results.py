"""How a provider's validation makes its check results, and lists names in a sentence. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CheckResult, CheckStatus, PlannedCheck


class Remediation(TypedDict, total=False):
    """The report's fields for what a person can paste at the provider; empty where nothing can be pasted."""

    mending: str
    mending_title: str


def passed(planned: PlannedCheck, detail: str) -> CheckResult:
    return CheckResult(planned.name, planned.title, CheckStatus.PASSED, detail)


def skipped(planned: PlannedCheck, detail: str, cause: str = "") -> CheckResult:
    return CheckResult(planned.name, planned.title, CheckStatus.SKIPPED, detail, cause=cause)


def failed(planned: PlannedCheck, error: ProviderError) -> CheckResult:
    """A failed check refuses the whole validation; see `ValidationProgress.finish`."""
    return _from_error(planned, CheckStatus.FAILED, error, "")


def warned(planned: PlannedCheck, error: ProviderError, detail: str = "") -> CheckResult:
    """The validation still succeeds, with the error shown as a gap."""
    return _from_error(planned, CheckStatus.WARNING, error, detail)


def _from_error(planned: PlannedCheck, status: CheckStatus, error: ProviderError, detail: str) -> CheckResult:
    return CheckResult(
        planned.name,
        planned.title,
        status,
        detail,
        code=error.code,
        cause=error.cause,
        remedy=error.remedy,
        sdk_error=error.sdk_error,
        retry_helps=not error.permanent,
    )


def require_passed(result: CheckResult) -> None:
    """For connection checks and scans, which have no report: a failed result is raised as `ProviderError`."""
    # A warning is a gap: what can be read without it is worth reading.
    if result.status == CheckStatus.FAILED:
        raise ProviderError(result.code, result.cause, result.remedy)


def join_names(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for no names."""
    if len(names) <= 1:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def names_with_verb(names: Sequence[str]) -> str:
    """``a is``, ``a and b are``: the beginning of a sentence about at least one name."""
    return f"{join_names(names)} {'is' if len(names) == 1 else 'are'}"
