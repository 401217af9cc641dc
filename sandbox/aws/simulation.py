"""iam:SimulatePrincipalPolicy, which moto does not have. Shapes: botocore data/iam, SimulatePolicyResponse."""

import re
from xml.sax.saxutils import escape

from sandbox.aws.call import Call
from sandbox.aws.errors import AwsError
from sandbox.aws.identities import Account, find_role, role_policies, user_policies
from sandbox.aws.policy import Decision, Policy, compiled, decide

_ENTITY = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):(?P<type>user|role|group)/(?:[^/]+/)*(?P<name>[^/]+)")
_ACTION = re.compile(r"[a-zA-Z0-9-]+:[a-zA-Z0-9]+")
# Of ActionNameType in botocore data/iam.
LONGEST_ACTION = 128
# The largest MaxItems of the API (botocore data/iam).
PAGE = 1000


def simulate_principal_policy(call: Call, account: Account) -> str:
    """The result in XML; raises AwsError where the entity is unknown or an action is malformed."""
    source = call.form.get("PolicySourceArn", "")
    policies = [*_policies_of(source, account), *_given_policies(call)]
    actions = call.listed("ActionNames")
    for action in actions:
        if not _ACTION.fullmatch(action) or len(action) > LONGEST_ACTION:
            raise AwsError("InvalidInput", f"Invalid Action Name: {action}")
    context = _context(call)
    resources = call.listed("ResourceArns") or ["*"]
    pairs = [(action, resource) for action in actions for resource in resources]
    start = int(call.form.get("Marker") or 0)
    size = int(call.form.get("MaxItems") or PAGE)
    boundary = account.boundaries.get(source)
    results = "".join(
        _result(action, resource, policies, context, account, boundary)
        for action, resource in pairs[start : start + size]
    )
    more = start + size < len(pairs)
    marker = f"<Marker>{start + size}</Marker>" if more else ""
    truncated = str(more).lower()
    return f"<IsTruncated>{truncated}</IsTruncated>{marker}<EvaluationResults>{results}</EvaluationResults>"


def _policies_of(source: str, account: Account) -> list[Policy]:
    match = _ENTITY.fullmatch(source)
    if match is None or match["account"] != account.id:
        raise AwsError("InvalidInput", f"Invalid Entity Arn: {source} does not clearly define entity type and name.")
    kind, name = match["type"], match["name"]
    if kind == "group":
        group = account.iam.groups.get(name)
        if group is None or group.arn != source:
            raise AwsError("NoSuchEntity", f"The group with name {name} cannot be found.", 404)
        return [Policy(name, "group", document) for name, document in group.policies.items()]
    entity = account.iam.users.get(name) if kind == "user" else find_role(account, name)
    if entity is None or entity.arn != source:
        raise AwsError("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404)
    return user_policies(account, name) if kind == "user" else role_policies(account, name)


def _given_policies(call: Call) -> list[Policy]:
    documents = call.listed("PolicyInputList")
    for document in documents:
        try:
            compiled(document)
        except ValueError as error:
            raise AwsError("InvalidInput", "The policy document is malformed.") from error
    return [Policy(f"PolicyInputList.{number}", "none", document) for number, document in enumerate(documents, start=1)]


def _context(call: Call) -> dict[str, str]:
    context = {}
    for number in range(1, 51):
        prefix = f"ContextEntries.member.{number}"
        name = call.form.get(f"{prefix}.ContextKeyName")
        if name is None:
            break
        context[name.lower()] = call.form.get(f"{prefix}.ContextKeyValues.member.1", "")
    return context


def _result(
    action: str,
    resource: str,
    policies: list[Policy],
    context: dict[str, str],
    account: Account,
    boundary: Policy | None,
) -> str:
    decision, by = decide(policies, action, resource, context)
    bounded = ""
    if boundary is not None:
        limit, limiting = decide([boundary], action, resource, context)
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_PermissionsBoundaryDecisionDetail.html
        allowed = str(limit is Decision.ALLOWED).lower()
        bounded = (
            f"<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>{allowed}"
            "</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>"
        )
        if limit is not Decision.ALLOWED and decision is not Decision.EXPLICIT_DENY:
            decision, by = limit, limiting
    # The organization's policies are evaluated with the given context alone, whatever else a call would bring.
    forbidden = decide(account.control_policies, action, resource, context)[0] is Decision.EXPLICIT_DENY
    organization = ""
    if account.control_policies:
        allowed = str(not forbidden).lower()
        organization = (
            f"<OrganizationsDecisionDetail><AllowedByOrganizations>{allowed}</AllowedByOrganizations>"
            "</OrganizationsDecisionDetail>"
        )
        decision, by = (Decision.EXPLICIT_DENY, []) if forbidden else (decision, by)
    # IAM names no policy for an implicit denial: nothing matched.
    matched = "".join(_matched(policy) for policy in by) if decision is not Decision.IMPLICIT_DENY else ""
    return (
        f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{decision.value}</EvalDecision><MatchedStatements>{matched}</MatchedStatements>"
        f"<MissingContextValues/>{organization}{bounded}</member>"
    )


def _matched(policy: Policy) -> str:
    end = policy.document.count("\n") + 1
    return (
        f"<member><SourcePolicyId>{escape(policy.name)}</SourcePolicyId><SourcePolicyType>{policy.kind}"
        f"</SourcePolicyType><StartPosition><Line>1</Line><Column>1</Column></StartPosition>"
        f"<EndPosition><Line>{end}</Line><Column>1</Column></EndPosition></member>"
    )
