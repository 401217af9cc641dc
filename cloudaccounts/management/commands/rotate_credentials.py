from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.models import CloudAccount, RotationRun, RotationSetting
from cloudaccounts.models.automatic_rotation import RunState
from cloudaccounts.rotation.automatic.requests import ask_for, obstacle_to, policy_of, wish_of
from cloudaccounts.rotation.automatic.runner import due_runs, run_automatic_rotation
from cloudaccounts.rotation.automatic.schedule import Due, due_accounts, due_at

PATIENCE = 180.0  # seconds for keys that are made or tested: a new one is not known everywhere at once
SHORT = (RunState.PREPARING, RunState.CREATING, RunState.TESTING, RunState.REMOVING)


class Command(BaseCommand):
    help = (
        "Automatic rotation of what opted in: begins what is due and goes on with what is under way, in this process. "
        "It can be interrupted and started again at any moment. Exit code 1 where a rotation failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--due", action="store_true", help="all that is due (the default)")
        which.add_argument("--account", type=UUID, metavar="UUID", help="this account, whatever its credential's age")
        parser.add_argument("--plan", action="store_true", help="say what would be begun, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        due = [_one(options["account"])] if options["account"] else due_accounts()
        if options["plan"]:
            self._plan(due)
            return
        actor = Actor("system", "rotate_credentials", "command")
        runs = [ask_for(item.account, actor=actor).pk for item in due]
        only = set(runs) if options["account"] else None
        self._work(only)
        ended = RotationRun.objects.filter(pk__in=runs, active_account__isnull=True)
        failed = 0
        for run in RotationRun.objects.filter(pk__in=runs).order_by("began_at"):
            account = CloudAccount.objects.only("name").get(pk=run.account)
            self.stdout.write(f"{account.name}: {run.get_state_display()}{f'. {run.cause}' if run.cause else ''}")
            failed += run.state == RunState.FAILED
        self.stdout.write(f"{len(runs)} begun, {ended.count()} of them ended.")
        if failed:
            raise CommandError(f"{failed} failed.")

    def _plan(self, due: list[Due]) -> None:
        for item in due:
            known = {True: "permission verified", False: "permission missing", None: "permission not asked yet"}
            ready = item.setting.ready if item.setting is not None else None
            when = f"{item.at:%Y-%m-%d}" if item.at else "now"
            self.stdout.write(f"{item.account.name} ({item.account.account_id}): due {when}, {known[ready]}")
        under_way = RotationRun.objects.filter(active_account__isnull=False).count()
        self.stdout.write(f"{len(due)} would be begun, {under_way} under way.")

    def _work(self, only: set[UUID] | None) -> None:
        """Each run as far as it can go now; those that make or test a key are waited for."""
        until = time.monotonic() + PATIENCE
        while True:
            rows = due_runs() if only is None else due_runs().filter(pk__in=only)
            for key in list(rows.order_by("requested_at").values_list("pk", flat=True)):
                run_automatic_rotation(key)
            waiting = RotationRun.objects.filter(active_account__isnull=False, state__in=SHORT)
            soonest = (waiting if only is None else waiting.filter(pk__in=only)).order_by("requested_at").first()
            if soonest is None:
                return
            pause = max(1.0, (soonest.requested_at - timezone.now()).total_seconds())
            # What waits longer goes on with the next call, or by a worker.
            if time.monotonic() + pause > until:
                return
            time.sleep(pause)


def _one(key: UUID) -> Due:
    """Raises `CommandError` for an account that has not opted in, or whose credential cannot replace itself."""
    account = CloudAccount.objects.filter(pk=key).first()
    if account is None:
        raise CommandError(f"There is no account {key}.")
    setting = RotationSetting.objects.filter(account=key).first()
    wish = wish_of(setting, policy_of(account.owner))
    if obstacle := obstacle_to(account):
        raise CommandError(f"{account.name}: {obstacle.cause} {obstacle.remedy}".strip())
    if not wish.automatic:
        raise CommandError(f"{account.name} has not opted in: turn automatic rotation on, on its page or by the API.")
    return Due(account, wish, due_at(account, wish), setting)
