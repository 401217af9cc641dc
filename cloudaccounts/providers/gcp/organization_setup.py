"""What an administrator of a Google Cloud organization runs, so that a service account may read all projects."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.provider_kit.setup_texts import hcl_string
from cloudaccounts.providers.gcp.permissions import ROLES

LABEL = "cloud-accounts-external-id"
PUBLISHED = "cloud-accounts-organization.sh"
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
    link = cloud_shell_link(context.organization_template_url)
    return (
        *([_in_cloud_shell(intro, root, context.external_id, link)] if link else ()),
        SetupGuide(
            key="gcloud",
            label="gcloud",
            intro=intro,
            snippets=(
                Snippet("Script", script(root, context.external_id), "bash", PUBLISHED),
                Snippet("The same for any organization, for operators who publish it", published(), "bash", PUBLISHED),
            ),
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


def _in_cloud_shell(intro: str, root: str, external_id: str, link: str) -> SetupGuide:
    command = f"bash {PUBLISHED} ADDRESS {shlex.quote(root)}"
    return SetupGuide(
        key="cloud-shell",
        label="Cloud Shell",
        intro=intro,
        link_label="Open it in Cloud Shell",
        link_url=link,
        snippets=(
            Snippet("Command", command, "bash"),
            Snippet("Command where our own identity is let in", f"{command} {shlex.quote(external_id)}", "bash"),
        ),
        steps=(
            "Trust the repository when Cloud Shell asks, as an administrator of the organization.",
            "Run the command there, with the service account's address. The second one also labels each project with "
            "your external ID, without which our own identity neither lists nor connects it.",
        ),
    )


def cloud_shell_link(repository: str) -> str:
    """Opens the operator's repository in Cloud Shell; empty where there is none that Cloud Shell takes.

    https://cloud.google.com/shell/docs/open-in-cloud-shell: GitHub and Bitbucket alone, over https; nothing of a
    command can be filled in.
    """
    address = urlsplit(repository)
    if address.scheme != "https" or address.hostname not in ("github.com", "bitbucket.org"):
        return ""
    query = urlencode({"cloudshell_git_repo": repository, "show": "terminal"})
    return f"https://shell.cloud.google.com/cloudshell/editor?{query}"


def published() -> str:
    """What an operator keeps in the repository ``GCP_ORGANIZATION_TEMPLATE_URL``. Bash; says nothing of a customer."""
    return f"""#!/usr/bin/env bash
# Lets one service account read the configuration of all projects of an organization or a folder. It can change nothing.
set -euo pipefail

use="bash $0 ADDRESS organizations/NUMBER|folders/NUMBER [EXTERNAL-ID]"
email=${{1:?$use}}
root=${{2:?$use}}
number=${{root#*/}}
case "$root" in
  organizations/[0-9]*) group=organizations ;;
  folders/[0-9]*) group="resource-manager folders" ;;
  *) echo "$use" >&2; exit 1 ;;
esac

for role in {" ".join(ROLES)}; do
  # Unquoted: one word or two.
  gcloud $group add-iam-policy-binding "$number" --member="serviceAccount:$email" --role="$role" \\
    --condition=None --format=none
done

if [ -n "${{3:-}}" ]; then
  gcloud asset search-all-resources --scope="$root" \\
    --asset-types=cloudresourcemanager.googleapis.com/Project \\
    --format='value(additionalAttributes.projectId)' |
    while read -r project; do
      # A question of gcloud's would otherwise take the next project for its answer.
      gcloud alpha projects update "$project" --update-labels="{LABEL}=$3" --format=none </dev/null
    done
fi
"""


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
