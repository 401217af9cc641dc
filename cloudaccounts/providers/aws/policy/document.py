"""Reading of policy documents. For JSON from a stranger: what is not understood is refused, and not passed over.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloudaccounts.providers.aws.policy.names import EVERYTHING, Names
from cloudaccounts.providers.aws.policy.principals import Principal, parse_principals

LONGEST = 2048  # characters of one name: the limit of ARNs
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_QUALIFIERS = ("foranyvalue", "forallvalues")


class PolicyError(Exception):
    """The document is no policy that is understood here. The message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of one operator, in lower case, with its values."""

    operator: str  # without qualifier and IfExists: "stringlike"; "" for a qualifier that is not known
    key: str
    values: tuple[str, ...]
    any_value: bool = False  # ForAnyValue
    all_values: bool = False  # ForAllValues: holds for a request that lacks the key
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    label: str  # 'statement "AllowAll"', or 'statement 2' where it has no Sid
    allows: bool
    principals: tuple[Principal, ...]
    except_principals: bool
    actions: Names  # in lower case: AWS compares them so
    written_actions: tuple[str, ...]  # as a person reads them
    resources: Names
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    statements: tuple[Statement, ...]

    def allowing(self) -> Iterator[Statement]:
        return (statement for statement in self.statements if statement.allows)

    def denying(self) -> Iterator[Statement]:
        return (statement for statement in self.statements if not statement.allows)


def parse_resource_policy(document: Any) -> Policy:
    """A policy of a resource, or who may assume a role: each statement has a principal. Raises `PolicyError`.

    Where it names no resource (trust policies, ECR), that to which it is attached is meant.
    """
    return _parse(document, of_resource=True)


def parse_identity_policy(document: Any) -> Policy:
    """A policy of a user, group or role: each statement has a resource, and none a principal. Raises `PolicyError`."""
    return _parse(document, of_resource=False)


def _parse(document: Any, *, of_resource: bool) -> Policy:
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise PolicyError("The document is no policy.")
    listed = document["Statement"]
    raw = listed if isinstance(listed, list) else [listed]
    return Policy(tuple(_statement(statement, place, of_resource) for place, statement in enumerate(raw, start=1)))


def _statement(raw: Any, place: int, of_resource: bool) -> Statement:
    if not isinstance(raw, Mapping):
        raise PolicyError(f"Statement {place} of the policy has a form that is not known here.")
    sid = raw.get("Sid")
    label = f'statement "{sid[:64]}"' if isinstance(sid, str) and sid else f"statement {place}"
    for element in raw:
        # Refused and not skipped: an element that is new may narrow the statement, or widen it.
        if element not in _ELEMENTS:
            raise PolicyError(f"The policy's {label} has an element that is not known here.")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"The policy's {label} neither allows nor denies.")
    actions = _names(raw, "Action", label)
    resources = _names(raw, "Resource", label)
    if actions is None or (resources is None and not of_resource):
        raise PolicyError(f"The policy's {label} names no {'action' if actions is None else 'resource'}.")
    named = [element for element in ("Principal", "NotPrincipal") if element in raw]
    # One of the two in a resource's policy, none in an identity's.
    if len(named) != of_resource:
        raise PolicyError(f"The policy's {label} does not say whom it is about.")
    return Statement(
        label=label,
        allows=raw["Effect"] == "Allow",
        principals=parse_principals(raw[named[0]]) if named else (),
        except_principals="NotPrincipal" in raw,
        actions=Names(tuple(pattern.lower() for pattern in actions.patterns), actions.excepted),
        written_actions=tuple(f"all but {pattern}" if actions.excepted else pattern for pattern in actions.patterns),
        resources=resources or EVERYTHING,
        conditions=tuple(_conditions(raw.get("Condition"), label)),
    )


def _names(raw: Mapping[str, Any], element: str, label: str) -> Names | None:
    """Of Action and NotAction, or Resource and NotResource; None where neither is there."""
    present = [name for name in (element, f"Not{element}") if name in raw]
    if not present:
        return None
    values = _texts(raw[present[0]])
    if len(present) > 1 or not values or any(len(value) > LONGEST for value in values):
        raise PolicyError(f"The policy's {label} has a {present[0]} of a form that is not known here.")
    return Names(tuple(values), present[0].startswith("Not"))


def _texts(value: Any) -> list[str]:
    """A list of texts, or a single one; empty for anything else."""
    values = value if isinstance(value, list) else [value]
    return values if all(isinstance(value, str) and value for value in values) else []


def _conditions(raw: Any, label: str) -> Iterator[Condition]:
    if raw is None:
        return
    if not isinstance(raw, Mapping):
        raise PolicyError(f"The policy's {label} has a condition of a form that is not known here.")
    for operator, keys in raw.items():
        if not isinstance(keys, Mapping):
            raise PolicyError(f"The policy's {label} has a condition of a form that is not known here.")
        # ForAnyValue:StringLike: the qualifier stands before the colon; operators compare without regard to case.
        qualifier, _, name = str(operator).lower().rpartition(":")
        if qualifier and qualifier not in _QUALIFIERS:
            name = ""
        for key, values in keys.items():
            yield Condition(
                operator=name.removesuffix("ifexists"),
                key=str(key).lower(),
                values=tuple(_value(value, label) for value in (values if isinstance(values, list) else [values])),
                any_value=qualifier == "foranyvalue",
                all_values=qualifier == "forallvalues",
                if_exists=name.endswith("ifexists"),
            )


def _value(value: Any, label: str) -> str:
    # Before numbers, since true is one for Python.
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise PolicyError(f"The policy's {label} has a condition with a value of a form that is not known here.")
