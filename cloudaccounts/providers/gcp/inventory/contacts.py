"""Whom Google tells about a project, those of the folders and the organization above included. No Django.

https://cloud.google.com/resource-manager/docs/managing-notification-contacts, and for the call
https://cloud.google.com/resource-manager/docs/reference/essentialcontacts/rest/v1/projects.contacts/compute
"""

from __future__ import annotations

from typing import Any

from cloudaccounts.providers.gcp.client import Connection

CATEGORIES = ("LEGAL", "SECURITY", "SUSPENSION", "TECHNICAL")
_URL = "https://essentialcontacts.googleapis.com/v1"


def essential_contacts(connection: Connection, project_id: str) -> list[dict[str, Any]]:
    """Where each stands and what it is told, without addresses, which no rule needs. Raises the SDK's errors."""
    contacts = connection.pages(
        f"{_URL}/projects/{project_id}/contacts:compute",
        # Contacts of ALL are in the answer for each category.
        {"notificationCategories": [*CATEGORIES], "pageSize": 100},
        "contacts",
    )
    told = [
        {
            "at": str(contact.get("name", "")).partition("/contacts/")[0],
            "categories": sorted(map(str, contact.get("notificationCategorySubscriptions", ()))),
            "valid": str(contact.get("validationState", "")),
        }
        for contact in contacts
    ]
    return sorted(told, key=lambda contact: (contact["at"], contact["categories"]))
