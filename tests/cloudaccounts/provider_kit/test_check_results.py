"""Results of checks from errors, and names in sentences."""

from __future__ import annotations

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CheckStatus, PlannedCheck
from cloudaccounts.provider_kit.check_results import (
    failed,
    join_names,
    names_with_verb,
    passed,
    require_passed,
    warned,
)

PLANNED = PlannedCheck("lid", "Lid")
ERROR = ProviderError("lid_stuck", "The lid is stuck.", "Wait.", permanent=False, sdk_error="StuckError")


def test_an_error_is_shown_whole() -> None:
    result = failed(PLANNED, ERROR)
    assert (result.status, result.code, result.cause, result.remedy) == (
        CheckStatus.FAILED, "lid_stuck", "The lid is stuck.", "Wait.",
    )  # fmt: skip
    assert (result.sdk_error, result.retry_helps) == ("StuckError", True)


def test_only_a_failure_is_raised() -> None:
    require_passed(passed(PLANNED, "Open."))
    require_passed(warned(PLANNED, ERROR))
    with pytest.raises(ProviderError, match="lid_stuck"):
        require_passed(failed(PLANNED, ERROR))


@pytest.mark.parametrize(
    ("names", "joined"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_joined_as_in_a_sentence(names: list[str], joined: str) -> None:
    assert join_names(names) == joined


def test_the_verb_agrees() -> None:
    assert (names_with_verb(["a"]), names_with_verb(["a", "b"])) == ("a is", "a and b are")
