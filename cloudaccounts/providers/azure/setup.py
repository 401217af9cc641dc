"""Set-up guides, filled in with the subscription, the owner's external ID and this server's own identity.

Each text is quoted for its language although all parts come from allow-lists or from the operator.
"""

from __future__ import annotations

from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.provider_kit.check_results import join_names
from cloudaccounts.providers.azure import setup_texts as texts
from cloudaccounts.providers.azure.clouds import Cloud, cloud_of
from cloudaccounts.providers.azure.permissions import GRAPH_PERMISSIONS
from cloudaccounts.providers.azure.plan import CERTIFICATE, FEDERATED

_ROLES = (
    "In the subscription (or a management group above it), open Access control (IAM), Add role assignment, and give "
    "the app the role Reader."
)
_REGISTER = (
    f"Open Microsoft Entra ID, App registrations, New registration; name it {texts.APP_NAME}, for accounts in this "
    "directory only."
)
_COPY = "From its overview page, copy Directory (tenant) ID and Application (client) ID into the fields below."


def guides(method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
    """az CLI, Terraform, portal, and the optional grant. Where this server has no identity that an app could trust, one
    guide that says why.
    """
    # An app trusts issuer and subject together: without either there is nothing to fill in.
    if method == FEDERATED and not (context.server.principal and context.server.issuer):
        return (_obstacle(context),)
    cloud = cloud_of(context.partition)
    return (
        _cli(method, context, cloud),
        _terraform(method, context, cloud),
        _portal(method, context, cloud),
        _directory(cloud),
    )


def _obstacle(context: SetupContext) -> SetupGuide:
    return SetupGuide(
        key="server-identity",
        label="First: this server's identity",
        intro=(
            f"{context.server.error or 'This server has no identity for federated credentials.'} Your app would have "
            "to trust it, so the operator of this server must set it up first. Until then, use a certificate or a "
            "client secret."
        ),
        steps=(
            context.server.remedy or "Ask the operator to set AZURE_FEDERATED_TOKEN_FILE.",
            "Then open this page again: the guides will be filled in.",
        ),
    )


def _cli(method: str, context: SetupContext, cloud: Cloud) -> SetupGuide:
    if method == FEDERATED:
        body = texts.federated_script(
            cloud=cloud.cli,
            subscription_id=context.account_id,
            issuer=context.server.issuer,
            subject=context.server.principal,
            audience=cloud.audience,
            external_id=context.external_id,
        )
        last = "Copy the tenant ID and the client ID that it prints into the fields below."
    elif method == CERTIFICATE:
        body = texts.certificate_script(cloud=cloud.cli, subscription_id=context.account_id)
        last = f"Copy both IDs, and the text of {texts.APP_NAME}.pem, into the fields below; then delete the files."
    else:
        body = texts.secret_script(cloud=cloud.cli, subscription_id=context.account_id)
        last = "Copy both IDs, the secret and its date into the fields below."
    return SetupGuide(
        key="cli",
        label="Azure CLI",
        intro="Makes an app that may only read, for a shell in which az is signed in as an Owner of the subscription "
        f"(Azure Cloud Shell will do). {_advice(method)}".strip(),
        snippets=(Snippet("Script", body, "bash", texts.SCRIPT),),
        steps=(
            f"Run the script: bash {texts.SCRIPT}. To run it again for the same app, add the client ID that it prints.",
            last,
        ),
        link_label="Open Cloud Shell in Azure",
        link_url=f"https://{cloud.portal}/#cloudshell/",
    )


def _terraform(method: str, context: SetupContext, cloud: Cloud) -> SetupGuide:
    federation = None
    if method == FEDERATED:
        federation = (context.server.issuer, context.server.principal, cloud.audience)
    body = texts.terraform(
        environment=cloud.name,
        subscription_id=context.account_id,
        federation=federation,
        external_id=context.external_id,
        kind=method,
    )
    last = "Copy the outputs tenant_id and client_id into the fields below."
    steps = ["Save the file in a directory of your own and run terraform init, then terraform apply.", last]
    if method == FEDERATED:
        steps.insert(0, "Sign in with az login where you run it: the tag on the subscription is set with az.")
    if method == CERTIFICATE:
        steps.insert(0, "Make a certificate first, as in the script of the Azure CLI guide (openssl req …).")
    if method not in (FEDERATED, CERTIFICATE):
        steps.append(
            "Show the secret with terraform output client_secret. It also lies in Terraform's state: guard it."
        )
    return SetupGuide(
        key="terraform",
        label="Terraform",
        intro=f"One app and its role. Works with OpenTofu as well. {_advice(method)}".strip(),
        snippets=(Snippet("Configuration", body, "hcl", "cloud-accounts-azure.tf"),),
        steps=tuple(steps),
    )


def _portal(method: str, context: SetupContext, cloud: Cloud) -> SetupGuide:
    snippets: tuple[Snippet, ...] = ()
    if method == FEDERATED:
        snippets = (
            Snippet("Issuer", context.server.issuer),
            Snippet("Subject identifier", context.server.principal),
            Snippet("Audience", cloud.audience),
            Snippet("Tag on the subscription", f"{texts.TAG} = {context.external_id}"),
        )
        own: tuple[str, ...] = (
            "In the app, open Certificates & secrets, Federated credentials, Add credential, Other issuer, and enter "
            "the issuer, subject identifier and audience shown here, letter by letter.",
            f"In the subscription, open Tags and add {texts.TAG} with your external ID: it lets you, and nobody else, "
            "connect it.",
        )
    elif method == CERTIFICATE:
        own = (
            "In the app, open Certificates & secrets, Certificates, Upload certificate, and upload the public part "
            "(.crt, .cer) of a certificate with an RSA key.",
            "Paste the certificate together with its private key, as PEM, into the field below.",
        )
    else:
        own = (
            "In the app, open Certificates & secrets, Client secrets, New client secret.",
            "Copy the columns Value and Expires into the fields below. Azure shows the value only this once.",
        )
    return SetupGuide(
        key="portal",
        label="By hand",
        intro=f"In the Azure portal, as an Owner of the subscription. {_advice(method)}".strip(),
        snippets=snippets,
        steps=(_REGISTER, _ROLES, *own, _COPY),
        link_label="Open app registrations in Azure",
        link_url=f"https://{cloud.portal}/#view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/RegisteredApps",
    )


def _directory(cloud: Cloud) -> SetupGuide:
    names = join_names(GRAPH_PERMISSIONS)
    return SetupGuide(
        key="directory",
        label="Optional: the tenant in Entra",
        intro=f"With the application permissions {names} of Microsoft Graph, checks also tell whether the tenant asks "
        "for a second factor, how many people and administrators have none, what guests and members may do without a "
        "role, which consent people may give to apps, and how old the secrets of apps are. Each may be given without "
        "the others. Without them nothing fails: their checks say that this step was not taken.",
        snippets=(Snippet("Script", texts.directory_script(cloud.cli), "bash", texts.DIRECTORY_SCRIPT),),
        steps=(
            f"As a Privileged Role Administrator, run the script with the app's client ID: "
            f"bash {texts.DIRECTORY_SCRIPT} CLIENT-ID. With the Terraform guide, set read_directory to true.",
            "Or in the portal: the app registration, API permissions, Add a permission, Microsoft Graph, Application "
            f"permissions, {names}, then Grant admin consent.",
        ),
        link_label="Open app registrations in Azure",
        link_url=f"https://{cloud.portal}/#view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/RegisteredApps",
    )


def _advice(method: str) -> str:
    return "" if method == FEDERATED else "A federated credential is safer: it has no secret to keep or to rotate."
