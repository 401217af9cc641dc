"""The registry of reads: what each shows of each account. A read that is not here is not held to its scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from cloudaccounts.accounts import posture
from cloudaccounts.accounts import queries as accounts
from cloudaccounts.accounts.queries import AccountFilter
from cloudaccounts.audit import queries as audit
from cloudaccounts.audit.queries import AuditFilter
from cloudaccounts.health import queries as health
from cloudaccounts.models import CloudAccount
from cloudaccounts.notifications import queries as notices
from cloudaccounts.organizations import queries as organizations
from cloudaccounts.rotation import report, standing
from scans.assets import queries as assets
from scans.assets.queries import AssetFilter
from scans.compliance.catalogue import frameworks
from scans.compliance.controls import failing_findings
from scans.compliance.coverage import coverage_of
from scans.compliance.scope import accounts_in_scope
from scans.engines import queries as engines
from scans.engines.queries import EngineFilter
from scans.findings import counts
from scans.findings import queries as findings
from scans.findings.filters import FindingFilter
from scans.runs import queries as runs
from scans.runs.queries import ScanFilter
from scans.site_search.queries import search
from teams.scope import Scope

FRAMEWORK = next(iter(frameworks().values()))
MANY = 1000  # more than there are, so that no limit cuts what is compared


@dataclass(frozen=True)
class Read:
    """Rows in their order. ``account`` says of which account a row is."""

    rows: Callable[[Scope], Iterable[Any]]
    account: Callable[[Any], UUID] = attrgetter("account")


_pk = attrgetter("pk")
ROWS: dict[str, Read] = {
    "accounts": Read(lambda scope: accounts.accounts(scope, AccountFilter()), _pk),
    "accounts by name": Read(lambda scope: accounts.accounts(scope, AccountFilter(q="account", sort="-name")), _pk),
    "accounts by age": Read(lambda scope: accounts.accounts(scope, AccountFilter(sort="age", status="active")), _pk),
    "accounts by rotation": Read(lambda scope: accounts.accounts(scope, AccountFilter(rotation="critical")), _pk),
    "failed accounts": Read(lambda scope: accounts.failed(scope, MANY), _pk),
    "due accounts": Read(lambda scope: accounts.due(scope, MANY), _pk),
    "blinded accounts": Read(lambda scope: accounts.blinded(scope, MANY), _pk),
    "accounts to check again": Read(health.failed_accounts, _pk),
    "accounts by key": Read(
        lambda scope: sorted(accounts.account_lookup(scope, CloudAccount.objects.values_list("pk", flat=True))),
        lambda key: key,
    ),
    "accounts to connect through": Read(organizations.connecting_choices, _pk),
    "ages of credentials": Read(lambda scope: report.accounts(report.RotationFilter(scope=scope)), _pk),
    "exported ages": Read(lambda scope: report.rows(report.RotationFilter(scope=scope)), lambda row: UUID(row["id"])),
    "accounts of a report": Read(lambda scope: accounts_in_scope(scope).accounts, _pk),
    "found accounts": Read(lambda scope: search(scope, "account").accounts, _pk),
    "found assets": Read(lambda scope: [hit.asset for hit in search(scope, "thing").assets]),
    "findings": Read(lambda scope: findings.findings(scope, FindingFilter())),
    "findings with a text": Read(lambda scope: findings.findings(scope, FindingFilter(q="thing"))),
    "findings of named accounts": Read(lambda scope: findings.findings(scope, FindingFilter(q="account-"))),
    "resolved findings": Read(lambda scope: findings.findings(scope, FindingFilter(status=("resolved",)))),
    "suppressed findings": Read(lambda scope: findings.findings(scope, FindingFilter(status=("suppressed",)))),
    "open findings": Read(lambda scope: findings.open_findings(scope).order_by("pk")),
    "findings that fail a control": Read(
        lambda scope: failing_findings(accounts_in_scope(scope), FRAMEWORK, ["check_a"]),
    ),
    "suppressed findings of a control": Read(
        lambda scope: failing_findings(accounts_in_scope(scope), FRAMEWORK, ["aws_s3_public"], suppressed=True),
    ),
    "coverage of a report": Read(lambda scope: coverage_of(accounts_in_scope(scope)), lambda row: row.account.pk),
    "assets": Read(lambda scope: assets.assets(scope, AssetFilter())),
    "assets with a text": Read(lambda scope: assets.assets(scope, AssetFilter(q="thing"))),
    "assets of two letters": Read(lambda scope: assets.assets(scope, AssetFilter(q="ac"))),
    "scans": Read(lambda scope: runs.runs(scope, ScanFilter())),
    "active scans": Read(lambda scope: runs.active(scope, MANY)),
    "latest scans": Read(lambda scope: runs.latest(scope, MANY)),
    "scans that changed something": Read(lambda scope: runs.latest_changes(scope, MANY)),
    "audit": Read(lambda scope: audit.events(scope, AuditFilter())),
    "exported audit": Read(lambda scope: audit.rows(scope, AuditFilter()), lambda row: row["account_id"]),
    "notices": Read(notices.notices),
    "accounts with a standing secret": Read(standing.holding, _pk),
    "standing secrets, exported": Read(lambda scope: list(standing.rows(scope)), lambda row: UUID(row["id"])),
    "a second engine's findings": Read(lambda scope: engines.engine_findings(scope, EngineFilter())),
    "a second engine's, by relation": Read(
        lambda scope: engines.engine_findings(scope, EngineFilter(relation="differs"))
    ),
    "a second engine's, resolved": Read(lambda scope: engines.engine_findings(scope, EngineFilter(resolved=True))),
    "organizations": Read(organizations.organizations, attrgetter("connection")),
}

Counted = Callable[[list[CloudAccount], list[Any]], Any]


def overview(scope: Scope) -> tuple[int, int, int]:
    numbers = accounts.overview(scope)
    return numbers.total, numbers.failed, numbers.overdue


def severities(scope: Scope) -> dict[str, int]:
    return counts.count_by_severity(findings.open_findings(scope))


# By the accounts and open findings that are visible: (read, what it shall say).
NUMBERS: dict[str, tuple[Callable[[Scope], Any], Counted]] = {
    "count of accounts": (accounts.count, lambda shown, _: len(shown)),
    "overview": (
        lambda scope: accounts.overview(scope).total, lambda shown, _: len(shown),
    ),
    "failed accounts": (
        lambda scope: accounts.overview(scope).failed, lambda shown, _: sum(row.status == "failed" for row in shown),
    ),
    "accounts by environment": (
        lambda scope: {part.environment: part.accounts for part in posture.by_environment(scope)},
        lambda shown, _: {
            name: number for name in ("production", "staging", "dev")
            if (number := sum(row.environment == name for row in shown))
        },
    ),
    "findings by severity": (
        severities,
        lambda _, rows: {
            name: sum(row.severity == name for row in rows) for name in ("critical", "high", "medium", "low")
        },
    ),
    "findings by account": (
        lambda scope: {line.key: line.total for line in counts.count_by_account(findings.open_findings(scope), MANY)},
        lambda _, rows: {str(key): sum(row.account == key for row in rows) for key in {row.account for row in rows}},
    ),
    "what to fix first": (
        lambda scope: {row.check_id for row in counts.most_urgent_checks(scope)},
        lambda _, rows: {row.check_id for row in rows},
    ),
    "a second engine's findings": (
        lambda scope: sum(engines.relation_counts(scope).values()), lambda shown, _: 2 * len(shown),
    ),
    "standing secrets": (
        lambda scope: standing.figures(scope).holding, lambda shown, _: len(shown),
    ),
    "types of assets": (
        lambda scope: assets.asset_types(scope, AssetFilter(), None),
        lambda shown, _: ["aws.ec2.instance"] if shown else [],
    ),
}  # fmt: skip
