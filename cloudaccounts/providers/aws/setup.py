"""Set-up guides, filled in with the account, the owner's external ID and this server's own account.

Each text is escaped for its language although all parts come from allow-lists: the external ID is ours
(``[a-z0-9-]``), account ids are 12 digits, partitions and regions are from a table.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.providers.aws import setup_texts as texts
from cloudaccounts.providers.aws.plan import CROSS_ACCOUNT_ROLE
from cloudaccounts.providers.aws.regions import Partition, partition_of

ROLE_NAME = "cloud-accounts-reader"
USER_NAME = "cloud-accounts-reader"
STACK_NAME = "cloud-accounts-reader"


def guides(method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
    return role_guides(context) if method == CROSS_ACCOUNT_ROLE else access_key_guides(context)


def role_guides(context: SetupContext) -> tuple[SetupGuide, ...]:
    """For the cross-account role. Where this server cannot assume roles in that partition: one guide that says why."""
    obstacle = _obstacle(context)
    if obstacle is not None:
        return (obstacle,)
    return (_cloudformation(context), _terraform(context), _role_by_cli(context), _role_by_hand(context))


def access_key_guides(context: SetupContext) -> tuple[SetupGuide, ...]:
    partition = partition_of(context.partition)
    hint = "A cross-account role is safer: it has no secret to keep or to rotate. Keys are for where a role cannot be."
    return (
        SetupGuide(
            key="cli",
            label="AWS CLI",
            intro=f"Creates a user that may only read, and one access key for it. {hint}",
            snippets=(
                Snippet(
                    "Run this where the AWS CLI is signed in to the account as an administrator",
                    texts.user_script(partition.name, context.account_id, USER_NAME),
                    "bash",
                    "cloud-accounts-user.sh",
                ),
            ),
            steps=("Run the script.", "Copy AccessKeyId and SecretAccessKey from its output into the fields below."),
        ),
        SetupGuide(
            key="hand",
            label="By hand",
            intro=f"In the AWS console, with an administrator's rights. {hint}",
            snippets=(_exact_policy(),),
            steps=(
                f"Open IAM, Users, and create a user named {USER_NAME} without console access.",
                "Attach the AWS managed policies SecurityAudit and ViewOnlyAccess to it. Or, to grant nothing that is "
                "not read, make a policy with exactly the actions below (Policies, Create policy) and attach that.",
                "On the user's page, under Security credentials, create an access key; as use case choose “Third-party "
                "service”.",
                "Copy the access key ID and the secret into the fields below. AWS shows the secret only this once.",
            ),
            link_label="Open IAM users in AWS",
            link_url=f"https://{_console(partition)}/iam/home#/users",
        ),
    )


def trust_policy(context: SetupContext) -> str:
    """The trust policy that lets this server in, and only with the owner's external ID. JSON."""
    return texts.as_json(texts.trust_policy(context.partition, context.server.account_id, context.external_id))


def _obstacle(context: SetupContext) -> SetupGuide | None:
    server, partition = context.server, partition_of(context.partition)
    # Without our account a trust policy could only be completed by hand.
    if not server.account_id:
        return SetupGuide(
            key="server-identity",
            label="First: this server's identity",
            intro=(
                f"{server.error or 'This server has no AWS identity of its own.'} A role lets another identity in, so "
                "the operator of this server must give it one first. Until then, use access keys."
            ),
            steps=(
                server.remedy
                or "Ask the operator to give this server AWS credentials of its own, in any way the AWS SDK knows.",
                f"It needs one permission: sts:AssumeRole on arn:{partition.name}:iam::*:role/*.",
                "Then open this page again: the guides will be filled in.",
            ),
        )
    # An ARN names its partition; an identity without one is not refused here, but by the validation.
    own_partition = server.principal.split(":")[1] if server.principal.startswith("arn:") else ""
    if own_partition and own_partition != partition.name:
        return SetupGuide(
            key="server-partition",
            label="Roles cannot cross partitions",
            intro=(
                f"This server's own identity is in the partition {own_partition}, and this account is in "
                f"{partition.label}. AWS lets no role be assumed across partitions. Use access keys for this account."
            ),
        )
    return None


def _cloudformation(context: SetupContext) -> SetupGuide:
    partition = partition_of(context.partition)
    link = _quick_create_link(context, partition)
    if link:
        intro = "Opens AWS with everything filled in. Create the stack, then paste the role's ARN below."
    else:
        intro = "Creates the role as one stack, which you can look at before and delete as a whole later."
    return SetupGuide(
        key="cloudformation",
        label="CloudFormation",
        intro=intro,
        snippets=(
            Snippet(
                "Template",
                texts.cloudformation(context.external_id, context.server.account_id, ROLE_NAME),
                "yaml",
                "cloud-accounts-reader.yaml",
            ),
        ),
        steps=(
            "Sign in to AWS in the account that you are connecting."
            if link
            else f"Download the template and create a stack named {STACK_NAME} from it (Upload a template file).",
            "Accept that the stack creates an IAM role with a name.",
            "When the stack is complete, copy RoleArn from its Outputs into the field below.",
        ),
        link_label="Open the stack in AWS" if link else "Open CloudFormation in AWS",
        link_url=link or f"https://{_console(partition)}/cloudformation/home?region={partition.home}#/stacks/create",
    )


def _quick_create_link(context: SetupContext, partition: Partition) -> str:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html"""
    if (
        not context.template_url
    ):  # CloudFormation takes a template by URL only where it lies in S3: an operator's choice
        return ""
    query = urlencode(
        {
            "templateURL": context.template_url,
            "stackName": STACK_NAME,
            "param_ExternalId": context.external_id,
            "param_TrustedAccountId": context.server.account_id,
        },
        quote_via=quote,
    )
    home = partition.home
    return f"https://{_console(partition)}/cloudformation/home?region={home}#/stacks/quickcreate?{query}"


def _console(partition: Partition) -> str:
    return f"{partition.home}.{partition.console}"


def _terraform(context: SetupContext) -> SetupGuide:
    return SetupGuide(
        key="terraform",
        label="Terraform",
        intro="One role and its two AWS managed policies. Works with OpenTofu as well.",
        snippets=(
            Snippet(
                "Configuration",
                texts.terraform(context.external_id, context.server.account_id, ROLE_NAME),
                "hcl",
                "cloud-accounts-reader.tf",
            ),
        ),
        steps=(
            "Save the file in a directory of your own and run terraform init, then terraform apply.",
            "Copy the output role_arn into the field below.",
        ),
    )


def _role_by_cli(context: SetupContext) -> SetupGuide:
    return SetupGuide(
        key="cli",
        label="AWS CLI",
        intro="A script for a shell in which the AWS CLI is signed in to the account as an administrator.",
        snippets=(
            Snippet(
                "Script",
                texts.role_script(
                    context.partition, context.account_id, trust_policy(context), ROLE_NAME, context.external_id
                ),
                "bash",
                "cloud-accounts-role.sh",
            ),
        ),
        steps=(
            "Run the script: it refuses to run in another account than the one that you are connecting.",
            "Copy the role ARN that it prints last into the field below.",
        ),
    )


def _exact_policy() -> Snippet:
    title = "Or a policy with exactly what is read; renew it when a release of ours reads more"
    return Snippet(title, texts.exact_policy(), "json", "cloud-accounts-exact-policy.json")


def _role_by_hand(context: SetupContext) -> SetupGuide:
    partition = partition_of(context.partition)
    return SetupGuide(
        key="hand",
        label="By hand",
        intro="In the AWS console, with an administrator's rights.",
        snippets=(Snippet("Trust policy", trust_policy(context), "json", "trust-policy.json"), _exact_policy()),
        steps=(
            "Open IAM, Roles, Create role, and choose “Custom trust policy”.",
            "Paste the trust policy. It lets this server's account in, and only with your external ID.",
            "Attach the AWS managed policies SecurityAudit and ViewOnlyAccess. Or, to grant nothing that is not read, "
            "make a policy with exactly the actions below (Policies, Create policy) and attach that.",
            f"Name the role {ROLE_NAME}; leave the maximum session duration at 1 hour.",
            "Copy the role's ARN into the field below.",
        ),
        link_label="Open IAM roles in AWS",
        link_url=f"https://{_console(partition)}/iam/home#/roles",
    )
