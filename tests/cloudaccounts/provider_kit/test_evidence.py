"""A failure carries the facts that decided it: what the rule read, in a short form, without secrets."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import OBSERVED, UNREADABLE, Asset
from cloudaccounts.contract.rules import Evaluation, Fact, PostureCheck, Severity, Verdict
from cloudaccounts.provider_kit import deciding_parts, posture
from cloudaccounts.provider_kit.evidence import MOST_FACTS, as_json, bounded, fact
from cloudaccounts.provider_kit.evidence_fields import UNREAD
from cloudaccounts.provider_kit.posture import Rule, expect, failed, flag, posture_check, required, text, value
from cloudaccounts.provider_kit.secret_looks import NOT_SHOWN

TYPE = "aws.s3.bucket"


def check(rule: Rule, **options: Any) -> PostureCheck:
    texts = {"why": "", "console": "", "command": "", "references": ()}
    return posture_check("x_y", "X", Severity.HIGH, "s3", TYPE, **texts, **options)(rule)  # type: ignore[arg-type]


def evaluate(rule: Rule, properties: dict[str, Any], **options: Any) -> Evaluation:
    return check(rule, **options).evaluate(Asset(TYPE, "s3", "eu-west-1", "arn:x", "x", {}, properties))


def by_path(evaluation: Evaluation) -> dict[str, tuple[Any, Any]]:
    return {fact.path: (fact.value, fact.expected) for fact in evaluation.evidence}


def versioned(asset: Asset) -> Evaluation:
    return expect(required(asset, "versioning", dict).get("status") == "Enabled", "Off.", "On.")


def test_what_a_rule_read_is_the_evidence_in_the_order_of_reading() -> None:
    def rule(asset: Asset) -> Evaluation:
        return expect(text(asset, "b") == "x" and value(asset, "a.c") is None, "No.", "Yes.")

    result = evaluate(rule, {"a": {"c": 3, "other": 1}, "b": "x", "unread": 1})
    assert result.evidence == (Fact("b", "x"), Fact("a.c", 3))


def test_a_pass_and_what_does_not_apply_carry_none() -> None:
    assert evaluate(versioned, {"versioning": {"status": "Enabled"}}).evidence == ()
    assert evaluate(lambda asset: posture.not_applicable(str(value(asset, "a"))), {"a": 1}).evidence == ()


def test_a_declared_expectation_shows_the_part_that_counts() -> None:
    result = evaluate(
        versioned, {"versioning": {"status": "Suspended", "mfa": 1}}, expected={"versioning.status": "On"}
    )
    assert by_path(result) == {"versioning.status": ("Suspended", "On")}
    # A part that is missing is not there; it is no mistake.
    result = evaluate(versioned, {"versioning": {}}, expected={"versioning.status": "On"})
    assert by_path(result) == {"versioning.status": (None, "On")}


def test_an_object_gives_way_to_its_parts_that_were_read() -> None:
    def rule(asset: Asset) -> Evaluation:
        return expect(bool(value(asset, "a")) and text(asset, "a.b") == "y", "No.", "Yes.")

    assert by_path(evaluate(rule, {"a": {"b": "x", "c": 1}})) == {"a.b": ("x", None)}


def test_flags_show_the_value_with_which_the_rule_would_pass() -> None:
    def rule(asset: Asset) -> Evaluation:
        good = flag(asset, "tpm.on") and not required(asset, "public", bool) and flag(asset, "agent", default=True)
        return expect(good, "No.", "Yes.")

    assert by_path(evaluate(rule, {"tpm": {}, "public": False})) == {"tpm.on": (None, True)}
    assert by_path(evaluate(rule, {"tpm": {"on": True}, "public": True}))["public"] == (True, False)
    # Neither alone would let it pass: nothing is promised.
    assert by_path(evaluate(rule, {"tpm": {"on": True}, "public": True, "agent": False}))["public"] == (True, None)
    # And what the rule declares goes before.
    declared = evaluate(rule, {"tpm": {}, "public": False}, expected={"tpm.on": "switched on"})
    assert by_path(declared) == {"tpm.on": (None, "switched on")}


def test_a_rule_that_names_its_facts_has_these_alone() -> None:
    def rule(asset: Asset) -> Evaluation:
        value(asset, "rules")
        return failed(
            "Open.", [Fact("rules[3]", {"from": "0.0.0.0/0"}, "no address of the internet"), fact(asset, "a.b")]
        )

    result = evaluate(rule, {"rules": [1, 2, 3, 4], "a": {"b": 5}})
    assert [fact.path for fact in result.evidence] == ["rules[3]", "a.b"]
    assert result.evidence[1].value == 5


def test_an_unknown_names_what_could_not_be_read_and_what_was() -> None:
    def rule(asset: Asset) -> Evaluation:
        return expect(flag(asset, "a") and flag(asset, "b"), "No.", "Yes.")

    result = evaluate(rule, {"a": True, "b": None, UNREADABLE: {"b": "access_denied"}})
    assert result.verdict is Verdict.UNKNOWN
    assert result.evidence == (Fact("unreadable.b", "access_denied"),)
    result = evaluate(rule, {"a": True, "b": "yes"})
    assert (result.verdict, by_path(result)["b"]) == (Verdict.UNKNOWN, ("yes", None))


def test_the_time_of_observation_is_no_evidence() -> None:
    """It differs at each scan, so every finding would change at each."""

    def rule(asset: Asset) -> Evaluation:
        return expect(posture.days_since(asset, value(asset, "made")) < 90, "Old.", "New.")

    result = evaluate(rule, {"made": "2026-01-01", OBSERVED: {"at": "2026-11-25"}})
    assert by_path(result) == {"made": ("2026-01-01", None)}


def test_threads_and_nested_evaluations_do_not_mix() -> None:
    started, go = threading.Event(), threading.Event()

    def slow(asset: Asset) -> Evaluation:
        value(asset, "slow")
        started.set()
        go.wait(10)
        return failed("No.")

    results: list[Evaluation] = []
    thread = threading.Thread(target=lambda: results.append(evaluate(slow, {"slow": 1})))
    thread.start()
    started.wait(10)

    def outer(asset: Asset) -> Evaluation:
        value(asset, "outer")
        evaluate(lambda inner: failed(str(value(inner, "inner"))), {"inner": 1})
        value(asset, "after")
        return failed("No.")

    assert list(by_path(evaluate(outer, {}))) == ["outer", "after"]
    go.set()
    thread.join()
    assert list(by_path(results[0])) == ["slow"]


def test_readers_outside_of_an_evaluation_record_nothing_and_work() -> None:
    assert value(Asset(TYPE, "s3", "x", "x", "x", {}, {"a": 1}), "a") == 1


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("password", "hunter2"),
        ("settings.clientSecret", "x"),
        ("note", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
        ("note", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x"),
        ("url", "https://user:hunter2@example.com/"),
        ("connection", "DefaultEndpointsProtocol=https;AccountKey=abcdef=="),
        ("list", [{"private_key": "x"}]),
    ],
)
def test_what_may_be_a_secret_is_not_shown(path: str, secret: Any) -> None:
    kept = bounded([Fact(path, secret)])[0].value
    assert NOT_SHOWN in json.dumps(kept)
    assert "hunter2" not in json.dumps(kept)


@pytest.mark.parametrize(
    ("path", "shown"), [("console_password", True), ("password_last_used_at", "2026-01-01"), ("password", None)]
)
def test_what_only_sounds_like_one_is(path: str, shown: Any) -> None:
    assert bounded([Fact(path, shown)])[0].value == shown


def test_many_facts_are_counted_and_long_values_are_cut() -> None:
    facts = bounded(Fact(f"p{number}", "x" * 5000) for number in range(MOST_FACTS + 5))
    assert len(facts) == MOST_FACTS
    assert facts[-1] == Fact("…", "6 more facts")
    assert len(facts[0].value) == 300
    assert facts[0].value.endswith("…")
    assert bounded([Fact("rules", list(range(40)))])[0].value[-1] == "… 28 more"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(), JSON), max_size=20))
def test_whatever_was_read_the_evidence_is_small_strict_json_and_the_same_again(pairs: list[tuple[str, Any]]) -> None:
    facts = [Fact(path, value) for path, value in pairs]
    first = as_json(bounded(facts))
    assert first == as_json(bounded(facts))
    written = json.dumps(first, allow_nan=False)
    assert "\\u0000" not in written
    assert len(json.dumps(first, ensure_ascii=False).encode()) < MOST_FACTS * 8000


def opens(row: Any) -> bool:
    return isinstance(row, dict) and row.get("from") == "everywhere"


def no_opening(asset: Asset) -> Evaluation:
    """As a firewall: the first rule that matches decides, and the last is as good as none."""
    for row in posture.rows(asset, "rules"):
        if row.get("action") == "deny":
            break
        if opens(row):
            return failed("Open.")
    return posture.passed("Closed.")


def test_of_a_long_list_the_entry_that_decides_is_shown() -> None:
    rows = [{"from": "home", "port": number} for number in range(40)]
    rows[33] = {"from": "everywhere", "port": 22}
    expected = {"rules": "no rule for everywhere"}
    result = evaluate(no_opening, {"rules": rows}, expected=expected)
    assert result.evidence == (Fact("rules[33]", rows[33], "no rule for everywhere"),)
    # One that another overrules is not among them.
    rows[35:37] = [{"action": "deny"}, {"from": "everywhere", "port": 23}]
    assert by_path(evaluate(no_opening, {"rules": rows})) == {"rules[33]": (rows[33], None)}
    several = evaluate(no_opening, {"rules": [{"from": "everywhere", "port": number} for number in range(9)]})
    assert [fact.path for fact in several.evidence] == [*(f"rules[{number}]" for number in range(4)), "rules[…]"]
    assert several.evidence[-1].value == "5 more like these"


def test_a_list_that_lacks_something_is_shown_whole() -> None:
    def one_is_on(asset: Asset) -> Evaluation:
        return expect(any(row.get("on") for row in posture.rows(asset, "trails")), "None.", "One.")

    trails = [{"on": False}, {"on": None}]
    assert by_path(evaluate(one_is_on, {"trails": trails})) == {"trails": (trails, None)}


def test_of_an_object_the_part_that_decides_is_shown() -> None:
    def no_wildcard(asset: Asset) -> Evaluation:
        documents = required(asset, "policies", dict).values()
        return expect(not any("*" in document.get("Statement", []) for document in documents), "Wide.", "Narrow.")

    policies = {"a": {"Version": 1, "Statement": ["x"]}, "b": {"Version": 1, "Statement": ["x", "*"]}}
    assert by_path(evaluate(no_wildcard, {"policies": policies})) == {"policies.b.Statement[1]": ("*", None)}


def test_questions_to_a_rule_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding_parts, "MOST_QUESTIONS", 50)
    asked = 0

    def rule(asset: Asset) -> Evaluation:
        nonlocal asked
        asked += 1
        return expect(not posture.rows(asset, "rules"), "No.", "Yes.")

    rows = [{"n": number} for number in range(60)]
    assert by_path(evaluate(rule, {"rules": rows})) == {"rules": ([UNREAD] * 60, None)}
    assert asked == 52  # and once more, for what it looks at


def test_what_decides_stands_first() -> None:
    def rule(asset: Asset) -> Evaluation:
        return expect(
            text(asset, "gate") != "x" or (text(asset, "a") == "on" and text(asset, "b") == "on"), "No.", "Yes."
        )

    expected = {"a": "on", "b": "on"}
    result = evaluate(rule, {"gate": "x", "a": "on", "b": "off"}, expected=expected)
    assert [(fact.path, fact.value) for fact in result.evidence] == [("b", "off"), ("a", "on"), ("gate", "x")]


def test_expectations_beside_the_rules_are_of_checks_that_there_are() -> None:
    plain = check(versioned)
    (filled,) = posture.with_expectations({"x_y": {"versioning.status": "On"}}, plain)
    asset = Asset(TYPE, "s3", "x", "x", "x", {}, {"versioning": {"status": "Off"}})
    assert filled.evaluate(asset).evidence == (Fact("versioning.status", "Off", "On"),)
    with pytest.raises(ValueError, match="Expectations of no check: z"):
        posture.with_expectations({"z": {}}, plain)


def test_what_is_empty_beside_what_decides_is_as_it_should_be() -> None:
    def rule(asset: Asset) -> Evaluation:
        own = [*required(asset, "attached", list), *required(asset, "inline", dict)]
        return expect(not own, "Some.", "None.")

    expected = {"attached": "none", "inline": "none"}
    result = evaluate(rule, {"attached": ["admin"], "inline": {}}, expected=expected)
    assert by_path(result) == {"attached[0]": ("admin", "none"), "inline": ({}, None)}


def test_flags_that_pass_only_together_are_expected_together() -> None:
    def rule(asset: Asset) -> Evaluation:
        tpm, monitoring = flag(asset, "tpm"), flag(asset, "monitoring")
        return expect(tpm and monitoring, "No.", "Yes.")

    assert by_path(evaluate(rule, {"tpm": False})) == {"tpm": (False, True), "monitoring": (None, True)}


def test_a_rule_that_reads_nothing_goes_by_the_name() -> None:
    assert by_path(evaluate(lambda asset: failed("The default network."), {})) == {"name": ("x", None)}
