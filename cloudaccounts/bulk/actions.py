"""What can be done with many accounts at once: each a job with progress, an outcome for each account, and a retry.

An action is a `BulkAction`; apps above this one add theirs with `register_bulk_action`. It acts by the services that
pages use, and on accounts of the person who asks, unless an operator asked in the admin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cloudaccounts.accounts.changes import set_environment
from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.group_scope import from_text
from cloudaccounts.health.revalidation import revalidate_now
from cloudaccounts.jobs.handlers import Outcome, current_kind, discover, handles
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.lifecycle.state_changes import delete_account, resume_account, suspend_account
from cloudaccounts.lifecycle.transfer import transfer_account
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Environment, Job, JobItem
from teams.queries import user_of
from teams.roles import Right
from teams.scope import Scope

PREFIX = "fleet."  # of the jobs' kinds; rows hold it, so it stays
OF_ALL = "of_all_owners"  # an option of jobs that operators start; trying again keeps it


@dataclass(frozen=True, slots=True)
class BulkAction:
    """``consequence`` is what a page says before it asks. ``for_owners``: offered on pages, not in the admin alone.

    ``permission`` is what an operator needs for it; owners need none for what is their own.
    """

    key: str
    label: str
    consequence: str
    dangerous: bool = False
    for_owners: bool = True
    # The admin's own permission of the model, so that rights are given where Django's admin gives them.
    permission: str = "cloudaccounts.change_cloudaccount"
    formerly: str = ""  # the kind that older jobs of it have
    takes: Right = field(kw_only=True)  # of a member of the team whose accounts they are

    @property
    def kind(self) -> str:
        return f"{PREFIX}{self.key}"


class NotPermittedError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "not_permitted",
            "Who asked for this may not do it to everybody's accounts any more.",
            "Ask somebody who may, or do it with your own accounts alone.",
        )


Act = Callable[[CloudAccount, Actor, Job], Outcome]
_actions: dict[str, BulkAction] = {}


def register_bulk_action(action: BulkAction, *, threads: int = 8) -> Callable[[Act], Act]:
    """Registers an action. It may raise `ProviderError`, and must bear repetition: a job's item is tried again."""

    def register(act: Act) -> Act:
        _actions[action.key] = action

        @handles(action.kind, takes=action.takes, threads=threads, formerly=action.formerly)
        def handle(job: Job, item: JobItem) -> Outcome:
            # Asked for each item: accounts change hands and groups while a job waits, and options come from a row.
            rows = CloudAccount.objects.all()
            if not job.options.get(OF_ALL):
                rows = visible_accounts(from_text(job.owner, job.limited_to))
            account = rows.filter(pk=UUID(item.subject)).first()
            actor = Actor.from_dict(job.actor)
            if account is None:
                return Outcome.skipped("This account is not there any more.")
            # A job waits, and what failed is tried again days later: rights that were taken meanwhile count.
            if not is_permitted(job):
                return Outcome.failed(NotPermittedError())
            try:
                return act(account, actor, job)
            # Services raise it where the row went between the query above and their own write.
            except CloudAccount.DoesNotExist:
                return Outcome.skipped("This account was deleted meanwhile.")

        return act

    return register


def bulk_actions(*, for_owners: bool) -> list[BulkAction]:
    discover()
    return [action for action in _actions.values() if action.for_owners or not for_owners]


def action_of(job: Job) -> BulkAction | None:
    discover()
    kind = current_kind(job.kind)
    return _actions.get(kind.removeprefix(PREFIX)) if kind.startswith(PREFIX) else None


def is_permitted(job: Job, *, asks: Any = None) -> bool:
    """Whether the operator who started the job may still do it: jobs wait, and failed items are retried days later.

    ``asks`` is the user who wants it repeated, where that is the question. Always true for a job about the asker's own
    accounts alone.
    """
    if not job.options.get(OF_ALL):
        return True
    action = action_of(job)
    # `is_active` and `is_staff` now: a job of an operator who has left must not go on by rights of the past. By who
    # asked for it, and not by whose team it lies in: guests of that personal team have none of the operator's rights.
    user = user_of(str(job.actor.get("id", ""))) if asks is None else asks
    if user is None or not (user.is_active and user.is_staff):
        return False
    return action is not None and bool(user.has_perm(action.permission))


def needs_password(job: Job) -> bool:
    """Whether repeating it asks for the password again, as asking for it had."""
    action = action_of(job)
    return bool(job.options.get(OF_ALL)) and action is not None and action.dangerous


def start_bulk_action(
    key: str, *, scope: Scope, actor: Actor, accounts: Iterable[CloudAccount], about: str, **options: object
) -> Job:
    """``scope`` is that of who asks; each account is looked for in it again when its turn comes. ``about`` names the
    accounts in its title: "group payments".
    """
    discover()
    action = _actions[key]
    items = ((str(account.pk), account.name) for account in accounts)
    title = f"{action.label}: {about}"
    return start_job(
        scope=scope, actor=actor, kind=action.kind, title=title, items=items, options=options, of_accounts=True,
        private_to=actor.id if options.get(OF_ALL) else "",
    )  # fmt: skip


def revalidate_many(*, scope: Scope, actor: Actor, accounts: Iterable[CloudAccount], title: str = "") -> Job:
    """A job that checks these accounts of the scope. Others, given by mistake, come out as skipped."""
    items = [(str(account.pk), f"{account.name} ({account.account_id})") for account in accounts]
    named = title or f"Check access of {len(items):,} account{'' if len(items) == 1 else 's'}"
    kind = _actions["revalidate"].kind
    return start_job(scope=scope, actor=actor, kind=kind, title=named, items=items, options={}, of_accounts=True)


@register_bulk_action(
    BulkAction(
        "revalidate",
        "Check access",
        "Each account's connection is checked now, live, with a full report.",
        formerly="revalidate",
        takes=Right.OPERATE,
    )
)
def _revalidate(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    try:
        # In this thread: checks that a job makes are its own work, and count for no owner's part of the queue `checks`
        # (docs/decisions/0015).
        seen = revalidate_now(account, actor=actor)
    except AccountSuspendedError as error:
        return Outcome.skipped(error.cause)
    return Outcome() if seen.ok else Outcome.failed(ProviderError(seen.code, seen.cause, seen.remedy))


@register_bulk_action(
    BulkAction(
        "suspend",
        "Suspend",
        "No more checks and scans of these accounts; scans that run now are cancelled.",
        dangerous=True,
        takes=Right.OPERATE,
    )
)
def _suspend(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    if account.status == CloudAccountStatus.SUSPENDED:
        return Outcome.skipped("Suspended already.")
    suspend_account(account, actor=actor)
    return Outcome()


@register_bulk_action(
    BulkAction(
        "resume", "Resume", "Suspended accounts are checked, and work again once that has passed.", takes=Right.OPERATE
    )
)
def _resume(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    return Outcome() if resume_account(account, actor=actor) else Outcome.skipped("Not suspended.")


@register_bulk_action(
    BulkAction(
        "environment", "Set environment", "Each account gets the environment that you choose.", takes=Right.OPERATE
    )
)
def _environment(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    environment = str(job.options.get("environment", ""))
    if environment not in Environment.values:
        raise ProviderError("input_invalid", "There is no such environment.", "Choose production, staging or dev.")
    if not set_environment(account, actor=actor, environment=environment):
        return Outcome.skipped(f"{Environment(environment).label} already.")
    return Outcome()


@register_bulk_action(
    BulkAction(
        "delete",
        "Delete",
        "Accounts, their stored credentials, scans and discovered assets. It cannot be undone.",
        dangerous=True,
        for_owners=False,
        permission="cloudaccounts.delete_cloudaccount",
        takes=Right.MANAGE,
    )
)
def _delete(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    delete_account(account, actor=actor)
    return Outcome()


@register_bulk_action(
    BulkAction(
        "transfer",
        "Transfer to another owner",
        "Accounts, with credentials, scans and assets, go to another owner; they leave their groups. What signs in as "
        "this server waits, pending, until the new owner's external ID is set at the provider.",
        dangerous=True,
        for_owners=False,
        permission="cloudaccounts.transfer_cloudaccount",
        takes=Right.MANAGE,
    )
)
def _transfer(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    to = str(job.options.get("to", ""))
    is_theirs = account.owner == to
    transfer_account(account, to_owner=to, actor=actor)  # also then: it finishes what a kill interrupted
    return Outcome.skipped("It is theirs already.") if is_theirs else Outcome()
