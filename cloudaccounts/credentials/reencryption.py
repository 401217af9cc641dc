"""Re-encryption under the newest key, while everything runs: what is there, never over what changes meanwhile.

A row that is under the newest key already is left alone, so that a run which was interrupted goes on where it was.

Two phases keep a rolling restart from leaving processes that cannot read (docs/decisions/0018). A new key in front of
the others is read by every process that was restarted with it, and encrypts nothing. Only when all workers read it does
a run move the witness under it, after which every process encrypts with it, and what is stored follows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, models, router, transaction

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.credentials.key_witness import WITNESS, workers_without
from cloudaccounts.crypto import encrypted_models
from cloudaccounts.crypto.encrypted_models import SealedColumn, SealedJsonStore, SealedStore
from cloudaccounts.crypto.fields import KeyringError, Sealed, newest_key_fingerprint, sealing_key_fingerprint
from cloudaccounts.models import (
    ApplyDocument,
    CloudCredential,
    IdempotentCall,
    KeyWitness,
    MailRequest,
    NotificationChannel,
)

SETTLES = 1.0  # seconds
SHOWN_WORKERS = 10
BATCH = 1000  # rows read, and written in one transaction
PASSES = 3  # over a store: rows that changed while they were read have another turn

encrypted_models.register(
    SealedStore(
        "credentials",
        CloudCredential,
        (
            SealedColumn("payload", "key_fingerprint", "generation"),
            SealedColumn("staged", "staged_key_fingerprint", "generation"),
            SealedColumn("previous", "previous_key_fingerprint", "generation"),
        ),
    )
)
encrypted_models.register(SealedStore("key witness", KeyWitness, (SealedColumn("sealed"),), bound_to=WITNESS))
encrypted_models.register(SealedStore("channels", NotificationChannel, (SealedColumn("secret"),)))
encrypted_models.register(SealedStore("mails", MailRequest, (SealedColumn("content"),)))
encrypted_models.register(SealedStore("answers of the API", IdempotentCall, (SealedColumn("sealed"),)))
encrypted_models.register(SealedStore("files of jobs", ApplyDocument, (SealedColumn("content"),)))

Advance = Callable[[str, int, int], None]  # label of the store, rows seen, rows in all


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that no key opens: which, and why; never what it is."""

    store: str
    key: str
    column: str
    code: str


@dataclass(slots=True)
class Reencryption:
    """What a run did. ``values`` counts sealed values, of which a row may hold several."""

    rows: int = 0
    values: int = 0
    missed: int = 0  # changed each time that they were read
    unreadable: list[Unreadable] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.unreadable and not self.missed


class KeyNotReadError(KeyringError):
    """Living workers that do not read with the newest key yet: encrypting with it would lock them out."""

    def __init__(self, workers: Sequence[str]) -> None:
        names = ", ".join(workers[:SHOWN_WORKERS]) + (" and others" if len(workers) > SHOWN_WORKERS else "")
        super().__init__(
            "encryption_key_not_read",
            f"Phase 1 of 2: every process must read the new key before any encrypts with it. These workers do not yet, "
            f"or do not say so: {names}.",
            "Restart them, the web processes and the scheduler with the new key in front of the others; then run this "
            "again.",
        )


def has_switched() -> bool:
    """Whether this installation encrypts with the newest key already. Raises `KeyringError` as `seal` does."""
    return sealing_key_fingerprint() == newest_key_fingerprint()


def rotate_encryption_keys(
    *, actor: Actor, dry_run: bool = False, advance: Advance | None = None, regardless: bool = False
) -> Reencryption:
    """Seals everything that is stored anew under the newest key. Raises `KeyringError` where there is no usable key,
    and `KeyNotReadError` while some living worker does not read with it, unless ``regardless``.

    Once it is complete, the older keys can be taken out of the settings. With ``dry_run`` nothing is written.
    """
    newest = newest_key_fingerprint()  # raises before any row is read where there is no usable key
    if not has_switched():
        if (behind := workers_without(newest)) and not regardless:
            raise KeyNotReadError(behind)
        if not dry_run:
            # Before the first value is encrypted anew: otherwise others would go on writing under the old key behind
            # this run.
            _switch()
    result = Reencryption()
    for store in encrypted_models.all_stores():
        if isinstance(store, SealedJsonStore):
            _rotate_json_store(store, result, dry_run=dry_run, advance=advance)
        else:
            _rotate_store(store, result, dry_run=dry_run, advance=advance)
    if not dry_run:
        record_event(
            actor=actor,
            owner="",
            action="encryption.rotated",
            text=f"{result.values:,} encrypted values put under the newest encryption key",
            rows=result.rows,
            unreadable=len(result.unreadable),
        )
    return result


def _switch() -> None:
    """From here on every process encrypts with the newest key: each asks the witness before it does."""
    for row in KeyWitness.objects.all():
        renewed = row.sealed.renewed(bound_to=WITNESS, column="sealed") if row.sealed is not None else None
        if renewed is not None:
            # Conditional on what was read, as every write here: of two commands at once, one moves the witness.
            KeyWitness.objects.filter(pk=row.pk, sealed=row.sealed).update(sealed=renewed)
    time.sleep(SETTLES)  # for who has asked just before, and writes what it encrypted now


def _rotate_store(store: SealedStore, result: Reencryption, *, dry_run: bool, advance: Advance | None) -> None:
    # For the progress shown alone: rows may come and go while this runs.
    total = store.model._default_manager.count()
    unreadable: dict[tuple[str, str], Unreadable] = {}
    for turn in range(PASSES):
        seen, missed = 0, 0
        for rows in _batches(store):
            seen += len(rows)
            if turn == 0:
                result.rows += len(rows)
                if advance is not None:
                    advance(store.label, seen, max(total, seen))
            changes = _changes(store, rows, unreadable)
            to_write = sum(len(pairs) for pairs in changes.values())
            written = to_write if dry_run else _write(store, changes)
            result.values += written
            missed += to_write - written
        # Every write found what it had read: another turn would find nothing to do.
        if not missed:
            break
    # Of the last turn alone: what was missed before has had another.
    result.missed += missed
    result.unreadable += unreadable.values()


def _rotate_json_store(store: SealedJsonStore, result: Reencryption, *, dry_run: bool, advance: Advance | None) -> None:
    """Row by row, each locked: such tables are small, and no condition on a JSON text is the same on every engine."""
    keys = list(store.model._default_manager.order_by("pk").values_list("pk", flat=True))
    alias = router.db_for_write(store.model)
    for number, key in enumerate(keys, start=1):
        with transaction.atomic(using=alias):
            row = store.model._default_manager.using(alias).select_for_update().filter(pk=key).first()
            if row is not None:
                _rotate_json_row(store, row, result, dry_run=dry_run)
        result.rows += 1
        if advance is not None:
            advance(store.label, number, len(keys))


def _rotate_json_row(store: SealedJsonStore, row: models.Model, result: Reencryption, *, dry_run: bool) -> None:
    values = dict(getattr(row, store.column))
    renewed: dict[str, str] = {}
    for name in store.names:
        if name not in values:
            continue
        try:
            sealed = Sealed(values[name]).renewed(bound_to=store.bound_to(row), column=store.place)
        except KeyringError as error:
            result.unreadable.append(Unreadable(store.label, str(row.pk), name, error.code))
            continue
        if sealed is not None:
            renewed[name] = sealed.text
    result.values += len(renewed)
    if renewed and not dry_run:
        setattr(row, store.column, values | renewed)
        row.save(update_fields=[store.column])


def _batches(store: SealedStore) -> Iterator[list[tuple[Any, ...]]]:
    """All rows by their key, so that memory stays flat and no cursor stays open while rows are written."""
    names = [column.name for column in store.columns]
    names += [column.generation for column in store.columns if column.generation][:1]  # one counter a row
    rows, last = store.model._default_manager.order_by("pk").values_list("pk", *names), None
    while batch := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH]):
        last = batch[-1][0]
        yield batch


Pairs = list[tuple[Any, Sealed, Sealed]]  # key of the row, as it was read, as it should be


def _changes(
    store: SealedStore, rows: Sequence[tuple[Any, ...]], unreadable: dict[tuple[str, str], Unreadable]
) -> dict[SealedColumn, Pairs]:
    changes: dict[SealedColumn, Pairs] = {column: [] for column in store.columns}
    for key, *values in rows:
        counted = len(values) > len(store.columns)
        generation = values.pop() if counted else None
        for column, sealed in zip(store.columns, values, strict=True):
            if sealed is None:
                continue
            try:
                place = {"column": column.name, "generation": generation if column.generation else None}
                renewed = sealed.renewed(bound_to=store.bound_to or key, **place)
            except KeyringError as error:
                # Noted and passed by: one value that nobody can open must not keep all others under the old key.
                unreadable[str(key), column.name] = Unreadable(store.label, str(key), column.name, error.code)
                continue
            unreadable.pop((str(key), column.name), None)  # replaced by a readable one since an earlier turn
            if renewed is not None:
                changes[column].append((key, sealed, renewed))
    return changes


def _write(store: SealedStore, changes: dict[SealedColumn, Pairs]) -> int:
    """Each value only where it still is what was read. Counts those written."""
    # The backend of MongoDB has no SQL and no transactions: there each row is its own conditional update.
    alias = router.db_for_write(store.model)
    write = _write_one_by_one if connections[alias].vendor == "mongodb" else _write_together
    with transaction.atomic(using=alias):
        return sum(write(store.model, column, pairs, alias) for column, pairs in changes.items() if pairs)


def _write_together(model: type[models.Model], column: SealedColumn, pairs: Pairs, alias: str) -> int:
    """One prepared statement for all rows: the ORM has none, and takes twenty times as long row by row.

    Conditional on the encrypted text that was read: a credential that was replaced since is not written over.
    """
    connection = connections[alias]
    quote = connection.ops.quote_name
    sealed, key = _field(model, column.name), _field(model, "pk")
    assignments = [f"{quote(sealed.column)} = %s"]
    extra: list[str] = []
    if column.fingerprint:
        assignments.append(f"{quote(_field(model, column.fingerprint).column)} = %s")
        extra.append(newest_key_fingerprint())
    sql = (
        f"UPDATE {quote(model._meta.db_table)} SET {', '.join(assignments)} "  # noqa: S608 # nosec B608 # names are the model's own
        f"WHERE {quote(key.column)} = %s AND {quote(sealed.column)} = %s"
    )
    prepared = [
        (
            sealed.get_db_prep_value(renewed, connection),
            *extra,
            key.get_db_prep_value(row, connection),
            sealed.get_db_prep_value(stored, connection),
        )
        for row, stored, renewed in pairs
    ]
    with connection.cursor() as cursor:
        # Named columns of our own models, values as parameters: nothing of a stored value becomes SQL.
        cursor.executemany(sql, prepared)
        return int(cursor.rowcount)


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _write_one_by_one(model: type[models.Model], column: SealedColumn, pairs: Pairs, alias: str) -> int:
    extra = {column.fingerprint: newest_key_fingerprint()} if column.fingerprint else {}
    return sum(
        model._default_manager.using(alias)
        .filter(**{"pk": row, column.name: stored})
        .update(**{column.name: renewed}, **extra)
        for row, stored, renewed in pairs
    )
