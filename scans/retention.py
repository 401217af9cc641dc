"""Deletes what is older than ``AUDIT_RETENTION_DAYS``: ended scans, resolved findings, assets that are gone.

An account's latest scan stays, however old: its page shows it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from scans.batching import key_batches
from scans.findings.tag_sets import purge_tag_sets
from scans.models import (
    AccountFindingDay,
    Asset,
    ComplianceDay,
    ControlAnswer,
    EngineChoice,
    EngineFinding,
    EngineRun,
    Finding,
    FindingDay,
    FindingStatus,
    FrameworkRevision,
    MuteRule,
    OwnFramework,
    SavedView,
    ScanRun,
    SeverityOverride,
    TagSet,
    ThresholdSetting,
)

BATCH = 500  # rows deleted by one statement


def purge_scans() -> int:
    """Deletes ended runs, in batches, and answers with their number. The assets and findings of a run stay."""
    # `active_account` is NULL once a run has ended (docs/decisions/0004).
    ended = ScanRun.objects.filter(active_account=None, requested_at__lt=_oldest_kept())
    deleted = 0
    # Two queries a batch instead of a join, which is slow on MongoDB (docs/decisions/0001).
    for run_ids in key_batches(ended, "run_id", BATCH):
        accounts = CloudAccount.objects.filter(latest_scan_run_id__in=run_ids)
        latest = set(accounts.values_list("latest_scan_run_id", flat=True))
        deleted += ScanRun.objects.filter(pk__in=[run_id for run_id in run_ids if run_id not in latest]).delete()[0]
    return deleted


def purge_findings_and_assets() -> int:
    """Deletes resolved findings, assets that are gone and daily counts, in batches. Answers with their number."""
    oldest = _oldest_kept()
    return (
        _purge(Finding.objects.filter(status=FindingStatus.RESOLVED, resolved_at__lt=oldest))
        + _purge(Asset.objects.filter(gone_at__lt=oldest))
        + purge_tag_sets()
        + _purge(EngineFinding.objects.filter(resolved_at__lt=oldest))
        + _purge(EngineRun.objects.filter(active_account=None, requested_at__lt=oldest))
        # Days are text, and ISO days sort as they follow one another.
        + _purge(FindingDay.objects.filter(day__lt=f"{oldest:%Y-%m-%d}"))
        + _purge(AccountFindingDay.objects.filter(day__lt=f"{oldest:%Y-%m-%d}"))
        + _purge(ComplianceDay.objects.filter(day__lt=f"{oldest:%Y-%m-%d}"))
    )


def delete_owner_records(owner: str) -> None:
    """What a team, or a person, has made here: views, rules of muting, settings, frameworks with answers, choices.

    Whoever is deleted has no account any more, and so neither assets nor findings.
    """
    SavedView.objects.filter(Q(owner=owner) | Q(person=owner)).delete()
    frameworks = OwnFramework.objects.filter(owner=owner)
    FrameworkRevision.objects.filter(framework__in=list(frameworks.values_list("pk", flat=True))).delete()
    tables: tuple[type[Model], ...] = (
        OwnFramework, ControlAnswer, MuteRule, SeverityOverride, ThresholdSetting, EngineChoice, FindingDay,
        TagSet,
    )  # fmt: skip
    for model in tables:
        model._default_manager.filter(owner=owner).delete()


def _oldest_kept() -> datetime:
    return timezone.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS)


def _purge(rows: QuerySet[Any]) -> int:
    # Filtered again when deleting: a scan may have reopened a finding, or met an asset, since the keys were read.
    return sum(rows.filter(pk__in=keys).delete()[0] for keys in key_batches(rows, size=BATCH))
