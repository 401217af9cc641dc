"""Syncs of organizations: requested by the row, done by a worker page by page, continued after a kill.

Each page is stored together with the cursor behind it. A worker that dies leaves its lease to run out; the next one
goes on from the cursor, and a page that comes twice changes nothing.
"""

from __future__ import annotations

import logging
import random
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.organizations import MemberPage
from cloudaccounts.credentials import vault
from cloudaccounts.errors import InputError, TeamLimitError
from cloudaccounts.health.former_external_id import proven_target
from cloudaccounts.jobs.turns import WorkKind, announce
from cloudaccounts.models import CloudAccount, Organization, OrganizationMember
from cloudaccounts.models.organization import NOT_CONNECTED, SyncState
from cloudaccounts.organizations.member_writer import MemberWriter, Met, shown_name
from cloudaccounts.organizations.members import onboard_by_rules
from cloudaccounts.organizations.rules import RuleBook, rules_of
from cloudaccounts.outages import unexpected
from cloudaccounts.provider_kit.deadlines import each_within
from cloudaccounts.work import messages
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.leases import Claim, LeaseKeeper, fresh, give_back

TASK = "cloudaccounts.sync_organization"
QUEUE = "fleet"
EVERY = timedelta(days=1)
EVERY_WITH_RULES = timedelta(hours=1)  # where members join automatically, they shall not wait for a day
AGAIN = timedelta(minutes=10)  # after a failure that is not permanent; goes on from the cursor
RESEND_AFTER = timedelta(seconds=30)
RESEND = 50  # messages at a time: each only says that there is work
PAGE_SECONDS = 300.0  # for a page of the tree, with its retries
TRIES = 5  # workers that may die one after the other at the same page
OLDEST_CURSOR = timedelta(hours=1)  # the clouds' own page tokens do not live much longer

logger = logging.getLogger(__name__)


def request_sync(organization: Organization, *, actor: Actor) -> Organization:
    """Requests a sync, unless one waits or runs already.

    Raises `CredentialsUnreadableError` where the connecting account is gone, suspended or somebody else's.
    """
    # Asked before the row is queued: a sync that cannot begin would be refused by a worker later, unseen by who asked.
    vault.connection_of(organization)
    now = timezone.now()
    with transaction.atomic(using=SECURITY):
        asked = Organization.objects.filter(pk=organization.pk, sync_state=SyncState.IDLE).update(
            sync_state=SyncState.QUEUED, actor=actor.to_dict(), requested_at=now, nudged_at=now
        )
        if asked:
            messages.send_on_commit(TASK, str(organization.pk), using=SECURITY, queue=QUEUE)
    organization.refresh_from_db()
    return organization


def run_sync(organization_id: UUID) -> str:
    """Does a queued sync; the organization's sync state afterwards."""
    row = Organization.objects.filter(pk=organization_id)
    claim = Claim.take(
        row.filter(sync_state=SyncState.QUEUED), row.filter(sync_state=SyncState.RUNNING), sync_state=SyncState.RUNNING
    )
    if claim is not None:
        organization = row.get()
        with LeaseKeeper(claim.renew) as keeper:
            _run(organization, claim, keeper)
    return row.values_list("sync_state", flat=True).first() or "gone"


def requeue_syncs() -> int:
    """Requeues syncs of dead workers, sends messages of queued ones again, requests those that are due. Counts all."""
    now = timezone.now()
    lost = Organization.objects.filter(sync_state=SyncState.RUNNING, lease_until__lt=now)
    changed = sum(_give_up(row, lost) for row in list(lost.filter(attempts__gte=TRIES)[:100]))
    changed += give_back(lost.filter(attempts__lt=TRIES), sync_state=SyncState.QUEUED)
    for organization in Organization.objects.filter(sync_state=SyncState.IDLE, next_sync_at__lte=now)[:100]:
        try:
            request_sync(organization, actor=SYSTEM)
        except ProviderError as error:
            # Nothing runs, so nothing is audited: the page shows the reason, and it is requested again later.
            Organization.objects.filter(pk=organization.pk, sync_state=SyncState.IDLE).update(
                next_sync_at=now + _pause(error), **_error_fields(error)
            )
            continue
        changed += 1
    waiting = Organization.objects.filter(sync_state=SyncState.QUEUED).exclude(nudged_at__gt=now - RESEND_AFTER)
    return changed + announce(waiting, task=TASK, queue=QUEUE, most=RESEND)


def _run(organization: Organization, claim: Claim, keeper: LeaseKeeper) -> None:
    try:
        writer = _walk(organization, claim, keeper)
        if writer is not None:
            _finish(organization, claim, writer)
    except ProviderError as error:
        _finish_failed(organization, claim, error)
    except Exception as error:
        # A defect of ours is reported as such, instead of as a worker that died.
        logger.exception("organization.defect", extra={"organization": str(organization.pk)})
        # The next try goes on from the cursor.
        if not claim.outlives(error, tries=TRIES - organization.attempts, sync_state=SyncState.QUEUED):
            _finish_failed(organization, claim, unexpected(error, "look at the organization"))


def _walk(organization: Organization, claim: Claim, keeper: LeaseKeeper) -> MemberWriter | None:
    """None where the claim was lost. Raises `ProviderError`."""
    connection = vault.connection_of(organization)
    credentials = vault.open_credentials(
        account=connection, actor=Actor.from_dict(organization.actor), purpose="a look at its organization"
    )
    provider = registry.get_with_organizations(organization.provider)
    target = proven_target(connection, provider, credentials)
    cursor = organization.cursor
    # Clouds let their page tokens expire: an old one would only be refused.
    if cursor and (organization.requested_at or timezone.now()) < timezone.now() - OLDEST_CURSOR:
        cursor = ""
    while True:
        writer = _begin_generation(organization, claim, cursor)
        if writer is None:
            return None
        moved = False
        try:
            pages = provider.organization_pages(credentials, target, organization.options, cursor)
            # A deadline for each page, since a tree may take as long as it is large, and a socket that hangs only so
            # long.
            for page in each_within(PAGE_SECONDS, provider.short_label, iter(pages)):
                if keeper.lost.is_set() or not _store_page(organization, claim, writer, page):
                    return None
                moved = True
        except ProviderError as error:
            # `moved`: only a cursor that was refused at once is too old. Later on the same error means what it says.
            if cursor and not moved and (error.permanent or error.code == "cursor_expired"):
                cursor = ""  # the token was too old for the cloud: from the beginning then
                continue
            raise
        return writer


def _begin_generation(organization: Organization, claim: Claim, cursor: str) -> MemberWriter | None:
    """A sync from the first page is a new generation; one that goes on from a cursor belongs to the same."""
    if not cursor:
        if not claim.write(generation=F("generation") + 1, cursor="", seen=0):
            return None
        organization.refresh_from_db(fields=["generation", "seen"])
    return MemberWriter(organization, organization.generation)


def _store_page(organization: Organization, claim: Claim, writer: MemberWriter, page: MemberPage) -> bool:
    """A page and the cursor behind it; False where the claim was lost."""
    # Members first, then the cursor: a kill in between repeats the page, which changes nothing. The last page has no
    # cursor; `_finish` ends the sync.
    with transaction.atomic(using=SECURITY):
        organization.seen += writer.write(page.nodes)
        changes: dict[str, object] = {"lease_until": fresh()}
        # Progress gives the tries back: only a page that kills its workers again and again is given up. The last page,
        # which has no cursor, is read again by whoever takes it up, and counted then.
        if page.cursor:
            changes |= {"cursor": page.cursor, "seen": organization.seen, "attempts": 0}
        for node in page.nodes:
            if not node.parent_id:
                changes |= {"root_id": node.node_id[:200], "name": shown_name(node.name) or node.node_id[:160]}
        return claim.write(**changes)


def _finish(organization: Organization, claim: Claim, writer: MemberWriter) -> None:
    now = timezone.now()
    # As it is now: rules may have been changed while the tree was read.
    organization.refresh_from_db(fields=["rules", "root_id", "name"])
    with transaction.atomic(using=SECURITY):
        # Only here, after the last page: a sync that could not read everything must not call anything closed.
        closed = writer.close_missing_members()
        # A quarter of an hour of jitter: organizations that were connected together are not all synced together.
        jitter = timedelta(seconds=random.uniform(0, 900))  # noqa: S311 # no secret
        # Before the sync ends: after a kill in between it is done again, and the same members are the same job.
        pause = _onboard_due(organization)
        ended = claim.write(
            sync_state=SyncState.IDLE, claim=None, lease_until=None, cursor="", code="", cause="", remedy="",
            attempts=0, seen=organization.seen, last_synced_at=now, next_sync_at=now + pause + jitter,
        )  # fmt: skip
        if ended:
            text = f"{organization.seen:,} nodes seen, {writer.new:,} accounts new, {closed:,} gone"
            _record(
                organization, text, code="",
                **_met("joined", writer.joined), **_met("left", writer.left), **_met("back", writer.back),
            )  # fmt: skip


def _onboard_due(organization: Organization) -> timedelta:
    """Starts the onboarding of members that a rule onboards automatically; when to look again."""
    if not any(rule.auto for rule in rules_of(organization)):
        return EVERY
    if due := RuleBook(organization).due():
        rules = Actor("system", f"rules of {organization.title}", "worker")
        try:
            onboard_by_rules(organization, actor=rules, members=due, automatic=True)
        except TeamLimitError:
            return AGAIN  # the team has enough under way: the next sync finds the same members waiting
        except InputError:
            logger.info("organization.members_gone", extra={"organization": str(organization.pk)})
    return EVERY_WITH_RULES


def _finish_failed(organization: Organization, claim: Claim, error: ProviderError) -> None:
    """A failure that is not permanent is tried again soon, from the cursor; any other tomorrow, from the beginning.

    One that was never read and cannot be is none of the team's organizations: the row goes, and the audit says why
    (`queries.refused_connection`).
    """
    is_unread = not organization.seen and not organization.root_id and organization.last_synced_at is None
    if error.permanent and is_unread:
        _take_back(organization, claim, error)
        return
    now = timezone.now()
    changes: dict[str, object] = {"cursor": ""} if error.permanent else {}
    ended = claim.write(
        sync_state=SyncState.IDLE, claim=None, lease_until=None, next_sync_at=now + _pause(error), attempts=0,
        **_error_fields(error), **changes,
    )  # fmt: skip
    if ended:
        _record(organization, f"failed: {error.cause}", code=error.code, cause=error.cause[:200])


def _take_back(organization: Organization, claim: Claim, error: ProviderError) -> None:
    with transaction.atomic(using=SECURITY):
        # The record first: where there are no transactions, a kill in between leaves the row for the next try.
        names = CloudAccount.objects.filter(pk=organization.connection).values_list("name", flat=True)
        record_event(
            actor=Actor.from_dict(organization.actor), owner=organization.owner, action=NOT_CONNECTED,
            account=organization.connection, label=names.first() or "",
            text=f"Organization not connected: {error.cause}",
            organization=str(organization.pk), options=organization.options, **_error_fields(error),
        )  # fmt: skip
        OrganizationMember.objects.filter(organization=organization.pk).delete()
        claim.rows.all().delete()


def _pause(error: ProviderError) -> timedelta:
    return EVERY if error.permanent else AGAIN


def _error_fields(error: ProviderError) -> dict[str, str]:
    return {"code": error.code, "cause": error.cause[:500], "remedy": error.remedy[:500]}


def _give_up(organization: Organization, lost: QuerySet[Organization]) -> int:
    """A sync that killed its workers `TRIES` times at the same page: tomorrow again, from the beginning."""
    logger.error("organization.deadly", extra={"organization": str(organization.pk)})
    cause = f"The worker died {organization.attempts} times at this look without getting any further."
    ended = lost.filter(pk=organization.pk, claim=organization.claim).update(
        sync_state=SyncState.IDLE, claim=None, lease_until=None, cursor="", attempts=0, code="worker_died",
        cause=cause, remedy="Tell the operator: the log may say why.", next_sync_at=timezone.now() + EVERY,
    )  # fmt: skip
    if ended:
        _record(organization, f"failed: {cause}", code="worker_died", cause=cause)
    return ended


def _met(key: str, met: Met) -> dict[str, object]:
    """For the page's activity; nothing where there were none, but for ``joined``, which tells newer events."""
    if not met.number:
        return {key: 0} if key == "joined" else {}
    return {key: met.number, f"{key}_names": met.names}


def _record(organization: Organization, text: str, *, code: str, **detail: object) -> None:
    record_event(
        actor=Actor.from_dict(organization.actor), owner=organization.owner, action="organization.synced",
        account=organization.connection, label=organization.title, text=f"Look at the organization: {text}",
        organization=str(organization.pk), code=code, **detail,
    )  # fmt: skip


SYNCS = WorkKind(
    name="organizations",
    queue=QUEUE,
    task=TASK,
    waiting=lambda: Organization.objects.filter(sync_state=SyncState.QUEUED),
    running=lambda: Organization.objects.filter(sync_state=SyncState.RUNNING),
    run=run_sync,
    part=1 / 4,
    late=900,
    is_long=True,
)
