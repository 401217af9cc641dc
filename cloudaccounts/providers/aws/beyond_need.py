"""What an identity may do although no scan needs it: asked of the simulator together with what is needed. No Django.

A short list stands for the rest, because the simulator takes no wildcards: what takes over an account, hides traces,
destroys or brings in code, and what reads what customers keep there. With the needed ones it takes two calls.
Levels of access: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from cloudaccounts.contract.report import AccessKind, BeyondNeed

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import EvaluationResultTypeDef

# The worst first.
ACTIONS: Mapping[str, AccessKind] = MappingProxyType(
    {
        "iam:CreateUser": AccessKind.WRITE,
        "iam:PassRole": AccessKind.WRITE,
        "cloudtrail:StopLogging": AccessKind.WRITE,
        "lambda:UpdateFunctionCode": AccessKind.WRITE,
        "rds:DeleteDBInstance": AccessKind.WRITE,
        "ec2:RunInstances": AccessKind.WRITE,
        "s3:PutObject": AccessKind.WRITE,
        "secretsmanager:GetSecretValue": AccessKind.DATA,
        "s3:GetObject": AccessKind.DATA,
        "dynamodb:GetItem": AccessKind.DATA,
    }
)


def of_simulation(evaluated: Mapping[str, EvaluationResultTypeDef]) -> tuple[BeyondNeed, ...] | None:
    """Those of `ACTIONS` that the simulator allows, and by which policies; None where it left one out.

    ``evaluated`` is by action in lower case.
    """
    if any(action.lower() not in evaluated for action in ACTIONS):
        return None
    return tuple(
        BeyondNeed(action, access, _policies(evaluated[action.lower()]))
        for action, access in ACTIONS.items()
        if evaluated[action.lower()]["EvalDecision"] == "allowed"
    )


def _policies(result: EvaluationResultTypeDef) -> tuple[str, ...]:
    matched = result.get("MatchedStatements", ())
    return tuple(sorted({source for statement in matched if (source := statement.get("SourcePolicyId"))}))
