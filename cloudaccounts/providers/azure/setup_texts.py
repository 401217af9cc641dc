"""What a person runs at Azure: az CLI and Terraform. Pure functions; each quotes for its own language.

Apps are named by their IDs. ``az ad app list --display-name`` matches the beginnings of names, and ``az ad app create``
changes an app of the same name: https://github.com/Azure/azure-cli/issues/23053 and …/issues/30427. azurerm wants a
subscription from 4.0 on, and would register resource providers, which is a change that nothing here needs:
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/guides/4.0-upgrade-guide

What is filled in comes from allow-lists: UUIDs, the owner's external ID (``[a-z0-9-]``), clouds from a table; issuer
and subject are the operator's.
"""

from __future__ import annotations

import json
import shlex

from cloudaccounts.provider_kit.setup_texts import hcl_string
from cloudaccounts.providers.azure.permissions import GRAPH_PERMISSIONS

# Changing it would ask every customer with a federated credential to tag the subscription again.
TAG = "cloud-accounts-external-id"
APP_NAME = "cloud-accounts-reader"
# The one built-in role that scans need: all that they call ends in /read. It opens no data and lists no keys.
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/general#reader
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
_ROLES = "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions"
SCRIPT = "cloud-accounts-azure.sh"
DIRECTORY_SCRIPT = "cloud-accounts-directory.sh"
_NEW_APP = json.dumps({"displayName": APP_NAME, "signInAudience": "AzureADMyOrg"})


def tag_command(subscription_id: str, external_id: str) -> str:
    """Merges: all other tags of the subscription stay."""
    return (
        f"az tag update --resource-id /subscriptions/{subscription_id} --operation Merge "
        f"--tags {shlex.quote(f'{TAG}={external_id}')}"
    )


def role_command(client_id: str, subscription_id: str) -> str:
    return f"az role assignment create --assignee {client_id} --role {READER} --scope /subscriptions/{subscription_id}"


def _head(cloud: str, subscription_id: str) -> str:
    return f"""#!/usr/bin/env bash
# Makes an app that may read the subscription's configuration. It can change nothing.
# To go on with an app that exists already: bash {SCRIPT} CLIENT-ID
set -euo pipefail

client=${{1:-}}
subscription={shlex.quote(subscription_id)}
# To cover all subscriptions of a management group, put its scope here:
#   scope=/providers/Microsoft.Management/managementGroups/GROUP   (the root group's name is the tenant ID)
scope="/subscriptions/$subscription"

if [ "$(az cloud show --query name --output tsv)" != {shlex.quote(cloud)} ]; then
  echo {shlex.quote(f"Sign in to {cloud} first: az cloud set --name {cloud} && az login")} >&2
  exit 1
fi
az account set --subscription "$subscription"
tenant=$(az account show --query tenantId --output tsv)

if [ -z "$client" ]; then
  # Not "az ad app create": that changes an app of the same name. Names are not unique; from here on the ID counts.
  graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)
  client=$(az rest --method post --url "${{graph%/}}/v1.0/applications" --headers Content-Type=application/json \\
    --body {shlex.quote(_NEW_APP)} --query appId --output tsv)
  echo "Made the app $client. Should a later step fail, run: bash {SCRIPT} $client"
fi
principal=$(az ad sp list --filter "appId eq '$client'" --query '[0].id' --output tsv)
# A new app can take some seconds to be known everywhere.
for pause in 5 10 20 ''; do
  [ -z "$principal" ] || break
  principal=$(az ad sp create --id "$client" --query id --output tsv) || {{ [ -n "$pause" ] && sleep "$pause"; }}
done

# The role Reader, by its ID.
az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \\
  --role {READER} --scope "$scope" --output none
"""


_TAIL = """
echo "Tenant ID:  $tenant"
echo "Client ID:  $client"
"""


def federated_script(
    *, cloud: str, subscription_id: str, issuer: str, subject: str, audience: str, external_id: str
) -> str:
    credential = json.dumps(
        {"name": APP_NAME, "issuer": issuer, "subject": subject, "audiences": [audience]}, ensure_ascii=True
    )
    return (
        _head(cloud, subscription_id)
        + f"""
# Lets this product's server sign in as the app, without any secret.
if [ -z "$(az ad app federated-credential list --id "$client" --query "[?name=='{APP_NAME}'].id" --output tsv)" ]; then
  az ad app federated-credential create --id "$client" --output none --parameters {shlex.quote(credential)}
fi

# Your mark on the subscription: only you can connect it.
{tag_command(subscription_id, external_id)} --output none
"""
        + _TAIL
    )


def certificate_script(*, cloud: str, subscription_id: str) -> str:
    return (
        _head(cloud, subscription_id)
        + f"""
# A certificate for one year. The private key stays in this file: keep it to yourself.
umask 077
openssl req -x509 -newkey rsa:3072 -sha256 -nodes -days 365 -subj /CN={APP_NAME} \\
  -keyout {APP_NAME}.key -out {APP_NAME}.crt
az ad app credential reset --id "$client" --cert @{APP_NAME}.crt --append --output none
cat {APP_NAME}.key {APP_NAME}.crt > {APP_NAME}.pem
"""
        + _TAIL
        + f'echo "Certificate and private key: {APP_NAME}.pem (delete the files once it is connected)"\n'
    )


def secret_script(*, cloud: str, subscription_id: str) -> str:
    return (
        _head(cloud, subscription_id)
        + f"""
# A secret for half a year; Azure shows it only this once.
ends=$(date -u -d '+180 days' +%Y-%m-%d 2>/dev/null || date -u -v+180d +%Y-%m-%d)
secret=$(az ad app credential reset --id "$client" --display-name {APP_NAME} --end-date "$ends" --append \\
  --query password --output tsv)
"""
        + _TAIL
        + 'echo "Client secret:  $secret"\necho "Expires on:  $ends"\n'
    )


GRAPH_APP = "00000003-0000-0000-c000-000000000000"  # Microsoft Graph, the same everywhere


def directory_script(cloud: str) -> str:
    """Gives an app that exists the optional grant. By Graph itself, whose roles it looks up by name.

    https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto
    """
    return f"""#!/usr/bin/env bash
# Optional: lets the app read the tenant's policies, who has registered for multifactor authentication, and which apps
# there are with since when their secrets are valid. Secrets themselves nobody can read.
# It can change nothing. For a Privileged Role Administrator of the tenant.
set -euo pipefail

client=${{1:?Say which app: bash {DIRECTORY_SCRIPT} CLIENT-ID}}
if [ "$(az cloud show --query name --output tsv)" != {shlex.quote(cloud)} ]; then
  echo {shlex.quote(f"Sign in to {cloud} first: az cloud set --name {cloud} && az login")} >&2
  exit 1
fi
graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)
graph="${{graph%/}}/v1.0"
principal=$(az ad sp show --id "$client" --query id --output tsv)
resource=$(az ad sp show --id {GRAPH_APP} --query id --output tsv)
given=$(az rest --method get --url "$graph/servicePrincipals/$principal/appRoleAssignments" \
  --query 'value[].appRoleId' --output tsv)
for name in {" ".join(GRAPH_PERMISSIONS)}; do
  role=$(az ad sp show --id {GRAPH_APP} --query "appRoles[?value=='$name'].id | [0]" --output tsv)
  if ! grep -qxF "$role" <<<"$given"; then
    body=$(printf '{{"principalId":"%s","resourceId":"%s","appRoleId":"%s"}}' "$principal" "$resource" "$role")
    az rest --method post --url "$graph/servicePrincipals/$resource/appRoleAssignedTo" --body "$body" \\
      --headers Content-Type=application/json --output none
  fi
done
echo "The app may read: {", ".join(GRAPH_PERMISSIONS)}"
"""


def _directory_terraform() -> str:
    names = ", ".join(hcl_string(name) for name in GRAPH_PERMISSIONS)
    return f"""
# Optional: also lets the app read the tenant's policies, who has a second factor, and the dates of apps' secrets.
variable "read_directory" {{
  type    = bool
  default = false
}}

data "azuread_service_principal" "graph" {{
  client_id = {hcl_string(GRAPH_APP)}
}}

resource "azuread_app_role_assignment" "directory" {{
  for_each            = toset(var.read_directory ? [{names}] : [])
  app_role_id         = data.azuread_service_principal.graph.app_role_ids[each.value]
  principal_object_id = azuread_service_principal.reader.object_id
  resource_object_id  = data.azuread_service_principal.graph.object_id
}}
"""


def terraform(
    *, environment: str, subscription_id: str, federation: tuple[str, str, str] | None, external_id: str, kind: str
) -> str:
    """``federation`` is issuer, subject and audience; ``kind`` the method's key."""
    text = f"""terraform {{
  required_providers {{
    azuread = {{ source = "hashicorp/azuread", version = ">= 3.0" }}
    azurerm = {{ source = "hashicorp/azurerm", version = ">= 4.0" }}
  }}
}}

provider "azuread" {{
  environment = {hcl_string(environment)}
}}

provider "azurerm" {{
  features {{}}
  environment                     = {hcl_string(environment)}
  subscription_id                 = {hcl_string(subscription_id)}
  resource_provider_registrations = "none"
}}

variable "scope" {{
  description = "A subscription, or a management group: /providers/Microsoft.Management/managementGroups/GROUP"
  default     = {hcl_string(f"/subscriptions/{subscription_id}")}
}}

data "azuread_client_config" "current" {{}}

resource "azuread_application" "reader" {{
  display_name     = {hcl_string(APP_NAME)}
  sign_in_audience = "AzureADMyOrg"
}}

resource "azuread_service_principal" "reader" {{
  client_id = azuread_application.reader.client_id
}}

# The role Reader.
resource "azurerm_role_assignment" "reader" {{
  scope              = var.scope
  role_definition_id = "{_ROLES.format(subscription_id)}/{READER}"
  principal_id       = azuread_service_principal.reader.object_id
}}
"""
    if federation is not None:
        issuer, subject, audience = federation
        text += f"""
# Lets this product's server sign in as the app, without any secret.
resource "azuread_application_federated_identity_credential" "reader" {{
  application_id = azuread_application.reader.id
  display_name   = {hcl_string(APP_NAME)}
  issuer         = {hcl_string(issuer)}
  subject        = {hcl_string(subject)}
  audiences      = [{hcl_string(audience)}]
}}

# Your mark on the subscription: only you can connect it.
resource "terraform_data" "external_id" {{
  input = {hcl_string(external_id)}
  provisioner "local-exec" {{
    command = {hcl_string(tag_command(subscription_id, external_id))}
  }}
}}
"""
    if kind == "client_secret":
        text += """
resource "azuread_application_password" "reader" {
  application_id = azuread_application.reader.id
  end_date       = timeadd(plantimestamp(), "4320h")
  lifecycle {
    ignore_changes = [end_date]
  }
}

output "client_secret" {
  value     = azuread_application_password.reader.value
  sensitive = true
}

output "expires_on" {
  value = formatdate("YYYY-MM-DD", azuread_application_password.reader.end_date)
}
"""
    if kind == "certificate":
        text += """
resource "azuread_application_certificate" "reader" {
  application_id = azuread_application.reader.id
  type           = "AsymmetricX509Cert"
  value          = file("cloud-accounts-reader.crt")
}
"""
    return (
        text
        + _directory_terraform()
        + """
output "tenant_id" {
  value = data.azuread_client_config.current.tenant_id
}

output "client_id" {
  value = azuread_application.reader.client_id
}
"""
    )
