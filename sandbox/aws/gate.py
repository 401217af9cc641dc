"""Decides on every call before it is answered: authentication, the region's state, authorization, in AWS's order."""

import secrets
from datetime import UTC, datetime

from sandbox.aws import hosts, regions, signature
from sandbox.aws.actions import ALWAYS_ALLOWED, iam_action, resource_arn
from sandbox.aws.call import Call
from sandbox.aws.errors import AwsError, of_kind
from sandbox.aws.identities import Account, Caller, Identities
from sandbox.aws.policy import Decision, decide


def authenticate(call: Call, identities: Identities) -> Caller:
    """The caller, once key, token, time and signature are proven; raises AwsError as AWS would answer."""
    signed = signature.parse(call)
    if signed is None:
        raise of_kind("unsigned", call.protocol)
    secret = identities.secret(signed.key_id)
    account = identities.account_of(signed.key_id)
    # The partitions share nothing: a key of GovCloud is unknown in commercial AWS.
    if secret is None or account is None or account.partition != call.endpoint.partition:
        raise of_kind("unknown_key", call.protocol)
    _check_scope(call, signed)
    session = identities.sessions.get(signed.key_id)
    token = call.headers.get("x-amz-security-token", "")
    if session is None and token:
        raise of_kind("wrong_token", call.protocol)
    if session is not None:
        if not token:
            raise of_kind("unknown_key", call.protocol)
        if not secrets.compare_digest(token.encode(), session.token.encode()):
            raise of_kind("wrong_token", call.protocol)
    # Time before signature, as AWS: a wrong clock makes a wrong signature too, and the clearer answer is given.
    now = datetime.now(UTC)
    if signature.is_stale(call, now):
        raise of_kind("clock_skew", call.protocol)
    if not signature.matches(call, signed, secret):
        raise of_kind("wrong_signature", call.protocol)
    # Expiry after the signature: only who holds a session's secret learns that it has expired.
    if session is not None and session.expires <= now:
        raise of_kind("expired_token", call.protocol)
    caller = identities.caller(signed.key_id)
    # Keys mean nothing in a region that the account has not enabled: AWS answers as for an unknown key.
    if caller is None or not regions.is_enabled(account, call.region):
        raise of_kind("unknown_key", call.protocol)
    return caller


def _check_scope(call: Call, signed: signature.Signed) -> None:
    """The credential's scope must name the host's region."""
    if signed.region == call.region:
        return
    if call.service == "s3":
        # botocore's S3RegionRedirector reads the right region from here and asks again.
        raise AwsError(
            "AuthorizationHeaderMalformed",
            f"The authorization header is malformed; the region '{signed.region}' is wrong; expecting '{call.region}'",
            400,
            (("x-amz-bucket-region", call.region),),
        )
    if hosts.partition_of(signed.region) is not None:
        raise of_kind("wrong_signature", call.protocol, "Credential should be scoped to a valid region.")
    raise of_kind("unknown_key", call.protocol)


def context_of(caller: Caller, call: Call) -> dict[str, str]:
    """The condition keys that the sandbox knows, in lower case."""
    return {
        "aws:principalarn": caller.arn,
        "aws:principalaccount": caller.account.id,
        "aws:requestedregion": call.region,
        "aws:securetransport": "true",
        "aws:multifactorauthpresent": "false",
        "aws:sourceip": "127.0.0.1",
    }


def may(caller: Caller, action: str, resource: str, context: dict[str, str]) -> tuple[Decision, str]:
    """The decision of the caller's own policies, narrowed by its boundary and its session, and whose it is."""
    own = "identity-based policy"
    if caller.is_root or action in ALWAYS_ALLOWED:
        return Decision.ALLOWED, own
    decision, _ = decide(caller.policies(), action, resource, context)
    # They only narrow, so they are asked where the identity's own policies allow.
    for name, policies in caller.limits().items():
        if decision is not Decision.ALLOWED:
            break
        decision, _ = decide(policies, action, resource, context)
        own = own if decision is Decision.ALLOWED else name
    return decision, own


def authorize(call: Call, caller: Caller) -> None:
    """Raises AwsError where the caller's policies do not allow the call."""
    action, resource = iam_action(call), resource_arn(call, caller.account)
    decision, by = may(caller, action, resource, context_of(caller, call))
    if decision is not Decision.ALLOWED:
        raise denial(call, caller, action, resource, explicit=decision is Decision.EXPLICIT_DENY, by=by)
    # After the caller's own policies, so that the message names what an administrator of the account can change
    # first.
    if is_denied_by_organization(caller.account, action, resource, context_of(caller, call)):
        raise denial(call, caller, action, resource, explicit=True, by="service control policy")


def is_denied_by_organization(account: Account, action: str, resource: str, context: dict[str, str]) -> bool:
    """By its service control policies, beside the one that allows everything, as a new organization has it."""
    return decide(account.control_policies, action, resource, context)[0] is Decision.EXPLICIT_DENY


def denial(
    call: Call, caller: Caller, action: str, resource: str, *, explicit: bool, by: str = "identity-based policy"
) -> AwsError:
    """Access denied, worded as AWS words it (IAM User Guide, "Troubleshoot access denied error messages")."""
    because = (
        f"with an explicit deny in {'an' if by[0] == 'i' else 'a'} {by}"
        if explicit
        else f"because no {by} allows the {action} action"
    )
    on = "" if resource in ("*", "?") else f" on resource: {resource}"
    if call.protocol in ("query", "xml", "json", "rest-json") and not on:
        on = " on resource: *"
    text = f"User: {caller.arn} is not authorized to perform: {action}{on} {because}"
    if call.protocol == "ec2":
        text = f"You are not authorized to perform this operation. {text}"
    return of_kind("denied", call.protocol, text)
