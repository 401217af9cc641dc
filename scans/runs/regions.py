"""Which regions a run reads, decided when it starts: the cloud is asked which the account has enabled."""

from __future__ import annotations

from dataclasses import dataclass

from cloudaccounts.accounts.summaries import write_regions
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.sessions import Session
from cloudaccounts.models import CloudAccount
from cloudaccounts.provider_kit.deadlines import within
from scans.models import ScanRun

ASK_SECONDS = 300.0  # a large Azure subscription is listed on the way
UNKNOWN = (
    "The cloud did not say which regions are enabled, so the ones that were known were read, and those that are always "
    "enabled."
)


@dataclass(frozen=True, slots=True)
class RunRegions:
    """``names`` are the run's, ``account_names`` the account's, of which the run may be asked for some.

    ``is_whole``: what is in none of these regions is not the account's any more.
    """

    names: tuple[str, ...]
    account_names: tuple[str, ...]
    is_whole: bool
    notes: tuple[str, ...] = ()


def resolve_regions(run: ScanRun, account: CloudAccount, session: Session) -> RunRegions:
    """Asks the cloud, writes the answer to the account, and for a run of all regions to the run. Never raises.

    A region that this version does not know is not read: its name would become part of a host name. It is a gap.
    """
    try:
        regions = within(ASK_SECONDS, "The cloud's list of regions", session.regions)
        enabled = [region.name for region in regions if region.enabled]
    except ProviderError as error:
        return _unknown(run, account, error)
    if not run.all_regions:
        write_regions(account, regions=None, enabled=enabled)
        return _chosen(run, account)
    known = _known(account)
    names = [name for name in enabled if name in known]
    _store(run, account, names, enabled)
    return RunRegions(tuple(names), tuple(names), is_whole=True)


def _unknown(run: ScanRun, account: CloudAccount, error: ProviderError) -> RunRegions:
    # Not known, rather than what was true once: coverage has no percent then (docs/coverage.md).
    write_regions(account, regions=None, enabled=None)
    if not run.all_regions:
        return _chosen(run, account)
    names = list(dict.fromkeys((*account.regions, *account.spec.default_regions(account.partition))))
    _store(run, account, names, None)
    # Not the whole: a region that was enabled since may hold what this run does not see.
    return RunRegions(
        tuple(names), tuple(names), is_whole=False, notes=(f"{UNKNOWN} {error.cause} {error.remedy}".strip(),)
    )


def _chosen(run: ScanRun, account: CloudAccount) -> RunRegions:
    # An account of all regions is never whole by a list: what else is enabled, this run does not look at.
    is_whole = not account.all_regions and set(run.regions) == set(account.regions)
    return RunRegions(tuple(run.regions), tuple(account.regions), is_whole)


def _known(account: CloudAccount) -> frozenset[str]:
    return frozenset(region.name for region in account.spec.regions(account.partition))


def _store(run: ScanRun, account: CloudAccount, names: list[str], enabled: list[str] | None) -> None:
    write_regions(account, regions=names, enabled=enabled)
    run.regions = names
    ScanRun.objects.filter(pk=run.pk).update(regions=names)
