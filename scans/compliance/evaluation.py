"""How a control stands, from what its rules found. Pure: no database.

A control is passed only where every rule of it was evaluated on every account in scope, and nothing is unknown or
unread. Where everything was read and nothing is there that a rule is about, the control passes and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from operator import or_

from cloudaccounts.models import SwitchedOffCheck
from scans.compliance.facts import Facts, RuleFacts
from scans.compliance.models import ControlAnswer
from scans.compliance.schema import Control, Framework, Section


class ControlState(StrEnum):
    """In the order in which a report names them."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    MUTED = "muted"
    MANUAL = "manual"
    NOT_COVERED = "not_covered"


@dataclass(frozen=True, slots=True)
class AccountMasks:
    """The accounts in scope, each in exactly one; ``empty`` are those of ``passed`` where nothing was there."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    muted: int = 0
    not_covered: int = 0  # of a cloud that no rule of the control is about, or whose rule is switched off
    empty: int = 0

    def numbers(self) -> dict[str, int]:
        return {
            "passed": self.passed.bit_count(), "failed": self.failed.bit_count(), "unknown": self.unknown.bit_count(),
            "muted": self.muted.bit_count(), "not_covered": self.not_covered.bit_count(),
        }  # fmt: skip

    def letters(self, number: int) -> str:
        """How the control stands in each of ``number`` accounts, in their order: a key of `LETTERS` for each."""
        # A few operations on long numbers, where asking account by account took longer than the rest of a page. Each
        # account is in one mask alone, so that its digit is 1 at most, and nothing is carried.
        masks = (self.failed, self.unknown, self.muted, self.passed)
        digits = sum(value * int(f"{mask:b}", 16) for value, mask in enumerate(masks, 1))
        return f"{digits:0{number}x}"[::-1] if number else ""


# Of `AccountMasks.letters`.
LETTERS = {
    "0": ControlState.NOT_COVERED, "1": ControlState.FAILED, "2": ControlState.UNKNOWN, "3": ControlState.MUTED,
    "4": ControlState.PASSED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ControlResult:
    """``failed`` counts resources, each as often as it fails a rule. ``reason`` is a sentence, or empty."""

    control: Control
    section: Section
    state: ControlState
    reason: str
    failed: int
    muted: int
    accounts: AccountMasks
    answer: ControlAnswer | None = None  # also one that has ended


def is_answerable(control: Control) -> bool:
    """Whether a person may answer it: where the benchmark calls it manual and no rule answers all of it."""
    return control.assessment == "manual" and (not control.rules or bool(control.partial))


def evaluate_framework(
    framework: Framework,
    facts: Facts,
    answers: Mapping[str, ControlAnswer],
    providers: Mapping[str, str],
    now: datetime,
) -> list[ControlResult]:
    """In the order of the framework. ``answers`` are by control, ``providers`` gives the cloud of each rule."""
    scope = facts.scope
    # A crosswalk is about the accounts of all clouds, a benchmark about those of its own.
    accounts = scope.by_provider.get(framework.provider, 0) if framework.provider else scope.everybody
    return [
        _evaluate(framework, control, facts, accounts, answers.get(control.id), providers, now)
        for control in framework.controls
    ]


def totals(results: Iterable[ControlResult]) -> dict[str, int]:
    """Controls by state, each named also where there are none, and how many there are."""
    counts = Counter(result.state for result in results)
    return {**{state.value: counts[state] for state in ControlState}, "controls": counts.total()}


def _evaluate(
    framework: Framework,
    control: Control,
    facts: Facts,
    accounts: int,
    answer: ControlAnswer | None,
    providers: Mapping[str, str],
    now: datetime,
) -> ControlResult:
    rules = [facts.rules[rule] for rule in control.rules if rule not in facts.switched_off]
    masks = _masks(control, rules, facts, accounts, providers)
    off = [facts.switched_off[rule] for rule in control.rules if rule in facts.switched_off]
    state, reason = _state(framework, control, masks, accounts, off)
    # Nowhere else: an answer outweighs neither a failure nor what is unknown (docs/compliance.md). Whoever accepts a
    # failure suppresses the finding, with a reason.
    if state == ControlState.MANUAL and answer is not None:
        if answer.until is None or answer.until > now:
            state, reason = ControlState(answer.state), f"Answered by {answer.answered_by}: {answer.note}"
        else:
            reason = f"The answer of {answer.answered_by} ended on {answer.until:%d %B %Y}."
    return ControlResult(
        control=control,
        section=framework.section_of(control),
        state=state,
        reason=reason,
        failed=sum(rule.failures for rule in rules),
        muted=sum(rule.muted_failures for rule in rules),
        accounts=masks,
        answer=answer,
    )


def _masks(
    control: Control, rules: list[RuleFacts], facts: Facts, accounts: int, providers: Mapping[str, str]
) -> AccountMasks:
    # The cloud of a rule that no provider has is "": it covers nobody, and the control cannot pass by it.
    covered = accounts & _of_clouds(control.rules, facts, providers)
    # Accounts of which a part of the control is not looked at: they can fail by the rest of it, and no more.
    off = accounts & _of_clouds([rule for rule in control.rules if rule in facts.switched_off], facts, providers)
    # In this order, each without the ones before it. What could not be read must never end among the passed.
    failed = covered & _any(rules, "failed")
    covered &= ~off | failed
    # Where the benchmark itself says "in all regions", the region that nobody reads may be the one that fails.
    unread = facts.scope.with_unscanned_regions if control.all_regions else 0
    unknown = covered & (_any(rules, "unknown") | unread) & ~failed
    muted = covered & _any(rules, "muted") & ~failed & ~unknown
    passed = covered & ~(failed | unknown | muted)
    return AccountMasks(
        passed, failed, unknown, muted, not_covered=accounts & ~covered, empty=passed & ~_any(rules, "passed")
    )


def _of_clouds(rules: Iterable[str], facts: Facts, providers: Mapping[str, str]) -> int:
    """The accounts of all clouds that these rules are about."""
    return reduce(or_, (facts.scope.by_provider.get(cloud, 0) for cloud in {providers[rule] for rule in rules}), 0)


def _any(rules: list[RuleFacts], name: str) -> int:
    return reduce(or_, (getattr(rule, name) for rule in rules), 0)


def _state(
    framework: Framework, control: Control, masks: AccountMasks, accounts: int, off: list[SwitchedOffCheck]
) -> tuple[ControlState, str]:
    by_hand = control.assessment == "manual"
    # What remains where rules do not answer the whole control: a person's turn, or a gap of ours that is told as one.
    open_end = ControlState.MANUAL if by_hand else ControlState.NOT_COVERED
    if not control.rules:
        return open_end, control.note or ("" if by_hand else "No check exists.")
    # First: one failure is a failure, whatever else could not be read.
    if masks.failed:
        return ControlState.FAILED, ""
    # Nothing to look at is no pass.
    if not accounts:
        return ControlState.UNKNOWN, "No account in scope that it is about."
    if off and masks.not_covered == accounts:
        return (open_end if is_answerable(control) else ControlState.NOT_COVERED), _why_off(off)
    if masks.not_covered == accounts:
        return ControlState.NOT_COVERED, "No check exists for the clouds in scope."
    if masks.unknown or masks.not_covered:
        return ControlState.UNKNOWN, _why_unknown(control, masks, off)
    if masks.muted:
        return ControlState.MUTED, "Its failures are suppressed or muted."
    # Its rules passed, and they look at a part of it: the rest stays open, so it is no pass either.
    if control.partial:
        return open_end, control.partial
    return ControlState.PASSED, "Nothing is there that it is about." if masks.empty == accounts else ""


def _why_off(off: list[SwitchedOffCheck]) -> str:
    return " ".join(f"{row.check_id}: {row.sentence.rstrip('.')}." for row in off)


def _why_unknown(control: Control, masks: AccountMasks, off: list[SwitchedOffCheck]) -> str:
    parts = []
    if masks.unknown:
        regions = " or an enabled region is not read" if control.all_regions else ""
        parts.append(f"{_accounts(masks.unknown)} with something that could not be read or decided{regions}.")
    if masks.not_covered:
        why = "whose check is switched off or" if off else "of clouds"
        parts.append(f"{_accounts(masks.not_covered)} {why} that it has no check for.")
    return " ".join(parts)


def _accounts(mask: int) -> str:
    number = mask.bit_count()
    return f"{number} account{'' if number == 1 else 's'}"
