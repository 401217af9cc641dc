"""What can be done with many accounts at once: each a job with progress, an outcome for each account, and a retry.

An action is a `FleetAction`; apps above this one add theirs with `offers`. It acts by the services that pages use, and
on accounts that are the asker's own, unless an operator asked in the admin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from cloudaccounts.actors import Actor
from cloudaccounts.contract import ProviderError
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Environment, Job, JobItem
from cloudaccounts.services.accounts import set_environment
from cloudaccounts.services.jobs import Outcome, handles, start_job
from cloudaccounts.services.lifecycle import delete_account, resume_account, suspend_account
from cloudaccounts.services.revalidation import revalidate_now
from cloudaccounts.services.transfer import transfer_account

PREFIX = "fleet."
OF_ALL = "of_all_owners"  # an option of jobs that operators start; trying again keeps it


@dataclass(frozen=True, slots=True)
class FleetAction:
    """``consequence`` is what a page says before it asks. ``for_owners``: offered on pages, not in the admin alone."""

    key: str
    label: str
    consequence: str
    dangerous: bool = False
    for_owners: bool = True

    @property
    def kind(self) -> str:
        return f"{PREFIX}{self.key}"


Act = Callable[[CloudAccount, Actor, Job], Outcome]
_actions: dict[str, FleetAction] = {}


def offers(action: FleetAction, *, threads: int = 8) -> Callable[[Act], Act]:
    """Registers an action. It may raise `ProviderError`, and bears being repeated."""

    def register(act: Act) -> Act:
        _actions[action.key] = action

        @handles(action.kind, threads=threads)
        def handle(job: Job, item: JobItem) -> Outcome:
            account = CloudAccount.objects.filter(pk=UUID(item.subject)).first()
            actor = Actor.from_dict(job.actor)
            if account is None or (account.owner != job.owner and not job.options.get(OF_ALL)):
                return Outcome.skipped("This account is not there any more.")
            try:
                return act(account, actor, job)
            except CloudAccount.DoesNotExist:
                return Outcome.skipped("This account was deleted meanwhile.")

        return act

    return register


def fleet_actions(*, for_owners: bool) -> list[FleetAction]:
    return [action for action in _actions.values() if action.for_owners or not for_owners]


def start_fleet_action(
    key: str, *, owner: str, actor: Actor, accounts: Iterable[CloudAccount], about: str, **options: object
) -> Job:
    """``owner`` is whose job it is: who asks. ``about`` names the accounts in its title: "group payments"."""
    action = _actions[key]
    items = ((str(account.pk), account.name) for account in accounts)
    title = f"{action.label}: {about}"
    return start_job(owner=owner, actor=actor, kind=action.kind, title=title, items=items, options=options)


@offers(
    FleetAction("revalidate", "Check access", "Each account's connection is checked now, live, with a full report.")
)
def _revalidate(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    if account.status == CloudAccountStatus.SUSPENDED:
        return Outcome.skipped("Suspended.")
    seen = revalidate_now(account, actor=actor)
    return Outcome() if seen.ok else Outcome.failed(ProviderError(seen.code, seen.cause, seen.remedy))


@offers(
    FleetAction(
        "suspend",
        "Suspend",
        "No more checks and scans of these accounts; scans that run now are cancelled.",
        dangerous=True,
    )
)
def _suspend(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    if account.status == CloudAccountStatus.SUSPENDED:
        return Outcome.skipped("Suspended already.")
    suspend_account(account, actor=actor)
    return Outcome()


@offers(FleetAction("resume", "Resume", "Suspended accounts are checked, and work again once that has passed."))
def _resume(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    return Outcome() if resume_account(account, actor=actor) else Outcome.skipped("Not suspended.")


@offers(FleetAction("environment", "Set environment", "Each account gets the environment that you choose."))
def _environment(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    wanted = str(job.options.get("environment", ""))
    if wanted not in Environment.values:
        raise ProviderError("input_invalid", "There is no such environment.", "Choose production, staging or dev.")
    if not set_environment(account, actor=actor, environment=wanted):
        return Outcome.skipped(f"{Environment(wanted).label} already.")
    return Outcome()


@offers(
    FleetAction(
        "delete",
        "Delete",
        "Accounts, their stored credentials, scans and discovered assets. It cannot be undone.",
        dangerous=True,
        for_owners=False,
    )
)
def _delete(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    delete_account(account, actor=actor)
    return Outcome()


@offers(
    FleetAction(
        "transfer",
        "Transfer to another owner",
        "Accounts, with credentials, scans and assets, go to another owner; they leave their groups. What signs in as "
        "this server waits, pending, until the new owner's external ID is set at the provider.",
        dangerous=True,
        for_owners=False,
    )
)
def _transfer(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    if account.owner == job.options.get("to"):
        return Outcome.skipped("It is theirs already.")
    transfer_account(account, to_owner=str(job.options.get("to", "")), actor=actor)
    return Outcome()
