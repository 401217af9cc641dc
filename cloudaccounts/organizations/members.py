"""Testing and onboarding an organization's members: jobs of which each item can be repeated after a kill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from cloudaccounts.accounts.details import (
    ALL_REGIONS,
    NAME_LIMIT,
    AccountDetails,
    chosen_regions,
    clean_details,
    split_regions,
)
from cloudaccounts.accounts.rate_limits import NOT_A_GUESS
from cloudaccounts.accounts.resolution import ResolvedAccount, resolve_account
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.credentials import vault
from cloudaccounts.errors import DuplicateAccountError, InputError, ValidationRefusedError
from cloudaccounts.health.validation import prove_access
from cloudaccounts.jobs.runner import Outcome, handles, start_job
from cloudaccounts.lifecycle.adding import connect_account
from cloudaccounts.lifecycle.state_changes import delete_account
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Job, JobItem, Organization, OrganizationMember
from cloudaccounts.models.organization import MemberKind, MemberState, ProviderState
from cloudaccounts.organizations import grouping

TEST = "organization.test"
ONBOARD = "organization.onboard"
# Members validated at once. Each asks about ten times within some seconds: far below STS's 600 a second and what
# Resource Manager (Azure's and Google's) gives one identity; what is throttled all the same waits as the provider asks.
THREADS = 8
CHUNK = 500  # keys in one query: SQLite and PostgreSQL limit the number of parameters


class ConnectionGoneError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "connection_gone",
            "The account whose credential was used was deleted, suspended or given away meanwhile.",
            "Connect the organization again, or resume that account.",
        )


def validate_members(organization: Organization, *, actor: Actor, members: Iterable[UUID | str]) -> Job:
    """Checks that each member can be opened and read; stores nothing but the outcome. Raises `InputError`."""
    items = list(_items(organization, members))
    if not items:
        raise InputError({"members": "Choose at least one account that can be tested."})
    return start_job(
        owner=organization.owner, actor=actor, kind=TEST, title=f"Test members of {organization.title}", items=items,
        options={"organization": str(organization.pk)},
    )  # fmt: skip


def onboard_members(
    organization: Organization,
    *,
    actor: Actor,
    members: Iterable[UUID | str],
    environment: str,
    regions: str | Sequence[str] = ALL_REGIONS,
    group: str = "",
) -> Job:
    """Proves each member and connects it through the organization's connection. ``regions`` may be ``all``.

    Raises `InputError`.
    """
    connection = CloudAccount.objects.filter(pk=organization.connection).first()
    if connection is None:
        raise InputError({"members": "The account whose credential was used is gone. Connect it again."})
    # Cleaned once, with the connection's own id: environment, regions and group are the same for all members, and a
    # mistake in them must not fail a thousand items one by one.
    checked = clean_details(_details(organization, connection, connection.account_id, "any", environment, regions))
    group = grouping.resolve_group_id(organization.owner, group)
    items = list(_items(organization, members))
    if not items:
        raise InputError({"members": "Choose at least one account that is not connected yet."})
    return start_job(
        owner=organization.owner, actor=actor, kind=ONBOARD, title=f"Onboard members of {organization.title}",
        items=items,
        options={
            "organization": str(organization.pk), "environment": checked.environment,
            "regions": ALL_REGIONS if checked.all_regions else list(checked.regions),
            "group": group,
        },
    )  # fmt: skip


def new_members(organization: Organization, *, under: str = "", failed: bool = False) -> list[UUID]:
    """Active accounts that are new (or have failed), in the whole tree or below one container."""
    # A member that a killed worker left in the middle counts as new: onboarding it again finishes what was begun.
    states = [MemberState.NEW, MemberState.ONBOARDING, *([MemberState.FAILED] if failed else [])]
    members = OrganizationMember.objects.filter(
        organization=organization.pk, kind=MemberKind.ACCOUNT, state__in=states, provider_state=ProviderState.ACTIVE
    )
    if not under:
        return list(members.order_by("name", "pk").values_list("pk", flat=True))
    below, keys = containers_below(organization, under), []
    for start in range(0, len(below), CHUNK):
        keys += list(members.filter(parent_id__in=below[start : start + CHUNK]).values_list("pk", flat=True))
    return keys


def containers_below(organization: Organization, node_id: str) -> list[str]:
    """The container itself and all below it; none where it is no container. A circle ends: each is reached once.

    Walked here and not by the database: MongoDB's backend has no recursive queries, and containers are few.
    """
    children: dict[str, list[str]] = {}
    known = False
    rows = OrganizationMember.objects.filter(organization=organization.pk, kind=MemberKind.CONTAINER)
    for key, parent in rows.values_list("node_id", "parent_id"):
        children.setdefault(parent, []).append(key)
        known = known or key == node_id
    if not known:
        return []
    reached, waiting = {node_id: None}, [node_id]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in reached:
                reached[child] = None
                waiting.append(child)
    return list(reached)


def _items(organization: Organization, members: Iterable[UUID | str]) -> Iterator[tuple[str, str]]:
    keys = list(dict.fromkeys(str(member) for member in members))
    for start in range(0, len(keys), CHUNK):
        rows = OrganizationMember.objects.filter(
            organization=organization.pk, kind=MemberKind.ACCOUNT, pk__in=keys[start : start + CHUNK]
        ).exclude(state=MemberState.ONBOARDED)
        for row in rows.order_by("name", "pk"):
            yield str(row.pk), f"{row.name} {row.account_id}" if row.name != row.account_id else row.name


@handles(TEST, threads=THREADS)
def _test(job: Job, item: JobItem) -> Outcome:
    organization, member = _find(job, item)
    if member is None or organization is None:
        return Outcome.skipped("This member is gone.")
    if member.state == MemberState.ONBOARDED or member.provider_state != ProviderState.ACTIVE:
        return _skip(member)
    try:
        connection, credentials = _open(organization, member, Actor.from_dict(job.actor), "a test")
        resolved = _resolve(organization, connection, member, connection.environment, chosen_regions(connection))
        report = prove_access(resolved, credentials, attempt=NOT_A_GUESS)
        if not report.ok:
            raise ValidationRefusedError(report)
    except ProviderError as error:
        return _failed(member, error)
    # NEW and not ONBOARDED: a test stores nothing, it only clears what an earlier one said.
    _write(member, state=MemberState.NEW, tested_at=timezone.now(), code="", cause="", remedy="")
    return Outcome()


@handles(ONBOARD, threads=THREADS)
def _onboard(job: Job, item: JobItem) -> Outcome:
    """Repeatable: a worker that dies anywhere in here leaves the item waiting, and the next one goes on.

    The account gets the UUID that the member holds for it, so that onboarding twice finds the first one's account.
    """
    organization, member = _find(job, item)
    if member is None or organization is None:
        return Outcome.skipped("This member is gone.")
    if member.provider_state != ProviderState.ACTIVE:
        return _skip(member)
    actor, options = Actor.from_dict(job.actor), job.options
    # By the UUID that the member holds: an earlier try that was killed after writing it is finished here.
    account = CloudAccount.objects.of(organization.owner).filter(pk=member.becomes).first()
    # Connected, but not under the UUID that this member holds: by its owner, in another way.
    if account is None and member.state == MemberState.ONBOARDED:
        return _skip(member)
    if account is None:
        # Written before the account: a page shows what is going on, and `new_members` offers it again after a kill.
        _write(member, state=MemberState.ONBOARDING)
        try:
            account = _add(organization, member, actor, options)
        except DuplicateAccountError:
            return _connected_already(organization, member)
        except ProviderError as error:
            return _failed(member, error)
    grouping.add_to_group(account, str(options.get("group", "")), actor=actor)
    _write(
        member, state=MemberState.ONBOARDED, account=account.pk, tested_at=timezone.now(), code="", cause="", remedy=""
    )
    return Outcome()


def _add(organization: Organization, member: OrganizationMember, actor: Actor, options: dict[str, Any]) -> CloudAccount:
    connection, credentials = _open(organization, member, actor, "onboarding")
    resolved = _resolve(organization, connection, member, options["environment"], options["regions"])
    report = prove_access(resolved, credentials, attempt=NOT_A_GUESS)
    account = connect_account(
        resolved, actor=actor, credentials=credentials, report=report, account_uuid=member.becomes,
        connection=connection,
    )  # fmt: skip
    # Whoever deletes, transfers or suspends the connection looks for members first: ours may have come after that look.
    if not _is_still_usable(connection):
        delete_account(account, actor=actor)
        raise ConnectionGoneError
    return account


def _resolve(
    organization: Organization,
    connection: CloudAccount,
    member: OrganizationMember,
    environment: str,
    regions: str | Sequence[str],
) -> ResolvedAccount:
    """Raises `InputError`. A cloud's own name may be longer than ours."""
    name = (member.name or member.account_id)[:NAME_LIMIT]
    return resolve_account(
        organization.owner, _details(organization, connection, member.account_id, name, environment, regions)
    )


def _is_still_usable(connection: CloudAccount) -> bool:
    connections = CloudAccount.objects.of(connection.owner).filter(pk=connection.pk)
    return connections.exclude(status=CloudAccountStatus.SUSPENDED).exists()


def _find(job: Job, item: JobItem) -> tuple[Organization | None, OrganizationMember | None]:
    organization = Organization.objects.filter(owner=job.owner, pk=job.options["organization"]).first()
    # By owner on both sides: options are what was asked for once, and an organization may have changed hands.
    members = OrganizationMember.objects.filter(organization=job.options["organization"], owner=job.owner)
    return organization, members.filter(pk=item.subject).first()


def _open(
    organization: Organization, member: OrganizationMember, actor: Actor, purpose: str
) -> tuple[CloudAccount, Credentials]:
    return vault.open_member(
        organization=organization, account_id=member.account_id, label=member.name, actor=actor, purpose=purpose
    )


def _details(
    organization: Organization,
    connection: CloudAccount,
    account_id: str,
    name: str,
    environment: str,
    regions: str | Sequence[str],
) -> AccountDetails:
    all_regions, names = split_regions(regions)
    return AccountDetails(
        provider=organization.provider,
        account_id=account_id,
        partition=connection.partition,
        name=name or account_id,
        environment=environment,
        regions=names,
        all_regions=all_regions,
    )


def _skip(member: OrganizationMember) -> Outcome:
    if member.state == MemberState.ONBOARDED:
        return Outcome.skipped("Connected already.")
    return Outcome.skipped(f"The cloud says that this account is {member.provider_state}.")


def _connected_already(organization: Organization, member: OrganizationMember) -> Outcome:
    account = CloudAccount.objects.of(organization.owner).filter(
        provider=organization.provider, account_id=member.account_id
    )
    _write(member, state=MemberState.ONBOARDED, account=account.values_list("pk", flat=True).first(), code="", cause="")
    return Outcome.skipped("Connected already.")


def _failed(member: OrganizationMember, error: ProviderError) -> Outcome:
    _write(
        member, state=MemberState.FAILED, tested_at=timezone.now(), code=error.code, cause=error.cause[:500],
        remedy=error.remedy[:500],
    )  # fmt: skip
    return Outcome.failed(error)


def _write(member: OrganizationMember, **changes: Any) -> None:
    OrganizationMember.objects.filter(pk=member.pk).update(**changes)
