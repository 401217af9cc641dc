"""What goes with a user who is deleted. Who has accounts is not deleted (`cloudaccounts.users`)."""

from __future__ import annotations

from django.db import transaction

from cloudaccounts.dispatch import SECURITY
from cloudaccounts.models import (
    ApiToken,
    NoticePreference,
    Organization,
    OrganizationMember,
    OwnerExternalId,
)
from cloudaccounts.services import groups


def forget_owner(owner: str) -> None:
    """Groups, organizations, tokens, preferences and the external ID. The trail, jobs and notices go by their age."""
    with transaction.atomic(using=SECURITY):
        ApiToken.objects.filter(owner=owner).delete()  # first: what could still act in the name of nobody
        OrganizationMember.objects.filter(owner=owner).delete()
        Organization.objects.filter(owner=owner).delete()
        NoticePreference.objects.filter(owner=owner).delete()
        OwnerExternalId.objects.filter(owner=owner).delete()
        groups.forget_owner(owner)
