"""How a person replaces an access key at AWS: make a second key first, delete the old one last.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html
"""

from __future__ import annotations

import re
import shlex

from cloudaccounts.contract.setup import RETIRE, SetupContext, SetupGuide, Snippet
from cloudaccounts.providers.aws.plan import ACCESS_KEYS
from cloudaccounts.providers.aws.regions import partition_of
from cloudaccounts.providers.aws.setup import USER_NAME

_USER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:user/(?:[\x21-\x7e]*/)?([\w+=,.@-]{1,64})", re.ASCII)
_ENTER = "Enter the new key below. Once it is tested it takes over automatically; checks and scans go on meanwhile."


def guides(method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
    if method != ACCESS_KEYS:
        return ()
    partition = partition_of(context.partition)
    # The identity is an ARN that AWS told, with a path that the customer chose. Only the name is taken, and quoted.
    match = _USER.fullmatch(context.identity)
    user = match[1] if match else USER_NAME
    name = shlex.quote(user)
    console = f"https://{partition.home}.{partition.console}/iam/home#/users"
    return (
        SetupGuide(
            key="cli",
            label="AWS CLI",
            intro="A user may have two access keys, so the new one is made while the old one still works.",
            snippets=(
                Snippet(
                    "Make the new key",
                    f"# At most two: where there are two already, delete the one that nothing uses.\n"
                    f"aws iam list-access-keys --user-name {name}\n"
                    f"# AWS shows the secret only this once.\n"
                    f"aws iam create-access-key --user-name {name}",
                    "bash",
                ),
            ),
            steps=("Run this where the AWS CLI is signed in to the account as an administrator.", _ENTER),
        ),
        SetupGuide(
            key="hand",
            label="By hand",
            intro="In the AWS console, with an administrator's rights.",
            steps=(
                f"Open IAM, Users, {user}, Security credentials.",
                "Under Access keys, create one more. Where there are two already, delete the one that nothing uses "
                "first.",
                _ENTER,
            ),
            link_label="Open IAM users in AWS",
            link_url=console,
        ),
        SetupGuide(
            key=RETIRE,
            label="Then: delete the old key",
            intro="Only when the new key is in use here. An inactive key can be made active again.",
            snippets=(
                Snippet(
                    "Deactivate the old key, and delete it once nothing else has asked for it",
                    "old='<old access key ID>'\n"
                    f'aws iam update-access-key --user-name {name} --access-key-id "$old" --status Inactive\n'
                    'aws iam get-access-key-last-used --access-key-id "$old"\n'
                    f'aws iam delete-access-key --user-name {name} --access-key-id "$old"',
                    "bash",
                ),
            ),
            steps=(
                "Deactivate the old key first: whatever else uses it fails then, and can be helped at once.",
                "Look when it was last used; a few days later, delete it.",
            ),
            link_label="Open IAM users in AWS",
            link_url=console,
        ),
    )
