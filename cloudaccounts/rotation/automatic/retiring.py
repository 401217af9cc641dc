"""The end of a key that is not in use any more: watched, deactivated, kept for a grace time, deleted.

Watched before it is deactivated, for the last use of an inactive key cannot advance. Before each call that takes
something away the credential in use is read again: a key that opens the account is never touched.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.credentials import staging
from cloudaccounts.models import CloudAccountStatus, CredentialRotation
from cloudaccounts.models.automatic_rotation import RunState
from cloudaccounts.models.rotation import RotationPurpose, RotationStage
from cloudaccounts.rotation.automatic.course import Course, Keys, leftover, opened
from cloudaccounts.rotation.requests import discard_staged
from cloudaccounts.work.databases import SECURITY

# Checks and scans that had begun with the old key may go on using it for a while behind the swap.
OUR_OWN_USE = timedelta(hours=1)
LOOKS = 8  # of a watch, and of a grace time: each counts at most twice its share, whatever the clock says


def watch(course: Course) -> bool:
    """Counts silence of the old key; a use by somebody else is said, and the count begins again."""
    run = course.run
    with opened(course.account) as keys:
        if keys.in_use != run.new_key:
            return _changed_meanwhile(course, keys)
        old = next((key for key in keys.ask(keys.own.keys) if key.id == run.old_key), None)
        if old is None:
            return _finished(course, f"Key {run.old_key} was deleted at the provider by somebody else")
        if used := _foreign_use(course, keys):
            return used_by_others(course, *used)
        waited = _waited(course, _watch_seconds())
        if waited < _watch_seconds():
            return _look_later(course, waited, _watch_seconds())
        if keys.own.can_deactivate:
            if not _no_way_back(course, keys):
                return course.wait(60)
            if old.active:
                course.step("deactivate", run.old_key, lambda: keys.ask(lambda: keys.own.deactivate(run.old_key)))
            course.audit("credential.key_deactivated", f"Key {run.old_key} deactivated: nothing used it")
        now = timezone.now()
        course.write(state=RunState.GRACE, deactivated_at=now if keys.own.can_deactivate else None, looked_at=now,
                     waited=0, failures=0, held=False, code="", cause="", remedy="")  # fmt: skip
        return True


def grace(course: Course) -> bool:
    """Waits, with the new credential proven all the while, and deletes the old key."""
    run = course.run
    with opened(course.account) as keys:
        if keys.in_use != run.new_key:
            return _changed_meanwhile(course, keys)
        old = next((key for key in keys.ask(keys.own.keys) if key.id == run.old_key), None)
        if old is None:
            return _finished(course, f"Key {run.old_key} was deleted at the provider by somebody else")
        # A person made it active again, so something needs it; or it cannot be inactive, and is watched on.
        if old.active and keys.own.can_deactivate:
            now = timezone.now()
            course.write(state=RunState.WATCHING, looked_at=now, waited=0, deactivated_at=None)
            course.audit("credential.key_watched", f"Key {run.old_key} was made active again: it is watched anew")
            return course.wait(_interval(_watch_seconds()))
        if old.active and (used := _foreign_use(course, keys)):
            return used_by_others(course, *used)
        waited = _waited(course, _grace_seconds())
        if course.account.status != CloudAccountStatus.ACTIVE:
            return course.wait(
                _interval(_grace_seconds()), looked_at=timezone.now(), held=True, code="account_not_active",
                cause="The account does not pass its checks, so nothing is deleted.",
            )  # fmt: skip
        if waited < _grace_seconds():
            return _look_later(course, waited, _grace_seconds())
        if not _no_way_back(course, keys):
            return course.wait(60)
        course.step("delete", run.old_key, lambda: keys.ask(lambda: keys.own.delete(run.old_key)))
    return _finished(course, f"Key {run.old_key} deleted at the provider")


def remove(course: Course) -> bool:
    """Deletes a new key that did not come into use. The one in use stays what it was."""
    run, account = course.run, course.account
    row = staging.credential_row(account.pk)
    if row is not None and row.staged_id is not None and row.staged_id == run.rotation:
        # What is staged goes first: a test that is under way then finds nothing to put into use.
        discard_staged(account, actor=SYSTEM)
    with opened(account) as keys:
        if keys.in_use == run.new_key:
            # Its test had passed after all, in another worker.
            now = timezone.now()
            course.write(state=RunState.WATCHING, swapped_at=now, looked_at=now, waited=0, failures=0)
            return True
        if run.new_key:
            course.step("remove", run.new_key, lambda: keys.ask(lambda: keys.own.delete(run.new_key)))
            course.audit("credential.key_removed", f"Key {run.new_key} deleted at the provider: it is not used")
    return course.end(RunState.FAILED)


def used_by_others(course: Course, at: datetime, by: str) -> bool:
    with transaction.atomic(using=SECURITY):
        where = f", for {by}" if by else ""
        cause = f"The old key {course.run.old_key} was used on {at:%d %B %Y at %H:%M} UTC{where}, but not by us."
        remedy = "Find out what else uses it and give that a key of its own. It is deactivated once it has been silent."
        course.wait(
            _interval(_watch_seconds()), used_at=at, used_by=by[:200], waited=0, looked_at=timezone.now(), held=True,
            code="still_used", cause=cause[:500], remedy=remedy,
        )  # fmt: skip
        course.notify_held(cause, remedy)
        course.audit("credential.rotation_held", cause)
    return False


def _foreign_use(course: Course, keys: Keys) -> tuple[datetime, str] | None:
    """A use of the old key that is later than any of ours, and not known yet."""
    run = course.run
    use = keys.ask(lambda: keys.own.last_use(run.old_key))
    unknown = "" if use.is_known else use.why[:300] or "The provider does not tell."
    if unknown != run.use_unknown:
        course.write(use_unknown=unknown)
    if use.at is None or run.swapped_at is None:
        return None
    # In the cloud's time, by which uses are dated.
    ours_until = run.swapped_at + timedelta(seconds=run.clock_offset) + OUR_OWN_USE
    # Within a second it is the same use: MongoDB keeps milliseconds of what was compared at full length before.
    if use.at <= ours_until or (run.used_at is not None and use.at <= run.used_at + timedelta(seconds=1)):
        return None
    return use.at, use.by


def _changed_meanwhile(course: Course, keys: Keys) -> bool:
    """A person replaced the credential, or brought the previous one back: what is not in use any more is retired."""
    run, now = course.run, timezone.now()
    if not keys.in_use:
        cause = "Which key is in use now cannot be told, so none is deleted."
        return course.wait(_interval(_watch_seconds()), held=True, code="key_unknown", cause=cause)
    again: dict[str, Any] = {
        "state": RunState.WATCHING, "new_key": keys.in_use, "swapped_at": now, "looked_at": now, "waited": 0,
        "used_at": None, "deactivated_at": None, "failures": 0, "held": False, "remedy": "",
    }  # fmt: skip
    if keys.in_use == run.old_key:
        cause = f"The previous credential was brought back, so {run.new_key} is retired instead."
        course.write(**again, old_key=run.new_key, code="rolled_back", cause=cause)
    else:
        cause = f"Another credential was put into use, so {run.new_key} is retired as well."
        left = leftover(run.old_key, "Another credential was put into use before it was deleted.")
        course.write(**again, old_key=run.new_key, code="replaced", cause=cause, leftovers=[*run.leftovers, left])
    course.audit("credential.rotation_turned", cause)
    return course.wait(_interval(_watch_seconds()))


def _no_way_back(course: Course, keys: Keys) -> bool:
    """Ends the possibility of a rollback to the old key, and sees that none has begun. False: look again later."""
    account = course.account
    row = staging.credential_row(account.pk)
    if row is None or row.generation != keys.generation:
        return False
    # First: nobody can begin a rollback any more. Then: nobody has begun one that may still swap.
    staging.destroy_previous(account=account, generation=row.generation, actor=SYSTEM)
    back = CredentialRotation.objects.filter(account=account.pk, purpose=RotationPurpose.ROLLBACK)
    back = back.filter(state__in=[RotationStage.STAGED, RotationStage.QUEUED, RotationStage.RUNNING])
    if back.exists() or CredentialRotation.objects.filter(active_account=account.pk).exists():
        return False
    row = staging.credential_row(account.pk)
    return row is not None and row.generation == keys.generation


def _finished(course: Course, text: str) -> bool:
    course.audit("credential.key_deleted", text)
    row = staging.credential_row(course.account.pk)
    if row is not None:
        # Else the reminder to delete it at the provider would come, days after it was deleted there.
        staging.destroy_previous(account=course.account, generation=row.generation, actor=SYSTEM)
    return course.end(RunState.FINISHED, code="", cause="", remedy="")


def _watch_seconds() -> int:
    return int(settings.ROTATION_WATCH_HOURS * 3600)


def _grace_seconds() -> int:
    return int(settings.ROTATION_GRACE_DAYS * 86_400)


def _interval(total: int) -> float:
    return max(10.0, total / LOOKS)


def _waited(course: Course, total: int) -> int:
    """Seconds of silence with this look: the time since the last one, but never more than two intervals, nor less than
    none. So a clock that jumps ahead by a month ends no watch, and one that is set back only lengthens it.
    """
    run = course.run
    passed = (timezone.now() - run.looked_at).total_seconds() if run.looked_at is not None else 0.0
    return run.waited + int(min(max(passed, 0.0), 2 * _interval(total)))


def _look_later(course: Course, waited: int, total: int) -> bool:
    pause = min(_interval(total), max(1.0, total - waited))
    changes: dict[str, Any] = {"waited": waited, "looked_at": timezone.now(), "failures": 0}
    # A use by others stays in view until the key has been silent for a while; other obstacles are over with this look.
    if course.run.code != "still_used" or waited >= total // LOOKS:
        changes |= {"held": False, "code": "", "cause": "", "remedy": ""}
    return course.wait(pause, **changes)
