"""A credential that other accounts are opened with: the connection of an organization, and its members."""

from __future__ import annotations

from uuid import UUID, uuid4

from cloudaccounts.errors import ConnectionInUseError
from cloudaccounts.models import CloudAccount, Organization, OrganizationMember
from cloudaccounts.models.organization import MemberKind, MemberState


def members_through(connection: UUID) -> int:
    return CloudAccount.objects.filter(connection=connection).count()


def refuse_while_used(account: CloudAccount) -> None:
    """Raises `ConnectionInUseError`: deleted or transferred, the account would leave its members without access."""
    if members := members_through(account.pk):
        raise ConnectionInUseError(members)


def recognize_member(account: CloudAccount) -> None:
    """For an account that was connected by itself: as a member of its owner's organization it is not new any more."""
    organizations = Organization.objects.filter(owner=account.owner, provider=account.provider)
    OrganizationMember.objects.filter(
        organization__in=list(organizations.values_list("pk", flat=True)),
        kind=MemberKind.ACCOUNT, account_id=account.account_id, account=None,
    ).update(account=account.pk, state=MemberState.ONBOARDED, code="", cause="", remedy="")  # fmt: skip


def detach_from_organization(account: CloudAccount) -> None:
    """For an account that is deleted: as a member it is new again; an organization reached through it is removed."""
    for member in OrganizationMember.objects.filter(account=account.pk):
        # Another UUID for the next time: audit events say of the old one that it was deleted, and adding an account
        # refuses such a one.
        OrganizationMember.objects.filter(pk=member.pk).update(
            account=None, state=MemberState.NEW, becomes=uuid4(), code="", cause="", remedy="", tested_at=None
        )
    for organization in Organization.objects.filter(connection=account.pk):
        # Members first: without transactions a kill leaves an organization by which the next try can still remove the
        # rest.
        OrganizationMember.objects.filter(organization=organization.pk).delete()
        organization.delete()
