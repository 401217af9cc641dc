"""Testing and onboarding an organization's members: jobs of which each item can be repeated after a kill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from cloudaccounts.groups.services import find_groups
from cloudaccounts.health.validation import prove_access
from cloudaccounts.jobs.handlers import Outcome, handles
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.lifecycle.adding import connect_account
from cloudaccounts.lifecycle.state_changes import delete_account
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Job, JobItem, Organization, OrganizationMember
from cloudaccounts.models.organization import MemberState, ProviderState
from cloudaccounts.organizations import grouping
from cloudaccounts.organizations.choosing import items_of
from cloudaccounts.organizations.rules import ROOT, Rule, RuleBook
from teams.roles import Right
from teams.scope import Scope

TEST = "organization.test"
ONBOARD = "organization.onboard"
# Members validated at once. Each asks about ten times within some seconds: far below STS's 600 a second and what
# Resource Manager (Azure's and Google's) gives one identity; what is throttled all the same waits as the provider asks.
THREADS = 8


class ConnectionGoneError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "connection_gone",
            "The account whose credential was used was deleted, suspended or given away meanwhile.",
            "Connect the organization again, or resume that account.",
        )


def validate_members(
    organization: Organization, *, actor: Actor, members: Iterable[UUID | str], scope: Scope | None = None
) -> Job:
    """Checks that each member can be opened and read; stores nothing but the outcome. Raises `InputError`.

    ``scope`` is that of who asks, and of the job; without one it is the whole team's.
    """
    asking = scope or Scope(organization.owner)
    items = list(items_of(asking, organization, members))
    if not items:
        raise InputError({"members": "Choose at least one account that can be tested."})
    return start_job(
        scope=asking, actor=actor, kind=TEST, title=f"Test members of {organization.title}",
        items=items, options={"organization": str(organization.pk)},
    )  # fmt: skip


def onboard_members(
    organization: Organization,
    *,
    actor: Actor,
    members: Iterable[UUID | str],
    environment: str,
    regions: str | Sequence[str] = ALL_REGIONS,
    group: str = "",
    groups: Sequence[str] = (),
    scope: Scope | None = None,
    may_be_none: bool = False,
) -> Job:
    """Proves each member and connects it through the organization's connection. ``regions`` may be ``all``.

    ``scope`` is that of who asks, and of the job: whose groups may be named, where that is not the whole team's.
    Raises `InputError`.
    """
    connection = CloudAccount.objects.filter(pk=organization.connection).first()
    if connection is None:
        raise InputError({"members": "The account whose credential was used is gone. Connect it again."})
    # Cleaned once, with the connection's own id: environment, regions and groups are the same for all members, and a
    # mistake in them must not fail a thousand items one by one.
    checked = clean_details(_details(organization, connection, connection.account_id, "any", environment, regions))
    names, asking = [*groups, *([group] if group.strip() else [])], scope or Scope(organization.owner)
    return _start_onboarding(
        asking, organization, actor, members, may_be_none=may_be_none,
        environment=checked.environment, regions=ALL_REGIONS if checked.all_regions else list(checked.regions),
        groups=[str(key) for key in find_groups(asking, names, field="groups")],
    )  # fmt: skip


def onboard_by_rules(
    organization: Organization,
    *,
    actor: Actor,
    members: Iterable[UUID | str],
    automatic: bool = False,
    scope: Scope | None = None,
    may_be_none: bool = False,
) -> Job:
    """Each becomes what its nearest rule says; without one, what its connection is, in all regions and no group.

    ``automatic``: nobody asked, so a member that no rule onboards automatically any more is left alone. Raises
    `InputError`.
    """
    by_rule = "automatic" if automatic else "asked"
    asking = scope or Scope(organization.owner)
    return _start_onboarding(asking, organization, actor, members, may_be_none=may_be_none, by_rule=by_rule)


def _start_onboarding(
    scope: Scope,
    organization: Organization,
    actor: Actor,
    members: Iterable[UUID | str],
    *,
    may_be_none: bool,
    **options: object,
) -> Job:
    """``may_be_none``: for scripts that onboard whatever is new each night, and find nothing in most of them."""
    items = list(items_of(scope, organization, members))
    if not items and not may_be_none:
        raise InputError({"members": "Choose at least one account that is not connected yet."})
    return start_job(
        scope=scope, actor=actor, kind=ONBOARD, title=f"Onboard members of {organization.title}",
        items=items, options={"organization": str(organization.pk), **options},
    )  # fmt: skip


@handles(TEST, takes=Right.OPERATE, threads=THREADS)
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


@handles(ONBOARD, takes=Right.OPERATE, threads=THREADS)
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
    becomes = _becomes(organization, member, options)
    if becomes is None:
        return Outcome.skipped("No rule onboards it automatically any more.")
    if account is None:
        # Written before the account: a page shows what is going on, and `new_members` offers it again after a kill.
        _write(member, state=MemberState.ONBOARDING)
        try:
            account = _add(organization, member, actor, becomes)
        except DuplicateAccountError:
            return _connected_already(organization, member)
        except ProviderError as error:
            return _failed(member, error)
    for group in becomes.groups:
        grouping.add_to_group(account, str(group), actor=actor)
    _write(
        member, state=MemberState.ONBOARDED, account=account.pk, tested_at=timezone.now(), code="", cause="", remedy=""
    )
    return Outcome()


def _becomes(organization: Organization, member: OrganizationMember, options: dict[str, Any]) -> Rule | None:
    """What the member becomes: by the job's options, or by the rule that is nearest now. None: it is left alone."""
    if by_rule := options.get("by_rule"):
        rule = RuleBook(organization).rule_for(member.parent_id)
        if by_rule == "automatic":
            return rule if rule is not None and rule.auto else None
        return rule or Rule(ROOT, _connection_environment(organization))
    # Jobs of older versions name one group; none is an empty text.
    groups = options.get("groups") or filter(None, [options.get("group")])
    return Rule(
        under=member.parent_id, environment=str(options["environment"]), regions=options["regions"],
        groups=tuple(UUID(str(group)) for group in groups),
    )  # fmt: skip


def _connection_environment(organization: Organization) -> str:
    environment = CloudAccount.objects.filter(pk=organization.connection).values_list("environment", flat=True).first()
    if environment is None:
        raise ConnectionGoneError
    return environment


def _add(organization: Organization, member: OrganizationMember, actor: Actor, becomes: Rule) -> CloudAccount:
    connection, credentials = _open(organization, member, actor, "onboarding")
    resolved = _resolve(organization, connection, member, becomes.environment, becomes.regions)
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
