"""Reads policy documents: what their statements allow whom. Customers write them, so an unexpected shape grants
nothing.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cloudaccounts.provider_kit.posture import UnknownFactError
from cloudaccounts.provider_kit.reach.addresses import Reach, networks
from cloudaccounts.providers.aws.checks.results import texts

Statement = Mapping[str, Any]

# Conditions under which "everybody" is no longer everybody: they name an account, an organization, a source or a
# network. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_NARROWING = frozenset(
    {
        *("aws:sourceaccount", "aws:sourceowner", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"),
        *("aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn"),
        *("aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:sourceip", "aws:userid", "sts:externalid"),
        *("s3:dataaccesspointaccount", "lambda:eventsourcetoken", "kms:calleraccount", "sns:endpoint"),
    }
)
_ADDRESSES = frozenset({"aws:sourceip", "aws:vpcsourceip"})
_LOOSE_OPERATORS = ("not", "null")  # StringNotEquals and its like exclude a few and allow everybody else


def statements(document: Any, effect: str = "Allow") -> Iterator[Statement]:
    """The statements of one effect; nothing for what is no policy."""
    if not isinstance(document, Mapping):
        return
    content = document.get("Statement")
    # The grammar allows a single statement in place of a list.
    for statement in content if isinstance(content, list) else [content]:
        if isinstance(statement, Mapping) and statement.get("Effect") == effect:
            yield statement


def is_admin(document: Any) -> bool:
    """Whether some statement allows every action on everything (CIS AWS 1.16), without a condition."""
    return any(
        bool({"*", "*:*"} & set(texts(statement.get("Action"))))
        and "*" in texts(statement.get("Resource"))
        and not statement.get("Condition")
        for statement in statements(document)
    )


def public_statement(document: Any) -> Statement | None:
    """The first statement that allows everybody something, without a condition that names somebody; else None."""
    for statement in statements(document):
        if _names_everybody(statement.get("Principal")) and not _is_narrowed(statement.get("Condition")):
            return statement
    return None


def denies_unencrypted_transport(document: Any) -> bool:
    """Whether everything is denied to everybody who connects without TLS (CIS AWS 2.1.1)."""
    for statement in statements(document, "Deny"):
        actions = {text.lower() for text in texts(statement.get("Action"))}
        if not _names_everybody(statement.get("Principal")) or not {"*", "s3:*"} & actions:
            continue
        for operator, keys in _conditions(statement.get("Condition")):
            for key, values in keys.items():
                expected = {str(value).lower() for value in (values if isinstance(values, list) else [values])}
                if str(key).lower() == "aws:securetransport" and operator.startswith("bool") and expected == {"false"}:
                    return True
    return False


def _names_everybody(principal: Any) -> bool:
    # {"AWS": "*"} and "*" mean the same; other kinds of principals (a service, a federation) are never everybody.
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
        # IfExists is fulfilled where the key is absent, so it narrows nothing.
        if any(word in operator for word in _LOOSE_OPERATORS) or operator.endswith("ifexists"):
            continue
        for key, values in keys.items():
            if str(key).lower() in _NARROWING and not _is_everything(str(key).lower(), texts(values)):
                return True
    return False


def _is_everything(key: str, values: list[str]) -> bool:
    """Raises `UnknownFactError` for addresses in a form that is not known."""
    if key not in _ADDRESSES or "*" in values:
        return "*" in values
    reach = networks(values).reach
    if reach == Reach.UNCLEAR:
        raise UnknownFactError("A condition names addresses in a form that is not known here.")
    return reach == Reach.OPEN
