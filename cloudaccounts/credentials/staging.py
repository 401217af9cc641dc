"""The other two credentials of an account: the one that is to replace it, and the one that it replaced.

The three lie in one row, and whatever moves between them moves by one conditional UPDATE: scans and checks that open
the credential meanwhile get the old one or the new one, whole. Each is bound to its column and to the row's generation,
so what moves is encrypted anew for its new place. Each change leaves an audit event.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.new_keys import refuse_new_key
from cloudaccounts.credentials.vault import unreadable
from cloudaccounts.crypto.fields import KeyringError, Sealed
from cloudaccounts.errors import CredentialsUnreadableError
from cloudaccounts.models import CloudAccount, CloudCredential

TRIES = 5  # over a row that somebody else writes at the same moment

# All columns of it, in one place: a hint or a date that stayed would describe a credential that is gone.
_NOTHING_STAGED: dict[str, Any] = {
    "staged": None,
    "staged_id": None,
    "staged_kind": "",
    "staged_label": "",
    "staged_hint": "",
    "staged_secretless": False,
    "staged_created_at": None,
    "staged_expires_at": None,
    "staged_key_fingerprint": "",
    "staged_at": None,
}
_NOTHING_KEPT: dict[str, Any] = {
    "previous": None,
    "previous_kind": "",
    "previous_label": "",
    "previous_hint": "",
    "previous_secretless": False,
    "previous_created_at": None,
    "previous_expires_at": None,
    "previous_key_fingerprint": "",
    "previous_until": None,
}


def stage(
    *, account: CloudAccount, credentials: Credentials, facts: CredentialFacts, rotation_id: UUID, actor: Actor
) -> None:
    """Seals the new credential beside the one in use, over what was staged before.

    Raises `CredentialsUnreadableError` where there is no key to seal with, or no credential to replace, and
    `KeysForbiddenError`.
    """
    refuse_new_key(account.owner, secretless=facts.secretless, replaces_key=not account.credential_secretless)
    values = {"method": credentials.method, **credentials.values}
    for _ in range(TRIES):
        row = credential_row(account.id)
        if row is None:
            raise _nothing("this account has no stored credential.", "Connect the account again.")
        try:
            sealed = Sealed.seal(values, bound_to=account.id, column="staged", generation=row.generation)
            fingerprint = sealed.key_fingerprint()
        except KeyringError as error:
            raise unreadable(error) from None
        # Only in the generation that it is bound to: after a swap in between it would not open, so it is encrypted
        # again.
        staged = CloudCredential.objects.filter(account_id=account.id, generation=row.generation).update(
            staged=sealed,
            staged_id=rotation_id,
            staged_kind=credentials.method,
            staged_label=facts.kind,
            staged_hint=facts.hint[:200],
            staged_secretless=facts.secretless,
            staged_created_at=facts.created_at,
            staged_expires_at=facts.expires_at,
            staged_key_fingerprint=fingerprint,
            staged_at=timezone.now(),
        )
        if staged:
            text = f"{facts.kind} encrypted, to be tested; the one in use stays"
            return _audit(account, actor, "credential.staged", text)
    raise _busy()


def stage_previous(*, account: CloudAccount, rotation_id: UUID, actor: Actor) -> str:
    """Stages the credential that was replaced, unopened; its method. It stays kept until the swap.

    Raises `CredentialsUnreadableError` where none is kept any more.
    """
    for _ in range(TRIES):
        row = CloudCredential.objects.filter(account_id=account.id).first()
        if row is None or row.previous is None:
            raise _nothing("the previous credential is not kept any more.", "Enter a credential that works instead.")
        try:
            # The values stay encrypted for whoever reads the database; this process opens them for a moment, since
            # their place is inside.
            sealed = _moved(row, "previous", "staged", row.generation)
            fingerprint = sealed.key_fingerprint()
        except KeyringError as error:
            raise unreadable(error) from None
        # Only over what was read: a swap in between has put another credential into that column.
        staged = CloudCredential.objects.filter(
            account_id=account.id, generation=row.generation, previous=row.previous
        ).update(
            staged=sealed,
            staged_id=rotation_id,
            staged_kind=row.previous_kind,
            staged_label=row.previous_label,
            staged_hint=row.previous_hint,
            staged_secretless=row.previous_secretless,
            staged_created_at=row.previous_created_at,
            staged_expires_at=row.previous_expires_at,
            staged_key_fingerprint=fingerprint,
            staged_at=timezone.now(),
        )
        if staged:
            text = f"Previous {row.previous_label} to be tested again, for a rollback"
            _audit(account, actor, "credential.staged", text)
            return row.previous_kind
    raise _busy()


def open_staged(*, account: CloudAccount, rotation_id: UUID, actor: Actor) -> Credentials:
    """What is staged, in clear, for its test. Raises `CredentialsUnreadableError`."""
    # By the rotation as well: what another request has staged since is not what this test is about.
    row = CloudCredential.objects.filter(account_id=account.id, staged_id=rotation_id).first()
    if row is None or row.staged is None:
        raise _nothing("the new credential is not stored any more.", "Enter it again.")
    try:
        values = row.staged.open(
            bound_to=account.id, column="staged", generation=row.generation, under=row.staged_key_fingerprint
        )
    except KeyringError as error:
        text = f"New {row.staged_label} could not be opened for its test"
        _audit(account, actor, "credential.unreadable", text, code=error.code)
        raise unreadable(error) from None
    _audit(account, actor, "credential.opened", f"New {row.staged_label} opened for its test")
    return Credentials(method=values.pop("method"), values=values)


def swap(
    *,
    account: CloudAccount,
    rotation_id: UUID,
    since: datetime,
    expires_at: datetime | None,
    keep_until: datetime,
    actor: Actor,
) -> CloudCredential | None:
    """Puts what is staged into use, and what was in use aside until ``keep_until``: one UPDATE.

    The row as it was before; None where something else is staged by now, or nothing.
    """
    for _ in range(TRIES):
        before = CloudCredential.objects.filter(account_id=account.id, staged_id=rotation_id).first()
        if before is None or before.staged is None:
            return None
        try:
            changes = _swapped(before)
        except KeyringError as error:
            raise unreadable(error) from None
        # One UPDATE moves all three, and only over what was read: whoever opens the credential gets the old one or the
        # new one (docs/decisions/0009), and a re-encryption at the same moment is not undone but comes first.
        swapped = CloudCredential.objects.filter(
            account_id=account.id,
            staged_id=rotation_id,
            generation=before.generation,
            staged=before.staged,
            payload=before.payload,
        ).update(
            **_NOTHING_STAGED,
            **changes,
            kind=before.staged_kind,
            label=before.staged_label,
            hint=before.staged_hint,
            created_at=since,
            expires_at=expires_at,
            last_rotated_at=timezone.now(),
            generation=before.generation + 1,
            replaced_by=rotation_id,
            previous_kind=before.kind,
            previous_label=before.label,
            previous_hint=before.hint,
            previous_secretless=account.credential_secretless,
            previous_created_at=account.credential_since,
            previous_expires_at=account.credential_expires_at,
            previous_until=keep_until,
        )
        if swapped:
            break
    else:
        raise _busy()
    _audit(
        account,
        actor,
        "credential.replaced",
        f"{before.staged_label} replaces {before.label}; the old one is kept encrypted for a rollback",
        before={"credential": str(before)},
        after={"credential": before.staged_name},
    )
    return before


def _swapped(row: CloudCredential) -> dict[str, Any]:
    """The sealed columns after the swap. Raises `KeyringError` where what is staged cannot be opened."""
    payload = _moved(row, "staged", "payload", row.generation + 1)
    fingerprint = payload.key_fingerprint()
    try:
        previous: Sealed | None = _moved(row, "payload", "previous", row.generation + 1)
        previous_fingerprint = fingerprint
    except KeyringError:
        # It is replaced because no key opens it, perhaps. It is kept as it is, for a key that comes back.
        previous, previous_fingerprint = row.payload, row.key_fingerprint
    return {
        "payload": payload,
        "key_fingerprint": fingerprint,
        "previous": previous,
        "previous_key_fingerprint": previous_fingerprint,
    }


def _moved(row: CloudCredential, column: str, to_column: str, to_generation: int) -> Sealed:
    sealed: Sealed = getattr(row, column)
    return sealed.moved(
        bound_to=row.pk, column=column, generation=row.generation, to_column=to_column, to_generation=to_generation
    )


def discard_staged(*, account: CloudAccount, actor: Actor) -> bool:
    """Destroys what is staged; whether there was something."""
    row = CloudCredential.objects.filter(account_id=account.id, staged__isnull=False)
    if not row.update(**_NOTHING_STAGED):
        return False
    _audit(account, actor, "credential.discarded", "New credential destroyed; the one in use stays")
    return True


def destroy_previous(*, account: CloudAccount, generation: int, actor: Actor) -> bool:
    """Destroys the credential that generation's swap put aside; whether this call did."""
    rows = CloudCredential.objects.filter(account_id=account.id, generation=generation, previous__isnull=False)
    # Read for the name in the audit, before it is overwritten.
    row = rows.defer("payload", "staged", "previous").first()
    if row is None or not rows.update(**_NOTHING_KEPT):
        return False
    _audit(account, actor, "credential.destroyed", f"Previous {row.previous_name} destroyed here")
    return True


def credential_row(account_id: UUID, **narrowed: Any) -> CloudCredential | None:
    """The row without its encrypted values."""
    # Deferred in every read that shows something: encrypted values leave the database only to be opened.
    rows = CloudCredential.objects.filter(account_id=account_id, **narrowed)
    return rows.defer("payload", "staged", "previous").first()


def _busy() -> CredentialsUnreadableError:
    return CredentialsUnreadableError(
        "credential_changing", "the stored credential changes all the time.", "Try again."
    )


def _nothing(cause: str, remedy: str) -> CredentialsUnreadableError:
    return CredentialsUnreadableError("credential_missing", cause, remedy, permanent=True)


def _audit(account: CloudAccount, actor: Actor, action: str, text: str, **detail: Any) -> None:
    record_event(
        actor=actor, owner=account.owner, action=action, text=text, account=account.id, label=account.name, **detail
    )
