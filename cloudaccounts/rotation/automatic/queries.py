"""What pages, the API and reports say of automatic rotation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from cloudaccounts.accounts.visibility import within
from cloudaccounts.models import CloudAccount, RotationRun, RotationSetting, RotationStep
from cloudaccounts.models.automatic_rotation import RunPurpose, RunState
from cloudaccounts.rotation.automatic.requests import NotRotatableError, Wish, obstacle_to, policy_of, wish_of
from cloudaccounts.rotation.automatic.schedule import due_at
from teams.scope import Scope

STEPS_SHOWN = 20
RUNS_LOOKED_AT = 20  # for keys that were left
_ORDER = (RunState.CREATING, RunState.TESTING, RunState.WATCHING, RunState.GRACE, RunState.FINISHED)
_TITLES = ("Make a key", "Test and swap", "Watch the old key", "Grace time", "Delete the old key")


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the five that a rotation goes through. ``state`` is done, now or later."""

    title: str
    state: str


@dataclass(frozen=True, slots=True)
class Leftover:
    """A key at the cloud that a person has to look at."""

    run: UUID
    id: str
    why: str
    since: str


@dataclass(frozen=True, slots=True)
class RotationView:
    """Everything that is shown of one account's automatic rotation."""

    wish: Wish
    setting: RotationSetting | None
    obstacle: NotRotatableError | None
    run: RotationRun | None  # the one under way, else the last that ended
    proving: bool
    due: datetime | None
    until: datetime | None  # about when the present stage ends, where only time is waited for
    stages: tuple[Stage, ...] = ()
    steps: tuple[RotationStep, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    team: Wish = field(default_factory=lambda: Wish(False, 0, "default"))

    @property
    def ready(self) -> bool | None:
        return self.setting.ready if self.setting is not None else None


def rotation_of(account: CloudAccount) -> RotationView:
    """In five queries."""
    setting = RotationSetting.objects.filter(account=account.pk).first()
    policy = policy_of(account.owner)
    wish = wish_of(setting, policy)
    runs = list(RotationRun.objects.filter(account=account.pk).order_by("-began_at")[:RUNS_LOOKED_AT])
    rotations = [run for run in runs if run.purpose == RunPurpose.ROTATE]
    run = rotations[0] if rotations else None
    steps: Iterable[RotationStep] = ()
    if run is not None:
        steps = RotationStep.objects.filter(run=run.pk).order_by("-began_at")[:STEPS_SHOWN]
    obstacle = obstacle_to(account)
    return RotationView(
        wish=wish,
        setting=setting,
        obstacle=obstacle,
        run=run,
        proving=any(run.is_active for run in runs if run.purpose == RunPurpose.PROVE),
        due=due_at(account, wish) if wish.automatic and obstacle is None else None,
        until=_until(run) if run is not None else None,
        stages=_stages(run) if run is not None and run.is_active else (),
        steps=tuple(steps),
        leftovers=tuple(
            Leftover(run.pk, item["id"], item["why"], item["since"]) for run in rotations for item in run.leftovers
        ),
        team=wish_of(None, policy),
    )


def _stages(run: RotationRun) -> tuple[Stage, ...]:
    if run.state not in _ORDER:
        return ()
    at = _ORDER.index(RunState(run.state))
    return tuple(
        Stage(title, "done" if number < at else "now" if number == at else "later")
        for number, title in enumerate(_TITLES)
    )


def _until(run: RotationRun) -> datetime | None:
    """By the time that was counted so far; what is held up has no end."""
    total = {
        RunState.WATCHING: settings.ROTATION_WATCH_HOURS * 3600,
        RunState.GRACE: settings.ROTATION_GRACE_DAYS * 86_400,
    }
    if run.held or run.looked_at is None or run.state not in total:
        return None
    return run.looked_at + timedelta(seconds=max(0, total[RunState(run.state)] - run.waited))


def runs_with_leftovers(scope: Scope, *, limit: int = 200) -> list[RotationRun]:
    """For the report of ages: runs that left a key at the cloud, the newest first."""
    rows = within(RotationRun.objects.exclude(leftovers=[]), scope)
    return list(rows.order_by("-began_at")[:limit])


def runs_left(owner: str = "") -> QuerySet[RotationRun]:
    """The same for an operator's report; of one team, or of all."""
    rows = RotationRun.objects.exclude(leftovers=[])
    return (rows.filter(owner=owner) if owner else rows).order_by("-began_at")


def rotation_json(view: RotationView) -> dict[str, Any]:
    """For the API. Keys by the cloud's ids, never a secret."""
    setting, run = view.setting, view.run
    return {
        "automatic": view.wish.automatic,
        "max_age_days": view.wish.max_age_days,
        "source": view.wish.source,
        "possible": view.obstacle is None,
        "ready": view.ready,
        "missing": setting.missing if setting else [],
        "cause": view.obstacle.cause if view.obstacle else (setting.cause if setting else ""),
        "remedy": view.obstacle.remedy if view.obstacle else (setting.remedy if setting else ""),
        "proven_at": setting.proven_at if setting else None,
        "due_at": view.due,
        "run": None if run is None else {
            "id": run.pk, "state": run.state, "held": run.held, "code": run.code, "cause": run.cause,
            "remedy": run.remedy, "old_key": run.old_key, "new_key": run.new_key, "began_at": run.began_at,
            "swapped_at": run.swapped_at, "deactivated_at": run.deactivated_at, "finished_at": run.finished_at,
            "used_by_others_at": run.used_at, "stage_ends_at": view.until,
        },
        "leftovers": [{"id": item.id, "why": item.why, "since": item.since} for item in view.leftovers],
    }  # fmt: skip
