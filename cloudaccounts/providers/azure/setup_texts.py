"""What a person runs at Azure: az CLI and Terraform. Pure functions; each quotes for its own language.

What is filled in comes from allow-lists: UUIDs, the owner's external ID (``[a-z0-9-]``), clouds from a table; issuer
and subject are the operator's.
"""

from __future__ import annotations

import json
import shlex

from cloudaccounts.provider_kit.setup_texts import hcl_string

# Changing it would ask every customer with a federated credential to tag the subscription again.
TAG = "cloud-accounts-external-id"
APP_NAME = "cloud-accounts-reader"
# Built-in roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECURITY_READER = "39bc4728-0917-49c7-9d2c-d95423bc2eb4"
_ROLES = "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions"


def tag_command(subscription_id: str, external_id: str) -> str:
    """Merges: all other tags of the subscription stay."""
    return (
        f"az tag update --resource-id /subscriptions/{subscription_id} --operation Merge "
        f"--tags {shlex.quote(f'{TAG}={external_id}')}"
    )


def role_command(client_id: str, subscription_id: str) -> str:
    return "\n".join(
        f"az role assignment create --assignee {client_id} --role {role} --scope /subscriptions/{subscription_id}"
        for role in (READER, SECURITY_READER)
    )


def _head(cloud: str, subscription_id: str) -> str:
    return f"""#!/usr/bin/env bash
# Makes an app that may read the subscription's configuration. It can change nothing.
set -euo pipefail

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

client=$(az ad app list --display-name {APP_NAME} --query '[0].appId' --output tsv)
if [ -z "$client" ]; then
  client=$(az ad app create --display-name {APP_NAME} --sign-in-audience AzureADMyOrg --query appId --output tsv)
fi
principal=$(az ad sp list --filter "appId eq '$client'" --query '[0].id' --output tsv)
if [ -z "$principal" ]; then
  principal=$(az ad sp create --id "$client" --query id --output tsv)
fi

# Reader and Security Reader, by their role IDs.
for role in {READER} {SECURITY_READER}; do
  az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \\
    --role "$role" --scope "$scope" --output none
done
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


def terraform(
    *, environment: str, subscription_id: str, federation: tuple[str, str, str] | None, external_id: str, kind: str
) -> str:
    """``federation`` is issuer, subject and audience; ``kind`` the method's key."""
    text = f"""terraform {{
  required_providers {{
    azuread = {{ source = "hashicorp/azuread" }}
    azurerm = {{ source = "hashicorp/azurerm" }}
  }}
}}

provider "azuread" {{
  environment = {hcl_string(environment)}
}}

provider "azurerm" {{
  features {{}}
  environment     = {hcl_string(environment)}
  subscription_id = {hcl_string(subscription_id)}
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

# Reader and Security Reader.
resource "azurerm_role_assignment" "reader" {{
  for_each           = toset([{hcl_string(READER)}, {hcl_string(SECURITY_READER)}])
  scope              = var.scope
  role_definition_id = "{_ROLES.format(subscription_id)}/${{each.value}}"
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
        + """
output "tenant_id" {
  value = data.azuread_client_config.current.tenant_id
}

output "client_id" {
  value = azuread_application.reader.client_id
}
"""
    )
