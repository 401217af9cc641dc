"""One list of what needs a person: findings, access, credentials, coverage and scans, the most urgent first.

Said once: what has one cause or one rule is one entry with a count. Each entry has its next action.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from django.db.models import Count, Max
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from cloudaccounts.accounts import queries as accounts
from cloudaccounts.accounts.coverage import coverage_numbers
from cloudaccounts.accounts.visibility import within
from cloudaccounts.credentials.age import CredentialAge, RotationState, age_of, cause_of
from cloudaccounts.models import CloudAccount, Notice
from cloudaccounts.models.notice import NoticeKind
from scans.findings.checks import find_check
from scans.findings.queries import open_findings
from scans.models import Finding, FindingStatus, ScanRun, ScanStatus
from teams.names import name_order
from teams.scope import Scope

READ = 50  # accounts of a kind that are looked at to group them by cause
EACH = 4  # entries of a kind; the list behind them has the others
NEW = timedelta(days=1)
SOON = timedelta(days=7)


class Urgency(IntEnum):
    NOW = 0
    TODAY = 1
    WEEK = 2

    @property
    def label(self) -> str:
        return ("Now", "Today", "This week")[self]


@dataclass(frozen=True, slots=True)
class Todo:
    """One entry. ``kind`` says to screen readers what the icon shows; ``weight`` orders entries of one urgency."""

    urgency: Urgency
    kind: str
    icon: str
    tone: str  # of the icon: crit, bad, calm, or empty for amber
    title: str
    text: str
    url: str
    action: str
    where: str = ""
    at: datetime | None = None
    weight: int = 0


def attention(scope: Scope, *, failed: int, late: int, blinded: int) -> list[Todo]:
    """At most six queries. The numbers are those of the overview: what is 0 is not asked for."""
    entries: list[Todo] = [*_criticals(scope), *_failed_scans(scope), *_ending_suppressions(scope)]
    if failed:
        entries += _unreachable(accounts.failed(scope, READ), failed)
    if late:
        entries += _late(accounts.due(scope, READ), late)
    if blinded:
        entries += _blinded(accounts.blinded(scope, EACH), blinded)
    return sorted(entries, key=lambda entry: (entry.urgency, -entry.weight, name_order(entry.title)))


def by_urgency(entries: Iterable[Todo]) -> list[tuple[Urgency, list[Todo]]]:
    listed = list(entries)
    groups = [(urgency, [entry for entry in listed if entry.urgency == urgency]) for urgency in Urgency]
    return [(urgency, own) for urgency, own in groups if own]


def _criticals(scope: Scope) -> list[Todo]:
    """Open critical findings, a rule an entry: those that have new ones first."""
    now = timezone.now()
    rows = open_findings(scope).filter(severity_rank=0).order_by().values("check_id")
    counts = list(rows.annotate(number=Count("*"), newest=Max("open_since")))
    counts.sort(key=lambda row: (row["newest"] < now - NEW, -row["number"]))
    entries = []
    for row in counts[:EACH]:
        check, number, fresh = find_check(row["check_id"]), row["number"], row["newest"] >= now - NEW
        title = check.title if check else row["check_id"]
        entries.append(
            Todo(
                Urgency.NOW if fresh else Urgency.TODAY, "Critical findings", "findings", "crit",
                f"{title}: {number:,} {'resource' if number == 1 else 'resources'}",
                f"{'New within a day. ' if fresh else ''}{check.why if check else ''}".strip(),
                f"{reverse('findings')}?{urlencode({'check': row['check_id']})}", "Open findings",
                "Critical", row["newest"], weight=40 * number,
            )
        )  # fmt: skip
    return entries


def _unreachable(rows: Sequence[CloudAccount], number: int) -> list[Todo]:
    """Accounts whose access has failed, a cause an entry."""
    causes: dict[tuple[str, str], list[CloudAccount]] = {}
    for account in rows:
        causes.setdefault((account.provider, account.last_check_code), []).append(account)
    entries = []
    for own in sorted(causes.values(), key=len, reverse=True)[:EACH]:
        first = own[0]
        remedy = first.last_check_remedy or str(first.last_check.get("remedy", ""))
        text = f"{first.last_check_cause or 'The last check failed.'} {remedy}".strip()
        # Only where all of them were read is the number of a cause known.
        count = f"{len(own)}" if number <= READ else f"{len(own)} or more"
        title = f"{first.name} cannot be reached" if len(own) == 1 else f"{count} accounts cannot be reached"
        url = reverse("account", args=[first.pk]) if len(own) == 1 else f"{reverse('accounts')}?status=failed"
        where = first.get_environment_display() if len(own) == 1 else f"{first.name} and others"
        entries.append(
            Todo(
                Urgency.NOW, "Unreachable", "unlink", "bad", title, text, url,
                "Reconnect" if len(own) == 1 else "Show them", where, first.health_since, weight=30 * len(own),
            )
        )  # fmt: skip
    return entries


def _late(rows: Sequence[CloudAccount], number: int) -> list[Todo]:
    """Credentials that are overdue, expiring or due; those that are late in the same way are one."""
    alike: dict[str, list[tuple[CloudAccount, CredentialAge]]] = {}
    for account in rows:
        age = age_of(account)
        overdue = age.state == RotationState.CRITICAL
        # What the cloud itself ends is another matter than what a limit of ours does, and stands first.
        how = "have expired" if age.expired else "expire soon" if age.expires_soon else "are due"
        alike.setdefault("are overdue" if overdue and not age.expired else how, []).append((account, age))
    entries = []
    for how, own in alike.items():
        (first, age), one = own[0], len(own) == 1
        overdue = age.state == RotationState.CRITICAL
        only = f"The credential of {first.name} is {'overdue' if overdue else 'due'}"
        count = f"{len(own)}" if number <= READ else f"{len(own)} or more"
        named = ", ".join(f"{account.name} ({age.text})" for account, age in own[:EACH])
        others = f" and {len(own) - EACH} more" if len(own) > EACH else ""
        entries.append(
            Todo(
                Urgency.NOW if overdue else Urgency.WEEK, "Credential", "key", "bad" if overdue else "",
                only if one else f"{count} credentials {how}",
                f"{cause_of(age) if one else f'{named}{others}.'} The new one is tested before it takes over.",
                reverse("account-rotate", args=[first.pk]) if one else reverse("rotation"),
                "Replace" if one else "Show them",
                f"{first.get_environment_display()} · {age.text}" if one else "",
                weight=(25 if overdue else 5) * len(own),
            )
        )  # fmt: skip
    return [*entries, *_more(number - len(rows), "credentials are due", "key", "rotation", "")]


def _blinded(rows: Sequence[CloudAccount], number: int) -> list[Todo]:
    """Accounts that work and are not read completely, the least covered first; those with the same gaps are one."""
    alike: dict[str, list[CloudAccount]] = {}
    for account in rows:
        text = f"{account.coverage_percent or 0}% is read: {', '.join(_gaps(account))}."
        alike.setdefault(text, []).append(account)
    entries = []
    for text, own in alike.items():
        first, one = own[0], len(own) == 1
        percent = first.coverage_percent or 0
        urgency = Urgency.TODAY if percent < 90 else Urgency.WEEK
        entries.append(
            Todo(
                urgency, "Blinded", "blind", "bad" if percent < 50 else "",
                f"{first.name} is partly blinded" if one else f"{len(own)} accounts are partly blinded",
                f"{'' if one else _named(own)}{text} What is not read is neither passed nor failed.",
                reverse("account", args=[first.pk]) if one else f"{reverse('accounts')}?coverage=gaps",
                "Show gaps" if one else "Show them",
                first.get_environment_display() if one else "", first.scanned_at, weight=100 - percent,
            )
        )  # fmt: skip
    return [*entries, *_more(number - len(rows), "accounts have gaps", "blind", "accounts", "coverage=gaps")]


def _named(accounts: Sequence[CloudAccount]) -> str:
    return f"{', '.join(account.name for account in accounts)}. "


def _gaps(account: CloudAccount) -> list[str]:
    numbers = coverage_numbers(account)
    regions, units = numbers["regions"], numbers["units"]
    parts = (
        ((regions["enabled"] or 0) - regions["read"], "enabled region is", "enabled regions are", " not read"),
        (units["total"] - units["read"], "reading", "readings", " failed"),
        (units["stale"], "reading is", "readings are", " stale"),
        (numbers["permissions"]["denied"], "permission is", "permissions are", " denied"),
    )
    named = [
        f"{number} {singular if number == 1 else many}{what}" for number, singular, many, what in parts if number > 0
    ]
    return named or ["its page says what is missing"]


def _failed_scans(scope: Scope) -> list[Todo]:
    """From the notices: a run that failed has one, and they are far fewer than runs.

    Accounts that are gone, or whose latest scan did not fail, need nobody any more.
    """
    rows = within(Notice.objects.filter(kind=NoticeKind.SCAN_FAILED, created_at__gte=timezone.now() - NEW), scope)
    notices = list(rows.order_by("-created_at")[:READ])
    if not notices:
        return []
    latest = CloudAccount.objects.filter(pk__in={notice.account for notice in notices}).values_list(
        "latest_scan_run_id", flat=True
    )
    runs = ScanRun.objects.filter(pk__in=[run for run in latest if run], status=ScanStatus.FAILED)
    still = set(runs.values_list("account", flat=True))
    failed = [notice for notice in notices if notice.account in still]
    if not failed:
        return []
    names = {notice.account_label for notice in failed}
    title = (
        f"The scan of {failed[0].account_label} failed" if len(names) == 1 else f"Scans of {len(names)} accounts failed"
    )
    text = f"{failed[0].text} {failed[0].remedy}".strip()
    url = f"{reverse('scans')}?status=failed"
    return [
        Todo(Urgency.TODAY, "Failed scans", "scans", "", title, text, url, "Show them", "", failed[0].created_at, 20)
    ]


def _ending_suppressions(scope: Scope) -> list[Todo]:
    ending = within(Finding.objects.filter(suppressed=True, status=FindingStatus.OPEN), scope)
    number = ending.filter(suppressed_until__lte=timezone.now() + SOON)[: READ + 1].count()
    if not number:
        return []
    count = f"{READ}+" if number > READ else str(number)
    return [
        Todo(
            Urgency.WEEK, "Suppressions", "clock", "calm",
            f"{count} suppression{'' if number == 1 else 's'} end{'s' if number == 1 else ''} within a week",
            "What they hold back counts as open again then.", f"{reverse('findings')}?status=suppressed", "Review",
        )
    ]  # fmt: skip


def _more(number: int, what: str, icon: str, name: str, query: str) -> list[Todo]:
    if number <= 0:
        return []
    url = reverse(name) + (f"?{query}" if query else "")
    return [Todo(Urgency.WEEK, "More", icon, "calm", f"{number:,} more {what}", "", url, "Show them", weight=-1)]
