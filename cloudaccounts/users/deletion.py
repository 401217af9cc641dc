"""What goes with a user who is deleted. Who has accounts is not deleted (`cloudaccounts.users.guard`)."""

from __future__ import annotations

from django.db import transaction

from cloudaccounts.groups import services as group_services
from cloudaccounts.models import (
    ApiToken,
    NoticePreference,
    Organization,
    OrganizationMember,
    OwnerExternalId,
)
from cloudaccounts.work.databases import SECURITY


def delete_owner_records(owner: str) -> None:
    """Groups, organizations, tokens, preferences and the external ID. The trail, jobs and notices go by their age."""
    with transaction.atomic(using=SECURITY):
        ApiToken.objects.filter(owner=owner).delete()  # first: what could still act in the name of nobody
        OrganizationMember.objects.filter(owner=owner).delete()
        Organization.objects.filter(owner=owner).delete()
        NoticePreference.objects.filter(owner=owner).delete()
        OwnerExternalId.objects.filter(owner=owner).delete()
        group_services.delete_owner_records(owner)
