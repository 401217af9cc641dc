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
        # A state machine and a schedule call whichever operation of AWS they name:
        # https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html and
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
        "states.amazonaws.com": (
            ("states:createstatemachine", "states:updatestatemachine"),
            ("states:startexecution", "states:startsyncexecution"),
        ),
        "scheduler.amazonaws.com": (("scheduler:createschedule",),),
        # A runbook of one's own does so as well: https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-executeawsapi.html
        "ssm.amazonaws.com": (("ssm:createdocument",), ("ssm:startautomationexecution",)),
        # https://docs.aws.amazon.com/apprunner/latest/dg/security_iam_service-with-iam.html#security_iam_service-with-iam-roles
        "tasks.apprunner.amazonaws.com": (("apprunner:createservice",),),
        # https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-permissions.html
        "bedrock-agentcore.amazonaws.com": (
            ("bedrock-agentcore:createcodeinterpreter", "bedrock-agentcore:createagentruntime"),
            ("bedrock-agentcore:invokecodeinterpreter", "bedrock-agentcore:invokeagentruntime"),
        ),
        "cloudformation.amazonaws.com": (("cloudformation:createstack", "cloudformation:updatestack"),),
        "glue.amazonaws.com": (("glue:createdevendpoint", "glue:createjob"),),
        "codebuild.amazonaws.com": (("codebuild:createproject",), ("codebuild:startbuild",)),
        "ecs-tasks.amazonaws.com": (("ecs:registertaskdefinition",), ("ecs:runtask", "ecs:createservice")),
        "sagemaker.amazonaws.com": (("sagemaker:createnotebookinstance", "sagemaker:createtrainingjob"),),
        "datapipeline.amazonaws.com": (("datapipeline:createpipeline",), ("datapipeline:putpipelinedefinition",)),
    }
)
# The same where something must be there already, a machine, a queue or a runbook, which the policies do not tell.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateIamInstanceProfile.html,
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StartTask.html,
# https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
PASSED_TO_WHAT_IS_THERE: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "ec2.amazonaws.com": (("ec2:associateiaminstanceprofile", "ec2:replaceiaminstanceprofileassociation"),),
        "ecs-tasks.amazonaws.com": (
            ("ecs:registertaskdefinition", "batch:registerjobdefinition"),
            ("ecs:starttask", "batch:submitjob"),
        ),
        "ssm.amazonaws.com": (("ssm:startautomationexecution",),),
    }
)
# Run as what is there already, with the role that it has.
TAKES_OVER = ("lambda:updatefunctioncode",)
# The same, where more often than not nothing is there that leads further: whether it does, the policies do not tell.
# All actions of one tuple are needed. A role must trust the account, a machine's role and a project's be wider:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html,
# https://docs.aws.amazon.com/codebuild/latest/APIReference/API_UpdateProject.html
MAY_TAKE_OVER = (("sts:assumerole",), ("ssm:sendcommand",), ("codebuild:updateproject", "codebuild:startbuild"))
# Where an action is looked for, behind the partition, if not on everything of its own service.
_PLACES = {"sts": _ROLES, "ssm": "ec2:*:*:instance/*"}


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
        answers[f"{_PASS_ROLE} to {service}"] = _passes(statements, service, needed)
    for service, needed in PASSED_TO_WHAT_IS_THERE.items():
        name = f"{_PASS_ROLE} to {service}"
        there = min(_passes(statements, service, needed), Answer.UNSURE)
        answers[name] = max(answers.get(name, Answer.NO), there)
    for action in TAKES_OVER:
        answers[action] = may(statements, action, _place(action))
    for actions in MAY_TAKE_OVER:
        taken = min(may(statements, action, _place(action)) for action in actions)
        answers[" and ".join(actions)] = min(taken, Answer.UNSURE)
    return answers


def _passes(statements: Sequence[Statement], service: str, needed: Sequence[Sequence[str]]) -> Answer:
    passing = may(statements, _PASS_ROLE, _ROLES, passed_to=service)
    starting = min(max(may(statements, action, _of_service(action)) for action in choice) for choice in needed)
    return min(passing, starting)


def _of_service(action: str) -> str:
    return f"{action.partition(':')[0]}:*:*:*"


def _place(action: str) -> str:
    return _PLACES.get(action.partition(":")[0]) or _of_service(action)


def matters(policy: Policy) -> bool:
    """Whether the policy could open or close one of the ways."""
    return any(_concerns(statement) for statement in policy.statements)


def _concerns(statement: Statement) -> bool:
    services = (*PASSED_TO.values(), *PASSED_TO_WHAT_IS_THERE.values(), MAY_TAKE_OVER)
    started = (action for needed in services for choice in needed for action in choice)
    actions, patterns = (_PASS_ROLE, *TAKES_OVER, *started), statement.actions.patterns
    return statement.actions.excepted or any(covers(pattern, action) for pattern in patterns for action in actions)
