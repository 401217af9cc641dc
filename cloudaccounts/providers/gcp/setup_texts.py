"""What a person runs at Google Cloud: gcloud scripts and Terraform. Pure functions; every value is quoted for its
language.

Sources: https://cloud.google.com/sdk/gcloud/reference and
https://registry.terraform.io/providers/hashicorp/google/latest/docs
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from cloudaccounts.provider_kit.setup_texts import hcl_string
from cloudaccounts.providers.gcp.check_results import label_command
from cloudaccounts.providers.gcp.permissions import APIS, KEY_CONSTRAINTS, KEY_ROLES, PEOPLE_API, PEOPLE_ROLE, ROLES

PROVIDER = "cloud-accounts"


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What this server's own token says."""

    issuer: str
    subject: str
    audience: str


def _account(project: str, name: str, apis: tuple[str, ...] = APIS, roles: tuple[str, ...] = ROLES) -> str:
    """Runs again without harm."""
    return f"""#!/usr/bin/env bash
set -euo pipefail

project={shlex.quote(project)}
name={shlex.quote(name)}
email="$name@$project.iam.gserviceaccount.com"

gcloud services enable {" ".join(apis)} --project="$project"
gcloud iam service-accounts describe "$email" --project="$project" >/dev/null 2>&1 ||
  gcloud iam service-accounts create "$name" --project="$project" --display-name="Cloud Accounts reader"

for role in {" ".join(roles)}; do
  gcloud projects add-iam-policy-binding "$project" --member="serviceAccount:$email" --role="$role" \\
    --condition=None --format=none
done
"""


def _grant_on_account(member: str, role: str) -> str:
    return f"""
gcloud iam service-accounts add-iam-policy-binding "$email" --project="$project" \\
  --member={member} --role={role} --condition=None --format=none
"""


def _label(project: str, external_id: str) -> str:
    return f"""
# Your external ID, as a label: without it nobody can connect this project through our identity.
{label_command(project, external_id)}
"""


def impersonation_script(project: str, name: str, principal: str, external_id: str) -> str:
    member = shlex.quote(f"serviceAccount:{principal}")
    return (
        _account(project, name)
        + _grant_on_account(member, "roles/iam.serviceAccountTokenCreator")
        + _label(project, external_id)
        + '\necho "$email"\n'
    )


def workload_script(project: str, name: str, pool: str, token: TokenClaims, external_id: str) -> str:
    # An issuer may serve many: without the condition, each of its identities would be let into the pool.
    condition = f"assertion.sub == {_cel(token.subject)}"
    return (
        # Two more than for a scan: the exchange of tokens and the acting as an account are APIs of their own.
        _account(project, name, (*APIS, "sts.googleapis.com", "iamcredentials.googleapis.com"))
        + f"""
pool={shlex.quote(pool)}
number=$(gcloud projects describe "$project" --format='value(projectNumber)')
subject={shlex.quote(token.subject)}

gcloud iam workload-identity-pools describe "$pool" --location=global --project="$project" >/dev/null 2>&1 ||
  gcloud iam workload-identity-pools create "$pool" --location=global --project="$project"
verb=create-oidc
gcloud iam workload-identity-pools providers describe {PROVIDER} --workload-identity-pool="$pool" \\
  --location=global --project="$project" >/dev/null 2>&1 && verb=update-oidc
gcloud iam workload-identity-pools providers "$verb" {PROVIDER} --workload-identity-pool="$pool" \\
  --location=global --project="$project" \\
  --issuer-uri={shlex.quote(token.issuer)} --allowed-audiences={shlex.quote(token.audience)} \\
  --attribute-mapping=google.subject=assertion.sub --attribute-condition={shlex.quote(condition)}
"""
        + _grant_on_account(
            '"principal://iam.googleapis.com/projects/$number/locations/global/workloadIdentityPools/$pool/subject/$subject"',
            "roles/iam.workloadIdentityUser",
        )
        + _label(project, external_id)
        + f"""
echo "//iam.googleapis.com/projects/$number/locations/global/workloadIdentityPools/$pool/providers/{PROVIDER}"
echo "$email"
"""
    )


def key_script(project: str, name: str) -> str:
    """Each run makes one more key (Google allows ten per service account)."""
    return (
        _account(project, name, roles=KEY_ROLES)
        + """
# The file is readable by you alone; it is the only copy of the key.
umask 077
gcloud iam service-accounts keys create cloud-accounts-key.json --iam-account="$email" --project="$project"
"""
    )


def policy_query(project: str) -> str:
    """Both names of the constraint: the older one, and the managed one that newer organizations use."""
    quoted = shlex.quote(project)
    return "\n".join(
        f"gcloud org-policies describe {constraint} --project={quoted} --effective" for constraint in KEY_CONSTRAINTS
    )


def _cel(text: str) -> str:
    """A string of the Common Expression Language, in single quotes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _terraform_account(project: str, name: str, apis: tuple[str, ...] = APIS) -> str:
    listed = ", ".join(hcl_string(api) for api in apis)
    roles = ", ".join(hcl_string(role) for role in ROLES)
    return f"""terraform {{
  required_version = ">= 1.3"
  required_providers {{
    google = {{
      source  = "hashicorp/google"
      version = ">= 5.0"
    }}
  }}
}}

locals {{
  project = {hcl_string(project)}
}}

resource "google_project_service" "needed" {{
  for_each = toset([{listed}])

  project            = local.project
  service            = each.value
  disable_on_destroy = false
}}

resource "google_service_account" "reader" {{
  project      = local.project
  account_id   = {hcl_string(name)}
  display_name = "Cloud Accounts reader"
}}

resource "google_project_iam_member" "reader" {{
  for_each = toset([{roles}])

  project = local.project
  role    = each.value
  member  = "serviceAccount:${{google_service_account.reader.email}}"
}}
"""


_OUTPUT_EMAIL = """
output "service_account_email" {
  description = "Paste this into Cloud Accounts."
  value       = google_service_account.reader.email
}
"""


def impersonation_terraform(project: str, name: str, principal: str) -> str:
    return (
        _terraform_account(project, name)
        + f"""
resource "google_service_account_iam_member" "cloud_accounts" {{
  service_account_id = google_service_account.reader.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = {hcl_string(f"serviceAccount:{principal}")}
}}
"""
        + _OUTPUT_EMAIL
    )


def workload_terraform(project: str, name: str, pool: str, token: TokenClaims) -> str:
    condition = f"assertion.sub == {_cel(token.subject)}"
    # Within a longer string, so without the quotation marks of its own.
    escaped = hcl_string(token.subject)[1:-1]
    principals = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.cloud_accounts.name}"
    return (
        _terraform_account(project, name, (*APIS, "sts.googleapis.com", "iamcredentials.googleapis.com"))
        + f"""
resource "google_iam_workload_identity_pool" "cloud_accounts" {{
  project                   = local.project
  workload_identity_pool_id = {hcl_string(pool)}
}}

resource "google_iam_workload_identity_pool_provider" "cloud_accounts" {{
  project                            = local.project
  workload_identity_pool_id          = google_iam_workload_identity_pool.cloud_accounts.workload_identity_pool_id
  workload_identity_pool_provider_id = {hcl_string(PROVIDER)}
  attribute_mapping                  = {{ "google.subject" = "assertion.sub" }}
  attribute_condition                = {hcl_string(condition)}

  oidc {{
    issuer_uri        = {hcl_string(token.issuer)}
    allowed_audiences = [{hcl_string(token.audience)}]
  }}
}}

resource "google_service_account_iam_member" "cloud_accounts" {{
  service_account_id = google_service_account.reader.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "{principals}/subject/{escaped}"
}}
"""
        + _OUTPUT_EMAIL
        + """
output "audience" {
  description = "Paste this into Cloud Accounts."
  value       = "//iam.googleapis.com/${google_iam_workload_identity_pool_provider.cloud_accounts.name}"
}
"""
    )


def people_commands() -> str:
    """For the optional step of Cloud Identity. What a person has to fill in comes first."""
    return f"""account=SERVICE-ACCOUNT-ADDRESS
project=PROJECT-OF-THE-SERVICE-ACCOUNT
organization=ORGANIZATION-ID
gcloud services enable {PEOPLE_API} --project="$project"
gcloud organizations add-iam-policy-binding "$organization" --member="serviceAccount:$account" \\
  --role={PEOPLE_ROLE} --condition=None
"""
