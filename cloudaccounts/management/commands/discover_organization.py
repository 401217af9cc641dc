from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cloudaccounts import registry
from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.organizations import organizations_of
from cloudaccounts.errors import InputError
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.management.background import in_background
from cloudaccounts.models import CloudAccount, Environment, Job, JobItem, Organization
from cloudaccounts.models.job import ItemState, JobState
from cloudaccounts.models.organization import SyncState
from cloudaccounts.organizations import queries as organization_queries
from cloudaccounts.organizations.choosing import new_members
from cloudaccounts.organizations.connections import connect_organization
from cloudaccounts.organizations.members import onboard_members
from cloudaccounts.organizations.sync import request_sync, requeue_syncs, run_sync
from teams.scope import Scope

ACTOR = Actor("system", "discover_organization", "command")


class Command(BaseCommand):
    help = (
        "Lists the members that an account's credential can see: a management account or delegated administrator, a "
        "tenant's or management group's app, an organization's service account. Goes on where an earlier run was "
        "interrupted. With --onboard the new and failed ones are validated and connected. Exit code 1: some failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", required=True, type=UUID, metavar="UUID", help="the connected account")
        parser.add_argument("--role-name", metavar="R", help="AWS: the role in each member")
        parser.add_argument("--root", metavar="ID", help="Azure: a management group; Google Cloud: folders/… ")
        parser.add_argument("--onboard", action="store_true")
        parser.add_argument("--environment", choices=Environment.values, help="default: the account's")
        parser.add_argument("--regions", nargs="+", metavar="REGION", help="default: all that a member has enabled")
        parser.add_argument("--group", default="", metavar="NAME", help="put onboarded accounts into this group")

    def handle(self, *args: Any, **options: Any) -> None:
        account = CloudAccount.objects.filter(pk=options["account"]).first()
        if account is None:
            raise CommandError("There is no such account.", returncode=2)
        organization = self._sync(account, options)
        self._list(organization)
        if options["onboard"]:
            self._onboard(organization, account, options)

    def _sync(self, account: CloudAccount, options: dict[str, Any]) -> Organization:
        options_given = {name: options[name] for name in ("role_name", "root") if options[name]}
        provider = organizations_of(registry.get(account.provider))
        if provider is not None and (unknown := set(options_given) - set(provider.organization_form.base_fields)):
            flag = f"--{min(unknown).replace('_', '-')}"
            raise CommandError(f"{flag} is no option of this provider.", returncode=2)
        # Without options an organization that is known keeps its own: connecting anew would write empty ones over
        # them.
        known = Organization.objects.filter(connection=account.pk).first()
        try:
            if known is not None and not options_given:
                organization = request_sync(known, actor=ACTOR)
            else:
                organization = connect_organization(account, actor=ACTOR, options=options_given)
        except InputError as error:
            raise CommandError(" ".join(error.fields.values()), returncode=2) from None
        except ProviderError as error:
            raise CommandError(f"{error.cause} {error.remedy}".strip(), returncode=2) from None
        row = Organization.objects.filter(pk=organization.pk)
        with self._bar() as bar:
            task = bar.add_task("Syncing the organization", total=None)

            def show() -> bool:
                if not row.exists():  # its first sync was refused
                    return True
                organization.refresh_from_db()
                bar.update(task, completed=organization.seen)
                if organization.lease_until is not None and organization.lease_until < timezone.now():
                    # The worker that had it died. No scheduler need be running beside this command, so it requeues
                    # itself.
                    requeue_syncs()
                    run_sync(organization.pk)
                return organization.sync_state == SyncState.IDLE

            # The command does the work itself: no worker need be running beside it.
            in_background(lambda: run_sync(organization.pk), show)
        if refused := organization_queries.refused_connection(Scope(account.owner), organization.pk):
            raise CommandError(f"{refused.cause} {refused.remedy} Nothing was connected.", returncode=1)
        organization = row.get()
        if organization.code:
            raise CommandError(f"{organization.cause} {organization.remedy}".strip(), returncode=1)
        return organization

    def _list(self, organization: Organization) -> None:
        """A line for each member, streamed: an organization of 50,000 members must not be held in memory."""
        tree = organization_queries.Tree(Scope(organization.owner), organization)
        self.stdout.write(f"{organization.title} ({organization.root_id})")
        everything = organization_queries.MemberFilter()
        for member in organization_queries.members(Scope(organization.owner), organization, everything).iterator(
            chunk_size=500
        ):
            state = member.state if member.provider_state == "active" else member.provider_state
            path = " / ".join(node.name for node in tree.way_to(member.parent_id)[1:])
            self.stdout.write(f"{member.account_id:<36}  {state:<10}  {member.name:<32}  {path}".rstrip())
        total = tree.total
        self.stdout.write(
            f"{total.accounts:,} accounts: {total.new:,} new, {total.onboarded:,} onboarded, {total.failed:,} failed, "
            f"{total.inactive:,} suspended or closed"
        )

    def _onboard(self, organization: Organization, account: CloudAccount, options: dict[str, Any]) -> None:
        chosen = new_members(organization, failed=True)
        if not chosen:
            self.stdout.write("Nothing to onboard.")
            return
        try:
            job = onboard_members(
                organization, actor=ACTOR, members=chosen, environment=options["environment"] or account.environment,
                regions=options["regions"] or ALL_REGIONS, group=options["group"],
            )  # fmt: skip
        except ProviderError as error:
            raise CommandError(f"{error.cause} {error.remedy}".strip(), returncode=2) from None
        with self._bar(MofNCompleteColumn()) as bar:
            task = bar.add_task("Onboarding", total=job.total)

            def show() -> bool:
                job.refresh_from_db()
                bar.update(task, completed=job.handled)
                return job.state in {JobState.FINISHED, JobState.CANCELLED}

            in_background(lambda: run_job(job.pk), show)
        self._report(Job.objects.get(pk=job.pk))

    def _report(self, job: Job) -> None:
        for item in JobItem.objects.filter(job=job.pk, state=ItemState.FAILED).order_by("position").iterator():
            self.stdout.write(f"failed: {item.label}: {item.cause} {item.remedy}".rstrip())
        self.stdout.write(f"{job.done:,} onboarded, {job.failed:,} failed, {job.skipped:,} skipped")
        if job.failed:
            raise CommandError(f"{job.failed:,} failed.", returncode=1)

    def _bar(self, *columns: Any) -> Progress:
        """On stderr and only in a terminal: what a script reads stays free of it."""
        return Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), *columns, TimeElapsedColumn(),
            console=Console(stderr=True), transient=True,
            disable=not getattr(self.stderr, "isatty", lambda: False)(),
        )  # fmt: skip
