"""IAM condition operators: those that trust and identity policies use in practice.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Any


def _like(actual: str, pattern: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, actual, re.DOTALL) is not None


def _equals_ignoring_case(actual: str, expected: str) -> bool:
    return actual.lower() == expected.lower()


def _equals(actual: str, expected: str) -> bool:
    return actual == expected


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": _equals,
    "stringequalsignorecase": _equals_ignoring_case,
    "stringlike": _like,
    "arnequals": _like,
    "arnlike": _like,
    "numericequals": _equals,
    "bool": _equals_ignoring_case,
}
# A negated operator holds where the key is absent, unlike its positive twin.
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}


def holds(conditions: Any, context: Mapping[str, str]) -> bool:
    """Whether all conditions hold; `context` has its keys in lower case. An operator unknown here never holds."""
    if not conditions:
        return True
    return all(
        _one_holds(operator, key.lower(), [str(value) for value in _listed(values)], context)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def _one_holds(operator: str, key: str, expected: list[str], context: Mapping[str, str]) -> bool:
    # ForAnyValue and ForAllValues see single values here. Of a key that was not sent, all values fit and none does:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    quantifier, _, name = operator.lower().rpartition(":")
    if quantifier and key not in context:
        return quantifier == "forallvalues"
    if name == "null":
        return (key not in context) == (expected[0].lower() == "true")
    optional = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    negated = name in _NEGATED
    compare = _OPERATORS.get(_NEGATED.get(name, name))
    if compare is None:
        return False
    if key not in context:
        # An absent key fails a positive operator: this is what refuses an omitted external ID.
        return optional or negated
    return any(compare(context[key], value) for value in expected) != negated
