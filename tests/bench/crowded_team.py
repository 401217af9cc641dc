"""A team with 100,000 rows in each of its lists."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from cloudaccounts.models import (
    AccountGroup,
    ApiToken,
    AuditEvent,
    ChannelMessage,
    CloudAccount,
    GroupMember,
    Job,
    JobItem,
    Notice,
    NotificationChannel,
    Organization,
    OrganizationMember,
)
from cloudaccounts.models.account import Environment
from cloudaccounts.models.job import ItemState
from cloudaccounts.models.notice import NoticeKind
from scans.engines.models import EngineFinding
from scans.findings.tag_sets import remember_tag_sets
from scans.models import Asset, Finding, MuteRule, ScanRun
from scans.saved_views.models import SavedView
from scans.tags import tag_lines
from teams.names import name_key
from tests.bench.filling import insert
from wizard.models import WizardSession

NAME = "bench-crowded"
MANY = 100_000
NOW = timezone.now()
SUBJECTS = ("scan.completed", "account.created", "credential.opened", "finding.suppressed", "job.started")
# Limits of a team: `GROUP_LIMIT`, `MOST_RULES`, and the defaults of TEAM_DRAFTS, TEAM_CHANNELS and views.
GROUPS, RULES, DRAFTS, CHANNELS, VIEWS, TOKENS = 1_000, 500, 200, 50, 100, 100


def fill() -> dict[str, str]:
    """Writes them, and answers with what `names_of` does."""
    user = User.objects.create_user(NAME, password="not-used-here")
    owner = str(user.pk)
    accounts = [uuid4() for _ in range(MANY)]
    insert(CloudAccount, (_account(owner, key, number) for number, key in enumerate(accounts)))
    _groups(owner, accounts)
    _activity(owner, accounts)
    _team(owner, accounts)
    _posture(owner, accounts)
    for connection in connections.all():
        connection.cursor().execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return names_of(user)


def names_of(user: User) -> dict[str, str]:
    """What the addresses of its lists are filled with."""
    owner = str(user.pk)
    event = AuditEvent.objects.filter(owner=owner).order_by("-created_at")[MANY // 2]
    accounts = CloudAccount.objects.filter(owner=owner)
    return {
        "account": str(accounts.get(name="account-000007").pk),
        "full_account": str(accounts.get(name="account-000001").pk),
        "group": str(AccountGroup.objects.get(owner=owner, name="all of them").pk),
        "job": str(Job.objects.get(owner=owner, title="The large one").pk),
        "organization": str(Organization.objects.get(owner=owner, name="The organization").pk),
        "channel": str(NotificationChannel.objects.get(owner=owner, name="channel-0").pk),
        "audit_mark": f"{event.created_at.isoformat().replace('+', '%2B')}~{event.pk}",
    }


def _account(owner: str, key: UUID, number: int) -> dict[str, Any]:
    name = f"account-{number:06d}"
    permissions = [{"service": "IAM", "permission": f"iam:Get{n}", "status": "granted"} for n in range(12)]
    report = {"ok": True, "finished": True, "identity": "", "checks": [], "permissions": permissions, "regions": []}
    provider, partition = (("aws", "aws"), ("azure", "public"), ("gcp", "gcp"))[number % 3]
    return {
        "id": key, "owner": owner, "provider": provider, "partition": partition, "auth_method": "access_keys",
        "account_id": f"{number:012d}", "name": name, "name_key": name_key(name),
        "status": "active" if number % 20 else "failed", "regions": ["us-east-1", "eu-west-1"],
        "last_checked_at": NOW - timedelta(seconds=number % 900), "last_check": report,
        "credential_since": NOW - timedelta(days=number % 100), "environment": Environment.values[number % 3],
        "open_critical": number % 5, "open_high": number % 11, "passed_weight": 1_000 + number % 77,
        "failed_weight": number % 99, "score": number % 101, "coverage_percent": 100 if number % 4 else 80,
        "scanned_at": NOW - timedelta(hours=number % 60), "next_check_at": NOW + timedelta(hours=1),
        "created_at": NOW - timedelta(minutes=number), "updated_at": NOW,
    }  # fmt: skip


def _groups(owner: str, accounts: list[UUID]) -> None:
    group = AccountGroup.objects.create(owner=owner, name="all of them", size=len(accounts))
    insert(GroupMember, ({"id": uuid4(), "group": group.pk, "account": key, "owner": owner, "added_at": NOW}
                         for key in accounts))  # fmt: skip
    insert(AccountGroup, ({"id": uuid4(), "owner": owner, "name": f"group {number:04d}", "created_at": NOW,
                           "updated_at": NOW} for number in range(1, GROUPS)))  # fmt: skip


def _activity(owner: str, accounts: list[UUID]) -> None:
    insert(ScanRun, (_run(owner, accounts[number % 10_000], number) for number in range(MANY)))
    insert(AuditEvent, (_event(owner, accounts[number % 10_000], number) for number in range(MANY)))
    kinds = [kind for kind in NoticeKind.values if kind != NoticeKind.SYSTEM]
    insert(Notice, (
        {"id": uuid4(), "key": f"bench:{number}", "kind": kinds[number % len(kinds)], "owner": owner,
         "account": accounts[number % 10_000], "account_label": f"account-{number % 10_000:06d}",
         "text": f"account-{number % 10_000:06d} has lost a permission", "remedy": "Grant it again.",
         "created_at": NOW - timedelta(minutes=number), "spread_at": NOW}
        for number in range(MANY)
    ))  # fmt: skip
    insert(Job, (
        {"id": uuid4(), "owner": owner, "kind": "accounts.revalidate", "title": f"Check {number} again",
         "state": "finished", "total": 5, "done": 5, "requested_at": NOW - timedelta(minutes=number),
         "started_at": NOW, "finished_at": NOW}
        for number in range(MANY)
    ))  # fmt: skip
    large = Job.objects.create(owner=owner, kind="accounts.revalidate", title="The large one", state="finished",
                               total=MANY, done=MANY - MANY // 20, failed=MANY // 20, requested_at=NOW)  # fmt: skip
    insert(JobItem, (
        {"id": uuid4(), "job": large.pk, "position": number, "subject": str(key), "account": key,
         "label": f"account-{number:06d}", "state": ItemState.DONE if number % 20 else ItemState.FAILED,
         "code": "" if number % 20 else "permission_missing", "cause": "" if number % 20 else "It is not granted.",
         "remedy": "" if number % 20 else "Grant it."}
        for number, key in enumerate(accounts)
    ))  # fmt: skip


def _run(owner: str, account: UUID, number: int) -> dict[str, Any]:
    at = NOW - timedelta(minutes=number)
    gaps = [{"service": "s3", "region": "eu-west-1", "code": "permission_missing", "cause": "No.", "remedy": "Grant."}]
    return {
        "run_id": uuid4(), "owner": owner, "account": account, "account_name": f"account-{number % 10_000:06d}",
        "provider": ("aws", "azure", "gcp")[number % 3], "scan_type": "incremental",
        "status": "completed" if number % 50 else "failed", "requested_at": at, "started_at": at,
        "finished_at": at + timedelta(minutes=1), "gaps": [] if number % 4 else gaps * 4,
        "open_by_severity": {"critical": 1, "high": 4}, "verdicts": {"pass": 100, "fail": 5, "unknown": 1},
    }  # fmt: skip


def _event(owner: str, account: UUID, number: int) -> dict[str, Any]:
    return {
        "id": uuid4(), "owner": owner, "account": account, "account_label": f"account-{number % 10_000:06d}",
        "actor": "system", "actor_label": "system" if number % 5 else "someone", "via": "worker",
        "action": SUBJECTS[number % len(SUBJECTS)], "text": "It was done.", "detail": {"run": str(account)},
        "created_at": NOW - timedelta(seconds=7 * number),
    }  # fmt: skip


def _team(owner: str, accounts: list[UUID]) -> None:
    insert(MuteRule, (
        {"id": uuid4(), "owner": owner, "check_id": f"check_{number % 40}", "account": accounts[number % 1_000],
         "reason": "It is known.", "author": "someone", "created_at": NOW - timedelta(minutes=number),
         "ended_at": None if number < RULES else NOW - timedelta(minutes=number)}
        for number in range(MANY)
    ))  # fmt: skip
    insert(SavedView, (
        {"id": uuid4(), "owner": owner, "name": f"view {number:03d}", "page": "findings", "query": "severity=high",
         "author": "someone", "created_at": NOW}
        for number in range(VIEWS)
    ))  # fmt: skip
    insert(WizardSession, (
        {"id": uuid4(), "owner": owner, "name": f"draft {number}", "provider": "aws", "updated_at": NOW,
         "expires_at": NOW + timedelta(days=7 if number < DRAFTS else -1)}
        for number in range(MANY)
    ))  # fmt: skip
    insert(ApiToken, (
        {"id": uuid4(), "owner": owner, "user": owner, "name": f"token {number}", "hint": "cam_abcd",
         "digest": f"{number:064x}", "created_at": NOW - timedelta(minutes=number),
         "revoked_at": None if number < TOKENS - 50 else NOW}
        for number in range(MANY)
    ))  # fmt: skip
    channels = [uuid4() for _ in range(CHANNELS)]
    insert(NotificationChannel, (
        {"id": key, "owner": owner, "kind": "slack", "name": f"channel-{number}", "events": [], "min_severity": "high",
         "created_at": NOW}
        for number, key in enumerate(channels)
    ))  # fmt: skip
    insert(ChannelMessage, (
        {"id": uuid4(), "channel": channels[0], "owner": owner, "title": f"Message {number}", "events": 3,
         "state": "sent", "attempts": 1, "created_at": NOW - timedelta(minutes=number), "sent_at": NOW}
        for number in range(MANY)
    ))  # fmt: skip
    _organization(owner, accounts)


def _organization(owner: str, accounts: list[UUID]) -> None:
    """A hundred containers of a thousand accounts each."""
    organization = Organization.objects.create(
        owner=owner, provider="aws", connection=accounts[0], root_id="r-1", name="The organization", generation=1,
        last_synced_at=NOW, seen=MANY,
    )  # fmt: skip

    def node(number: int, kind: str, node_id: str, parent: str, name: str) -> dict[str, Any]:
        known = kind == "account" and number % 10 == 0
        return {
            "id": uuid4(), "organization": organization.pk, "owner": owner, "node_id": node_id, "parent_id": parent,
            "kind": kind, "account_id": f"{number:012d}" if kind == "account" else "", "name": name,
            "name_key": name_key(name), "first_seen_at": NOW, "seen_in": 1,
            "state": "failed" if number % 100 == 1 else "onboarded" if known else "new",
            "account": accounts[number] if known else None, "becomes": uuid4(),
        }  # fmt: skip

    def nodes() -> Iterator[dict[str, Any]]:
        yield node(0, "container", "r-1", "", "Root")
        for number in range(100):
            yield node(0, "container", f"ou-{number:03d}", "r-1", f"unit {number:03d}")
        for number in range(MANY - 101):
            parent = "r-1" if number % 4 == 0 else f"ou-{number % 100:03d}"
            yield node(number, "account", f"{number:012d}", parent, f"member-{number:06d}")

    insert(OrganizationMember, nodes())


def _posture(owner: str, accounts: list[UUID]) -> None:
    from tests.bench import scans

    rows = [CloudAccount(pk=key, owner=owner, name=f"account-{number:06d}", account_id=f"{number:012d}")
            for number, key in enumerate(accounts[:20])]  # fmt: skip
    chance = random.Random(1)  # noqa: S311  # spreads rows, guards nothing
    remember_tag_sets(owner, {tag_lines(scans.tags(number)) for number in range(MANY)})
    insert(Asset, (scans.asset_values(rows[number % 20], number) for number in range(MANY)))
    insert(Finding, (scans.finding_values(rows[number % 20], number) for number in range(MANY)))
    insert(EngineFinding, (_second_opinion(rows[number % 20], number, chance) for number in range(MANY)))


def _second_opinion(account: CloudAccount, number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "id": uuid4(), "engine": "prowler", "account": account.pk, "finding_key": f"{number:064x}",
        "owner": account.owner, "account_name": account.name, "provider": "aws",
        "check_id": f"s3_check_{number % 70}", "verdict": "fail",
        "relation": ("both", "only", "differs")[number % 3], "rule": "", "resource": f"arn:{number}",
        "resource_name": f"bucket-{number}", "region": "eu-west-1", "service": "s3", "severity": "high",
        "severity_rank": chance.randrange(4), "title": f"Rule {number % 70}", "reason": "No.", "first_seen": NOW,
        "last_seen": NOW, "last_run": account.pk,
    }  # fmt: skip
