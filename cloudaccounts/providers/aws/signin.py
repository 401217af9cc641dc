"""Signing in: with access keys, and to a member of an organization through the connecting account. No Django."""

from __future__ import annotations

from dataclasses import dataclass, field

from botocore.credentials import Credentials as SdkCredentials
from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.provider_kit.deadlines import Deadline
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import Who, explain
from cloudaccounts.providers.aws.plan import CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE
from cloudaccounts.providers.aws.regions import signing_region
from cloudaccounts.providers.aws.role import AssumableRole, Caller, RoleSession

VIA = "via_"  # prefix of the connecting account's own values in a member's credentials (see `credentials.for_member`)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who AWS says this is.

    ``shown`` is what people read. ``stored_arn`` is the ARN of a user or role, which IAM's policy simulator needs; it
    is empty where the simulator does not know all that limits the identity.
    """

    shown: str
    arn: str
    account_id: str
    stored_arn: str
    connection: Connection = field(repr=False)


def caller(credentials: Credentials, target: Target) -> Identity:
    """Signs in with access keys. Raises `ProviderError`."""
    connection = Connection(
        SdkCredentials(
            credentials["access_key_id"], credentials["secret_access_key"], credentials.get("session_token") or None
        ),
        partition=target.partition,
        timeout=target.timeout,
        who=Who.KEYS,
    )
    region = signing_region(target.partition, target.regions)
    try:
        answer = connection.client("sts", region).get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        # A refused key has no session that would close it later.
        connection.close()
        raise explain(error, Who.KEYS, "sts:GetCallerIdentity") from None
    arn = answer["Arn"]
    # A session policy may narrow temporary credentials, and the simulator does not know of it.
    stored_arn = arn if ":user/" in arn and not credentials.get("session_token") else ""
    return Identity(arn, arn, answer["Account"], stored_arn, connection)


def sign_in_role(credentials: Credentials, target: Target, deadline: Deadline) -> RoleSession:
    """By the role that the customer named, or that of an organization's member. Raises `ProviderError`."""
    if credentials.method == ORGANIZATION_ROLE:
        return member_role(credentials, target, deadline).assume(deadline)
    return AssumableRole(credentials["role_arn"], target).assume(deadline)


def sign_in_connection(credentials: Credentials, target: Target, deadline: Deadline) -> Caller:
    """The connecting account's own session. Raises `ProviderError`."""
    if credentials.method == CROSS_ACCOUNT_ROLE:
        session = AssumableRole(credentials["role_arn"], target).assume(deadline)
        return Caller(session.connection, session.account_id)
    identity = caller(credentials, target)
    return Caller(identity.connection, identity.account_id)


def member_role(credentials: Credentials, target: Target, deadline: Deadline) -> AssumableRole:
    """A member's role, to be assumed by the connecting account, which signs in here. Raises `ProviderError`."""
    # The connecting account's own values travel with each member's credentials, under a prefix that keeps them apart
    # from the member's.
    values = {name.removeprefix(VIA): value for name, value in credentials.values.items() if name.startswith(VIA)}
    connecting = Credentials(values.pop("method"), values)
    return AssumableRole(credentials["role_arn"], target, sign_in_connection(connecting, target, deadline))
