"""What is deleted with a user. A user who owns accounts cannot be deleted (`cloudaccounts.users.guard`)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from cloudaccounts.channels.retention import delete_channels_of
from cloudaccounts.events import owner_deleted
from cloudaccounts.groups import services as group_services
from cloudaccounts.models import (
    ApiToken,
    NoticePreference,
    NoticeReader,
    Organization,
    OrganizationMember,
    OwnerExternalId,
    RetiredExternalId,
)
from cloudaccounts.work.databases import SECURITY


def delete_owner_records(owner: str) -> None:
    """Groups, organizations, channels, tokens, preferences and the external ID.

    Audit, jobs and notices stay until their age ends.
    """
    with transaction.atomic(using=SECURITY):
        # First: without transactions (MongoDB) a kill must not leave a usable token. The user's own reach other teams.
        ApiToken.objects.filter(Q(owner=owner) | Q(user=owner)).delete()
        # Before anything else could be sent for somebody who is gone.
        delete_channels_of(owner)
        # Members before their organization: a kill in between leaves the organization, which is among the rows that
        # `existence.report_ownerless_rows` looks for.
        OrganizationMember.objects.filter(owner=owner).delete()
        Organization.objects.filter(owner=owner).delete()
        NoticePreference.objects.filter(owner=owner).delete()
        NoticeReader.objects.filter(Q(person=owner) | Q(owner=owner)).delete()
        # Never given to anybody else: ids are random, so what a customer's trust names after this opens nothing here.
        OwnerExternalId.objects.filter(owner=owner).delete()
        RetiredExternalId.objects.filter(owner=owner).delete()
        group_services.delete_owner_records(owner)
        owner_deleted.send(sender=None, owner=owner)
