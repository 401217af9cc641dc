"""A team with a random tree of groups, and rows of every kind for each of its accounts."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.bulk.actions import revalidate_many
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import AccountGroup, CloudAccount, Organization, OrganizationMember
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.models.organization import MemberKind, MemberState
from cloudaccounts.notifications.notify import notify
from scans.models import AccountFindingDay, EngineFinding, ScanRun
from teams.scope import Scope
from tests.conftest import MakeAccount
from tests.scans.assets.test_views import asset
from tests.scans.findings.test_views import make as finding

SEVERITIES = ("critical", "high", "medium", "low")


@dataclass
class World:
    owner: str
    accounts: list[CloudAccount]
    parents: dict[UUID, UUID | None]  # of each group
    members: dict[UUID, set[UUID]]  # the accounts in each group itself

    def nested(self, limit: frozenset[UUID]) -> set[UUID]:
        """Written another way than the product's: a group is in where it, or any group above it, is in the limit."""

        def is_in(group: UUID | None) -> bool:
            return group is not None and (group in limit or is_in(self.parents[group]))

        return {group for group in self.parents if is_in(group)}

    def visible(self, limit: frozenset[UUID]) -> set[UUID]:
        return {account for group in self.nested(limit) for account in self.members[group]}


def make_world(random: Random, owner: User, make_account: MakeAccount) -> World:
    scope = Scope(str(owner.pk))
    accounts = [fill(make_account(owner, **_random_fields(random, number)), random) for number in range(7)]
    groups: list[AccountGroup] = []
    members: dict[UUID, set[UUID]] = {}
    for number in range(6):
        parent = random.choice([None, *groups])
        group = create_group(scope=scope, actor=SYSTEM, name=f"group {number}", parent=parent.pk if parent else None)
        groups.append(group)
        members[group.pk] = {account.pk for account in random.sample(accounts, random.choice([0, 1, 2, 4]))}
        add_members(group, actor=SYSTEM, accounts=members[group.pk])
    connect(random.choice(accounts), accounts)
    return World(scope.owner, accounts, {group.pk: group.parent for group in groups}, members)


def random_limit(random: Random, world: World, foreign: UUID) -> frozenset[UUID]:
    """Some groups, now and then none, one that was deleted, or one of another team."""
    groups = random.sample(sorted(world.parents), random.choice([0, 1, 1, 2, 3]))
    return frozenset([*groups, *([uuid4(), foreign] if random.random() < 0.3 else [])])


def fill(account: CloudAccount, random: Random) -> CloudAccount:
    """Rows of every kind that a page or a call shows of an account."""
    name = f"{account.name}-thing"
    asset(account, name)
    for number in range(random.choice([1, 2, 3])):
        finding(account, f"{name}-{number}", random.choice(SEVERITIES), check_id=f"check_{random.choice('ab')}")
    finding(account, f"{name}-gone", "low", status="resolved", resolved_at=timezone.now())
    finding(account, f"{name}-meant", "low", suppressed=True, suppressed_reason="Meant so.")
    notify(NoticeKind.ACCOUNT_FAILED, key=f"{account.pk}:x", text=f"{account.name} has failed.", account=account)
    record_event(
        actor=SYSTEM, owner=account.owner, action="account.changed", text=f"{account.name} changed",
        account=account.pk, label=account.name,
    )  # fmt: skip
    for number, (relation, is_open) in enumerate((("differs", True), ("only", True), ("both", False))):
        now = timezone.now()
        EngineFinding.objects.create(
            engine="prowler", account=account.pk, owner=account.owner, account_name=account.name,
            provider=account.provider, finding_key=f"{number:064x}", check_id="their_check", verdict="fail",
            relation=relation, is_open=is_open, resource=name, resource_name=name, severity="high", severity_rank=1,
            title="Theirs", first_seen=now, last_seen=now, last_run=account.pk,
        )  # fmt: skip
    AccountFindingDay.objects.create(
        owner=account.owner, account=account.pk, day=f"{timezone.now():%Y-%m-%d}", high=random.randrange(9)
    )
    if not ScanRun.objects.filter(account=account.pk).exists():  # none is started of an account that has failed
        ScanRun.objects.create(
            account=account.pk, owner=account.owner, account_name=account.name, provider=account.provider,
            status="failed", requested_at=timezone.now(),
        )  # fmt: skip
    if random.random() < 0.5:
        ScanRun.objects.filter(account=account.pk).update(status="completed", active_account=None, findings_new=1)
    return account


def connect(connection: CloudAccount, accounts: list[CloudAccount]) -> Organization:
    organization = Organization.objects.create(
        owner=connection.owner, provider=connection.provider, connection=connection.pk, name="Tree", root_id="r"
    )
    # One that is not connected yet: the cloud's, and seen with the organization.
    for account in [None, *accounts]:
        OrganizationMember.objects.create(
            organization=organization.pk, owner=connection.owner, node_id=str(uuid4()), parent_id="r",
            kind=MemberKind.ACCOUNT, account=account.pk if account else None, name=account.name if account else "new",
            state=MemberState.ONBOARDED if account else MemberState.NEW, first_seen_at=timezone.now(),
        )  # fmt: skip
    return organization


def start_jobs(world: World, limits: list[frozenset[UUID] | None]) -> None:
    for limit in limits:
        shown = [row for row in world.accounts if limit is None or row.pk in world.visible(limit)]
        revalidate_many(scope=Scope(world.owner, groups=limit), actor=SYSTEM, accounts=shown, title=str(uuid4()))


def _random_fields(random: Random, number: int) -> dict[str, object]:
    return {
        "name": f"account-{number}", "environment": random.choice(["production", "staging", "dev"]),
        "status": random.choice(["active", "active", "failed", "suspended"]), "age_days": random.choice([1, 70, 200]),
        "coverage_percent": random.choice([None, 40, 100]), "provider": random.choice(["aws", "azure", "gcp"]),
    }  # fmt: skip
