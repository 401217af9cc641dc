"""The optional permission of an IAM user on its own access keys, as set-up offers it. No SDK.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_iam_credentials_console.html
"""

from __future__ import annotations

import json
import re
import shlex

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.providers.aws.plan import ACCESS_KEYS
from cloudaccounts.providers.aws.regions import partition_of
from cloudaccounts.providers.aws.setup import USER_NAME

ACTIONS = (
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:GetAccessKeyLastUsed",
    "iam:ListAccessKeys",
    "iam:UpdateAccessKey",
)
POLICY_NAME = "cloud-accounts-own-keys"
_USER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:user/(?:[\x21-\x7e]*/)?([\w+=,.@-]{1,64})", re.ASCII)


def key_id(credentials: Credentials) -> str:
    return credentials.get("access_key_id")


def policy(arn: str) -> str:
    """JSON. On this user alone: with the same actions on others it could make itself anybody's keys."""
    statement = {"Sid": "OwnKeys", "Effect": "Allow", "Action": list(ACTIONS), "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def guide(method: str, context: SetupContext) -> SetupGuide | None:
    if method != ACCESS_KEYS:
        return None
    partition = partition_of(context.partition)
    match = _USER.fullmatch(context.identity)
    name = match[1] if match else USER_NAME
    arn = context.identity if match else f"arn:{partition.name}:iam::{context.account_id}:user/{USER_NAME}"
    document = policy(arn)
    return SetupGuide(
        key="own-keys",
        label="Optional: let it rotate its own keys",
        intro="With this the user may make and delete its own access keys, and nobody else's. Nothing else needs it.",
        snippets=(
            Snippet(
                "Run this where the AWS CLI is signed in to the account as an administrator",
                f"aws iam put-user-policy --user-name {shlex.quote(name)} --policy-name {POLICY_NAME} "
                f"--policy-document {shlex.quote(document)}",
                "bash",
            ),
            Snippet("The policy", document, "json", f"{POLICY_NAME}.json"),
        ),
        steps=(
            "A user may have two access keys: the second place must be free.",
            "It is checked by IAM's policy simulator before it is relied on, and with each rotation.",
        ),
    )
