"""Whether the conditions of a statement leave strangers out.

A stranger is anybody of any AWS account, or without one, anywhere on the internet. What a request carries by his choice
he chooses so that the condition holds; what says who he is, he cannot choose.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloudaccounts.providers.aws.policy.addresses import Asked, leave_out_the_internet
from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.document import Condition
from cloudaccounts.providers.aws.policy.keys import Key, Meaning, find_key, names_somebody

_WILD = frozenset({"stringlike", "arnlike", "arnequals"})
_TEXT = frozenset({"stringequals", "stringequalsignorecase", *_WILD})
_NOT_TEXT = frozenset({"stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike"})
_ADDRESS = frozenset({"ipaddress", "notipaddress"})
_COMPARISONS = ("equals", "notequals", "lessthan", "lessthanequals", "greaterthan", "greaterthanequals")
_OTHER = frozenset(
    {
        "bool",
        "null",
        "binaryequals",
        *(f"{kind}{comparison}" for kind in ("numeric", "date") for comparison in _COMPARISONS),
    }
)
KNOWN_OPERATORS = _TEXT | _NOT_TEXT | _ADDRESS | _OTHER


def leave_strangers_out(conditions: Sequence[Condition], *, services: bool = False) -> Answer:
    """Whether an Allow with these conditions lets in only whom they name.

    ``services``: of a statement about a service of AWS, which strangers may use as well. What it is called leaves none
    of them out.
    """
    present = keys_that_must_be_there(conditions)
    answers = [_leaves_out(condition, present, services) for condition in conditions]
    addresses = [
        Asked(condition.values, condition.operator == "ipaddress")
        for condition in conditions
        if condition.operator in _ADDRESS and condition.key == "aws:sourceip" and not is_loose(condition, present)
    ]
    # All conditions must hold together, so one that leaves strangers out is enough.
    return max([*answers, leave_out_the_internet(addresses, present="aws:sourceip" in present)])


def catch_all_strangers(conditions: Iterable[Condition], *, services: bool = False) -> Answer:
    """Whether a Deny with these conditions denies every stranger, so that at most somebody named is left."""
    return min((_catches(condition, services) for condition in conditions), default=Answer.YES)


def keys_that_must_be_there(conditions: Iterable[Condition]) -> frozenset[str]:
    """Those of which ``Null`` says false: a request without the key does not fulfil the conditions."""
    return frozenset(
        condition.key
        for condition in conditions
        if condition.operator == "null"
        and not condition.all_values
        and set(map(str.lower, condition.values)) == {"false"}
    )


def is_loose(condition: Condition, present: frozenset[str]) -> bool:
    """IfExists and ForAllValues hold where the key is missing, unless another condition asks for the key."""
    return (condition.if_exists or condition.all_values) and condition.key not in present


def name_somebody(condition: Condition, meaning: Meaning) -> Answer:
    """Whether each of the values names somebody: one of them is enough for the condition to hold."""
    wildcards = condition.operator in _WILD
    return min(
        (names_somebody(meaning, value, wildcards=wildcards, key=condition.key) for value in condition.values),
        default=Answer.UNSURE,
    )


def is_positive(condition: Condition) -> bool:
    """Whether the key's text must equal one of the values."""
    return condition.operator in _TEXT


def _leaves_out(condition: Condition, present: frozenset[str], services: bool) -> Answer:
    key = find_key(condition.key, services=services)
    if key is None or condition.operator not in KNOWN_OPERATORS:
        return Answer.UNSURE
    if key.meaning is Meaning.FREE or is_loose(condition, present):
        return Answer.NO
    if key.meaning is Meaning.TIME:
        return Answer.UNSURE  # depends on the moment; rules have no clock
    if key.meaning in (Meaning.SERVICE, Meaning.FROM_SERVICE) and services:
        return Answer.NO
    if condition.operator == "null":
        return Answer.YES if key.meaning is Meaning.SERVICE and condition.key in present else Answer.NO
    if key.meaning is Meaning.FROM_SERVICE:
        return Answer.YES if _all(condition, "true") else Answer.NO
    if condition.operator in _ADDRESS:  # of aws:SourceIp all conditions count together
        return Answer.NO if key.meaning is Meaning.ADDRESS else Answer.UNSURE
    if condition.operator in _NOT_TEXT:
        return Answer.NO
    if not is_positive(condition):
        return Answer.UNSURE
    if key.meaning is Meaning.ADDRESS:  # compared as text
        return Answer.NO if condition.operator in _WILD and "*" in condition.values else Answer.UNSURE
    return name_somebody(condition, key.meaning)


def _catches(condition: Condition, services: bool) -> Answer:
    """Negated operators hold where the key is missing, so for requests of nobody, too; ForAnyValue never does."""
    key = find_key(condition.key)
    if key is None or condition.operator not in KNOWN_OPERATORS or key.meaning is Meaning.TIME:
        return Answer.UNSURE
    if key.meaning is Meaning.FROM_SERVICE:
        return Answer.YES if not services and _denies_all_but_services(condition) else Answer.NO
    if condition.any_value:
        return Answer.NO
    if condition.key == "aws:viaawsservice":
        return Answer.UNSURE if _all(condition, "false") else Answer.NO
    if key.meaning is Meaning.ADDRESS and condition.operator == "notipaddress":
        return leave_out_the_internet([Asked(condition.values, True)])
    if condition.operator in _NOT_TEXT and not _says_nothing(key, services):
        return _excludes(condition, key)
    return Answer.NO


def _denies_all_but_services(condition: Condition) -> bool:
    """Requests without a signature lack the key, so "false" alone leaves them: it takes IfExists, or "not true".

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalisawsservice
    """
    if condition.operator in _NOT_TEXT:
        return not condition.any_value and {value.lower() for value in condition.values} == {"true"}
    return _all(condition, "false") and (condition.if_exists or condition.all_values)


def _says_nothing(key: Key, services: bool) -> bool:
    return key.meaning in (Meaning.FREE, Meaning.ADDRESS) or (services and key.meaning is Meaning.SERVICE)


def _excludes(condition: Condition, key: Key) -> Answer:
    wildcards = condition.operator in ("stringnotlike", "arnnotlike", "arnnotequals")
    answers = (names_somebody(key.meaning, value, wildcards=wildcards, key=condition.key) for value in condition.values)
    return min(answers, default=Answer.UNSURE)


def _all(condition: Condition, wanted: str) -> bool:
    return is_boolean(condition) and {value.lower() for value in condition.values} == {wanted}


def is_boolean(condition: Condition) -> bool:
    """Whether the operator compares with true and false; as texts they are written the same way."""
    return condition.operator == "bool" or condition.operator in _TEXT
