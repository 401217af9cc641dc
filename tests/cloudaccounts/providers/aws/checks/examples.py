"""What assets of AWS are made of in the tests of rules, and the rules by their ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck
from cloudaccounts.providers.aws.checks import CHECKS

BY_ID = {check.id: check for check in CHECKS}
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def ago(days: int) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def seen(**facts: Any) -> dict[str, Any]:
    return {OBSERVED: {"at": NOW.isoformat(), **facts}}


def asset(check: PostureCheck, properties: dict[str, Any]) -> Asset:
    return Asset(check.asset_type, "x", "eu-west-1", "arn:aws:x::1:y", "y", {}, properties)


def judge(identifier: str, properties: dict[str, Any]) -> Evaluation:
    check = BY_ID[identifier]
    return check.evaluate(asset(check, properties))


def rule(port: int, *cidrs: str, to: int | None = None, protocol: str = "tcp") -> dict[str, Any]:
    v4, v6 = [one for one in cidrs if ":" not in one], [one for one in cidrs if ":" in one]
    return {"protocol": protocol, "from_port": port, "to_port": to or port, "cidrs": v4, "ipv6_cidrs": v6}


def everybody(principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "x:Y", "Resource": "*", **more}]}


def entry(number: int, cidr: str, first: int = 22, last: int = 22, **more: Any) -> dict[str, Any]:
    """Of a network ACL; TCP that is allowed, unless said otherwise."""
    places = {"cidr": None, "ipv6_cidr": cidr} if ":" in cidr else {"cidr": cidr, "ipv6_cidr": None}
    ports = {"from_port": first, "to_port": last}
    return {"number": number, "action": "allow", "protocol": "6", **places, **ports, **more}


def allow(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}]}


def answer(action: str, to: str | None = None, *, everything: bool = True) -> dict[str, Any]:
    """A rule of a listener."""
    return {"everything": everything, "action": action, "to": to}


def http(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"port": 80, "protocol": "HTTP", "rules": list(rules)}


BALANCER: dict[str, Any] = {"type": "application", "scheme": "internet-facing"}
EVERYTHING_IN = [{**entry(100, "0.0.0.0/0"), "protocol": "-1", "from_port": None, "to_port": None}]
REACHED: dict[str, Any] = {
    "state": "running",
    "public_addresses": ["8.8.4.4", "2a05:d018::1"],
    "routed": ["4", "6"],
    "acls": [EVERYTHING_IN],
    "ingress": [rule(22, "0.0.0.0/0")],
}
OWN_POLICY = "arn:aws:iam::111122223333:policy/AdministratorAccess"  # the account's own, whatever its name
ADMIN = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
READER = {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]}
FOR_MACHINES = everybody({"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
ROLE: dict[str, Any] = {
    "path": "/",
    "trust_policy": everybody({"AWS": "111122223333"}, Action="sts:AssumeRole"),
    "attached_policies": [],
    "inline_policies": {},
}
BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
TLS = {
    "Statement": {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
}
ALL_USERS = {"grantee": "http://acs.amazonaws.com/groups/global/AllUsers", "permission": "READ"}
BUCKET: dict[str, Any] = {
    "public_access_block": None,
    "account_public_access_block": None,
    "policy_is_public": False,
    "ownership": None,
    "acl_grants": [],
}
PERSON: dict[str, Any] = {
    "root": False,
    "console_password": True,
    "password_changed_at": ago(400),
    "created_at": ago(500),
    "mfa_active": True,
    "access_keys": [],
}
TRAIL = {"multi_region": True, "logging": True, "management_events": "All"}
RECORDER = {"name": "default", "recording": True, "all_supported": True, "global_types": True}
CERTIFICATE = {"status": "ISSUED", "in_use": True}
