"""Signing in: with access keys, and into an organization's member with the session of its connection. No Django."""

from __future__ import annotations

from dataclasses import dataclass, field

from botocore.credentials import Credentials as SdkCredentials
from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.provider_kit.deadlines import Deadline
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import Who, explain
from cloudaccounts.providers.aws.plan import CROSS_ACCOUNT_ROLE
from cloudaccounts.providers.aws.regions import signing_region
from cloudaccounts.providers.aws.role import Caller, RoleGate

VIA = "via_"  # before the names of the connection's own values, in a member's credentials


@dataclass(frozen=True, slots=True)
class Identity:
    """Who AWS says this is. ``stored_arn`` is what the policy simulator takes; empty where there is no such."""

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
        connection.close()
        raise explain(error, Who.KEYS, "sts:GetCallerIdentity") from None
    arn = answer["Arn"]
    # A session policy may narrow temporary credentials, and the simulator does not know of it.
    stored = arn if ":user/" in arn and not credentials.get("session_token") else ""
    return Identity(arn, arn, answer["Account"], stored, connection)


def sign_in_connection(credentials: Credentials, target: Target, deadline: Deadline) -> Caller:
    """The connecting account's own session. Raises `ProviderError`."""
    if credentials.method == CROSS_ACCOUNT_ROLE:
        session = RoleGate(credentials["role_arn"], target).enter(deadline)
        return Caller(session.connection, session.account_id)
    identity = caller(credentials, target)
    return Caller(identity.connection, identity.account_id)


def member_gate(credentials: Credentials, target: Target, deadline: Deadline) -> RoleGate:
    """The door of a member's role, with the connection before it. Raises `ProviderError`."""
    values = {name.removeprefix(VIA): value for name, value in credentials.values.items() if name.startswith(VIA)}
    connection = Credentials(values.pop("method"), values)
    return RoleGate(credentials["role_arn"], target, sign_in_connection(connection, target, deadline))
