"""Which of the needed permissions an identity has: by IAM's policy simulator, or by trying. No Django.

The simulator's yes counts. Its no is settled by the read itself, where there is one: it knows no condition but those
that it is given, so that a policy of the organization which denies other regions denies everything in it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.report import BeyondNeed, PermissionResult, PermissionStatus
from cloudaccounts.providers.aws import beyond_need
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import aws_code, explain, is_denied
from cloudaccounts.providers.aws.live_reads import read_live
from cloudaccounts.providers.aws.permissions import PERMISSIONS, How, Permission

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import EvaluationResultTypeDef

BATCH = 100  # actions for each call
# Their calls are made in the partition's home region: aws:RequestedRegion says so, whichever region is scanned.
_WORLDWIDE = frozenset({"iam", "route53", "cloudfront"})
_BY_ORGANIZATION = "denied by a service control policy of the organization"
_UNPROVEN = "the simulator says that the organization denies it, without knowing all that its policy asks about"
# The simulator does not know the identity, so trying is what is left.
CANNOT_SIMULATE = {"NoSuchEntity", "InvalidInput", "ValidationError", "InvalidClientTokenId"}


@dataclass(frozen=True, slots=True)
class PermissionCheck:
    """``how``: whether the results are from the simulator. ``beyond`` is None where nobody could be asked."""

    results: tuple[PermissionResult, ...]
    how: How
    beyond: tuple[BeyondNeed, ...] | None = None


def check_permissions(connection: Connection, stored_arn: str, region: str, account_id: str) -> PermissionCheck:
    """One result for each needed permission, and what is granted beyond those.

    ``stored_arn`` is the user's or role's own ARN, its path included; empty where the identity has none to simulate
    (temporary credentials, whose session policy the simulator does not know). Not being allowed to simulate proves
    nothing about the other permissions: then the reads themselves are tried. Raises `ProviderError` for anything but a
    clear answer.
    """
    if stored_arn:
        try:
            evaluated = _evaluate_all(
                connection, stored_arn, [p.action for p in PERMISSIONS] + list(beyond_need.ACTIONS), region
            )
        except ClientError as error:
            # What the simulator cannot answer is not a failure: only throttling, the network and the like are.
            if not is_denied(error) and aws_code(error) not in CANNOT_SIMULATE:
                raise explain(error, connection.who, "iam:SimulatePrincipalPolicy") from None
        except BotoCoreError as error:
            raise explain(error, connection.who, "iam:SimulatePrincipalPolicy") from None
        else:
            results = tuple(_result(permission, evaluated.get(permission.action.lower())) for permission in PERMISSIONS)
            beyond = beyond_need.of_simulation(evaluated)
            return PermissionCheck(settle(results, connection, region, account_id), How.SIMULATED, beyond)
    # Trying what writes, to learn whether it is allowed, is nothing that this product does.
    how = How.REFUSED if stored_arn else How.TEMPORARY
    return PermissionCheck(read_live(connection, region, account_id), how)


def settle(
    results: tuple[PermissionResult, ...], connection: Connection, region: str, account_id: str
) -> tuple[PermissionResult, ...]:
    """Tries what the simulator could not decide, or decided to be denied."""
    doubtful = {result.permission for result in results if result.status != PermissionStatus.GRANTED}
    if not doubtful:
        return results
    tried = {result.permission: result for result in read_live(connection, region, account_id, doubtful)}
    return tuple(_settled(result, tried.get(result.permission)) for result in results)


def _settled(simulated: PermissionResult, tried: PermissionResult | None) -> PermissionResult:
    # It was not in doubt, so it was not tried.
    if tried is None:
        return simulated
    if simulated.status == PermissionStatus.UNVERIFIABLE or tried.status == PermissionStatus.GRANTED:
        return tried
    by_organization = simulated.reason == _BY_ORGANIZATION
    if tried.status == PermissionStatus.DENIED:
        # The refusal itself names the organization where it was that; the simulator names the policies.
        return tried if by_organization or "service control policy" in tried.reason else simulated
    if by_organization:
        return replace(simulated, status=PermissionStatus.UNVERIFIABLE, reason=f"{_UNPROVEN}, and {tried.reason}")
    return simulated


def is_worldwide(action: str) -> bool:
    return action.partition(":")[0] in _WORLDWIDE


def simulate(
    connection: Connection, stored_arn: str, permissions: Sequence[Permission], region: str
) -> tuple[PermissionResult, ...]:
    """Asks the simulator, in as few calls as it allows, for the decisions alone. Raises botocore's errors.

    As if the calls went to ``region``; those of services without regions go to the partition's home.
    """
    actions = [permission.action for permission in permissions]
    evaluated = _evaluate_all(connection, stored_arn, actions, region, connection.simulator())
    return tuple(_result(permission, evaluated.get(permission.action.lower())) for permission in permissions)


def _evaluate_all(
    connection: Connection, stored_arn: str, actions: Sequence[str], region: str, client: IAMClient | None = None
) -> dict[str, EvaluationResultTypeDef]:
    evaluated: dict[str, EvaluationResultTypeDef] = {}
    client = client or connection.client("iam")
    home = connection.partition.home
    by_region: dict[str, list[str]] = {}
    for action in actions:
        by_region.setdefault(home if is_worldwide(action) else region, []).append(action)
    for requested, together in by_region.items():
        # Of one region each: the simulator takes one context for all actions of a call.
        for first in range(0, len(together), BATCH):
            evaluated |= _evaluate(client, stored_arn, together[first : first + BATCH], requested)
    return evaluated


def _evaluate(
    client: IAMClient, stored_arn: str, actions: Sequence[str], region: str
) -> dict[str, EvaluationResultTypeDef]:
    evaluated: dict[str, EvaluationResultTypeDef] = {}
    context = {"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": [region], "ContextKeyType": "string"}
    marker: dict[str, Any] = {}
    while True:
        # The paginator would do, but MaxItems means something else there: here it is the size of a page.
        page = client.simulate_principal_policy(
            PolicySourceArn=stored_arn,
            ActionNames=list(actions),
            ContextEntries=[context],  # type: ignore[list-item] # a literal type for the key
            MaxItems=1000,
            **marker,
        )
        # In lower case: IAM compares actions without regard to case.
        evaluated |= {result["EvalActionName"].lower(): result for result in page["EvaluationResults"]}
        if not page.get("IsTruncated"):
            return evaluated
        marker = {"Marker": page["Marker"]}


def _result(permission: Permission, result: EvaluationResultTypeDef | None) -> PermissionResult:
    status, reason = PermissionStatus.DENIED, ""
    if result is None:
        status, reason = PermissionStatus.UNVERIFIABLE, "AWS's simulator gave no answer for it"
    # Before the decision itself, which does not say that it was the organization: that has another remedy.
    elif result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations") is False:
        reason = _BY_ORGANIZATION
    elif result["EvalDecision"] == "allowed":
        status = PermissionStatus.GRANTED
    elif result["EvalDecision"] == "explicitDeny":
        reason = _explicit_denial(result)
    elif missing := result.get("MissingContextValues"):
        status = PermissionStatus.UNVERIFIABLE
        reason = f"depends on a condition that the simulator does not know: {', '.join(sorted(set(missing)))}"
    elif result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary") is False:
        reason = "not allowed by the permissions boundary"
    else:
        reason = "no policy allows it"
    return PermissionResult(permission.service, permission.action, status, reason)


def _explicit_denial(result: EvaluationResultTypeDef) -> str:
    policies = sorted(
        {
            statement["SourcePolicyId"]
            for statement in result.get("MatchedStatements", ())
            if statement.get("SourcePolicyId")
        }
    )
    return f"explicitly denied by {', '.join(policies)}" if policies else "explicitly denied by a policy"
