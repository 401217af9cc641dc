"""Which of the needed permissions an identity has: by IAM's policy simulator, or by trying. No Django.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.report import PermissionResult, PermissionStatus
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import aws_code, explain, is_denied
from cloudaccounts.providers.aws.live_reads import read_live
from cloudaccounts.providers.aws.permissions import PERMISSIONS, Permission

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import EvaluationResultTypeDef

BATCH = 100  # actions for each call
# The simulator does not know the identity, so trying is what is left.
_CANNOT_SIMULATE = {"NoSuchEntity", "InvalidInput", "ValidationError", "InvalidClientTokenId"}


def check_permissions(
    connection: Connection, stored_arn: str, region: str, account_id: str
) -> tuple[tuple[PermissionResult, ...], bool]:
    """One result for each needed permission, and whether they are from the simulator.

    ``stored_arn`` is the user's or role's own ARN, its path included; empty where the identity has none to simulate
    (temporary credentials, whose session policy the simulator does not know). Not being allowed to simulate proves
    nothing about the other permissions: then the reads themselves are tried. Raises `ProviderError` for anything but a
    clear answer.
    """
    if stored_arn:
        try:
            results = simulate(connection, stored_arn, PERMISSIONS)
        except ClientError as error:
            if not is_denied(error) and aws_code(error) not in _CANNOT_SIMULATE:
                raise explain(error, connection.who, "iam:SimulatePrincipalPolicy") from None
        except BotoCoreError as error:
            raise explain(error, connection.who, "iam:SimulatePrincipalPolicy") from None
        else:
            return _try_undecided(results, connection, region, account_id), True
    return read_live(connection, region, account_id), False


def _try_undecided(
    results: tuple[PermissionResult, ...], connection: Connection, region: str, account_id: str
) -> tuple[PermissionResult, ...]:
    """Tries what the simulator could not decide."""
    undecided = {result.permission for result in results if result.status == PermissionStatus.UNVERIFIABLE}
    if not undecided:
        return results
    tried = {result.permission: result for result in read_live(connection, region, account_id, undecided)}
    return tuple(tried.get(result.permission, result) for result in results)


def simulate(
    connection: Connection, stored_arn: str, permissions: Sequence[Permission]
) -> tuple[PermissionResult, ...]:
    """Asks the simulator, in as few calls as it allows. Raises botocore's errors."""
    evaluated: dict[str, EvaluationResultTypeDef] = {}
    iam = connection.client("iam")
    for first in range(0, len(permissions), BATCH):
        actions = [permission.action for permission in permissions[first : first + BATCH]]
        marker: dict[str, Any] = {}
        while True:
            # The paginator would do, but MaxItems means something else there: here it is the size of a page.
            page = iam.simulate_principal_policy(
                PolicySourceArn=stored_arn, ActionNames=actions, MaxItems=1000, **marker
            )
            evaluated |= {result["EvalActionName"].lower(): result for result in page["EvaluationResults"]}
            if not page.get("IsTruncated"):
                break
            marker = {"Marker": page["Marker"]}
    return tuple(_result(permission, evaluated.get(permission.action.lower())) for permission in permissions)


def _result(permission: Permission, result: EvaluationResultTypeDef | None) -> PermissionResult:
    status, reason = PermissionStatus.DENIED, ""
    if result is None:
        status, reason = PermissionStatus.UNVERIFIABLE, "AWS's simulator gave no answer for it"
    # Before the decision itself, which does not say that it was the organization: that has another remedy.
    elif result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations") is False:
        reason = "denied by a service control policy of the organization"
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
