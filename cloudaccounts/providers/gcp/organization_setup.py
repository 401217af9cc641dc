"""What an administrator of a Google Cloud organization runs, so that a service account may read all projects."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.provider_kit.setup_texts import hcl_string
from cloudaccounts.providers.gcp.permissions import ROLES

LABEL = "cloud-accounts-external-id"
_ROOT = re.compile(r"(organizations|folders)/[0-9]{4,20}")


def clean_root(raw: str) -> str:
    """``organizations/NUMBER`` or ``folders/NUMBER``; empty stays empty. Code ``organization_root_invalid``."""
    text = raw.strip()
    if text and not _ROOT.fullmatch(text):
        raise ProviderError(
            "organization_root_invalid",
            "An organization or folder is named by its number.",
            "Enter organizations/123456789 or folders/123456789, as gcloud organizations list and gcloud "
            "resource-manager folders list show them.",
        )
    return text


def bind_commands(place: str, email: str) -> str:
    kind, _, number = place.partition("/")
    return (
        f"gcloud {_group(kind)} add-iam-policy-binding {shlex.quote(number)} "
        f"--member={shlex.quote(f'serviceAccount:{email}')} --role=roles/browser --condition=None"
    )


def _group(kind: str) -> str:
    return "organizations" if kind == "organizations" else "resource-manager folders"


def guides(context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
    root = options.get("root") or options.get("root_id", "")
    root = root if _ROOT.fullmatch(root) else "organizations/NUMBER"
    intro = f"Gives the service account that is connected here its reading roles on {root}, and so on all projects."
    return (
        SetupGuide(
            key="gcloud",
            label="gcloud",
            intro=intro,
            snippets=(Snippet("Script", script(root, context.external_id), "bash", "cloud-accounts-organization.sh"),),
            steps=(
                "Run it as an administrator of the organization, with the service account's address: "
                "bash cloud-accounts-organization.sh ADDRESS.",
                "Where our own identity is let in (impersonation, workload identity), add --label: each project then "
                "gets your external ID, without which it is neither listed nor connected.",
                "The APIs need to be enabled in the service account's own project only.",
            ),
        ),
        SetupGuide(
            key="terraform",
            label="Terraform",
            intro=intro,
            snippets=(Snippet("Configuration", terraform(root), "hcl", "cloud-accounts-organization.tf"),),
            steps=("Run terraform init, then terraform apply -var service_account_email=ADDRESS.",),
        ),
    )


def script(root: str, external_id: str) -> str:
    """Bash. Runs again without harm."""
    kind, _, number = root.partition("/")
    return f"""#!/usr/bin/env bash
# Lets one service account read the configuration of all projects in {root}. It can change nothing.
set -euo pipefail

email=${{1:?Say which service account: bash $0 ADDRESS [--label]}}
number={shlex.quote(number)}

for role in {" ".join(ROLES)}; do
  gcloud {_group(kind)} add-iam-policy-binding "$number" --member="serviceAccount:$email" --role="$role" \\
    --condition=None --format=none
done

if [ "${{2:-}}" = --label ]; then
  gcloud asset search-all-resources --scope={shlex.quote(root)} \\
    --asset-types=cloudresourcemanager.googleapis.com/Project \\
    --format='value(additionalAttributes.projectId)' |
    while read -r project; do
      # A question of gcloud's would otherwise take the next project for its answer.
      gcloud alpha projects update "$project" --update-labels={shlex.quote(f"{LABEL}={external_id}")} \\
        --format=none </dev/null
    done
fi
"""


def terraform(root: str) -> str:
    kind, _, number = root.partition("/")
    resource, argument = ("organization", "org_id") if kind == "organizations" else ("folder", "folder")
    value = number if kind == "organizations" else root
    roles = ", ".join(hcl_string(role) for role in ROLES)
    return f"""terraform {{
  required_providers {{
    google = {{ source = "hashicorp/google" }}
  }}
}}

variable "service_account_email" {{
  description = "The service account that is connected in Cloud Accounts."
}}

resource "google_{resource}_iam_member" "cloud_accounts_reader" {{
  for_each = toset([{roles}])

  {argument} = {hcl_string(value)}
  role   = each.value
  member = "serviceAccount:${{var.service_account_email}}"
}}
"""
