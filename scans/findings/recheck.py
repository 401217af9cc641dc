"""Checks findings again now: reads the one resource that each is about, and evaluates it as a scan would.

The collector is that of a scan, in focus on the resource (`provider_kit.focus`), and ends as soon as it has told it. It
does not touch what a scan goes by: which units were read, and which run met an asset last. While a scan of the account
is under way nothing is written, since one worker at a time writes an account's findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset as CollectedAsset
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.contract.sessions import Session
from cloudaccounts.errors import AccountSuspendedError, InputError
from cloudaccounts.group_scope import from_text, within
from cloudaccounts.health.sessions import account_session
from cloudaccounts.jobs.handlers import Outcome, handles
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Job, JobItem
from cloudaccounts.provider_kit.cloud_data import storable_asset
from cloudaccounts.provider_kit.deadlines import within as deadline
from cloudaccounts.provider_kit.focus import focus_on
from cloudaccounts.work.databases import SECURITY
from scans.assets.writer import apply_reading, asset_key
from scans.findings.evaluation import Evaluator
from scans.findings.writer import FindingWriter
from scans.models import Asset, Finding, ScanRun
from scans.muting.settings import team_settings
from scans.runs.summaries import renew_posture
from teams.roles import Right
from teams.scope import Scope

JOB = "findings.recheck"
READ_SECONDS = 900.0
PREFIX = "finding:"  # of an item's subject: an id alone would be taken for an account's
MOST = 1_000  # findings; a scan reads all of them in less time


class ScanUnderWayError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "scan_under_way",
            "A scan of this account is under way, and reads this resource as well.",
            "Look at the finding again when the scan has ended.",
            permanent=False,
        )


def request_recheck(scope: Scope, findings: Sequence[UUID], *, actor: Actor) -> Job:
    """A job with an item for each finding. Raises `InputError`, and `TeamLimitError` where there is no room for it."""
    rows = within(Finding.objects.filter(pk__in=findings[: MOST + 1]), scope)
    named = rows.values_list("pk", "title", "asset_name")
    items = [(f"{PREFIX}{key}", f"{title}: {name}") for key, title, name in named]
    if not items:
        raise InputError({"ids": "Choose findings first."})
    if len(items) > MOST:
        raise InputError({"ids": f"Check up to {MOST:,} again at a time; a scan reads everything."})
    title = f"Check {items[0][1]} again" if len(items) == 1 else f"Check {len(items):,} findings again"
    return start_job(scope=scope, actor=actor, kind=JOB, title=title, items=items, options={})


@handles(JOB, takes=Right.OPERATE, threads=4)
def _recheck(job: Job, item: JobItem) -> Outcome:
    scope = from_text(job.owner, job.limited_to)
    rows = within(Finding.objects.filter(pk=UUID(item.subject.removeprefix(PREFIX))), scope)
    finding = rows.only("account", "asset_key").first()
    if finding is None:
        return Outcome.skipped("This finding is not there any more.")
    recheck(finding.account, finding.asset_key, actor=Actor.from_dict(job.actor), mark=job.pk)
    return Outcome()


def recheck(account_id: UUID, key: str, *, actor: Actor, mark: UUID) -> None:
    """Reads the asset of this key and writes what its checks say now. Raises `ProviderError`. Asks the network.

    ``mark`` stands in for a run: findings that change name it as what changed them.
    """
    account = CloudAccount.objects.filter(pk=account_id).first()
    asset = Asset.objects.filter(account=account_id, asset_key=key).first()
    if account is None or account.status == CloudAccountStatus.SUSPENDED:
        raise AccountSuspendedError
    if asset is None:
        raise ProviderError("asset_gone", "What is known of this resource was deleted.", "Scan the account.")
    _require_no_scan(account_id)
    with closing(account_session(account=account, actor=actor, purpose="recheck")) as session:
        unit = _unit_of(session, account, asset)
        # Within a deadline of our own, in another thread: no SDK can be told to stop (docs/decisions/0015).
        collected = deadline(READ_SECONDS, unit.label, lambda: _read(session, unit, asset))
    run = ScanRun(run_id=mark, account=account.pk, owner=account.owner, account_name=account.name,
                  provider=account.provider)  # fmt: skip
    evaluator = Evaluator(account.spec, team_settings(account.owner))
    writer, now = FindingWriter(run, account, evaluator.titles, evaluator.switched_off), timezone.now()
    with transaction.atomic(using=SECURITY):
        # Once more, as close to the writes as it gets: reading took a while.
        _require_no_scan(account_id)
        if collected is None:
            writer.resolve_of_gone_assets([key], now)
            Asset.objects.filter(pk=asset.pk).update(gone_at=now)
        else:
            evaluations = evaluator.evaluate(collected)
            apply_reading(asset, collected, evaluations, evaluator.version, now)
            writer.write([(asset, evaluations)], now)
            asset.save(update_fields=APPLIED)
    renew_posture(account_id)


# All that a scan writes of an asset but `last_run`: a scan that runs would take one that it has met for gone.
APPLIED = [
    "name", "name_key", "id_key", "tags", "tag_lines", "properties", "fingerprint", "last_seen_at", "changed_at",
    "gone_at", "judged_by", "passed", "failed", "unknown", "unknowns", "inapplicable", "passed_weight", "failed_weight",
]  # fmt: skip


def _require_no_scan(account_id: UUID) -> None:
    if ScanRun.objects.filter(active_account=account_id).exists():
        raise ScanUnderWayError


def _unit_of(session: Session, account: CloudAccount, asset: Asset) -> ScanUnit:
    # All regions of the account, since a unit may list several in one go; and the asset's own, which a scan has read.
    known = {region.name for region in account.spec.regions(account.partition)}
    regions = dict.fromkeys((*account.regions, asset.unit_region, asset.region))
    for unit in session.units([name for name in regions if name in known]):
        if (unit.service, unit.region) == (asset.service, asset.unit_region):
            return unit
    raise ProviderError(
        "region_not_read",
        f"{asset.service} in {asset.unit_region} is not read in this account.",
        "Add the region to the account, and scan it.",
    )


def _read(session: Session, unit: ScanUnit, asset: Asset) -> CollectedAsset | None:
    """The resource as the cloud describes it now; None where a complete reading does not have it."""
    with focus_on(asset.native_id, asset.name):
        collected = _search(session.collect(unit), asset.asset_key)
    if collected is not None:
        return collected
    # In focus a collector may have left out what it could not recognize. Only a reading of all tells that it is gone.
    return _search(session.collect(unit), asset.asset_key)


def _search(assets: Iterator[CollectedAsset], key: str) -> CollectedAsset | None:
    for collected in assets:
        storable = storable_asset(collected)
        if asset_key(storable) == key:
            return storable
    return None
