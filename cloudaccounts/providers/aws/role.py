"""Assuming a customer's role, and proving that nobody else's external ID lets us in. No Django."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Target
from cloudaccounts.provider_kit.deadlines import Deadline
from cloudaccounts.providers.aws import server
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import Who, aws_code, denial_reason, explain, is_denied
from cloudaccounts.providers.aws.regions import signing_region
from cloudaccounts.providers.aws.setup_texts import as_json, trust_policy

if TYPE_CHECKING:
    from mypy_boto3_sts.type_defs import AssumeRoleResponseTypeDef

SESSION_NAME = "cloud-accounts"
SESSION_SECONDS = 3600  # what every role allows, and the most that a role assumed by a role can have
MOST_RENEWALS = 12  # a scan that runs longer than half a day is broken
# Seconds between tries: a role just made can take a minute to be known everywhere; longer waits are the person's.
RETRY_WAITS = (1.0, 2.0, 4.0)


class TrustError(ProviderError):
    """The role's trust policy is the cause; ``trust_policy`` is what it must say, as JSON."""

    def __init__(
        self, code: str, cause: str, *, account: str, partition: str, external_id: str, sdk_error: str
    ) -> None:
        remedy = (
            f"Let the role's trust policy name arn:{partition}:iam::{account}:root as its principal and require "
            f"sts:ExternalId to equal {external_id} (StringEquals), and let no other statement let us in. A role "
            "made or changed less than a minute ago may need a moment: then check again."
        )
        super().__init__(code, cause, remedy, sdk_error=sdk_error)
        self.trust_policy = as_json(trust_policy(partition, account, external_id))


@dataclass(slots=True)
class RoleSession:
    """An assumed role: whose it is, and the connection that acts as it. Its credentials renew themselves."""

    arn: str  # of the session: arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION
    account_id: str
    connection: Connection = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks to be let into a role where it is not this server: the account behind an organization's connection."""

    connection: Connection = field(repr=False)
    account_id: str


class RoleGate:
    """Tries a role's door with this server's identity, or a ``caller``'s. Raises `ProviderError` from each method."""

    def __init__(self, role_arn: str, target: Target, caller: Caller | None = None) -> None:
        self.role_arn = role_arn
        self.target = target
        self.region = signing_region(target.partition, target.regions)
        self._caller = caller
        self._from = caller.connection if caller else server.connect(target.partition, target.timeout)

    def enter(self, deadline: Deadline) -> RoleSession:
        """Assumes the role; where AWS says no, tries again a few times while the role may be too new.

        A member's is tried once: thousands of members that lack the role must not cost seven seconds each.
        """
        for wait in (None,) if self._caller else (*RETRY_WAITS, None):
            try:
                answer = self._assume(self.target.external_id)
            except (ClientError, BotoCoreError) as error:
                if wait is None or not is_denied(error) or deadline.left() < wait + self.target.timeout:
                    self.leave()
                    raise self._explained(error) from None
                time.sleep(wait)
            else:
                return self._session(answer)
        raise AssertionError("unreachable: the last try raises")

    def refuses(self, external_id: str | None) -> bool:
        """Whether AWS keeps us out with this external ID (None: without one). Anything but a clear no is an error."""
        try:
            self._assume(external_id)
        except ClientError as error:
            if is_denied(error):
                return True
            raise self._explained(error) from None
        except BotoCoreError as error:
            raise self._explained(error) from None
        return False

    def leave(self) -> None:
        """Gives back a caller's connections where no session came of them."""
        if self._caller is not None:
            self._caller.connection.close()

    def trust_error(self, code: str, cause: str, sdk_error: str = "") -> TrustError:
        """Asks the network who this server is, for the remedy."""
        own = self._caller.account_id if self._caller else server.server_identity(self.target.timeout).account_id
        return TrustError(
            code,
            cause,
            account=own or "THE-ACCOUNT-OF-THIS-SERVER",
            partition=self.target.partition,
            external_id=self.target.external_id,
            sdk_error=sdk_error,
        )

    def _assume(self, external_id: str | None) -> AssumeRoleResponseTypeDef:
        external: dict[str, Any] = {} if external_id is None else {"ExternalId": external_id}
        return self._from.client("sts", self.region).assume_role(
            RoleArn=self.role_arn, RoleSessionName=SESSION_NAME, DurationSeconds=SESSION_SECONDS, **external
        )

    def _session(self, answer: AssumeRoleResponseTypeDef) -> RoleSession:
        credentials = RefreshableCredentials.create_from_metadata(
            _metadata(answer), refresh_using=self._renewing(), method="assume-role"
        )
        connection = Connection(credentials, partition=self.target.partition, timeout=self.target.timeout, who=Who.ROLE)
        if self._caller is not None:
            connection.close_with(self._caller.connection)
        arn = answer["AssumedRoleUser"]["Arn"]
        return RoleSession(arn, arn.split(":")[4], connection)

    def _renewing(self) -> Callable[[], dict[str, Any]]:
        left = MOST_RENEWALS

        def renew() -> dict[str, Any]:
            nonlocal left
            left -= 1
            if left < 0:
                raise ProviderError("session_too_long", "This session was renewed too often.", "Start again.")
            try:
                return _metadata(self._assume(self.target.external_id))
            except (ClientError, BotoCoreError) as error:
                raise self._explained(error) from None

        return renew

    def _explained(self, error: Exception) -> ProviderError:
        if not is_denied(error):
            if self._caller is not None:
                return explain(error, self._caller.connection.who, "sts:AssumeRole")
            server.forget()
            return self._partition_hint(explain(error, Who.SERVER, "sts:AssumeRole"))
        reason = denial_reason(error)
        if self._caller is not None:
            return self._member_refused(self._caller, reason, error)
        if "identity-based policy" in reason or "service control policy" in reason:
            return ProviderError(
                "server_not_allowed",
                f"This server's own identity may not assume roles: sts:AssumeRole is {reason}.",
                f"The operator must allow this server's identity sts:AssumeRole on {json.dumps(self.role_arn)}.",
                sdk_error=aws_code(error),
            )
        return self.trust_error(
            "role_refused",
            "AWS refused to let us assume the role. It gives one answer for several causes: the role does not exist, "
            "its trust policy does not name this server's account, or its external ID is another one.",
            aws_code(error),
        )

    def _member_refused(self, caller: Caller, reason: str, error: Exception) -> ProviderError:
        if "identity-based policy" in reason or "service control policy" in reason:
            return ProviderError(
                "connection_not_allowed",
                f"The organization's connection (account {caller.account_id}) may not assume roles: sts:AssumeRole is "
                f"{reason}.",
                f"Allow its identity sts:AssumeRole on {json.dumps(self.role_arn)}.",
                sdk_error=aws_code(error),
            )
        return self.trust_error(
            "role_refused",
            f"AWS refused to let the organization's connection assume {self.role_arn}. It gives one answer for several "
            f"causes: the role does not exist in this member, its trust policy does not name account "
            f"{caller.account_id}, its external ID is another one, or the connection's identity lacks sts:AssumeRole.",
            aws_code(error),
        )

    def _partition_hint(self, error: ProviderError) -> ProviderError:
        """An identity of another partition is unknown here: AWS answers as for a wrong key."""
        own = server.server_partition()
        if error.code != "server_identity_invalid" or own == self.target.partition:
            return error
        return ProviderError(
            "server_partition_mismatch",
            f"This server's own identity is in the partition {own}, and roles cannot be assumed across partitions.",
            "Use access keys for this account.",
            sdk_error=error.sdk_error,
        )


def wrong_external_id(external_id: str) -> str:
    """One of the same beginning that no owner has: a trust policy with a wildcard lets it in, and is caught."""
    kept = len(external_id) // 2
    return external_id[:kept] + secrets.token_hex(32)[: max(len(external_id) - kept, 16)]


def _metadata(answer: AssumeRoleResponseTypeDef) -> dict[str, Any]:
    """In the shape in which botocore keeps renewable credentials."""
    credentials = answer["Credentials"]
    return {
        "access_key": credentials["AccessKeyId"],
        "secret_key": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
        "expiry_time": credentials["Expiration"].isoformat(),
    }
