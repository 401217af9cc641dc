"""Whether policies make somebody an administrator: one who may do everything, or all but a few things that he may give
himself.

- One statement must allow actions of every kind on resources of every kind, as ``*`` does and as NotAction and
  NotResource do when they leave out less.
- What is left, all statements and denials taken together, must have one of IAM's actions by which an identity gives
  itself more on all of IAM: who lacks these (AWS's PowerUserAccess) is no administrator.

CIS AWS 1.16; https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.conditions import KNOWN_OPERATORS
from cloudaccounts.providers.aws.policy.document import Condition, Policy, Statement
from cloudaccounts.providers.aws.policy.names import Names
from cloudaccounts.providers.aws.policy.patterns import covers, has_variable, widened

# An identity that may do one of these to any identity or policy gives itself the rest.
GIVES_ITSELF_MORE = (
    *("iam:attachuserpolicy", "iam:attachgrouppolicy", "iam:attachrolepolicy"),
    *("iam:putuserpolicy", "iam:putgrouppolicy", "iam:putrolepolicy"),
    *("iam:createpolicyversion", "iam:setdefaultpolicyversion", "iam:addusertogroup"),
    *("iam:updateassumerolepolicy", "iam:createaccesskey", "iam:createloginprofile", "iam:updateloginprofile"),
)
# Who may do this to himself is not held by a boundary: whichever the kind of identity, "user" or "role".
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPermissionsBoundary.html and
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html
LIFTS_BOUNDARY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "user": ("iam:deleteuserpermissionsboundary", "iam:putuserpermissionsboundary"),
        "role": ("iam:deleterolepermissionsboundary", "iam:putrolepermissionsboundary"),
    }
)
# Services so different that only a statement about everything names them all.
_EVERY_KIND = ("iam:*", "s3:*", "ec2:*", "kms:*", "lambda:*", "sts:*", "cloudtrail:*", "organizations:*")
# All of IAM, as a pattern of ARNs behind the partition: users, groups, roles and policies of whichever account.
_IAM = "iam::*:*"
_PARTITIONS = ("aws", "aws-us-gov", "aws-cn", "aws-eusc")
_ACCOUNT = re.compile(":[0-9]{12}:")  # an identity's policy reaches its own account alone, whichever it names
# They say how a request comes, and leave what it may do as it is.
_HOW = frozenset(
    {
        *("aws:multifactorauthpresent", "aws:multifactorauthage", "aws:securetransport", "aws:sourceip"),
        *("aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:useragent", "aws:referer"),
        *("aws:currenttime", "aws:epochtime", "aws:tokenissuetime"),
    }
)
# They say on what, and so leave out the rest: by a tag, in a region, by one of AWS's own servers.
_WHAT = ("aws:resourcetag/", "aws:requesttag/", "aws:tagkeys", "aws:resourceaccount", "aws:ismcpserviceaction")


def is_administrator(policies: Sequence[Policy], boundary: Policy | None = None, *, holder: str = "") -> Answer:
    """All policies of one identity together, within its permissions boundary where it has one.

    ``holder``: "user" or "role", of which a boundary that lets its holder lift it limits nothing.
    """
    answer = _administers([statement for policy in policies for statement in policy.statements])
    if boundary is None:
        return answer
    lifted = max(lifting(policies, boundary, holder).values(), default=Answer.NO)
    return min(answer, max(_administers(boundary.statements), lifted))


def lifting(policies: Sequence[Policy], boundary: Policy, holder: str) -> dict[str, Answer]:
    """By action, whether the identity may take its own boundary away, or put a wider one in its place."""
    allowed = [statement for policy in policies for statement in policy.statements]
    return {
        action: min(may(allowed, action), may(boundary.statements, action)) for action in LIFTS_BOUNDARY.get(holder, ())
    }


def administrative_statement(policy: Policy) -> str:
    """The label of the statement that allows everything; empty where none does."""
    return next((statement.label for statement in policy.allowing() if _is_about_everything(statement)), "")


def matters(policy: Policy) -> bool:
    """Whether the policy could be part of what makes an administrator, or keeps somebody from being one."""
    return any(_touches_iam(statement) for statement in policy.statements)


def _touches_iam(statement: Statement) -> bool:
    # NotAction of whatever leaves some of IAM's actions in, unless it names them all; looked at closely elsewhere.
    if statement.actions.excepted:
        return True
    weighty = (*GIVES_ITSELF_MORE, *(action for actions in LIFTS_BOUNDARY.values() for action in actions))
    return any(covers(pattern, action) for pattern in statement.actions.patterns for action in weighty)


def _administers(statements: Iterable[Statement]) -> Answer:
    statements = list(statements)
    breadth = max(
        (_unlimited(statement) for statement in statements if statement.allows and _is_about_everything(statement)),
        default=Answer.NO,
    )
    depth = max((may(statements, action) for action in GIVES_ITSELF_MORE), default=Answer.NO)
    # Both are needed: everything but IAM is PowerUserAccess, and IAM alone is a way of escalation (`escalation`).
    return min(breadth, depth)


def _is_about_everything(statement: Statement) -> bool:
    actions = statement.actions
    covered = [actions.surely_cover(kind) for kind in _EVERY_KIND]
    # All but a few things still names whole services; a list has to name them all.
    broad = any(covered) if actions.excepted else all(covered)
    return broad and any(_reaches(statement.resources, place) for place in ("s3:::*", "ec2:*:*:*"))


def _reaches(resources: Names, place: str) -> bool:
    """Whether the resources are those of a whole place, such as ``iam::*:*``, in whichever partition.

    NotResource counts while it leaves out less than all of it: all buckets but one are no limit.
    """
    within = [f"arn:{partition}:{place}" for partition in _PARTITIONS]
    patterns = [_ACCOUNT.sub(":*:", pattern) for pattern in resources.patterns]
    if resources.excepted:
        return not any(covers(widened(pattern), name) for pattern in patterns for name in (*within, f"arn:*:{place}"))
    return any(covers(pattern, name) for pattern in patterns if not has_variable(pattern) for name in within)


def may(statements: Sequence[Statement], action: str, place: str = _IAM, *, passed_to: str = "") -> Answer:
    """Whether the action is allowed on all of a place (identities and policies), and denied on none of it for good.

    ``passed_to``: the service that a role is passed to, which a condition of iam:PassRole may name.
    """
    # Order does not matter to IAM, so all statements are looked at, and a sure denial takes back a sure permission.
    allowed, denied = Answer.NO, Answer.NO
    for statement in statements:
        if not statement.actions.surely_cover(action):
            continue
        if statement.allows and _reaches(statement.resources, place):
            allowed = max(allowed, _unlimited(statement, passed_to))
        if not statement.allows and _is_denied_everywhere(statement.resources, place):
            denied = max(denied, _for_good(statement.conditions))
    return min(allowed, Answer(Answer.YES - denied))


def _is_denied_everywhere(resources: Names, place: str) -> bool:
    names = Names(tuple(_ACCOUNT.sub(":*:", pattern) for pattern in resources.patterns), resources.excepted)
    return any(names.surely_cover(f"arn:{partition}:{place}") for partition in _PARTITIONS)


def _unlimited(statement: Statement, passed_to: str = "") -> Answer:
    return min((_leaves_all(condition, passed_to) for condition in statement.conditions), default=Answer.YES)


def _leaves_all(condition: Condition, passed_to: str) -> Answer:
    """Whether an Allow allows as much with the condition as without."""
    if condition.operator not in KNOWN_OPERATORS:
        return Answer.UNSURE
    if passed_to and condition.key == "iam:passedtoservice":
        return _lets_pass(condition, passed_to)
    if condition.key in _HOW:
        return Answer.YES
    # A key that is not known here may narrow or not (docs/decisions/0014-aws-policies-by-value.md).
    return Answer.NO if condition.key.startswith(_WHAT) else Answer.UNSURE


def _lets_pass(condition: Condition, service: str) -> Answer:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html"""
    if condition.operator in ("stringequals", "stringequalsignorecase", "stringlike"):
        return Answer.YES if any(covers(value.lower(), service) for value in condition.values) else Answer.NO
    return Answer.UNSURE


def _for_good(conditions: Sequence[Condition]) -> Answer:
    """Whether a Deny denies whatever the request is like: with a second factor, another moment or place it may not."""
    answers = (
        Answer.NO if condition.key in _HOW and condition.operator in KNOWN_OPERATORS else Answer.UNSURE
        for condition in conditions
    )
    return min(answers, default=Answer.YES)
