"""How a person replaces a service account key at Google Cloud: add another first, delete the old one last.

https://cloud.google.com/iam/docs/key-rotation
"""

from __future__ import annotations

import re

from cloudaccounts.contract.setup import RETIRE, SetupContext, SetupGuide, Snippet
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY

_CONSOLE = "https://console.cloud.google.com"
_EMAIL = re.compile(r"[a-z0-9.-]{1,63}@[a-z0-9.-]{1,190}\.gserviceaccount\.com")
_ENTER = "Upload the new file below, then delete it. Once it is tested it takes over automatically."


def guides(method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
    if method != SERVICE_ACCOUNT_KEY:
        return ()
    match = _EMAIL.fullmatch(context.identity)
    email = match[0] if match else "<service account>"
    console = f"{_CONSOLE}/iam-admin/serviceaccounts?project={context.account_id}"
    return (
        SetupGuide(
            key="cli",
            label="gcloud",
            intro="A service account may have ten keys, so the new one is made while the old one still works.",
            snippets=(
                Snippet(
                    "Make the new key",
                    "umask 077\n"
                    f"gcloud iam service-accounts keys create cloud-accounts-key.json --iam-account='{email}'",
                    "bash",
                ),
            ),
            steps=("Run this where gcloud is signed in as an administrator of the service account.", _ENTER),
        ),
        SetupGuide(
            key="hand",
            label="By hand",
            intro="In the Google Cloud console, with an administrator's rights.",
            steps=(f"Open the service account {email}, Keys, Add key, Create new key, JSON.", _ENTER),
            link_label="Open service accounts in Google Cloud",
            link_url=console,
        ),
        SetupGuide(
            key=RETIRE,
            label="Then: delete the old key",
            intro="Only when the new key is in use here. A disabled key can be enabled again; a deleted one is gone.",
            snippets=(
                Snippet(
                    "Disable the old key, and delete it some days later",
                    f"gcloud iam service-accounts keys list --iam-account='{email}' --managed-by=user\n"
                    "old='<old key ID>'\n"
                    f"gcloud iam service-accounts keys disable \"$old\" --iam-account='{email}'\n"
                    f"gcloud iam service-accounts keys delete \"$old\" --iam-account='{email}'",
                    "bash",
                ),
            ),
            steps=("Disable it first: whatever else uses it fails then, and can be helped at once.",),
            link_label="Open service accounts in Google Cloud",
            link_url=console,
        ),
    )
