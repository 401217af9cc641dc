"""Set-up guides, filled in with the project, the owner's external ID and this server's own identity.

Each text is escaped for its language although all parts come from allow-lists: the external ID is ours (``[a-z0-9-]``),
project ids and service account addresses are checked against patterns. The token's issuer and subject are the
operator's.
"""

from __future__ import annotations

from collections.abc import Mapping

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.providers.gcp import setup_texts as texts
from cloudaccounts.providers.gcp import token_file
from cloudaccounts.providers.gcp.check_results import label_command
from cloudaccounts.providers.gcp.permissions import APIS, KEY_ROLE_TITLES, ROLE_TITLES
from cloudaccounts.providers.gcp.plan import IMPERSONATION, SERVICE_ACCOUNT_KEY

NAME = "cloud-accounts-reader"
POOL = "cloud-accounts"
OBSTACLE = "server-identity"
_CONSOLE = "https://console.cloud.google.com"


def guides(method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
    """Best first. Where this server lacks what the method needs: one guide that says why. Calls no network."""
    make = {SERVICE_ACCOUNT_KEY: _key_guides, IMPERSONATION: _impersonation_guides}.get(method, _workload_guides)
    made = make(context)
    # Behind what is needed, and not where that cannot be told yet.
    return made if made[0].key == OBSTACLE else (*made, _people())


def _impersonation_guides(context: SetupContext) -> tuple[SetupGuide, ...]:
    server = context.server
    # Whom the customer would have to let in is not known, so no command can be written.
    if not server.principal:
        return (_obstacle(server.error, server.remedy),)
    project, principal = context.account_id, server.principal
    script = texts.impersonation_script(project, NAME, principal, context.external_id)
    terraform = texts.impersonation_terraform(project, NAME, principal)
    return (
        _script_guide(
            "Creates a service account that may only read, lets our identity act as it, and labels the project with "
            "your external ID. No key is made.",
            script,
            "cloud-accounts-impersonation.sh",
            "Copy the address that it prints last into the field below.",
        ),
        _terraform_guide(context, terraform, "Copy the output service_account_email into the field below."),
        SetupGuide(
            key="hand",
            label="By hand",
            intro="In the Google Cloud console, with an administrator's rights.",
            snippets=(_label(context),),
            steps=(
                *_account_steps(),
                f"On the service account's page, under Principals with access, grant {principal} the role Service "
                "Account Token Creator.",
                "Run the command in Cloud Shell: it puts your external ID on the project as a label.",
                "Copy the service account's address into the field below.",
            ),
            link_label="Open service accounts in Google Cloud",
            link_url=f"{_CONSOLE}/iam-admin/serviceaccounts?project={project}",
        ),
    )


def _workload_guides(context: SetupContext) -> tuple[SetupGuide, ...]:
    try:
        # The token itself and not its settings: the provider has to name what the token really says.
        token = token_file.read()
    except ProviderError as error:
        return (_obstacle(error.cause, error.remedy),)
    project = context.account_id
    claims = texts.TokenClaims(token.issuer, token.subject, token.audience)
    return (
        _script_guide(
            "Creates a pool and a provider that trust this server's token alone, a service account that may only read, "
            "and labels the project with your external ID.",
            texts.workload_script(project, NAME, POOL, claims, context.external_id),
            "cloud-accounts-workload-identity.sh",
            "Copy the two lines that it prints last into the fields below.",
        ),
        _terraform_guide(
            context,
            texts.workload_terraform(project, NAME, POOL, claims),
            "Copy the outputs audience and service_account_email into the fields below.",
        ),
    )


def _key_guides(context: SetupContext) -> tuple[SetupGuide, ...]:
    project = context.account_id
    hint = "Impersonation is safer: it has no secret to keep or to rotate."
    forbidden = (
        "If Google answers that key creation is not allowed (iam.disableServiceAccountKeyCreation), your organization "
        "forbids keys, as new organizations do by default: use impersonation, which needs none, or let an "
        "administrator exempt this project."
    )
    return (
        SetupGuide(
            key="cli",
            label="gcloud",
            intro=f"Creates a service account that may only read, and one key for it. {hint}",
            snippets=(
                Snippet("Script", texts.key_script(project, NAME), "bash", "cloud-accounts-key.sh"),
                Snippet("Is the creation of keys forbidden here?", texts.policy_query(project), "bash"),
            ),
            steps=(
                "Run the script where gcloud is signed in as an administrator of the project.",
                "Upload the file cloud-accounts-key.json below, then delete it.",
                forbidden,
            ),
        ),
        SetupGuide(
            key="hand",
            label="By hand",
            intro=f"In the Google Cloud console, with an administrator's rights. {hint}",
            steps=(
                *_account_steps(KEY_ROLE_TITLES),
                "On the service account's page, under Keys, add a key of type JSON; Google shows it only this once.",
                "Upload the file below, then delete it.",
                forbidden,
            ),
            link_label="Open service accounts in Google Cloud",
            link_url=f"{_CONSOLE}/iam-admin/serviceaccounts?project={project}",
        ),
    )


def _people() -> SetupGuide:
    """https://cloud.google.com/identity/docs/how-to/setup, "Authenticating as a service account without domain-wide
    delegation".
    """
    return SetupGuide(
        key="people",
        label="Optional: people in Cloud Identity",
        intro="With it checks also tell whether people and super administrators have a second factor, and how many "
        "super administrators there are. No name is stored, and no delegation of the domain is needed. Without this "
        "step nothing fails: these checks say that it was not taken.",
        snippets=(Snippet("Commands", texts.people_commands(), "bash"),),
        steps=(
            "Run the commands with the service account's address, its project and the organization's ID, as an "
            "Organization Administrator: they turn the Admin SDK on and let the service account see the customer's ID.",
            "As a super administrator, open the Google Admin console, Account, Admin roles, and create a role of your "
            "own with the one privilege Users, Read, of the Admin API.",
            "On that role's page, Assign service accounts, enter the service account's address.",
        ),
        link_label="Open admin roles in Google Admin",
        link_url="https://admin.google.com/ac/roles",
    )


def _obstacle(error: str, remedy: str) -> SetupGuide:
    return SetupGuide(
        key=OBSTACLE,
        label="First: this server's identity",
        intro=(
            f"{error or 'This server has no Google Cloud identity of its own.'} This method lets our identity in, so "
            "the operator of this server must give it one first. Until then, use another method."
        ),
        steps=(
            remedy or "Ask the operator to give this server application default credentials of Google Cloud.",
            "Then open this page again: the guides will be filled in.",
        ),
    )


def _script_guide(intro: str, script: str, filename: str, last: str) -> SetupGuide:
    return SetupGuide(
        key="cli",
        label="gcloud",
        intro=intro,
        snippets=(Snippet("Script", script, "bash", filename),),
        steps=("Run it in Cloud Shell, or where gcloud is signed in as an administrator of the project.", last),
    )


def _terraform_guide(context: SetupContext, configuration: str, last: str) -> SetupGuide:
    return SetupGuide(
        key="terraform",
        label="Terraform",
        intro="The same as the script. Works with OpenTofu as well.",
        snippets=(
            Snippet("Configuration", configuration, "hcl", "cloud-accounts-reader.tf"),
            _label(context),
        ),
        steps=(
            "Save the file in a directory of your own and run terraform init, then terraform apply.",
            "Set the label as well: in the google_project resource where Terraform made the project, else with the "
            "command.",
            last,
        ),
    )


def _label(context: SetupContext) -> Snippet:
    return Snippet("Label of the project", label_command(context.account_id, context.external_id), "bash")


def _account_steps(roles: Mapping[str, str] = ROLE_TITLES) -> tuple[str, ...]:
    return (
        f"Enable these APIs: {', '.join(APIS)}.",
        f"Open IAM & Admin, Service accounts, and create {NAME}.",
        f"Grant it these roles on the project: {', '.join(roles.values())}.",
    )
