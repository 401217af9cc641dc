"""Accounts as JSON. Of a credential they show its age only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from cloudaccounts.accounts.coverage import coverage_numbers, stored_gaps
from cloudaccounts.accounts.details import chosen_regions
from cloudaccounts.accounts.enabled_checks import off_checks
from cloudaccounts.credentials.age import age_of
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import CloudAccount
from teams.scope import Scope

Shape = dict[str, Any]


def accounts_json(scope: Scope, accounts: Iterable[CloudAccount]) -> list[Shape]:
    rows = list(accounts)
    # For the whole page at once: two queries, however many accounts it shows.
    groups = group_queries.groups_of_many(scope, rows)
    return [_account(row, groups.get(row.pk, [])) for row in rows]


def account_json(scope: Scope, account: CloudAccount) -> Shape:
    """With the last report, and the gaps of its coverage."""
    # As in a list, and then what lists leave out: gaps and reports are large.
    row = accounts_json(scope, [account])[0]
    gaps = [asdict(gap) for gap in stored_gaps(account)]
    coverage = {**row["coverage"], "gaps": gaps, "switched_off": off_checks(account)}
    return {**row, "coverage": coverage, "validation": account.last_check or None}


def created_json(account: CloudAccount) -> Shape:
    return {
        "id": account.pk,
        "provider": account.provider,
        "account_id": account.account_id,
        "name": account.name,
        "status": account.status,
        "scan_run_id": account.latest_scan_run_id,
        "auto_scan_initiated": account.latest_scan_run_id is not None,
        "validation": account.last_check,
    }


def _account(account: CloudAccount, groups: list[dict[str, str]]) -> Shape:
    age = age_of(account)
    return {
        "id": account.pk,
        "provider": account.provider,
        "account_id": account.account_id,
        "name": account.name,
        "environment": account.environment,
        # As it was chosen; what the last scan made of "all" stands beside it.
        "regions": chosen_regions(account),
        "scanned_regions": account.regions,
        "partition": account.partition,
        "auth_method": account.auth_method,
        "status": account.status,
        "coverage": coverage_numbers(account),
        # Null and not zeros: nothing evaluated is not the same as nothing wrong.
        "posture": account.posture or None,
        "last_scan": account.last_scan or None,
        "last_checked_at": account.last_checked_at,
        "last_check_code": account.last_check_code,
        "last_check_cause": account.last_check_cause,
        "rotation": age.state,
        "credential_age_days": age.days,
        "credential_expires_at": account.credential_expires_at,
        "scan_run_id": account.latest_scan_run_id,
        "groups": groups,
        "created_at": account.created_at,
        "updated_at": account.updated_at,
    }
