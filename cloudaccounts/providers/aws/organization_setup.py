"""What an administrator of an AWS Organization runs, so that the connection may read all members. Pure functions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from textwrap import indent
from urllib.parse import quote, urlencode

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.provider_kit.setup_texts import hcl_string
from cloudaccounts.providers.aws import setup_texts as texts
from cloudaccounts.providers.aws.regions import partition_of
from cloudaccounts.providers.aws.setup import ROLE_NAME

STACK_SET = "cloud-accounts-reader"
_ROLE_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
# Roles that AWS Organizations and Control Tower make in members. They may do everything, which a reader never needs.
_ADMINISTRATORS = frozenset({"organizationaccountaccessrole", "awscontroltowerexecution"})
_ROOT = re.compile(r"r-[a-z0-9]{4,32}")


def clean_role_name(raw: str) -> str:
    """A role's name without path; empty means the usual one. Code ``role_name_invalid``, ``role_too_powerful``."""
    name = raw.strip() or ROLE_NAME
    if not _ROLE_NAME.fullmatch(name):
        raise ProviderError(
            "role_name_invalid", "A role's name has letters, digits and +=,.@_- only, at most 64.",
            "Enter the name alone, without its ARN or path.",
        )  # fmt: skip
    if name.lower() in _ADMINISTRATORS:
        raise ProviderError(
            "role_too_powerful",
            f"{name} is an administrator of each member: whoever held this connection could change everything there. "
            "We never use it.",
            f"Let the StackSet of the set-up guides make the read-only role {ROLE_NAME}, and name that one.",
        )
    return name


def connection_policy(partition: str, role_name: str) -> str:
    """What the connecting identity needs in addition to its own reading permissions. JSON."""
    return texts.as_json(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["organizations:Describe*", "organizations:List*"],
                    "Resource": "*",
                },
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Resource": f"arn:{partition}:iam::*:role/{role_name}",
                },
            ],
        }
    )


def guides(context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
    role_name = clean_role_name(options.get("role_name", ""))
    partition = partition_of(context.partition)
    root = options.get("root_id", "")
    root = root if _ROOT.fullmatch(root) else "r-YOUR"  # known only after the first sync
    template = texts.cloudformation(context.external_id, context.account_id, role_name)
    policy = Snippet(
        "Policy for the identity that is connected here", connection_policy(partition.name, role_name), "json",
        "cloud-accounts-organization-policy.json",
    )  # fmt: skip
    # The connecting account, and not this server: members trust nobody outside of their organization.
    trust = f"It trusts account {context.account_id} alone, and only with your external ID."
    return (
        SetupGuide(
            key="stackset",
            label="StackSet",
            intro=f"Makes the read-only role {role_name} in all members, and in those that join later. {trust}",
            link_label="Make it in the CloudFormation console" if context.organization_template_url else "",
            link_url=quick_create_link(context, role_name, root),
            snippets=(
                Snippet("Template", template, "yaml", "cloud-accounts-reader.yaml"),
                Snippet("Command", stack_set_script(root, partition.home), "bash", "cloud-accounts-stackset.sh"),
                policy,
                Snippet(
                    "Template of the StackSet itself, for operators who publish it",
                    stack_set_template(),
                    "yaml",
                    "cloud-accounts-stackset.yaml",
                ),
            ),
            steps=(
                "Download the template and the script into one directory.",
                f"Run the script where the AWS CLI is signed in to the management account. Your root is {root}.",
                "It switches on trusted access of StackSets in the organization, by both of its switches.",
                f"Attach the policy to the identity that is connected here, in account {context.account_id}.",
                "A StackSet leaves the management account itself out: it is connected on its own.",
                "Come back and test the members: a new role can take a minute to be known everywhere.",
            ),
        ),
        SetupGuide(
            key="terraform",
            label="Terraform",
            intro=f"The same StackSet as code. {trust}",
            snippets=(
                Snippet("Template", template, "yaml", "cloud-accounts-reader.yaml"),
                Snippet("Configuration", terraform(root, partition.home), "hcl", "cloud-accounts-organization.tf"),
                policy,
            ),
            steps=(
                "In the management account's CloudFormation console, under StackSets, activate trusted access with AWS "
                "Organizations once: the AWS provider of Terraform has no resource for it.",
                "Put both files into one directory and run terraform init, then terraform apply.",
            ),
        ),
    )


def quick_create_link(context: SetupContext, role_name: str, root: str) -> str:
    """Opens the operator's copy of `stack_set_template`, filled in; empty where none is published.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html
    """
    if not context.organization_template_url:
        return ""
    partition = partition_of(context.partition)
    values = {
        "templateURL": context.organization_template_url, "stackName": STACK_SET, "param_RoleName": role_name,
        "param_ExternalId": context.external_id, "param_TrustedAccountId": context.account_id,
    }  # fmt: skip
    if _ROOT.fullmatch(root):
        values["param_OrganizationalUnitId"] = root
    console = f"https://{partition.home}.{partition.console}/cloudformation/home?region={partition.home}"
    return f"{console}#/stacks/quickcreate?{urlencode(values, quote_via=quote)}"


def stack_set_template() -> str:
    """What an operator publishes as ``AWS_ORGANIZATION_TEMPLATE_URL``: a stack of the management account that makes the
    StackSet. The link fills its parameters in.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
    """
    body = indent(texts.cloudformation(), " " * 8)
    return f"""AWSTemplateFormatVersion: "2010-09-09"
Description: Makes the role by which Cloud Accounts reads configuration, in all accounts of an organization.

Parameters:
  OrganizationalUnitId:
    Type: String
    Description: The root (r-…) or an organizational unit (ou-…) whose accounts get the role.
    AllowedPattern: "(r-[a-z0-9]{{4,32}}|ou-[a-z0-9]{{4,32}}-[a-z0-9]{{8,32}})"
  ExternalId:
    Type: String
    Description: Your external ID. AWS lets Cloud Accounts in only with it.
  TrustedAccountId:
    Type: String
    Description: The account of the organization that is connected to Cloud Accounts.
    AllowedPattern: "[0-9]{{12}}"
  RoleName:
    Type: String
    Default: {ROLE_NAME}

Resources:
  Readers:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: {STACK_SET}
      PermissionModel: SERVICE_MANAGED
      AutoDeployment:
        Enabled: true
        RetainStacksOnAccountRemoval: false
      Capabilities: [CAPABILITY_NAMED_IAM]
      OperationPreferences:
        FailureTolerancePercentage: 100
        MaxConcurrentPercentage: 100
      Parameters:
        - {{ParameterKey: ExternalId, ParameterValue: !Ref ExternalId}}
        - {{ParameterKey: TrustedAccountId, ParameterValue: !Ref TrustedAccountId}}
        - {{ParameterKey: RoleName, ParameterValue: !Ref RoleName}}
      StackInstancesGroup:
        - Regions: [!Ref "AWS::Region"]
          DeploymentTargets:
            OrganizationalUnitIds: [!Ref OrganizationalUnitId]
      TemplateBody: |
{body}
"""


def stack_set_script(root: str, region: str) -> str:
    """Bash. Runs again without harm: an existing StackSet gets the template renewed."""
    return f"""#!/usr/bin/env bash
set -euo pipefail

name={shlex.quote(STACK_SET)}
root={shlex.quote(root)}
export AWS_REGION={shlex.quote(region)}

# Organizations and CloudFormation each have a switch of their own: without the second, StackSets may not see members.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-activate-trusted-access.html
aws organizations enable-aws-service-access --service-principal member.org.stacksets.cloudformation.amazonaws.com
aws cloudformation activate-organizations-access
if aws cloudformation describe-stack-set --stack-set-name "$name" >/dev/null 2>&1; then
  aws cloudformation update-stack-set --stack-set-name "$name" \\
    --template-body file://cloud-accounts-reader.yaml --capabilities CAPABILITY_NAMED_IAM
else
  aws cloudformation create-stack-set --stack-set-name "$name" \\
    --template-body file://cloud-accounts-reader.yaml --capabilities CAPABILITY_NAMED_IAM \\
    --permission-model SERVICE_MANAGED --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false
  aws cloudformation create-stack-instances --stack-set-name "$name" \\
    --deployment-targets OrganizationalUnitIds="$root" --regions "$AWS_REGION" \\
    --operation-preferences FailureTolerancePercentage=100,MaxConcurrentPercentage=100
fi
"""


def terraform(root: str, region: str) -> str:
    return f"""terraform {{
  required_version = ">= 1.3"
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }}
  }}
}}

provider "aws" {{
  region = {hcl_string(region)}
}}

resource "aws_cloudformation_stack_set" "cloud_accounts_reader" {{
  name             = {hcl_string(STACK_SET)}
  permission_model = "SERVICE_MANAGED"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = file("${{path.module}}/cloud-accounts-reader.yaml")

  auto_deployment {{
    enabled                          = true
    retain_stacks_on_account_removal = false
  }}
}}

resource "aws_cloudformation_stack_set_instance" "cloud_accounts_reader" {{
  stack_set_name = aws_cloudformation_stack_set.cloud_accounts_reader.name

  deployment_targets {{
    organizational_unit_ids = [{hcl_string(root)}]
  }}
}}
"""
