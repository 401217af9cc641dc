"""Reading of policy documents: what their statements let whom do. For JSON from a stranger: odd shapes grant nothing.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cloudaccounts.providers.aws.checks.results import texts

Statement = Mapping[str, Any]

# Conditions under which "anyone" is no longer anyone: they name an account, an organization, a source or a network.
_NARROWING = frozenset(
    {
        *("aws:sourceaccount", "aws:sourceowner", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"),
        *("aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn"),
        *("aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:sourceip", "aws:userid", "sts:externalid"),
        *("s3:dataaccesspointaccount", "lambda:eventsourcetoken", "kms:calleraccount", "sns:endpoint"),
    }
)
_LOOSE_OPERATORS = ("not", "null")  # StringNotEquals and the like exclude a few, and let everybody else in


def statements(document: Any, effect: str = "Allow") -> Iterator[Statement]:
    """The statements of one effect; nothing for what is no policy."""
    if not isinstance(document, Mapping):
        return
    listed = document.get("Statement")
    for one in listed if isinstance(listed, list) else [listed]:
        if isinstance(one, Mapping) and one.get("Effect") == effect:
            yield one


def is_admin(document: Any) -> bool:
    """Whether some statement allows every action on everything (CIS AWS 1.16), without a condition."""
    return any(
        bool({"*", "*:*"} & set(texts(one.get("Action"))))
        and "*" in texts(one.get("Resource"))
        and not one.get("Condition")
        for one in statements(document)
    )


def lets_anyone(document: Any) -> Statement | None:
    """The first statement that lets everybody in, with no condition that names somebody."""
    for one in statements(document):
        if _names_everybody(one.get("Principal")) and not _is_narrowed(one.get("Condition")):
            return one
    return None


def denies_plain_transport(document: Any) -> bool:
    """Whether everything is denied to everybody who comes without TLS (CIS AWS 2.1.1)."""
    for one in statements(document, "Deny"):
        if not _names_everybody(one.get("Principal")) or not {"*", "s3:*"} & {
            text.lower() for text in texts(one.get("Action"))
        }:
            continue
        for operator, keys in _conditions(one.get("Condition")):
            for key, values in keys.items():
                wanted = {str(value).lower() for value in (values if isinstance(values, list) else [values])}
                if str(key).lower() == "aws:securetransport" and operator.startswith("bool") and wanted == {"false"}:
                    return True
    return False


def _names_everybody(principal: Any) -> bool:
    if isinstance(principal, Mapping):
        return "*" in texts(principal.get("AWS"))
    return "*" in texts(principal)


def _conditions(condition: Any) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    if isinstance(condition, Mapping):
        for operator, keys in condition.items():
            if isinstance(keys, Mapping):
                yield str(operator).lower(), keys


def _is_narrowed(condition: Any) -> bool:
    for operator, keys in _conditions(condition):
        if any(word in operator for word in _LOOSE_OPERATORS) or operator.endswith("ifexists"):
            continue
        for key, values in keys.items():
            if str(key).lower() in _NARROWING and not _everything & set(texts(values)):
                return True
    return False


_everything = {"*", "0.0.0.0/0", "::/0"}
