"""Organizations and the connected account that each is read with: connected, and kept while members depend on it."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.organizations import organizations_of
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.credentials.sharing import members_through
from cloudaccounts.errors import ConnectionInUseError, InputError
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Organization, OrganizationMember
from cloudaccounts.models.organization import MemberState
from cloudaccounts.operations.workers import server_identity
from cloudaccounts.organizations.choosing import shown_members
from cloudaccounts.organizations.sync import request_sync
from cloudaccounts.work.databases import SECURITY
from teams.scope import Scope

CHUNK = 500  # keys in one query: SQLite and PostgreSQL limit the number of parameters


def connect_organization(account: CloudAccount, *, actor: Actor, options: Mapping[str, str]) -> Organization:
    """Connects an account's organization and requests its first sync; repeating it changes the options.

    Raises `InputError`, also where the account is suspended.
    """
    provider = organizations_of(registry.get(account.provider))
    if provider is None or account.connection is not None:
        raise InputError({"account": "An organization cannot be reached through this account."})
    if account.status == CloudAccountStatus.SUSPENDED:
        raise InputError({"account": "This account is suspended. Resume it first."})
    # The provider's own form, as on the page: a command or a call may not give what a person could not.
    form = provider.organization_form(dict(options))
    if not form.is_valid():
        raise InputError({name: str(errors[0]) for name, errors in form.errors.items()})
    values = {name: str(value) for name, value in form.cleaned_data.items() if value}
    try:
        with transaction.atomic(using=SECURITY):
            row = Organization.objects.create(
                owner=account.owner, provider=account.provider, connection=account.pk, options=values
            )
    except IntegrityError:
        # ``connection`` is unique: this account's organization is connected already, or another owner's still is.
        existing = Organization.objects.filter(connection=account.pk, owner=account.owner).first()
        if existing is None:
            raise InputError({"account": "Somebody else's organization is reached through this account."}) from None
        row = existing
        if row.options == values and row.is_looking:
            return row
        # From the first page again: a cursor of the old options would skip what only the new ones can see.
        if not Organization.objects.filter(pk=row.pk).update(options=values, cursor=""):
            # Its first sync was refused at this moment, and the row is gone.
            return connect_organization(account, actor=actor, options=options)
    record_event(
        actor=actor, owner=account.owner, action="organization.connected", account=account.pk, label=account.name,
        text=f"Organization reached through {account.name}", organization=str(row.pk), options=values,
    )  # fmt: skip
    return request_sync(row, actor=actor)


def remove_organization(organization: Organization, *, actor: Actor) -> None:
    """Takes the organization off the list. Raises `ConnectionInUseError` while members are connected through it."""
    if members := members_through(organization.connection):
        raise ConnectionInUseError(members)
    with transaction.atomic(using=SECURITY):
        # Members first: a kill in between leaves an organization by which the rest can be removed once more.
        OrganizationMember.objects.filter(organization=organization.pk).delete()
        Organization.objects.filter(pk=organization.pk).delete()
        record_event(
            actor=actor, owner=organization.owner, action="organization.removed",
            text=f"Organization {organization.title} removed", organization=str(organization.pk),
        )  # fmt: skip


def guides(organization: Organization, account: CloudAccount) -> tuple[SetupGuide, ...]:
    """How an administrator gives this server access to all members. Asks no network."""
    context = SetupContext(
        account_id=account.account_id,
        partition=account.partition,
        regions=tuple(account.regions),
        external_id=external_id_for(account.owner),
        server=server_identity(account.provider),
        # By name: which clouds there are, this module does not know.
        organization_template_url=getattr(settings, f"{account.provider.upper()}_ORGANIZATION_TEMPLATE_URL", ""),
    )
    provider = registry.get_with_organizations(organization.provider)
    return provider.organization_guides(context, {**organization.options, "root_id": organization.root_id})


def ignore_members(
    organization: Organization, members: list[str], *, actor: Actor, scope: Scope | None = None, back: bool = False
) -> int:
    """Leaves members out of what is proposed, or takes them in again (``back``). Counts those that changed.

    ``scope`` is that of who asks; members that it does not show are left as they are.
    """
    # Onboarded members are in neither list: an account that is connected is not left out by a tick.
    before = [MemberState.IGNORED] if back else [MemberState.NEW, MemberState.FAILED]
    after = MemberState.NEW if back else MemberState.IGNORED
    rows = OrganizationMember.objects.filter(organization=organization.pk, state__in=before)
    rows = shown_members(scope or Scope(organization.owner), rows)
    changed = 0
    for start in range(0, len(members), CHUNK):
        changed += rows.filter(pk__in=members[start : start + CHUNK]).update(state=after)
    if changed:
        record_event(
            actor=actor, owner=organization.owner, action="organization.members_changed",
            text=f"{changed} members of {organization.title} {'taken in again' if back else 'left out'}",
            account=organization.connection, label=organization.title, organization=str(organization.pk),
            number=changed, back=back, at=timezone.now().isoformat(),
        )  # fmt: skip
    return changed
