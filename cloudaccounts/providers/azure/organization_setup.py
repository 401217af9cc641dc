"""What an administrator of a tenant runs, so that one app may read all subscriptions of a management group."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from urllib.parse import quote

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from cloudaccounts.provider_kit.setup_texts import hcl_string
from cloudaccounts.providers.azure.clouds import cloud_of
from cloudaccounts.providers.azure.setup_texts import READER, TAG

GROUP_PATH = "/providers/Microsoft.Management/managementGroups"
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftmanagement
_GROUP = re.compile(r"[A-Za-z0-9_(][A-Za-z0-9_().-]{0,88}[A-Za-z0-9_()-]|[A-Za-z0-9_]")


def clean_group(raw: str) -> str:
    """A management group's ID; its whole path is understood, empty stays empty. Code ``management_group_invalid``."""
    text = raw.strip()
    if text.lower().startswith(f"{GROUP_PATH.lower()}/"):
        text = text[len(GROUP_PATH) + 1 :].rstrip("/")
    if text and not _GROUP.fullmatch(text):
        raise ProviderError(
            "management_group_invalid", "This is not the ID of a management group.",
            "Copy the ID from Management groups in the Azure portal; leave it empty for the whole tenant.",
        )  # fmt: skip
    return text


def assign_command(client_id: str, group: str) -> str:
    return (
        f"az role assignment create --assignee {shlex.quote(client_id)} --role {READER} "
        f"--scope {shlex.quote(f'{GROUP_PATH}/{group}')}"
    )


def guides(context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
    cloud = cloud_of(context.partition)
    group = clean_group(options.get("root", "")) or options.get("root_id", "").removeprefix("managementGroups/")
    group = group if _GROUP.fullmatch(group) else "TENANT-ID"
    intro = f"Gives the app that is connected here the role Reader at the management group {group}."
    link = deploy_link(cloud.portal, context.organization_template_url)
    return (
        *([_in_the_portal(intro, group, link)] if link else ()),
        SetupGuide(
            key="cli",
            label="Azure CLI",
            intro=f"{intro} Subscriptions that join later are covered as well.",
            snippets=(
                Snippet(
                    "Script",
                    script(cloud.cli, group, context.external_id),
                    "bash",
                    "cloud-accounts-management-group.sh",
                ),
                Snippet(
                    "Template of the same role, for operators who publish it",
                    template(),
                    "json",
                    "cloud-accounts-management-group.json",
                ),
            ),
            steps=(
                "Run it as an Owner or User Access Administrator of the management group, with the app's client ID: "
                "bash cloud-accounts-management-group.sh CLIENT-ID.",
                "Where the app signs in by a federated credential, add --tag: each subscription then gets your mark, "
                "without which it is neither listed nor connected.",
                "To act at the tenant's root group, a Global Administrator must first turn on “Access management for "
                "Azure resources” in the properties of Microsoft Entra ID.",
            ),
        ),
        SetupGuide(
            key="terraform",
            label="Terraform",
            intro=intro,
            snippets=(
                Snippet(
                    "Configuration",
                    terraform(cloud.name, context.account_id, group),
                    "hcl",
                    "cloud-accounts-management-group.tf",
                ),
            ),
            steps=("Run terraform init, then terraform apply -var client_id=CLIENT-ID.",),
        ),
    )


def _in_the_portal(intro: str, group: str, link: str) -> SetupGuide:
    return SetupGuide(
        key="portal",
        label="Azure portal",
        intro=intro,
        link_label="Give the role in the Azure portal",
        link_url=link,
        steps=(
            f"Choose the management group {group}, and any region: it is where Azure keeps the record.",
            "Enter the app's object ID, as Enterprise applications in Microsoft Entra ID shows it (the one of App "
            "registrations is another), then Review and create.",
            "Where the app signs in by a federated credential, run the script below with --tag as well: each "
            "subscription needs your mark.",
        ),
    )


def deploy_link(portal: str, address: str) -> str:
    """Opens the operator's copy of `template` in the portal; empty where none is published over https.

    https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-to-azure-button: the address is encoded
    whole, and no parameter can be filled in.
    """
    if not address.startswith("https://"):
        return ""
    return f"https://{portal}/#create/Microsoft.Template/uri/{quote(address, safe='')}"


def template() -> str:
    """What an operator publishes as ``AZURE_ORGANIZATION_TEMPLATE_URL``. JSON; it says nothing of a customer.

    https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-to-management-group: by this schema the
    portal asks for a management group. A name made of group, app and role lets it run again without harm.
    """
    return json.dumps(
        {
            "$schema": "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "parameters": {
                "principalId": {
                    "type": "string",
                    "minLength": 36,
                    "maxLength": 36,
                    "metadata": {"description": "Object ID of the connected app, as Enterprise applications shows it."},
                }
            },
            "resources": [
                {
                    "type": "Microsoft.Authorization/roleAssignments",
                    "apiVersion": "2022-04-01",
                    "name": f"[guid(managementGroup().id, parameters('principalId'), '{READER}')]",
                    "properties": {
                        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{READER}",
                        "principalId": "[parameters('principalId')]",
                        "principalType": "ServicePrincipal",
                    },
                }
            ],
        },
        indent=2,
    )


def script(cloud: str, group: str, external_id: str) -> str:
    """Bash. Runs again without harm."""
    return f"""#!/usr/bin/env bash
# Lets one app read the configuration of all subscriptions in a management group. It can change nothing.
set -euo pipefail

client=${{1:?Say which app: bash $0 CLIENT-ID [--tag]}}
group={shlex.quote(group)}
scope="{GROUP_PATH}/$group"

if [ "$(az cloud show --query name --output tsv)" != {shlex.quote(cloud)} ]; then
  echo {shlex.quote(f"Sign in to {cloud} first: az cloud set --name {cloud} && az login")} >&2
  exit 1
fi
principal=$(az ad sp show --id "$client" --query id --output tsv)
az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \\
  --role {READER} --scope "$scope" --output none

if [ "${{2:-}}" = --tag ]; then
  # The list comes in pages. Of each: the link to the next one, or "-", then a subscription a line.
  subscriptions="value[?ends_with(type, '/subscriptions')].name"
  link="$scope/descendants?api-version=2020-05-01"
  while [ "$link" != - ]; do
    page=$(az rest --method get --url "$link" --query "[[nextLink || '-'], $subscriptions][]" --output tsv)
    {{
      read -r link
      while read -r subscription; do
        az tag update --resource-id "/subscriptions/$subscription" --operation Merge \\
          --tags {shlex.quote(f"{TAG}={external_id}")} --output none </dev/null
      done
    }} <<<"$page"
  done
fi
"""


def terraform(environment: str, subscription_id: str, group: str) -> str:
    """The subscription is the connected one: azurerm wants one from 4.0 on, whatever it does (see `setup_texts`)."""
    return f"""terraform {{
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

variable "client_id" {{
  description = "The app that is connected in Cloud Accounts."
}}

data "azuread_service_principal" "reader" {{
  client_id = var.client_id
}}

data "azurerm_management_group" "connected" {{
  name = {hcl_string(group)}
}}

# The role Reader.
resource "azurerm_role_assignment" "reader" {{
  scope              = data.azurerm_management_group.connected.id
  role_definition_id = "/providers/Microsoft.Authorization/roleDefinitions/{READER}"
  principal_id       = data.azuread_service_principal.reader.object_id
}}
"""
