"""STS. moto neither checks a role's existence nor its trust across accounts, and lets an external ID be omitted."""

import re
from xml.sax.saxutils import escape

from sandbox.aws import gate
from sandbox.aws.call import Call
from sandbox.aws.errors import AwsError, of_kind
from sandbox.aws.identities import Account, Caller, Identities, Session
from sandbox.aws.policy import Decision, Policy, compiled, trusts

_ROLE_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/(?P<path>[\w+=,.@/-]+)")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}")
# A role that assumes a role gets an hour at most:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
CHAINED_SECONDS = 3600


def get_caller_identity(caller: Caller) -> str:
    return f"<Arn>{escape(caller.arn)}</Arn><UserId>{caller.user_id}</UserId><Account>{caller.account.id}</Account>"


def get_access_key_info(call: Call, identities: Identities) -> str:
    account = identities.account_of(call.form.get("AccessKeyId", ""))
    if account is None:
        raise AwsError("ValidationError", "Account not found")
    return f"<Account>{account.id}</Account>"


def get_session_token(call: Call, caller: Caller, identities: Identities) -> str:
    """Temporary credentials of the calling user."""
    if caller.session is not None:
        raise of_kind("denied", call.protocol, "Cannot call GetSessionToken with session credentials")
    # 12 hours by default, 36 at most: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    seconds = _seconds(call, 43_200, 129_600)
    session = identities.open_session(caller.account, seconds, user=caller.user_name)
    return _credentials(session)


def assume_role(call: Call, caller: Caller, identities: Identities) -> str:
    """AssumeRole: existence, trust policy, external ID, identity policy and durations are checked as AWS does."""
    arn, name, external_id = (call.form.get(key) for key in ("RoleArn", "RoleSessionName", "ExternalId"))
    match = _ROLE_ARN.fullmatch(arn or "")
    if match is None or arn is None:
        raise AwsError("ValidationError", f"{arn} is invalid")
    if not _SESSION_NAME.fullmatch(name or ""):
        raise _constraint(name, "roleSessionName", r"Member must satisfy regular expression pattern: [\w+=,.@-]*")
    if external_id is not None and not _EXTERNAL_ID.fullmatch(external_id):
        raise _constraint(external_id, "externalId", r"Member must satisfy regular expression pattern: [\w+=,.@:\/-]*")
    # The root user may assume no role, whatever its trust policy says.
    if caller.is_root:
        raise of_kind("denied", call.protocol, "Roles may not be assumed by root accounts.")
    account = identities.accounts.get(match["account"])
    role = None
    if account is not None and match["partition"] == call.endpoint.partition:
        role = next((role for role in account.iam.roles.values() if role.arn == arn), None)
    if account is None or role is None or not _may_assume(call, caller, account, role.assume_role_policy_document):
        # One answer for a missing role, a trust that does not fit and a missing permission, as on AWS.
        text = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise of_kind("denied", call.protocol, text)
    longest = int(role.max_session_duration or 3600)
    seconds = _seconds(call, 3600, 43_200)
    if caller.role_name is not None and seconds > CHAINED_SECONDS:
        text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        raise AwsError("ValidationError", text)
    if seconds > longest:
        text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise AwsError("ValidationError", text)
    session = identities.open_session(
        account, seconds, role=role.name, name=str(name), policies=_session_policies(call, account)
    )
    user = (
        f"<AssumedRoleUser><AssumedRoleId>{role.id}:{name}</AssumedRoleId>"
        f"<Arn>{account.arn(f'assumed-role/{role.name}/{name}', 'sts')}</Arn></AssumedRoleUser>"
    )
    return user + _credentials(session)


def _may_assume(call: Call, caller: Caller, account: Account, trust_policy: str) -> bool:
    arn = call.form["RoleArn"]
    # Only where it was sent: conditions treat an omitted external ID and an empty one differently.
    context = {**gate.context_of(caller, call), "sts:rolesessionname": call.form["RoleSessionName"]}
    if "ExternalId" in call.form:
        context["sts:externalid"] = call.form["ExternalId"]
    # Both sides decide: the role's trust policy here, and below the caller's own policies. Within one account a trust
    # that names the caller itself is enough, unless a policy denies.
    trusted, own_name = trusts(trust_policy, caller.trusted_names(), context)
    if trusted is not Decision.ALLOWED:
        return False
    decision, _ = gate.may(caller, "sts:AssumeRole", arn, gate.context_of(caller, call))
    if caller.account is account and own_name:
        return decision is not Decision.EXPLICIT_DENY
    return decision is Decision.ALLOWED


def _session_policies(call: Call, account: Account) -> tuple[Policy, ...]:
    policies = []
    if document := call.form.get("Policy"):
        try:
            compiled(document)
        except ValueError as error:
            raise AwsError("MalformedPolicyDocument", "This policy contains invalid Json") from error
        policies.append(Policy("session", "none", document))
    # STS takes ten managed policies at most.
    for number in range(1, 11):
        arn = call.form.get(f"PolicyArns.member.{number}.arn")
        if arn is None:
            break
        managed = account.iam.managed_policies.get(arn)
        if managed is None:
            raise AwsError("ValidationError", f"The requested policy {arn} does not exist")
        document = next(version.document for version in managed.versions if version.is_default)
        policies.append(Policy(managed.name, "aws-managed", document))
    return tuple(policies)


def _seconds(call: Call, usual: int, longest: int) -> int:
    seconds_text = call.form.get("DurationSeconds", str(usual))
    if not seconds_text.isdigit() or not 900 <= int(seconds_text) <= longest:
        limit = f"Member must have value between 900 and {longest}"
        raise _constraint(seconds_text, "durationSeconds", limit)
    return int(seconds_text)


def _constraint(value: str | None, name: str, rule: str) -> AwsError:
    text = f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {rule}"
    return AwsError("ValidationError", text)


def _credentials(session: Session) -> str:
    return (
        f"<Credentials><AccessKeyId>{session.key_id}</AccessKeyId>"
        f"<SecretAccessKey>{escape(session.secret)}</SecretAccessKey>"
        f"<SessionToken>{session.token}</SessionToken>"
        f"<Expiration>{session.expires.strftime('%Y-%m-%dT%H:%M:%SZ')}</Expiration></Credentials>"
    )
