from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.declared.applying import APPLY, resolve_plan, start_apply
from cloudaccounts.declared.documents import Document, read_file
from cloudaccounts.declared.planning import Plan, make_plan
from cloudaccounts.declared.sections import file_schema
from cloudaccounts.errors import InputError
from cloudaccounts.jobs.runner import requeue_jobs, run_job
from cloudaccounts.management.background import in_background
from cloudaccounts.management.teams import add_team_options, only_team
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState, JobState

DONE, FAILED, CHANGES = 0, 1, 2  # exit codes


class Command(BaseCommand):
    help = (
        "Makes a team's accounts, groups, organizations, schedules and the rest as a file says (docs/registry.md). "
        "What it adds is validated live, like what the API adds. Repeating it changes nothing; interrupted, it goes "
        "on. Exit code 0: done; 1: an error. With --plan nothing is written, and the exit code is 0: nothing to do, "
        "2: changes, 1: an error."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.yaml")
        add_team_options(parser, about="whose registry it is")
        parser.add_argument("--plan", action="store_true", help="say what would be done, and write nothing")
        parser.add_argument("--prune", action="store_true", help="delete what its sections do not name")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options["format"] == "json"
        try:
            owner = only_team(options)
            document = read_file(options["file"], file_schema())
            if not options["plan"]:
                self._finish_earlier(owner)
            plan = self._plan(owner, document, prune=options["prune"])
            if options["plan"]:
                self._show(plan, as_json=as_json)
                code = CHANGES if plan.changes else DONE
            else:
                code = self._apply(owner, document, plan, as_json=as_json)
        except InputError as error:
            code = self._refuse([f"{path}: {text}" for path, text in error.fields.items()], as_json=as_json)
        except ProviderError as error:
            code = self._refuse([f"{error.cause} {error.remedy}".strip()], as_json=as_json)
        except CommandError as error:
            code = self._refuse([str(error)], as_json=as_json)
        if code:
            sys.exit(code)

    def _plan(self, owner: str, document: Document, *, prune: bool) -> Plan:
        try:
            return make_plan(owner, document.data, prune=prune)
        except InputError as error:
            raise document.located(error) from None

    def _show(self, plan: Plan, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(plan.to_dict(), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(plan.lines()))

    def _apply(self, owner: str, document: Document, plan: Plan, *, as_json: bool) -> int:
        if not as_json:
            self._show(plan, as_json=False)
        if not plan.changes:
            if as_json:
                self._show(plan, as_json=True)
            return DONE
        actor = Actor("system", f"apply ({os.environ.get('USER', 'command')})", "command")
        job = start_apply(owner, actor=actor, plan=resolve_plan(plan, document))
        self._work(job)
        failed = list(JobItem.objects.filter(job=job.pk, state=ItemState.FAILED).order_by("position"))
        if as_json:
            failures = [
                {"label": failure.label, "code": failure.code, "cause": failure.cause, "remedy": failure.remedy}
                for failure in failed
            ]
            answer = {**plan.to_dict(), "job": str(job.pk), "done": job.done, "failed": failures}
            self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
        else:
            for failure in failed:
                self.stdout.write(f"failed: {failure.label}: {failure.cause} {failure.remedy}".rstrip())
            self.stdout.write(f"{job.done:,} done, {len(failed):,} failed.")
        return FAILED if failed or job.state == JobState.CANCELLED else DONE

    def _finish_earlier(self, owner: str) -> None:
        """What a run before this one left undone, as after Ctrl-C: then the plan is made of what there is."""
        unfinished = Job.objects.filter(owner=owner, kind=APPLY, state__in=(JobState.QUEUED, JobState.RUNNING))
        for job in unfinished.order_by("requested_at"):
            self.stderr.write(f"Going on with what was begun: {job.title}.")
            self._work(job)

    def _work(self, job: Job) -> None:
        with Progress(
            SpinnerColumn(), TextColumn("Applying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), transient=True,
            disable=not getattr(self.stderr, "isatty", lambda: False)(),
        ) as bar:  # fmt: skip
            task = bar.add_task("Applying", total=job.total)

            def ended() -> bool:
                job.refresh_from_db()
                bar.update(task, completed=job.handled)
                if job.state == JobState.RUNNING and requeue_jobs():
                    run_job(job.pk)  # its worker died, and no scheduler need be running beside this command
                return job.state in {JobState.FINISHED, JobState.CANCELLED}

            in_background(lambda: run_job(job.pk), ended)

    def _refuse(self, messages: list[str], *, as_json: bool) -> int:
        if as_json:
            self.stdout.write(json.dumps({"errors": messages}, indent=2, ensure_ascii=False))
        else:
            for message in messages:
                self.stderr.write(message)
        return FAILED
