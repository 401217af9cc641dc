"""Whom a statement is about.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from cloudaccounts.providers.aws.policy.patterns import is_wild

_ACCOUNT = re.compile(r"(?:arn:[^:]*:[^:]*:[^:]*:)?([0-9]{12})(?::.*)?", re.DOTALL)


class PrincipalKind(Enum):
    ANYBODY = "anybody"  # "*", and {"AWS": "*"}, which is the same: requests without any signature, too
    AWS = "aws"  # an account, user, role or session
    SERVICE = "service"
    FEDERATED = "federated"
    CANONICAL = "canonical"  # an account by the id that S3 gives it
    ODD = "odd"  # a form that AWS does not document


@dataclass(frozen=True, slots=True)
class Principal:
    kind: PrincipalKind
    name: str

    @property
    def account(self) -> str:
        """The account that it belongs to; empty where the name does not say."""
        match = _ACCOUNT.fullmatch(self.name) if self.kind is PrincipalKind.AWS else None
        return match[1] if match else ""


def parse_principals(value: Any) -> tuple[Principal, ...]:
    """Of Principal and NotPrincipal. Never empty: what is not understood is `PrincipalKind.ODD`."""
    if isinstance(value, Mapping):
        principals = [_principal(str(kind), name) for kind, names in value.items() for name in _listed(names)]
    else:
        principals = [_principal("", name) for name in _listed(value)]
    return tuple(principals) or (Principal(PrincipalKind.ODD, ""),)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_KINDS = {
    "AWS": PrincipalKind.AWS,
    "Service": PrincipalKind.SERVICE,
    "Federated": PrincipalKind.FEDERATED,
    "CanonicalUser": PrincipalKind.CANONICAL,
}


def _principal(kind: str, name: Any) -> Principal:
    if not isinstance(name, str) or not name:
        return Principal(PrincipalKind.ODD, "")
    if name == "*" and kind in ("", "AWS"):
        return Principal(PrincipalKind.ANYBODY, "*")
    principal_kind = _KINDS.get(kind, PrincipalKind.ODD)
    # AWS matches no part of an account's or identity's name by a wildcard.
    if is_wild(name) and principal_kind is not PrincipalKind.SERVICE:
        principal_kind = PrincipalKind.ODD
    return Principal(principal_kind, name)
