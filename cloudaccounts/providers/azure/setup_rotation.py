"""How a person replaces a client secret or certificate at Azure: add another first, delete the old one last.

https://learn.microsoft.com/graph/api/application-addpassword and application-removepassword
"""

from __future__ import annotations

import re

from cloudaccounts.contract.setup import RETIRE, SetupContext, SetupGuide, Snippet
from cloudaccounts.providers.azure.clouds import cloud_of
from cloudaccounts.providers.azure.plan import CERTIFICATE, FEDERATED
from cloudaccounts.providers.azure.setup_texts import APP_NAME

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ENTER = "Once it is tested it takes over automatically; checks and scans go on meanwhile."


def guides(method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
    if method == FEDERATED:
        return ()
    match = _ID.search(context.identity)
    # What was signed in as is a text for people; the ID in it is the only part that is used.
    client = match[0] if match else "<application (client) ID>"
    portal = f"https://{cloud_of(context.partition).portal}/#view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/RegisteredApps"
    certificate = method == CERTIFICATE
    what, tab = ("certificate", "Certificates") if certificate else ("client secret", "Client secrets")
    return (
        SetupGuide(
            key="cli",
            label="Azure CLI",
            intro=f"An app may have several, so the new {what} is made while the old one still works.",
            snippets=(
                Snippet(f"Make the new {what}", _certificate(client) if certificate else _secret(client), "bash"),
            ),
            steps=(
                "Run this in Cloud Shell, or where az is signed in as an owner of the app.",
                "Enter the certificate with its private key below."
                if certificate
                else "Enter the secret and its date below: without a date we cannot remind you of its end.",
                _ENTER,
            ),
        ),
        SetupGuide(
            key="hand",
            label="By hand",
            intro="In the Azure portal, as an owner of the app.",
            steps=(
                f"Open the app registration, Certificates & secrets, {tab}, and add one more.",
                "Enter it below, with its date of expiry where it is a secret.",
                _ENTER,
            ),
            link_label="Open app registrations in Azure",
            link_url=portal,
        ),
        SetupGuide(
            key=RETIRE,
            label=f"Then: delete the old {what}",
            intro="Only when the new one is in use here.",
            snippets=(
                Snippet(f"Find the old {what} by its dates, and delete it", _removal(client, certificate), "bash"),
            ),
            steps=(f"Or in the portal: the app registration, Certificates & secrets, {tab}, Delete.",),
            link_label="Open app registrations in Azure",
            link_url=portal,
        ),
    )


def _secret(client: str) -> str:
    return (
        "ends=$(date -u -d '+180 days' +%Y-%m-%d 2>/dev/null || date -u -v+180d +%Y-%m-%d)\n"
        "# --append keeps the old secret. Azure shows the new one only this once.\n"
        f"az ad app credential reset --id '{client}' --display-name {APP_NAME} --append --end-date \"$ends\" "
        '--query password --output tsv && echo "Expires on: $ends"'
    )


def _certificate(client: str) -> str:
    return (
        "umask 077\n"
        f"openssl req -x509 -newkey rsa:3072 -sha256 -nodes -days 365 -subj /CN={APP_NAME} "
        f"-keyout {APP_NAME}.key -out {APP_NAME}.crt\n"
        "# --append keeps the old certificate.\n"
        f"az ad app credential reset --id '{client}' --cert @{APP_NAME}.crt --append --output none\n"
        f"cat {APP_NAME}.key {APP_NAME}.crt"
    )


def _removal(client: str, certificate: bool) -> str:
    flag = " --cert" if certificate else ""
    return (
        f"az ad app credential list --id '{client}'{flag} --output table\n"
        f"az ad app credential delete --id '{client}'{flag} --key-id '<key ID of the old one>'"
    )
