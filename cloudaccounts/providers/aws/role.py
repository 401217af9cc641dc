"""Assuming a customer's role, and proving that it requires the owner's external ID. No Django."""

from __future__ import annotations

import json
import re
import secrets
import string
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
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
# What every role allows, and the most that role chaining can have, which is the case where this server's own identity
# is a role: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
SESSION_SECONDS = 3600
MOST_RENEWALS = 12  # hours: a scan that runs longer than half a day is broken
# Seconds between attempts. IAM is eventually consistent: a role just made can take a minute to be known everywhere. Not
# the whole minute, because a person waits; the remedy says to try again.
RETRY_WAITS = (1.0, 2.0, 4.0)
SHORT = 16  # random characters
HEX = "0123456789abcdef"
PIECES = 8  # of an external ID, each of which differs alone in one of the wrong ones
# The product's own: its random characters in pieces that end where a part between dashes ends.
_FOUR = "([0-9a-f]{4})"
_UUID_AT_END = re.compile(rf"(.*?){_FOUR}{_FOUR}-{_FOUR}-4([0-9a-f]{{3}})-([89ab][0-9a-f]{{3}})-{_FOUR}{_FOUR}{_FOUR}")


class TrustError(ProviderError):
    """The role's trust policy is the cause. ``trust_policy`` is what it must say, as JSON."""

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
    """An assumed role: whose it is, and the connection that acts as it. botocore renews its credentials in time."""

    arn: str  # of the session: arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION
    account_id: str
    connection: Connection = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who assumes a role where it is not this server: the connecting account of an organization."""

    connection: Connection = field(repr=False)
    account_id: str


class AssumableRole:
    """A customer's role, assumed with this server's identity or a ``caller``'s. Each method raises `ProviderError`."""

    def __init__(self, role_arn: str, target: Target, caller: Caller | None = None) -> None:
        self.role_arn = role_arn
        self.target = target
        self.region = signing_region(target.partition, target.regions)
        self._caller = caller
        self._source = caller.connection if caller else server.connect(target.partition, target.timeout)

    def assume(self, deadline: Deadline) -> RoleSession:
        """Where AWS denies it, tries again a few times, because the role may be too new.

        A member's role is tried once: thousands of members that lack it must not cost seven seconds each. So is one
        that may still trust the former external ID, which is asked with next.
        """
        once = self._caller is not None or self.target.former_external_id
        for wait in (None,) if once else (*RETRY_WAITS, None):
            try:
                answer = self._request(self.target.external_id)
            except (ClientError, BotoCoreError) as error:
                if wait is None or not is_denied(error) or deadline.left() < wait + self.target.timeout:
                    self.close()
                    raise self._explain(error) from None
                time.sleep(wait)
            else:
                return self._session(answer)
        raise AssertionError("unreachable: the last attempt raises")

    def refuses_all(self, external_ids: Iterable[str]) -> bool:
        """Whether AWS denies the role with each of these external IDs. Raises as `refuses`."""
        return all(self.refuses(external_id) for external_id in external_ids)

    def refuses(self, external_id: str | None) -> bool:
        """Whether AWS denies the role with this external ID (None: without one).

        Only an explicit denial counts: a timeout, say, would prove nothing about the trust policy.
        """
        try:
            self._request(external_id)
        except ClientError as error:
            if is_denied(error):
                return True
            raise self._explain(error) from None
        except BotoCoreError as error:
            raise self._explain(error) from None
        return False

    def close(self) -> None:
        """Closes a caller's connections where there is no session that would do it."""
        if self._caller is not None:
            self._caller.connection.close()

    def trust_error(self, code: str, cause: str, sdk_error: str = "") -> TrustError:
        """Calls the network: the remedy names this server's account."""
        own_account = (
            self._caller.account_id if self._caller else server.server_identity(self.target.timeout).account_id
        )
        return TrustError(
            code,
            cause,
            account=own_account or "THE-ACCOUNT-OF-THIS-SERVER",
            partition=self.target.partition,
            external_id=self.target.external_id,
            sdk_error=sdk_error,
        )

    def _request(self, external_id: str | None) -> AssumeRoleResponseTypeDef:
        external: dict[str, Any] = {} if external_id is None else {"ExternalId": external_id}
        return self._source.client("sts", self.region).assume_role(
            RoleArn=self.role_arn, RoleSessionName=SESSION_NAME, DurationSeconds=SESSION_SECONDS, **external
        )

    def _session(self, answer: AssumeRoleResponseTypeDef) -> RoleSession:
        credentials = RefreshableCredentials.create_from_metadata(
            _metadata(answer), refresh_using=self._renewer(), method="assume-role"
        )
        connection = Connection(credentials, partition=self.target.partition, timeout=self.target.timeout, who=Who.ROLE)
        if self._caller is not None:
            # The renewals need the caller's connection, so it must live as long as the session.
            connection.own(self._caller.connection)
        arn = answer["AssumedRoleUser"]["Arn"]
        # By the ARN that AWS answers with, not by the one that was asked for: the account check compares it with the
        # account named.
        return RoleSession(arn, arn.split(":")[4], connection)

    def _renewer(self) -> Callable[[], dict[str, Any]]:
        left = MOST_RENEWALS

        def renew() -> dict[str, Any]:
            nonlocal left
            left -= 1
            if left < 0:
                raise ProviderError("session_too_long", "This session was renewed too often.", "Start again.")
            try:
                return _metadata(self._request(self.target.external_id))
            except (ClientError, BotoCoreError) as error:
                raise self._explain(error) from None

        return renew

    def _explain(self, error: Exception) -> ProviderError:
        if not is_denied(error):
            if self._caller is not None:
                return explain(error, self._caller.connection.who, "sts:AssumeRole")
            # The operator may have renewed this server's credentials since they were found.
            server.forget()
            return self._partition_hint(explain(error, Who.SERVER, "sts:AssumeRole"))
        reason = denial_reason(error)
        if self._caller is not None:
            return self._member_refused(self._caller, reason, error)
        # A denial by one of these policies is about who asks, any other about the role's trust policy.
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
        """AWS answers for an identity of another partition as for a wrong key: partitions do not know each other."""
        own_partition = server.server_partition()
        if error.code != "server_identity_invalid" or own_partition == self.target.partition:
            return error
        return ProviderError(
            "server_partition_mismatch",
            f"This server's own identity is in the partition {own_partition}, and roles cannot be assumed across "
            "partitions.",
            "Use access keys for this account.",
            sdk_error=error.sdk_error,
        )


def wrong_external_ids(external_id: str) -> tuple[str, ...]:
    """External IDs that no owner has, nine of exactly the shape of the right one: each is a call where none lets in.

    One is fresh throughout. In each of the others one piece of the right one differs, in all its characters, and
    everything else stays: a pattern of a trust policy (StringLike with ``ca-*``, ``ca-8*0``, ``*-9a53-*``) that fits
    the right one and leaves a piece open fits that one, whatever it fixes elsewhere. What is not found out fixes a
    character of every piece (docs/threat-model.md says how few IDs that leaves).
    """
    fresh, pieces = _of_the_same_shape(external_id), _pieces(external_id)
    if not pieces:
        return fresh, *(_of_the_same_shape(external_id) for _ in range(2))
    return fresh, *(_differing(external_id, piece) for piece in pieces)


def _pieces(external_id: str) -> list[dict[int, str]]:
    """The alphabet of each place that is random, piece by piece. None of a short one."""
    if match := _UUID_AT_END.fullmatch(external_id):
        pieces = [dict.fromkeys(range(*match.span(group)), HEX) for group in range(2, 2 + PIECES)]
        variant = match.start(6)
        pieces[4][variant] = "89ab"
        return pieces
    places = [(place, kind) for place, character in enumerate(external_id) if (kind := _kind(character))]
    if len(places) < SHORT:
        return []
    cuts = [number * len(places) // PIECES for number in range(PIECES + 1)]
    return [dict(places[start:end]) for start, end in pairwise(cuts)]


def _differing(external_id: str, piece: Mapping[int, str]) -> str:
    """Another character at each place of the piece, drawn at random: no policy can name this one."""
    characters = list(external_id)
    for place, alphabet in piece.items():
        characters[place] = secrets.choice(alphabet.replace(characters[place], ""))
    return "".join(characters)


def _of_the_same_shape(external_id: str) -> str:
    """Random, with the dashes, the case and, of a UUID, the version where the right one has them."""
    if match := _UUID_AT_END.fullmatch(external_id):
        return f"{match[1]}{uuid.uuid4()}"
    text = "".join(secrets.choice(_kind(character) or character) for character in external_id)
    # A short one could be met by chance; the product's own have 39 characters.
    return text if _pieces(external_id) else text + secrets.token_hex(SHORT)


def _kind(character: str) -> str:
    """All characters of its kind; empty where it stays as it is."""
    kinds = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
    return next((kind for kind in kinds if character in kind), "")


def _metadata(answer: AssumeRoleResponseTypeDef) -> dict[str, Any]:
    """In the shape in which botocore keeps renewable credentials."""
    credentials = answer["Credentials"]
    return {
        "access_key": credentials["AccessKeyId"],
        "secret_key": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
        "expiry_time": credentials["Expiration"].isoformat(),
    }
