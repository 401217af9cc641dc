"""From nothing to a new key in use: proof, intent, the call that makes it, its test and the swap.

The intent is written before the call, so a worker that is killed behind it leaves enough to find the key by. A key
whose secret was lost with its answer is deleted and made anew; it is never taken for a person's, nor a person's for it.
"""

from __future__ import annotations

from uuid import uuid4

from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.own_keys import NewKey, Origin
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.credentials import staging
from cloudaccounts.errors import NothingStagedError
from cloudaccounts.models import CloudAccount, CredentialRotation
from cloudaccounts.models.automatic_rotation import RunPurpose, RunState
from cloudaccounts.models.rotation import RotationPurpose, RotationStage
from cloudaccounts.rotation.automatic import readiness
from cloudaccounts.rotation.automatic.course import Course, Keys, LostClaimError, leftover, opened, pause_after
from cloudaccounts.rotation.losses import CODE as ACCESS_LOST
from cloudaccounts.rotation.requests import stage_credential, start_rotation
from cloudaccounts.rotation.swap import catch_up_with_swap
from cloudaccounts.rotation.verify import run_rotation

TRIES = 3  # keys that one run asks for
# A list may be older than the key that was just made (IAM is eventually consistent), so one look proves nothing.
LOOKS = 3  # without finding a lost key, a minute apart and more
DOUBTS = 12  # looks for the proof of whose a key is: CloudTrail's history may be a quarter of an hour late
# A new key is not known everywhere at once, so its first refusals count for nothing.
REFUSALS = 8  # of its test in a row: about a quarter of an hour
OUT_OF_REACH = 40  # failures of its test that refused nothing
_LATER = 3600


def prepare(course: Course) -> bool:
    """Proves the permission and the free place, writes the intent, makes the key."""
    run, account = course.run, course.account
    with opened(account) as keys:
        obstacle = readiness.prove(account, keys)
        if run.purpose == RunPurpose.PROVE:
            course.write(state=RunState.FINISHED, active_account=None, claim=None, lease_until=None,
                         finished_at=timezone.now())  # fmt: skip
            return False
        if obstacle is not None:
            return course.end(RunState.FAILED, code=obstacle.code, cause=obstacle.cause, remedy=obstacle.remedy)
        if staging.credential_row(account.pk, staged__isnull=False) is not None:
            return course.wait(_LATER, code="replacement_staged", cause="A person is replacing the credential.")
        listed = keys.ask(keys.own.keys)
        request = keys.own.prepare(run.pk.hex[:12])
        course.write(
            state=RunState.CREATING, old_key=keys.in_use, new_key="", mark=request.mark, intended_at=timezone.now(),
            known_keys=[key.id for key in listed], rotation=uuid4(), looks=0, tries=run.tries + 1,
            code="", cause="", remedy="", held=False,
        )  # fmt: skip
        new = course.step("create", "", lambda: keys.ask(lambda: keys.own.create(request)), name=lambda new: new.id)
        return _stage(course, keys, new)


def _stage(course: Course, keys: Keys, new: NewKey) -> bool:
    """Encrypts the new key beside the one in use. Where that is not possible it is removed again."""
    run, account = course.run, course.account
    try:
        course.still_ours()
    except LostClaimError:
        # Whoever has the run now looks for this key by its mark; deleting it here only saves them the search.
        keys.ask(lambda: keys.own.delete(new.id))
        raise
    offset = round((new.created_at - timezone.now()).total_seconds()) if new.created_at else 0
    facts = {"new_key": new.id, "clock_offset": offset, "failures": 0}
    try:
        if staging.credential_row(account.pk, staged__isnull=False) is not None:
            raise ProviderError("replacement_staged", "A person began to replace the credential meanwhile.")
        stage_credential(
            account, actor=SYSTEM, credentials=new.credentials, purpose=RotationPurpose.RENEWAL,
            rotation_id=run.rotation,
        )  # fmt: skip
    except (ProviderError, CloudAccount.DoesNotExist) as error:
        cause = error.cause if isinstance(error, ProviderError) else "The account was deleted meanwhile."
        course.write(state=RunState.REMOVING, code="not_staged", cause=cause[:500], **facts)
        return True
    course.write(state=RunState.TESTING, **facts)
    course.audit("credential.key_created", f"Key {new.id} made at the provider, to be tested")
    return True


def look_for_lost(course: Course) -> bool:
    """After a kill or a lost answer behind the intent: finds out whether there is a key, and whose it is."""
    run, account = course.run, course.account
    row = staging.credential_row(account.pk, staged_id=run.rotation)
    if row is not None and run.rotation is not None:
        # The kill came behind the encrypting: nothing is lost.
        credentials = staging.open_staged(account=account, rotation_id=run.rotation, actor=SYSTEM)
        key_id = registry.get(account.provider).own_key_id(credentials)
        course.write(state=RunState.TESTING, new_key=key_id, failures=0)
        return True
    with opened(account) as keys:
        removed, doubtful = 0, []
        for key in keys.ask(keys.own.keys):
            if key.id in run.known_keys or key.id in (keys.in_use, run.old_key) or run.intended_at is None:
                continue
            since = run.intended_at
            origin = keys.ask(lambda: keys.own.origin(key, mark=run.mark, since=since))  # noqa: B023
            if origin is Origin.OURS:
                course.step("remove", key.id, lambda: keys.ask(lambda: keys.own.delete(key.id)))  # noqa: B023
                course.audit("credential.key_removed", f"Key {key.id} deleted: its secret was lost with the answer")
                removed += 1
            elif origin is Origin.UNKNOWN:
                doubtful.append(key.id)
    looks = run.looks + 1
    if doubtful:
        cause = f"{', '.join(doubtful)} appeared while we made a key, and whose it is cannot be told yet."
        if looks < DOUBTS:
            return course.wait(pause_after(looks, 60, _LATER), looks=looks, code="key_unproven", cause=cause)
        left = [leftover(key, "It appeared while we made a key; whose it is could not be told.") for key in doubtful]
        remedy = "Delete it at the provider where nobody of yours has made it."
        return course.end(RunState.FAILED, leftovers=left, code="key_unproven", cause=cause, remedy=remedy)
    if not removed and looks < LOOKS:
        return course.wait(60 * looks, looks=looks)
    if run.tries >= TRIES:
        return course.end(RunState.FAILED)  # with the code and the cause of what the last call met
    return course.wait(pause_after(run.tries, 60), state=RunState.PREPARING, looks=0, failures=0)


def test(course: Course) -> bool:
    """The full report with the new key, and the swap where it passes. Refusals are tried again for a while."""
    run, account = course.run, course.account
    rotation = CredentialRotation.objects.filter(pk=run.rotation).first() if run.rotation else None
    row = staging.credential_row(account.pk)
    if row is not None and (row.replaced_by == run.rotation or (rotation is not None and rotation.swapped)):
        catch_up_with_swap(account)
        now = timezone.now()
        course.write(state=RunState.WATCHING, swapped_at=now, looked_at=now, waited=0, failures=0, held=False,
                     code="", cause="", remedy="")  # fmt: skip
        return True
    if row is None or rotation is None or row.staged_id != rotation.pk:
        return _give_up(course, "staged_discarded", "The new key was taken back before its test had ended.")
    try:
        asked = start_rotation(account, actor=SYSTEM)
    except NothingStagedError:
        return True  # it was taken back this moment: asked again from the row
    if asked.pk != run.rotation:
        return course.wait(60, code="replacement_staged", cause="Another credential is being tested.")
    course.step("test", run.new_key, lambda: run_rotation(rotation.pk))
    rotation.refresh_from_db()
    if rotation.swapped or rotation.state in (RotationStage.DISCARDED, RotationStage.ABANDONED):
        return True
    if rotation.is_active:
        return course.wait(10)  # another worker has it
    if rotation.code == ACCESS_LOST:
        return _give_up(course, rotation.code, rotation.cause)
    failures = run.failures + 1
    permanent = CloudValidationResult.from_dict(rotation.report).permanent
    if failures >= (REFUSALS if permanent else OUT_OF_REACH):
        return _give_up(course, rotation.code, f"The new key did not pass its test: {rotation.cause}")
    pause = pause_after(failures, 5, 300 if permanent else 1800)
    return course.wait(pause, failures=failures, code=rotation.code, cause=rotation.cause)


def _give_up(course: Course, code: str, cause: str) -> bool:
    course.write(state=RunState.REMOVING, code=code, cause=cause[:500], failures=0)
    return True
