"""The optional grant by which an app replaces its own secrets and certificates, as set-up offers it. No SDK."""

from __future__ import annotations

import re

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.providers.azure.clouds import cloud_of
from cloudaccounts.providers.azure.plan import FEDERATED

PERMISSION = "Application.ReadWrite.OwnedBy"
OWNED = "being an owner of itself"
MARK = "cloud-accounts"  # begins the display name of each secret that we make
# https://learn.microsoft.com/graph/permissions-reference#applicationreadwriteownedby
_ROLE_ID = "18a4783c-866b-4cc7-a460-3d5e5662c884"
_GRAPH_APP = "00000003-0000-0000-c000-000000000000"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def key_id(credentials: Credentials) -> str:
    """What we have noted of our own; one that a person entered is told by Graph alone (`own_keys`)."""
    return credentials.get("key_id")


def guide(method: str, context: SetupContext) -> SetupGuide | None:
    if method == FEDERATED:
        return None
    match = _ID.search(context.identity)
    client = match[0] if match else "<application (client) ID>"
    graph = cloud_of(context.partition).graph
    script = (
        f"app='{client}'\n"
        'object=$(az ad app show --id "$app" --query id --output tsv)\n'
        'principal=$(az ad sp show --id "$app" --query id --output tsv)\n'
        "# The app becomes an owner of itself, and of nothing else.\n"
        'az ad app owner add --id "$object" --owner-object-id "$principal"\n'
        f"graph=$(az ad sp show --id {_GRAPH_APP} --query id --output tsv)\n"
        "az rest --method POST "
        f'--url "https://{graph}/v1.0/servicePrincipals/$principal/appRoleAssignments" '
        "--headers 'Content-Type=application/json' --body "
        '"{\\"principalId\\":\\"$principal\\",\\"resourceId\\":\\"$graph\\",'
        f'\\"appRoleId\\":\\"{_ROLE_ID}\\"}}"'
    )
    return SetupGuide(
        key="own-keys",
        label="Optional: let it rotate its own secrets",
        intro=(
            f"{PERMISSION} lets the app change apps that it owns: here itself. It could create further apps, which "
            "have no access to anything."
        ),
        snippets=(Snippet("Run this where az is signed in as a Privileged Role Administrator", script, "bash"),),
        steps=(
            "It is checked by the roles in the app's token and by its ownership before it is relied on.",
            "Azure cannot deactivate a secret: the old one works until it is deleted, after the watch and the grace "
            "time.",
        ),
    )
