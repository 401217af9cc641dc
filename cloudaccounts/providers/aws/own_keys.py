"""An IAM user's own access keys: two at most, told apart by their ids alone. No Django.

A key cannot carry a mark of ours, so whose a key is that appeared meanwhile is told by CloudTrail's event history,
which names the key that asked for it. A new key is not known everywhere at once (IAM is eventually consistent).

- https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (AccessKeysPerUser: 2)
- https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
- https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from botocore.credentials import Credentials as SdkCredentials
from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.own_keys import KeyRequest, LastUse, NewKey, Origin, OwnKey, OwnKeys
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import Who, aws_code, explain, is_denied
from cloudaccounts.providers.aws.own_key_texts import ACTIONS
from cloudaccounts.providers.aws.plan import ACCESS_KEYS
from cloudaccounts.providers.aws.signin import caller

T = TypeVar("T")
# Clocks differ: an event may be dated a little before our intent.
SKEW = timedelta(minutes=5)
# History is complete within about five minutes, a quarter of an hour at most by AWS's page.
LATE = timedelta(minutes=20)
USER_AGENT = "cloud-accounts"  # `client.config` sends it
_MOST_PAGES = 20


def open_own_keys(credentials: Credentials, target: Target) -> OwnKeys:
    """Signs in. Raises `ProviderError`; ``not_rotatable`` for temporary keys and those of a root user."""
    if credentials.get("session_token"):
        raise ProviderError("not_rotatable", "A temporary key cannot make another.", "Use the key of an IAM user.")
    identity = caller(credentials, target)
    if not identity.stored_arn:
        identity.connection.close()
        raise ProviderError("not_rotatable", "These are no keys of an IAM user.", "Use the key of an IAM user.")
    # A second connection, which never repeats a call: a repeated CreateAccessKey would make a second key.
    once = Connection(
        SdkCredentials(credentials["access_key_id"], credentials["secret_access_key"]),
        partition=target.partition, timeout=target.timeout, who=Who.KEYS, attempts=1,
    )  # fmt: skip
    return AwsOwnKeys(identity.connection, once, identity.stored_arn, credentials["access_key_id"])


class AwsOwnKeys(OwnKeys):
    limit = 2
    can_deactivate = True

    def __init__(self, connection: Connection, once: Connection, arn: str, key_id: str) -> None:
        self._connection, self._once, self._arn, self._key_id = connection, once, arn, key_id
        self._user = arn.rsplit("/", 1)[1]

    def missing(self) -> tuple[str, ...]:
        """By IAM's simulator, of this user as the resource."""
        try:
            answer = self._connection.client("iam").simulate_principal_policy(
                PolicySourceArn=self._arn,
                ActionNames=list(ACTIONS),
                ResourceArns=[self._arn],
                ContextEntries=[
                    {"ContextKeyName": "aws:username", "ContextKeyValues": [self._user], "ContextKeyType": "string"}
                ],
            )
        except (ClientError, BotoCoreError) as error:
            # Without the simulator nothing is proven, and what is not proven is not relied on.
            if is_denied(error):
                return ("iam:SimulatePrincipalPolicy",)
            raise explain(error, Who.KEYS, "iam:SimulatePrincipalPolicy") from None
        allowed = {
            result["EvalActionName"].lower()
            for result in answer["EvaluationResults"]
            if result["EvalDecision"] == "allowed"
            and result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations") is not False
        }
        return tuple(action for action in ACTIONS if action.lower() not in allowed)

    def in_use(self) -> str:
        return self._key_id

    def keys(self) -> tuple[OwnKey, ...]:
        iam = self._connection.client("iam")
        answer = self._ask(lambda: iam.list_access_keys(UserName=self._user), "iam:ListAccessKeys")
        return tuple(
            OwnKey(key["AccessKeyId"], key.get("CreateDate"), key.get("Status") == "Active")
            for key in answer["AccessKeyMetadata"]
        )

    def prepare(self, run: str) -> KeyRequest:
        return KeyRequest(run)

    def create(self, request: KeyRequest) -> NewKey:
        iam = self._once.client("iam")
        answer = self._ask(lambda: iam.create_access_key(UserName=self._user), "iam:CreateAccessKey")
        made: dict[str, Any] = dict(answer.get("AccessKey") or {})
        key_id, secret = made.get("AccessKeyId"), made.get("SecretAccessKey")
        if not key_id or not secret:
            # Half an answer: the key is there, and its secret is lost.
            cause = "AWS answered without the key that it made."
            raise ProviderError("answer_incomplete", cause, "It is looked for and deleted.", permanent=False)
        values = {"access_key_id": str(key_id), "secret_access_key": str(secret)}
        return NewKey(str(key_id), Credentials(ACCESS_KEYS, values), made.get("CreateDate"))

    def origin(self, key: OwnKey, *, mark: str, since: datetime) -> Origin:
        if key.created_at is not None and key.created_at < since - SKEW:
            return Origin.NOT_OURS
        try:
            event = self._creation(key.id, since)
        except (ClientError, BotoCoreError) as error:
            if is_denied(error):
                return Origin.UNKNOWN
            raise explain(error, Who.KEYS, "cloudtrail:LookupEvents") from None
        if event is None:
            return Origin.UNKNOWN
        asked_with = str((event.get("userIdentity") or {}).get("accessKeyId", ""))
        is_ours = asked_with == self._key_id and USER_AGENT in str(event.get("userAgent", ""))
        return Origin.OURS if is_ours else Origin.NOT_OURS

    def _creation(self, key_id: str, since: datetime) -> dict[str, Any] | None:
        """CloudTrail's record of the call that made a key. Raises botocore's errors."""
        trail = self._connection.client("cloudtrail")
        token: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = trail.lookup_events(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateAccessKey"}],
                StartTime=since - SKEW, **token,
            )  # fmt: skip
            for listed in page.get("Events", ()):
                try:
                    event = json.loads(listed.get("CloudTrailEvent") or "{}")
                except (ValueError, RecursionError):
                    continue
                made = ((event.get("responseElements") or {}).get("accessKey") or {}).get("accessKeyId")
                if made == key_id:
                    return dict(event)
            if not page.get("NextToken"):
                return None
            token = {"NextToken": page["NextToken"]}
        return None

    def last_use(self, key_id: str) -> LastUse:
        iam = self._connection.client("iam")
        try:
            answer = iam.get_access_key_last_used(AccessKeyId=key_id)
        except (ClientError, BotoCoreError) as error:
            if _is_gone(error):
                return LastUse()
            raise explain(error, Who.KEYS, "iam:GetAccessKeyLastUsed") from None
        used = answer.get("AccessKeyLastUsed") or {}
        at = used.get("LastUsedDate")
        return LastUse(at, f"{used.get('ServiceName', '')} in {used.get('Region', '')}" if at else "")

    def deactivate(self, key_id: str) -> None:
        iam = self._connection.client("iam")
        update = {"UserName": self._user, "AccessKeyId": key_id, "Status": "Inactive"}
        self._ask(lambda: iam.update_access_key(**update), "iam:UpdateAccessKey", gone={})  # type: ignore[arg-type]

    def delete(self, key_id: str) -> None:
        iam = self._connection.client("iam")
        self._ask(
            lambda: iam.delete_access_key(UserName=self._user, AccessKeyId=key_id), "iam:DeleteAccessKey", gone={}
        )

    def close(self) -> None:
        self._connection.close()
        self._once.close()

    def _ask(self, call: Callable[[], T], action: str, gone: Any = None) -> T:
        """Raises `ProviderError`; ``gone`` is the answer where there is no such key (any more)."""
        try:
            return call()
        except (ClientError, BotoCoreError) as error:
            if gone is not None and _is_gone(error):
                return gone  # type: ignore[no-any-return] # an empty answer, which nobody reads
            if aws_code(error) == "LimitExceeded":
                cause = "The user has two access keys already, the most that AWS allows."
                raise ProviderError("key_limit", cause, "Delete the one that nothing uses.") from None
            raise explain(error, Who.KEYS, action) from None


def _is_gone(error: Exception) -> bool:
    return aws_code(error) in ("NoSuchEntity", "NoSuchEntityException")
