"""A credential that other accounts are opened with: the connection of an organization, and its members."""

from __future__ import annotations

from uuid import UUID, uuid4

from cloudaccounts.errors import ConnectionInUseError
from cloudaccounts.models import CloudAccount, Organization, OrganizationMember
from cloudaccounts.models.organization import MemberState


def members_through(connection: UUID) -> int:
    return CloudAccount.objects.filter(connection=connection).count()


def refuse_while_used(account: CloudAccount) -> None:
    """Raises `ConnectionInUseError`."""
    if members := members_through(account.pk):
        raise ConnectionInUseError(members)


def detach_from_organization(account: CloudAccount) -> None:
    """An account that is deleted: as a member it is new again, and the organization behind it goes with it."""
    for member in OrganizationMember.objects.filter(account=account.pk):
        # Another UUID for the next time: the audit knows the old one as deleted.
        OrganizationMember.objects.filter(pk=member.pk).update(
            account=None, state=MemberState.NEW, becomes=uuid4(), code="", cause="", remedy="", tested_at=None
        )
    for organization in Organization.objects.filter(connection=account.pk):
        OrganizationMember.objects.filter(organization=organization.pk).delete()
        organization.delete()
