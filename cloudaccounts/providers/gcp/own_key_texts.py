"""The optional role of a service account on itself, as set-up offers it. No SDK.

https://cloud.google.com/iam/docs/service-account-permissions
"""

from __future__ import annotations

import json
import re

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY

PERMISSIONS = (
    "iam.serviceAccountKeys.create",
    "iam.serviceAccountKeys.delete",
    "iam.serviceAccountKeys.disable",
    "iam.serviceAccountKeys.get",
    "iam.serviceAccountKeys.list",
)
ROLE = "cloudAccountsOwnKeys"
_EMAIL = re.compile(r"[a-z0-9.-]{1,63}@([a-z0-9.-]{1,190})\.iam\.gserviceaccount\.com")


def key_id(credentials: Credentials) -> str:
    try:
        return str(json.loads(credentials.get("service_account_json") or "{}").get("private_key_id", ""))
    except (ValueError, AttributeError):
        return ""


def guide(method: str, context: SetupContext) -> SetupGuide | None:
    if method != SERVICE_ACCOUNT_KEY:
        return None
    match = _EMAIL.fullmatch(context.identity)
    email = match[0] if match else "<service account>"
    project = match[1] if match else "<project of the service account>"
    script = (
        f"project='{project}'\n"
        f"email='{email}'\n"
        f"gcloud iam roles create {ROLE} --project=\"$project\" --title='Cloud Accounts: own keys' "
        f"--permissions={','.join(PERMISSIONS)}\n"
        "# On the service account alone, so that it has these rights on no other.\n"
        'gcloud iam service-accounts add-iam-policy-binding "$email" --project="$project" '
        f'--member="serviceAccount:$email" --role="projects/$project/roles/{ROLE}"'
    )
    return SetupGuide(
        key="own-keys",
        label="Optional: let it rotate its own keys",
        intro="With this the service account may add and delete its own keys, and nobody else's.",
        snippets=(Snippet("Run this where gcloud is signed in as an administrator of the project", script, "bash"),),
        steps=(
            "A service account may have ten keys: one place must be free.",
            "It is checked by testIamPermissions on the service account before it is relied on.",
        ),
    )
