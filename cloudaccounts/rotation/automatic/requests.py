"""What people ask for: rotation on or off, for an account or a team; a rotation now; an end to one that is held up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount, RotationPolicy, RotationRun, RotationSetting
from cloudaccounts.models.automatic_rotation import RunPurpose, RunState
from cloudaccounts.rotation.automatic.course import leftover
from cloudaccounts.rotation.automatic.runner import QUEUE, TASK
from cloudaccounts.rotation.results import record
from cloudaccounts.work import messages
from cloudaccounts.work.databases import SECURITY

MOST_DAYS = 365


class NotRotatableError(ProviderError):
    """This account's credential cannot replace itself, whatever is granted."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__("not_rotatable", cause, remedy)


@dataclass(frozen=True, slots=True)
class Wish:
    """What holds for an account: its own wish, else its team's. ``source`` is account, team or default."""

    automatic: bool
    max_age_days: int
    source: str


def default_days() -> int:
    """Before people are reminded: whoever lets rotation run by itself should never hear of it."""
    return int(settings.CREDENTIAL_ROTATION_WARNING_DAYS)


def wish_of(setting: RotationSetting | None, policy: RotationPolicy | None) -> Wish:
    """The account's own columns count each for itself: an own age with the team's yes, for example."""
    days = (setting.max_age_days if setting else None) or (policy.max_age_days if policy else None) or default_days()
    if setting is not None and setting.automatic is not None:
        return Wish(setting.automatic, days, "account")
    return Wish(policy.automatic, days, "team") if policy is not None else Wish(False, days, "default")


def obstacle_to(account: CloudAccount) -> NotRotatableError | None:
    """What keeps an account's credential from ever replacing itself. Asks neither the network nor the database."""
    if account.connection is not None:
        return NotRotatableError(
            "This account is opened with its organization's credential.", "Rotate the connecting account instead."
        )
    if account.credential_secretless:
        return NotRotatableError("This credential holds no secret, so there is nothing to rotate.", "")
    try:
        methods = registry.get(account.provider).own_key_methods
    except registry.UnknownProviderError:
        methods = frozenset()
    if account.auth_method not in methods:
        return NotRotatableError("The provider lets no such credential make another.", "Replace it by hand.")
    return None


def set_rotation(account: CloudAccount, *, automatic: bool | None, max_age_days: int | None, actor: Actor) -> None:
    """An account's own wish; None for ``automatic``: as the team's policy says.

    Turned on, its permission is proven by a worker at once. A rotation that is under way is brought to its end all the
    same: half of one would leave a key behind. Raises `InputError` and `NotRotatableError`.
    """
    _check_days(max_age_days)
    if automatic and (obstacle := obstacle_to(account)):
        raise obstacle
    with transaction.atomic(using=SECURITY):
        setting, _ = RotationSetting.objects.update_or_create(
            account=account.pk,
            defaults={
                "owner": account.owner, "automatic": automatic, "max_age_days": max_age_days,
                "look_at": timezone.now(),
            },
        )  # fmt: skip
        words = {True: "on", False: "off", None: "as the team's policy says"}[automatic]
        days = wish_of(setting, policy_of(account.owner)).max_age_days
        record(account, actor, "rotation.set", f"Automatic rotation: {words}, after {days} days")
        if wish_of(setting, policy_of(account.owner)).automatic:
            ask_for(account, purpose=RunPurpose.PROVE, actor=actor)


def set_policy(
    owner: str,
    *,
    automatic: bool,
    max_age_days: int,
    actor: Actor,
    keys_forbidden: bool | None = None,
    unused_days: int | None = None,
) -> None:
    """The team's wish for all accounts without one of their own; None leaves what is said of new and unused keys.

    Raises `InputError`.
    """
    _check_days(max_age_days)
    changes: dict[str, Any] = {"automatic": automatic, "max_age_days": max_age_days}
    if keys_forbidden is not None:
        changes["keys_forbidden"] = keys_forbidden
    if unused_days is not None:
        _check_days(unused_days, "unused_days")
        changes["unused_days"] = unused_days
    with transaction.atomic(using=SECURITY):
        policy, _ = RotationPolicy.objects.update_or_create(owner=owner, defaults=changes)
        # The scheduler asks rows by their date: accounts that had no row get one from its next round.
        RotationSetting.objects.filter(owner=owner).update(look_at=timezone.now())
        word = "on" if automatic else "off"
        text = f"Automatic rotation of the team's accounts: {word}, after {max_age_days} days"
        text += f"; new keys {'forbidden' if policy.keys_forbidden else 'allowed'}"
        text += f"; told when unused for {policy.unused_days} days"
        record_event(actor=actor, owner=owner, action="rotation.policy_set", text=text)


def policy_of(owner: str) -> RotationPolicy | None:
    return RotationPolicy.objects.filter(owner=owner).first()


def ask_for(account: CloudAccount, *, purpose: RunPurpose = RunPurpose.ROTATE, actor: Actor = SYSTEM) -> RotationRun:
    """Writes the run and wakes a worker; one that is under way already is returned instead."""
    if active := RotationRun.objects.filter(active_account=account.pk).first():
        return active
    now = timezone.now()
    run = RotationRun(
        account=account.pk, active_account=account.pk, owner=account.owner, purpose=purpose, actor=actor.to_dict(),
        began_at=now, requested_at=now, nudged_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic(using=SECURITY):
            run.save(force_insert=True)
            messages.send_on_commit(TASK, str(run.pk), using=SECURITY, queue=QUEUE)
            if purpose == RunPurpose.ROTATE:
                record(account, actor, "rotation.begun", "Automatic rotation begun")
    except IntegrityError:
        # ``active_account`` is unique: another was written since the question above.
        return RotationRun.objects.get(active_account=account.pk)
    return run


def stop_run(account: CloudAccount, *, actor: Actor) -> bool:
    """Ends a run on which nobody works now, and names the keys that it leaves at the cloud. False where there is none.

    For those that are held up: a person looks after the rest. The credential in use stays what it is.
    """
    run = RotationRun.objects.filter(active_account=account.pk, claim__isnull=True).first()
    if run is None:
        return False
    left = [*run.leftovers]
    if run.state in (RunState.WATCHING, RunState.GRACE):
        left.append(leftover(run.old_key, "It was replaced, and rotation was ended before it was deleted."))
    elif run.state in (RunState.TESTING, RunState.REMOVING) and run.new_key:
        left.append(leftover(run.new_key, "It was made by us and never put into use."))
    elif run.state == RunState.CREATING:
        left.append(leftover("(unknown)", "A key may have been made whose answer was lost: look at the newest one."))
    changed = RotationRun.objects.filter(pk=run.pk, claim__isnull=True, state=run.state).update(
        state=RunState.FAILED, active_account=None, finished_at=timezone.now(), held=False, leftovers=left,
        code="stopped", cause=f"It was ended by {actor.label}.", remedy="Delete at the provider what is named here.",
    )  # fmt: skip
    if changed:
        named = ", ".join(item["id"] for item in left)
        record(account, actor, "rotation.stopped", f"Automatic rotation ended by {actor.label}. Left there: {named}")
    return bool(changed)


def settle_leftover(account: CloudAccount, run_id: UUID, key_id: str, *, actor: Actor) -> bool:
    """A person has looked after a key that was left: it is not named any more."""
    run = RotationRun.objects.filter(pk=run_id, account=account.pk, active_account__isnull=True).first()
    if run is None or not any(item["id"] == key_id for item in run.leftovers):
        return False
    kept = [item for item in run.leftovers if item["id"] != key_id]
    RotationRun.objects.filter(pk=run.pk, active_account__isnull=True).update(leftovers=kept)
    record(account, actor, "rotation.leftover_settled", f"Key {key_id} looked after by {actor.label}")
    return True


def _check_days(days: int | None, field: str = "max_age_days") -> None:
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InputError({field: f"Give a number of days from 1 to {MOST_DAYS}."})
