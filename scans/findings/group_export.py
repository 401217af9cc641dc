"""Findings of whole groups as OCSF events, for channels that take findings (`cloudaccounts.channels`)."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any
from uuid import UUID

from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.channels.findings_source import register
from cloudaccounts.group_scope import within
from scans.compliance.own.catalogue import catalogue_of
from scans.models import Finding
from teams.scope import Scope


@register
def events_of(scope: Scope, groups: Iterable[tuple[UUID, str]], most: int) -> list[dict[str, Any]]:
    """Open, suppressed and resolved ones, as they are now: what is sent again brings a receiver to the same state."""
    ocsf = import_module("scans.findings.ocsf")  # its classes take half a second to load, and pages need none
    pairs = list(groups)
    catalogue = catalogue_of(scope.owner)
    accounts = account_lookup(scope, {account for account, _ in pairs})
    events: list[dict[str, Any]] = []
    for account, check in pairs:
        rows = within(Finding.objects.filter(account=account, check_id=check), scope).defer("history", "suppressions")
        for row in rows.order_by("asset_key")[: most - len(events)]:
            event = ocsf.event(row, accounts.get(account), catalogue)
            events.append(event.model_dump(mode="json", exclude_none=True))
    return events
