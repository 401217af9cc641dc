"""Accounts go to another team when an owner of each agrees: one offers, the other accepts, and a job moves them.

The offer is the consent of the team that gives, the acceptance that of the team that takes. Neither learns of the
other's accounts or members beyond what the offer names, and an offer to a team that does not exist is written like any
other: whether a key is somebody's is not told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.jobs.handlers import Outcome, handles
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.lifecycle.transfer import transfer_account
from cloudaccounts.models import CloudAccount, Job, JobItem, TransferOffer
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.models.transfer import OfferState
from cloudaccounts.notifications.notify import notify
from cloudaccounts.work.databases import SECURITY
from teams.queries import find_team
from teams.roles import Right
from teams.scope import Scope

KIND = "transfer.accepted"
DAYS = 14
MOST_ACCOUNTS = 200  # of one offer
MOST_OPEN = 20  # of one team
LISTED = 50


class OfferGoneError(ProviderError):
    """One answer for unknown, somebody else's, decided and ended: it reveals nothing about offers."""

    def __init__(self) -> None:
        super().__init__(
            "offer_gone", "This offer was decided, was cancelled or has ended.", "Ask the other team for a new one."
        )


def offer_accounts(
    *, owner: str, to_owner: str, accounts: Iterable[CloudAccount], actor: Actor, label: str
) -> TransferOffer:
    """``label`` is the giving team's name, as the other one reads it. Raises `InputError`."""
    chosen = list(accounts)
    if to_owner == owner:
        raise InputError({"to": "This is your own team."})
    if not 0 < len(chosen) <= MOST_ACCOUNTS or any(account.owner != owner for account in chosen):
        raise InputError({"accounts": f"Choose between one and {MOST_ACCOUNTS} accounts of this team."})
    now = timezone.now()
    open_ones = TransferOffer.objects.filter(owner=owner, state=OfferState.OPEN, expires_at__gt=now)
    if open_ones.count() >= MOST_OPEN:
        raise InputError({"to": f"{MOST_OPEN} offers of this team are open. Cancel one of them first."})
    counted = _counted(len(chosen))
    with transaction.atomic(using=SECURITY):
        offer = TransferOffer.objects.create(
            owner=owner, owner_label=label[:150], to_owner=to_owner, accounts=[str(row.pk) for row in chosen],
            offered_by=actor.label[:160], created_at=now, expires_at=now + timedelta(days=DAYS),
        )  # fmt: skip
        _record(owner, actor, offer, "transfer.offered", f"{counted} offered to the team {to_owner} by {actor.label}")
        if find_team(to_owner) is not None:
            text = f"The team “{label}” offers {counted} to your team."
            _record(to_owner, actor, offer, "transfer.offered", text)
            notify(
                NoticeKind.TRANSFER_OFFERED, key=str(offer.pk), owner=to_owner, text=text,
                remedy=f"An owner accepts or declines it on the team's page until {offer.expires_at:%d %B %Y}.",
            )  # fmt: skip
    return offer


def offers_from(owner: str) -> list[TransferOffer]:
    """The newest, decided ones too."""
    return list(TransferOffer.objects.filter(owner=owner).order_by("-created_at")[:LISTED])


def offers_to(owner: str) -> list[TransferOffer]:
    """Those that wait for this team's answer."""
    rows = TransferOffer.objects.filter(to_owner=owner, state=OfferState.OPEN, expires_at__gt=timezone.now())
    return list(rows.order_by("-created_at")[:LISTED])


def accounts_of(offer: TransferOffer) -> list[CloudAccount]:
    """The offered accounts that the giving team still has, by name."""
    rows = CloudAccount.objects.of(offer.owner).filter(pk__in=[UUID(key) for key in offer.accounts])
    return list(rows.only("id", "name", "account_id", "provider", "owner").order_by("name_key", "name", "pk"))


def cancel(key: UUID, *, owner: str, actor: Actor) -> TransferOffer:
    """By the team that gives. Raises `OfferGoneError`."""
    offer = TransferOffer.objects.filter(pk=key, owner=owner).first()
    return _decide(offer, OfferState.CANCELLED, actor, "cancelled")


def decline(key: UUID, *, to_owner: str, actor: Actor) -> TransferOffer:
    """By the team that was asked. Raises `OfferGoneError`."""
    offer = TransferOffer.objects.filter(pk=key, to_owner=to_owner).first()
    return _decide(offer, OfferState.DECLINED, actor, "declined")


def accept(key: UUID, *, to_owner: str, actor: Actor) -> Job:
    """The job that moves the accounts. Raises `OfferGoneError` and `TeamLimitError`.

    Repeated after a kill between decision and job, it starts the job.
    """
    offer = TransferOffer.objects.filter(pk=key, to_owner=to_owner).first()
    if offer is None or offer.state != OfferState.ACCEPTED or offer.job is not None:
        offer = _decide(offer, OfferState.ACCEPTED, actor, "accepted")
    items = [(str(account.pk), account.name) for account in accounts_of(offer)]
    job = start_job(
        scope=Scope(to_owner), actor=actor, kind=KIND, title=f"Take over {_counted(len(items))} of {offer.owner_label}",
        items=items, options={"offer": str(offer.pk)},
    )  # fmt: skip
    TransferOffer.objects.filter(pk=offer.pk).update(job=job.pk)
    return job


@handles(KIND, takes=Right.MANAGE, threads=4)
def _take_over(job: Job, item: JobItem) -> Outcome:
    offer = TransferOffer.objects.filter(pk=UUID(str(job.options["offer"])), to_owner=job.owner).first()
    # Asked again from the rows: a job's options and items say what to do, and an offer alone says what may be done.
    is_accepted = offer is not None and offer.state == OfferState.ACCEPTED and offer.expires_at > timezone.now()
    # An offer that has ended moves nothing more, so a failed item cannot be tried again for ever.
    if offer is None or not is_accepted or item.subject not in offer.accounts:
        return Outcome.failed(OfferGoneError())
    # Theirs already where a kill interrupted it: repeating finishes it.
    rows = CloudAccount.objects.filter(pk=UUID(item.subject), owner__in=(offer.owner, offer.to_owner))
    account = rows.first()
    if account is None:
        return Outcome.skipped("The other team does not have this account any more.")
    try:
        transfer_account(account, to_owner=offer.to_owner, actor=Actor.from_dict(job.actor))
    except CloudAccount.DoesNotExist:
        return Outcome.skipped("This account was deleted meanwhile.")
    except InputError:
        return Outcome.skipped("Nobody of your team can log in any more.")
    return Outcome()


def _decide(offer: TransferOffer | None, state: OfferState, actor: Actor, word: str) -> TransferOffer:
    if offer is None or not offer.is_open:
        raise OfferGoneError
    now = timezone.now()
    rows = TransferOffer.objects.filter(pk=offer.pk, state=OfferState.OPEN, expires_at__gt=now)
    with transaction.atomic(using=SECURITY):
        # Conditional: of an acceptance and a cancellation at once, one counts.
        if not rows.update(state=state, decided_by=actor.label[:160], decided_at=now):
            raise OfferGoneError
        text = f"Transfer of {_counted(len(offer.accounts))} {word} by {actor.label}"
        for owner in (offer.owner, offer.to_owner):
            # Somebody typed the key: there is no audit of a team that does not exist.
            if owner == offer.owner or find_team(owner) is not None:
                _record(owner, actor, offer, f"transfer.{word}", text)
        if state != OfferState.CANCELLED:
            notify(NoticeKind.TRANSFER_DECIDED, key=str(offer.pk), owner=offer.owner, text=f"{text}.")
    offer.refresh_from_db()
    return offer


def _record(owner: str, actor: Actor, offer: TransferOffer, action: str, text: str) -> None:
    record_event(
        actor=actor, owner=owner, action=action, text=text, offer=str(offer.pk), accounts=offer.accounts,
        to=offer.to_owner,
    )  # fmt: skip


def _counted(number: int) -> str:
    return f"{number} account{'' if number == 1 else 's'}"
