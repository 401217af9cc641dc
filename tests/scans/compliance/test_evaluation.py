"""How a control stands: a table of what its rules found, over accounts of two clouds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from cloudaccounts.models import CloudAccount
from scans.compliance.evaluation import ControlResult, evaluate_framework, is_answerable, totals
from scans.compliance.facts import Facts, RuleFacts
from scans.compliance.models import ControlAnswer
from scans.compliance.schema import Control, Framework, Section
from scans.compliance.scope import ReportScope
from teams.scope import Scope

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PROVIDERS = {"lid": "toy", "paint": "toy", "wheel": "other"}
BOTH, FIRST, SECOND = 0b11, 0b01, 0b10
ALL_READ = {"enabled_regions": ["left"], "coverage": {"read_regions": ["left"]}}


def account(provider: str = "toy", **more: Any) -> CloudAccount:
    values = {"regions": ["left"], **ALL_READ, **more}
    return CloudAccount(id=uuid4(), owner="1", provider=provider, name=provider, account_id="1", **values)


def evaluate(
    control: dict[str, Any],
    rules: dict[str, RuleFacts] | None = None,
    accounts: tuple[CloudAccount, ...] | None = None,
    *,
    provider: str = "toy",
    answer: ControlAnswer | None = None,
) -> ControlResult:
    values = {"id": "1.1", "title": "Toys are painted", "assessment": "automated", **control}
    framework = Framework(
        slug="toy_1.0", title="Toy benchmark", short="Toy", version="1.0", provider=provider, source="https://toys.example",
        sections=(Section(id="1", title="Toys"),), controls=(Control(**values),),
    )  # fmt: skip
    scope = ReportScope(Scope("1"), (account(), account()) if accounts is None else accounts)
    facts = Facts(scope, {**dict.fromkeys(PROVIDERS, RuleFacts()), **(rules or {})})
    answers = {"1.1": answer} if answer else {}
    return evaluate_framework(framework, facts, answers, PROVIDERS, NOW)[0]


def answered(state: str, **more: Any) -> ControlAnswer:
    return ControlAnswer(state=state, note="Looked.", answered_by="alice", answered_at=NOW, **more)


LID = {"rules": ("lid",)}
PAIR = {"rules": ("lid", "paint")}
PASSED, FAILED = RuleFacts(passed=BOTH), RuleFacts(failed=FIRST, passed=SECOND, failures=3)
UNKNOWN, MUTED = RuleFacts(unknown=SECOND, passed=FIRST), RuleFacts(muted=FIRST, passed=SECOND, muted_failures=2)
EMPTY = RuleFacts(empty=BOTH)
MANUAL = {"assessment": "manual"}
HALF = {"partial": "The inside is not looked at."}
TABLE: list[tuple[str, dict[str, Any], dict[str, RuleFacts], str]] = [
    ("all rules passed on all accounts", PAIR, {"lid": PASSED, "paint": PASSED}, "passed"),
    ("nothing is there and all was read", LID, {"lid": EMPTY}, "passed"),
    ("nothing is there for one of two rules", PAIR, {"lid": EMPTY, "paint": PASSED}, "passed"),
    ("a manual control whose rules answer it", {**LID, **MANUAL}, {"lid": PASSED}, "passed"),
    ("one account fails", LID, {"lid": FAILED}, "failed"),
    ("one rule fails, the other passes", PAIR, {"lid": PASSED, "paint": FAILED}, "failed"),
    ("a failure outweighs what is unknown", PAIR, {"lid": UNKNOWN, "paint": FAILED}, "failed"),
    ("a failure outweighs what is muted", PAIR, {"lid": MUTED, "paint": FAILED}, "failed"),
    ("a part that fails is a failure", {**LID, **HALF}, {"lid": FAILED}, "failed"),
    ("one account is unknown", LID, {"lid": UNKNOWN}, "unknown"),
    ("one rule is unknown", PAIR, {"lid": PASSED, "paint": UNKNOWN}, "unknown"),
    ("what is unknown outweighs what is muted", PAIR, {"lid": MUTED, "paint": UNKNOWN}, "unknown"),
    ("a part that is unknown is unknown", {**LID, **HALF}, {"lid": UNKNOWN}, "unknown"),
    ("all its failures are suppressed", LID, {"lid": MUTED}, "muted"),
    ("one rule is muted, the other passes", PAIR, {"lid": MUTED, "paint": PASSED}, "muted"),
    ("no rule", {}, {}, "not_covered"),
    ("rules that answer a part pass", {**LID, **HALF}, {"lid": PASSED}, "not_covered"),
    ("no rule, and a person's to answer", MANUAL, {}, "manual"),
    ("rules answer a part of a manual one", {**LID, **HALF, **MANUAL}, {"lid": PASSED}, "manual"),
]  # fmt: skip


@pytest.mark.parametrize(("control", "rules", "state"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_state_of_a_control(control: dict[str, Any], rules: dict[str, RuleFacts], state: str) -> None:
    assert evaluate(control, rules).state == state


@pytest.mark.parametrize(("control", "rules", "state"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_each_account_is_counted_once(control: dict[str, Any], rules: dict[str, RuleFacts], state: str) -> None:
    assert sum(evaluate(control, rules).accounts.numbers().values()) == 2


def test_failures_are_counted_by_resource_and_muted_ones_apart() -> None:
    result = evaluate(PAIR, {"lid": FAILED, "paint": MUTED})
    assert (result.failed, result.muted) == (3, 2)
    assert result.accounts.numbers() == {"passed": 1, "failed": 1, "unknown": 0, "muted": 0, "not_covered": 0}


def test_where_nothing_is_there_it_says_so() -> None:
    assert evaluate(LID, {"lid": EMPTY}).reason == "Nothing is there that it is about."
    assert evaluate(LID, {"lid": PASSED}).reason == ""


def test_without_an_account_nothing_is_passed() -> None:
    assert evaluate(LID, accounts=()).state == "unknown"


@pytest.mark.parametrize(
    ("enabled", "state"),
    [(["left"], "passed"), (["left", "right"], "unknown"), (None, "unknown")],
)
def test_in_all_regions_means_every_region_that_is_enabled(enabled: list[str] | None, state: str) -> None:
    accounts = (account(), account(enabled_regions=enabled))
    assert evaluate({**LID, "all_regions": True}, {"lid": PASSED}, accounts).state == state
    assert evaluate(LID, {"lid": PASSED}, accounts).state == "passed"


class TestOverSeveralClouds:
    ACCOUNTS = (account("toy"), account("other"))

    def test_each_account_is_asked_by_the_rules_of_its_own_cloud(self) -> None:
        rules = {"lid": RuleFacts(passed=FIRST), "wheel": RuleFacts(passed=SECOND)}
        result = evaluate({"rules": ("lid", "wheel")}, rules, self.ACCOUNTS, provider="")
        assert (result.state, result.accounts.numbers()["passed"]) == ("passed", 2)

    def test_a_cloud_without_a_rule_is_no_pass(self) -> None:
        result = evaluate(LID, {"lid": RuleFacts(passed=FIRST)}, self.ACCOUNTS, provider="")
        assert (result.state, result.accounts.numbers()["not_covered"]) == ("unknown", 1)

    def test_where_no_account_is_of_a_cloud_with_a_rule_it_is_not_covered(self) -> None:
        assert evaluate(LID, {}, (account("other"),), provider="").state == "not_covered"

    def test_a_benchmark_of_one_cloud_leaves_the_others_out(self) -> None:
        result = evaluate(LID, {"lid": RuleFacts(passed=FIRST)}, self.ACCOUNTS)
        assert (result.state, sum(result.accounts.numbers().values())) == ("passed", 1)


class TestAnswers:
    def test_a_person_answers_what_no_rule_does(self) -> None:
        assert evaluate(MANUAL, answer=answered("passed")).state == "passed"
        assert evaluate(MANUAL, answer=answered("failed")).state == "failed"

    def test_it_counts_until_its_end(self) -> None:
        assert evaluate(MANUAL, answer=answered("passed", until=NOW + timedelta(seconds=1))).state == "passed"
        ended = evaluate(MANUAL, answer=answered("passed", until=NOW))
        assert (ended.state, ended.reason) == ("manual", "The answer of alice ended on 30 November 2026.")

    @pytest.mark.parametrize("facts", [FAILED, UNKNOWN])
    def test_nobody_answers_a_failure_away(self, facts: RuleFacts) -> None:
        control = {**LID, **HALF, **MANUAL}
        without = evaluate(control, {"lid": facts}).state
        assert evaluate(control, {"lid": facts}, answer=answered("passed")).state == without != "passed"

    def test_only_what_is_left_to_a_person_can_be_answered(self) -> None:
        def control(**values: Any) -> Control:
            return Control(id="1", title="Toys are painted", **values)

        assert is_answerable(control(assessment="manual"))
        assert is_answerable(control(assessment="manual", rules=("lid",), partial="Half."))
        assert not is_answerable(control(assessment="manual", rules=("lid",)))
        assert not is_answerable(control(assessment="automated"))


def test_totals_name_each_state() -> None:
    numbers = totals([evaluate(MANUAL), evaluate({}), evaluate(LID, {"lid": PASSED})])
    assert numbers == {
        "passed": 1, "failed": 0, "unknown": 0, "muted": 0, "manual": 1, "not_covered": 1, "controls": 3,
    }  # fmt: skip
