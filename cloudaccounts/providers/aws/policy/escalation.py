"""Ways by which an identity that is no administrator makes itself one.

Each way is a set of actions: some change policies or credentials of IAM by themselves, others start something under a
role of the account (iam:PassRole) and let whoever started it say what it does.

The actions are those of the Service Authorization Reference; that passing a role hands its permissions over:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cloudaccounts.providers.aws.policy.administrator import GIVES_ITSELF_MORE, is_administrator, lifting, may
from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.document import Policy, Statement
from cloudaccounts.providers.aws.policy.patterns import covers

_IAM = "iam::*:*"
_ROLES = "iam::*:role/*"
_PASS_ROLE = "iam:passrole"  # noqa: S105 # an action
# What starts something under a role that is passed: the service that is given the role, and what it takes beside that.
# One of each inner tuple is enough.
PASSED_TO: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "ec2.amazonaws.com": (("ec2:runinstances",),),
        "lambda.amazonaws.com": (
            ("lambda:createfunction",),
            ("lambda:invokefunction", "lambda:addpermission", "lambda:createeventsourcemapping"),
        ),
        "cloudformation.amazonaws.com": (("cloudformation:createstack", "cloudformation:updatestack"),),
        "glue.amazonaws.com": (("glue:createdevendpoint", "glue:createjob"),),
        "codebuild.amazonaws.com": (("codebuild:createproject",), ("codebuild:startbuild",)),
        "ecs-tasks.amazonaws.com": (("ecs:registertaskdefinition",), ("ecs:runtask", "ecs:createservice")),
        "sagemaker.amazonaws.com": (("sagemaker:createnotebookinstance", "sagemaker:createtrainingjob"),),
        "datapipeline.amazonaws.com": (("datapipeline:createpipeline",), ("datapipeline:putpipelinedefinition",)),
    }
)
# Run as what is there already, with the role that it has.
TAKES_OVER = ("lambda:updatefunctioncode",)


def ways(policies: Sequence[Policy], boundary: Policy | None = None, *, holder: str = "") -> Mapping[str, Answer]:
    """By name of the way, those that are open or may be. All policies of one identity, within its boundary.

    ``holder``: "user" or "role", which may lift its own boundary where both leave it that.
    """
    allowed = [statement for policy in policies for statement in policy.statements]
    answers = _ways(allowed)
    if boundary is not None:
        # A boundary grants nothing: a way is open where the policies and the boundary both leave it open.
        within = _ways(list(boundary.statements))
        # To lift the boundary leads to what the policies say without it, which may be nothing.
        behind = max([is_administrator(policies), *answers.values()])
        answers = {name: min(answer, within.get(name, Answer.NO)) for name, answer in answers.items()}
        answers |= {action: min(answer, behind) for action, answer in lifting(policies, boundary, holder).items()}
    return {name: answer for name, answer in answers.items() if answer is not Answer.NO}


def _ways(statements: Sequence[Statement]) -> dict[str, Answer]:
    answers = {action: may(statements, action, _IAM) for action in GIVES_ITSELF_MORE}
    for service, needed in PASSED_TO.items():
        passing = may(statements, _PASS_ROLE, _ROLES, passed_to=service)
        prefix = needed[0][0].partition(":")[0]
        starting = min(max(may(statements, action, f"{prefix}:*:*:*") for action in choice) for choice in needed)
        answers[f"{_PASS_ROLE} to {service}"] = min(passing, starting)
    for action in TAKES_OVER:
        answers[action] = may(statements, action, "lambda:*:*:*")
    return answers


def matters(policy: Policy) -> bool:
    """Whether the policy could open or close one of the ways."""
    return any(_concerns(statement) for statement in policy.statements)


def _concerns(statement: Statement) -> bool:
    started = (action for needed in PASSED_TO.values() for choice in needed for action in choice)
    actions, patterns = (_PASS_ROLE, *TAKES_OVER, *started), statement.actions.patterns
    return statement.actions.excepted or any(covers(pattern, action) for pattern in patterns for action in actions)
