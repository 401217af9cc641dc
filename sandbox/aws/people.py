"""Makes IAM users, roles and their keys in a simulated account."""

import json
import string
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.aws import clouds, company
from sandbox.aws.hosts import HOME_REGIONS
from sandbox.aws.identities import Account, find_role
from sandbox.aws.state import State

ID_CHARACTERS = string.ascii_uppercase + string.digits


def unique_id(prefix: str) -> str:
    return prefix + "".join(clouds.mock_random.choice(ID_CHARACTERS) for _ in range(17))


def document(statements: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2)


def policy_arn(account: Account, name: str) -> str:
    """The ARN of an AWS managed policy given by path and name, or of the account's own policy given by ARN."""
    return name if name.startswith("arn:") else f"arn:{account.partition}:iam::aws:policy/{name}"


def put_user(
    account: Account,
    state: State,
    name: str,
    *,
    path: str = "/",
    managed: Iterable[str] = (),
    inline: Mapping[str, list[dict[str, Any]]] | None = None,
    born: datetime | None = None,
) -> None:
    """Makes a user, or gives an existing one these policies in place of its old ones; its keys stay as they are."""
    iam = account.iam
    user = iam.users.get(name)
    if user is None:
        with clouds.reproducible(state.seed, account.id, "user", name):
            user = iam.create_user(HOME_REGIONS[account.partition], name, path)
            user.id = unique_id("AIDA")  # moto's have neither AWS's prefix nor its case
    user.create_date = (born or state.born).replace(tzinfo=None)
    # A copy: detaching removes from the dictionary.
    for old in list(user.managed_policies.values()):
        old.detach_from(user)
    for policy in managed:
        iam.attach_user_policy(policy_arn(account, policy), name)
    user.policies = {title: document(statements) for title, statements in (inline or {}).items()}


def put_keys(account: Account, state: State, name: str, keys: Iterable[company.Key]) -> list[dict[str, str]]:
    """Gives a user access keys of set ages, or those that state remembers for it; returns id, secret and status."""
    for number, key in enumerate(keys):
        new_key = account.iam.create_access_key(name)
        key_id, secret = state.access_key(account.id, name, number)
        created = state.born - timedelta(days=key.age)
        replaced = _replace_key(account, new_key.access_key_id, key_id, secret, created, active=key.active)
        if key.idle is not None and key.idle < key.age:
            moment = (state.born - timedelta(days=key.idle)).replace(tzinfo=None)
            replaced.last_used = clouds.AccessKeyLastUsed(moment, "s3", HOME_REGIONS[account.partition])
    # What the IAM API changed since replaces the company's own keys, so that a rotated key survives a restart.
    remembered = state.keys.get(f"{account.id}/{name}")
    if remembered is not None:
        for old in account.iam.list_access_keys(name):
            account.iam.delete_access_key(old.access_key_id, name)
        for stored in remembered:
            new_key = account.iam.create_access_key(name)
            created = datetime.fromisoformat(stored["created"])
            active = stored["status"] == "Active"
            _replace_key(account, new_key.access_key_id, stored["id"], stored["secret"], created, active=active)
    return keys_of(account, name)


def _replace_key(
    account: Account, made_id: str, key_id: str, secret: str, created: datetime, *, active: bool
) -> clouds.AccessKey:
    key = account.iam.access_keys.pop(made_id)
    # moto has made a key with a random id; ours have to be the same at each start.
    key.access_key_id, key.secret_access_key = key_id, secret
    key.create_date = created.replace(tzinfo=None)
    key.status = "Active" if active else "Inactive"
    account.iam.access_keys[key_id] = key
    return key


def keys_of(account: Account, name: str) -> list[dict[str, str]]:
    return [
        {
            "id": str(key.access_key_id),
            "secret": str(key.secret_access_key),
            "status": str(key.status),
            "created": key.create_date.isoformat(),
        }
        for key in account.iam.list_access_keys(name)
    ]


def put_role(
    account: Account,
    state: State,
    name: str,
    *,
    trust: str,
    path: str = "/",
    managed: Iterable[str] = (),
    inline: Mapping[str, list[dict[str, Any]]] | None = None,
    max_session_seconds: int = 3600,
    born: datetime | None = None,
) -> str:
    """Makes a role, in place of any of the same name, and returns its ARN."""
    iam = account.iam
    if old := find_role(account, name):
        for policy in list(old.managed_policies.values()):
            policy.detach_from(old)
        del iam.roles[old.id]
    with clouds.reproducible(state.seed, account.id, "role", name):
        role = iam.create_role(name, trust, path, None, "", [], str(max_session_seconds))
    role.create_date = (born or state.born).replace(tzinfo=None)
    for managed_name in managed:
        iam.attach_role_policy(policy_arn(account, managed_name), name)
    role.policies = {title: document(statements) for title, statements in (inline or {}).items()}
    return str(role.arn)


def trust_policy(principal: Mapping[str, str], external_id: str | None = None) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": dict(principal), "Action": "sts:AssumeRole"}
    if external_id is not None:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return document([statement])
