"""Evaluates IAM policies.

moto's own evaluator answers "denied" where a condition or principal merely does not apply, matches actions by case and
principals by substring, so it is not used here. Source of the rules:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from sandbox.aws.conditions import holds

# A resource that the sandbox does not know. Allow statements for any resource match it, Deny ones only by `*`.
UNKNOWN_RESOURCE = "?"


class Decision(Enum):
    """The values are those of SimulatePrincipalPolicy's EvalDecision."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicitDeny"
    EXPLICIT_DENY = "explicitDeny"


class _Actions:
    """Action patterns. SecurityAudit has more than a thousand: only those of the asked service are compiled, once."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._by_service: dict[str, list[str]] = {}
        self._known: dict[str, bool] = {}
        for pattern in patterns:
            # Actions match without regard to case:
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
            service = pattern.partition(":")[0].lower()
            self._by_service.setdefault("*" if "*" in service or "?" in service else service, []).append(pattern)

    def __contains__(self, action: str) -> bool:
        matches = self._known.get(action)
        if matches is None:
            service = action.partition(":")[0].lower()
            candidates = [*self._by_service.get(service, ()), *self._by_service.get("*", ())]
            matches = bool(candidates) and _patterns(candidates, re.IGNORECASE).fullmatch(action) is not None
            self._known[action] = matches
        return matches


@dataclass(frozen=True)
class Statement:
    allows: bool
    actions: _Actions
    except_actions: bool
    resources: re.Pattern[str] | None
    except_resources: bool
    all_resources: bool
    principals: Any
    conditions: Any

    def concerns(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        # NotAction concerns all actions but those that it names.
        if (action in self.actions) == self.except_actions:
            return False
        return self._covers(resource) and holds(self.conditions, context)

    def _covers(self, resource: str) -> bool:
        if self.resources is None or self.all_resources:  # trust policies name no resource
            return True
        if resource == UNKNOWN_RESOURCE:
            return self.allows
        return (self.resources.fullmatch(resource) is not None) != self.except_resources


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _patterns(values: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    """One expression for many patterns of IAM's kind (`*` any run, `?` one character)."""
    parts = (re.escape(value).replace(r"\*", ".*").replace(r"\?", ".") for value in values)
    return re.compile("|".join(f"(?:{part})" for part in parts), flags | re.DOTALL)


@lru_cache(maxsize=2048)
def compiled(document: str) -> tuple[Statement, ...]:
    """A policy document's statements; raises ValueError for what is no policy."""
    try:
        parsed = json.loads(document)
        raw_statements = listed(parsed["Statement"])
        return tuple(_statement(raw) for raw in raw_statements)
    except (TypeError, KeyError) as error:
        raise ValueError("not a policy document") from error


def _statement(raw: dict[str, Any]) -> Statement:
    resources = listed(raw.get("Resource", raw.get("NotResource")))
    return Statement(
        allows=raw["Effect"] == "Allow",
        actions=_Actions(listed(raw.get("Action", raw.get("NotAction")))),
        except_actions="NotAction" in raw,
        resources=_patterns(resources) if resources else None,
        except_resources="NotResource" in raw,
        all_resources="*" in resources and "NotResource" not in raw,
        principals=raw.get("Principal"),
        conditions=raw.get("Condition"),
    )


@dataclass(frozen=True)
class Policy:
    """A document with where it came from: `kind` is a PolicySourceType of SimulatePrincipalPolicy."""

    name: str
    kind: str
    document: str


def decide(
    policies: Iterable[Policy], action: str, resource: str, context: Mapping[str, str]
) -> tuple[Decision, list[Policy]]:
    """The decision, and the policies with the statements that made it."""
    allowing: list[Policy] = []
    denying: list[Policy] = []
    for policy in policies:
        for statement in compiled(policy.document):
            if statement.concerns(action, resource, context):
                (allowing if statement.allows else denying).append(policy)
    # A deny wins whatever allows: its order among the statements does not matter.
    if denying:
        return Decision.EXPLICIT_DENY, denying
    return (Decision.ALLOWED, allowing) if allowing else (Decision.IMPLICIT_DENY, [])


def trusts(document: str, principals: Mapping[str, bool], context: Mapping[str, str]) -> tuple[Decision, bool]:
    """Whether a trust policy lets the caller assume the role.

    `principals` are the names under which the caller may be trusted, with whether the name is the caller's own (and
    not its whole account's). The second value says whether such an own name was trusted: within one account that
    suffices without an identity policy.
    """
    own = False
    decision = Decision.IMPLICIT_DENY
    for statement in compiled(document):
        if not statement.concerns("sts:AssumeRole", UNKNOWN_RESOURCE, context):
            continue
        named = _named(statement.principals) & principals.keys()
        if not named:
            continue
        if not statement.allows:
            return Decision.EXPLICIT_DENY, False
        decision = Decision.ALLOWED
        own = own or any(principals[name] for name in named)
    return decision, own


def _named(principals: Any) -> set[str]:
    if principals == "*":
        return {"*"}
    return {str(name) for name in listed(principals.get("AWS"))} if isinstance(principals, dict) else set()
