"""Ways by which an identity makes itself an administrator: which sets of actions open one, and what closes it."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.document import parse_identity_policy
from cloudaccounts.providers.aws.policy.escalation import matters, ways

ROLES = "arn:aws:iam::111122223333:role/*"


def statement(*actions: str, resource: Any = "*", effect: Any = "Allow", **condition: Any) -> dict[str, Any]:
    made = {"Effect": effect, "Action": list(actions), "Resource": resource}
    return made | ({"Condition": condition} if condition else {})


def answer(*statements: dict[str, Any], boundary: Any = None) -> Answer:
    policy = parse_identity_policy({"Statement": list(statements)})
    limit = None if boundary is None else parse_identity_policy({"Statement": boundary})
    return max(ways([policy], limit).values(), default=Answer.NO)


PASS_ANY = statement("iam:PassRole")
TO_LAMBDA = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}

OPEN = [
    [statement("iam:CreateAccessKey")],
    [statement("iam:Put*Policy")],
    [statement("iam:*", resource="arn:aws:iam::*:*")],
    [statement("iam:CreatePolicyVersion", Bool={"aws:MultiFactorAuthPresent": "true"})],  # says how, not what
    [PASS_ANY, statement("ec2:RunInstances")],
    [statement("iam:PassRole", resource=ROLES), statement("ec2:*")],
    [statement("iam:PassRole", **TO_LAMBDA), statement("lambda:CreateFunction", "lambda:InvokeFunction")],
    [statement("iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping")],
    [statement("iam:PassRole", StringLike={"iam:PassedToService": "*.amazonaws.com"}), statement("glue:CreateJob")],
    [PASS_ANY, statement("cloudformation:CreateStack")],
    [PASS_ANY, statement("ecs:RegisterTaskDefinition", "ecs:RunTask")],
    [PASS_ANY, statement("codebuild:*")],
    [PASS_ANY, statement("states:CreateStateMachine", "states:StartExecution")],
    [PASS_ANY, statement("states:UpdateStateMachine", "states:StartSyncExecution")],
    [PASS_ANY, statement("scheduler:CreateSchedule")],
    [PASS_ANY, statement("ssm:CreateDocument", "ssm:StartAutomationExecution")],
    [PASS_ANY, statement("apprunner:CreateService")],
    [PASS_ANY, statement("bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:InvokeCodeInterpreter")],
    [PASS_ANY, statement("bedrock-agentcore:*")],
    [statement("lambda:UpdateFunctionCode")],
    [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}],
    [
        PASS_ANY,
        statement("ec2:RunInstances"),
        statement("ec2:RunInstances", effect="Deny", resource="arn:aws:ec2:x::*"),
    ],
]
CLOSED = [
    [],
    [statement("s3:*")],
    [statement("iam:Get*", "iam:List*")],
    [statement("iam:CreateAccessKey", resource="arn:aws:iam::111122223333:user/ana")],
    [statement("iam:CreateAccessKey", resource="arn:aws:iam::*:user/${aws:username}")],
    [PASS_ANY],
    [statement("ec2:RunInstances")],
    [statement("iam:PassRole", resource="arn:aws:iam::111122223333:role/web"), statement("ec2:RunInstances")],
    [statement("iam:PassRole", **TO_LAMBDA), statement("ec2:RunInstances")],
    [PASS_ANY, statement("lambda:CreateFunction")],  # and nobody to call it
    [PASS_ANY, statement("ecs:RunTask")],
    [PASS_ANY, statement("states:CreateStateMachine")],  # and nobody to start it
    [PASS_ANY, statement("ecs:StartTask")],
    [PASS_ANY, statement("batch:SubmitJob")],
    [statement("iam:PassRole", **TO_LAMBDA), statement("scheduler:CreateSchedule", "states:*", "ec2:Associate*")],
    [statement("states:*", "scheduler:*", "apprunner:*", "ecs:*", "batch:*", "ssm:StartAutomationExecution")],
    [statement("codebuild:UpdateProject")],
    [statement("sts:AssumeRole", resource="arn:aws:iam::111122223333:role/web")],
    [statement("ssm:SendCommand", resource="arn:aws:ec2:eu-west-1:111122223333:instance/i-1")],
    [statement("sts:AssumeRole", "ssm:SendCommand"), statement("sts:*", "ssm:*", effect="Deny")],
    [statement("iam:*"), statement("iam:*", effect="Deny")],
    [PASS_ANY, statement("ec2:RunInstances"), statement("iam:PassRole", effect="Deny")],
    [{"Effect": "Allow", "NotAction": ["iam:*", "lambda:*", "sts:*", "ssm:*", "codebuild:*"], "Resource": "*"}],
    [statement("lambda:UpdateFunctionCode", resource="arn:aws:lambda:eu-west-1:111122223333:function:mine")],
]
UNSURE = [
    # What must be there, no policy tells: a machine, a queue, a runbook; a role that trusts the account.
    [PASS_ANY, statement("ec2:AssociateIamInstanceProfile")],
    [PASS_ANY, statement("ec2:ReplaceIamInstanceProfileAssociation")],
    [PASS_ANY, statement("ecs:RegisterTaskDefinition", "ecs:StartTask")],
    [PASS_ANY, statement("batch:RegisterJobDefinition", "batch:SubmitJob")],
    [PASS_ANY, statement("ssm:StartAutomationExecution")],
    [statement("codebuild:UpdateProject", "codebuild:StartBuild")],
    [statement("ssm:SendCommand")],
    [statement("ssm:*")],
    [statement("sts:AssumeRole")],
    [statement("sts:AssumeRole", resource=ROLES)],
    [{"Effect": "Allow", "NotAction": ["iam:*", "lambda:*"], "Resource": "*"}],
    [statement("iam:CreateAccessKey", StringEquals={"x:Unheard": "of"})],
    [statement("iam:PassRole", StringNotEquals={"iam:PassedToService": "lambda.amazonaws.com"}), statement("ec2:*")],
    [PASS_ANY, statement("ec2:RunInstances", StringEquals={"x:Unheard": "of"})],
]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [(each, Answer.YES) for each in OPEN]
    + [(each, Answer.NO) for each in CLOSED]
    + [(each, Answer.UNSURE) for each in UNSURE],
)
def test_which_actions_open_a_way(statements: list[dict[str, Any]], expected: Answer) -> None:
    assert answer(*statements) is expected


def test_a_boundary_closes_what_it_does_not_allow() -> None:
    assert answer(PASS_ANY, statement("ec2:RunInstances"), boundary=[statement("s3:*")]) is Answer.NO
    assert answer(statement("iam:*"), boundary=[statement("*")]) is Answer.YES
    assert answer(statement("iam:*"), boundary=[statement("iam:PassRole", "ec2:*")]) is Answer.NO


def test_several_policies_count_together_and_in_any_order() -> None:
    parts = [parse_identity_policy({"Statement": [each]}) for each in (PASS_ANY, statement("ec2:RunInstances"))]
    assert set(ways(parts)) == set(ways(parts[::-1])) == {"iam:passrole to ec2.amazonaws.com"}


@pytest.mark.parametrize("statements", OPEN + UNSURE)
def test_what_opens_a_way_is_kept_by_the_inventory(statements: list[dict[str, Any]]) -> None:
    """Other documents are dropped there, but for what `administrator` needs."""
    from cloudaccounts.providers.aws.policy.administrator import matters as of_administrators

    policy = parse_identity_policy({"Statement": statements})
    assert matters(policy) or of_administrators(policy)


def test_what_opens_none_is_not_kept() -> None:
    assert not matters(parse_identity_policy({"Statement": [statement("s3:*", "iam:List*")]}))
