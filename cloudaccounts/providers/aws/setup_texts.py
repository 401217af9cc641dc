"""What a person runs or uploads at AWS: CloudFormation, Terraform, AWS CLI, policy JSON.

Pure functions of their arguments; each quotes for its own language.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from cloudaccounts.provider_kit.setup_texts import hcl_string
from cloudaccounts.providers.aws.checks import CHECKS
from cloudaccounts.providers.aws.least_privilege import least_privilege

# AWS managed policies, read-only. SecurityAudit alone lacks some lists that ViewOnlyAccess has; a test compares both
# with what a scan needs. https://docs.aws.amazon.com/aws-managed-policy/latest/reference/SecurityAudit.html
MANAGED_POLICIES = ("SecurityAudit", "job-function/ViewOnlyAccess")


def exact_policy() -> str:
    """What a scan and its validation call, and nothing else: in place of the managed policies. JSON.

    Whoever takes it has to renew it when a release reads more; AWS keeps its own up to date.
    """
    return as_json(least_privilege(CHECKS, whole=True).document)


def as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2)


def trust_policy(partition: str, trusted_account: str, external_id: str) -> dict[str, Any]:
    """Only this server's account, and only with the owner's external ID.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{trusted_account}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            }
        ],
    }


def cloudformation(external_id: str = "", trusted_account: str = "", role_name: str = "cloud-accounts-reader") -> str:
    """The template. Without arguments it is the one that an operator publishes, whose link fills the parameters in."""
    # A JSON string is a YAML double-quoted scalar. Defaults that are unknown are left out: the person must give them.
    external_default = f"\n    Default: {json.dumps(external_id)}" if external_id else ""
    account_default = f"\n    Default: {json.dumps(trusted_account)}" if trusted_account else ""
    return f"""AWSTemplateFormatVersion: "2010-09-09"
Description: A role with which Cloud Accounts reads this account's configuration. It can change nothing.

Parameters:
  ExternalId:
    Type: String
    Description: Your external ID. AWS lets Cloud Accounts in only with it.{external_default}
    MinLength: 2
    MaxLength: 63
    AllowedPattern: "[a-z0-9-]+"
  TrustedAccountId:
    Type: String
    Description: The AWS account in which Cloud Accounts runs.{account_default}
    AllowedPattern: "[0-9]{{12}}"
  RoleName:
    Type: String
    Description: The name of the role.
    Default: {json.dumps(role_name)}
    AllowedPattern: "[A-Za-z0-9+=,.@_-]{{1,64}}"

Resources:
  ReaderRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref RoleName
      Description: Cloud Accounts reads this account's configuration with this role.
      MaxSessionDuration: 3600
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Sub "arn:${{AWS::Partition}}:iam::${{TrustedAccountId}}:root"
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                sts:ExternalId: !Ref ExternalId
      ManagedPolicyArns:
        - !Sub "arn:${{AWS::Partition}}:iam::aws:policy/{MANAGED_POLICIES[0]}"
        - !Sub "arn:${{AWS::Partition}}:iam::aws:policy/{MANAGED_POLICIES[1]}"

Outputs:
  RoleArn:
    Description: Paste this into Cloud Accounts.
    Value: !GetAtt ReaderRole.Arn
"""


def terraform(external_id: str, trusted_account: str, role_name: str) -> str:
    attachments = ", ".join(hcl_string(policy) for policy in MANAGED_POLICIES)
    return f"""terraform {{
  required_version = ">= 1.3"
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }}
  }}
}}

data "aws_partition" "current" {{}}

resource "aws_iam_role" "cloud_accounts_reader" {{
  name                 = {hcl_string(role_name)}
  description          = "Cloud Accounts reads this account's configuration with this role."
  max_session_duration = 3600

  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Principal = {{ AWS = "arn:${{data.aws_partition.current.partition}}:iam::{trusted_account}:root" }}
      Action    = "sts:AssumeRole"
      Condition = {{ StringEquals = {{ "sts:ExternalId" = {hcl_string(external_id)} }} }}
    }}]
  }})
}}

resource "aws_iam_role_policy_attachment" "cloud_accounts_reader" {{
  for_each = toset([{attachments}])

  role       = aws_iam_role.cloud_accounts_reader.name
  policy_arn = "arn:${{data.aws_partition.current.partition}}:iam::aws:policy/${{each.value}}"
}}

output "role_arn" {{
  description = "Paste this into Cloud Accounts."
  value       = aws_iam_role.cloud_accounts_reader.arn
}}
"""


# In front of each script: signed in to another account, it would let us into the wrong one.
_GUARD = """#!/usr/bin/env bash
set -euo pipefail

account={account}
if [ "$(aws sts get-caller-identity --query Account --output text)" != "$account" ]; then
  echo "The AWS CLI is not signed in to account $account: nothing was done." >&2
  exit 1
fi
"""


def role_script(partition: str, account_id: str, trust: str, role_name: str, external_id: str) -> str:
    """Bash. Runs again without harm: an existing role gets the trust policy renewed."""
    attach = _attach(partition, "attach-role-policy --role-name")
    return (
        _GUARD.format(account=shlex.quote(account_id))
        + f"""
name={shlex.quote(role_name)}
# The external ID is {external_id if external_id.replace("-", "").isalnum() else "in the trust policy"}.
trust={shlex.quote(trust)}

if aws iam get-role --role-name "$name" >/dev/null 2>&1; then
  aws iam update-assume-role-policy --role-name "$name" --policy-document "$trust"
  aws iam update-role --role-name "$name" --max-session-duration 3600
else
  aws iam create-role --role-name "$name" --max-session-duration 3600 \\
    --description "Cloud Accounts reads this account's configuration with this role." \\
    --assume-role-policy-document "$trust" >/dev/null
fi
{attach}
aws iam get-role --role-name "$name" --query Role.Arn --output text
"""
    )


def user_script(partition: str, account_id: str, user_name: str) -> str:
    """Bash. Runs again without harm, except that each run makes one more key (AWS allows two per user)."""
    attach = _attach(partition, "attach-user-policy --user-name")
    return (
        _GUARD.format(account=shlex.quote(account_id))
        + f"""
name={shlex.quote(user_name)}

aws iam get-user --user-name "$name" >/dev/null 2>&1 || aws iam create-user --user-name "$name" >/dev/null
{attach}
# The secret is shown only this once.
aws iam create-access-key --user-name "$name" --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text |
  while read -r id secret; do
    printf 'AccessKeyId:     %s\\nSecretAccessKey: %s\\n' "$id" "$secret"
  done
"""
    )


def _attach(partition: str, command: str) -> str:
    return "\n".join(
        f'aws iam {command} "$name" --policy-arn {shlex.quote(f"arn:{partition}:iam::aws:policy/{policy}")}'
        for policy in MANAGED_POLICIES
    )
