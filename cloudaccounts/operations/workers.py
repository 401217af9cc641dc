"""This installation about itself: its workers, its identities at the clouds, its key."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import ServerIdentity
from cloudaccounts.credentials import vault
from cloudaccounts.credentials.key_witness import WITNESS
from cloudaccounts.crypto.fields import KeyringError, Sealed, known_key_fingerprints
from cloudaccounts.errors import CredentialsUnreadableError
from cloudaccounts.models import CloudAccount, CloudCredential, KeyWitness, ServerIdentityRecord, WorkerHeartbeat
from cloudaccounts.work.leases import LEASE
from cloudaccounts.work.silence import ALIVE, SILENT


@dataclass(frozen=True, slots=True)
class WorkerState:
    """``alive`` is what pages say; ``heard``, that it wrote its heartbeat in time."""

    alive: bool
    seen_at: datetime | None
    heard: bool = False


def record_worker_heartbeat(name: str, queues: list[str], threads: int = 1) -> None:
    """``threads``: how many tasks the worker does at the same time."""
    try:
        keys = list(known_key_fingerprints())
    except KeyringError:
        # A worker without keys says so: `workers_without` then counts it among those that cannot read the newest.
        keys = []
    fields = {"queues": queues, "threads": threads, "keys": keys, "seen_at": timezone.now()}
    # One statement, without a transaction around it: on a busy machine a heartbeat waits for no more than it must.
    if WorkerHeartbeat.objects.filter(name=name[:120]).update(**fields):
        return
    WorkerHeartbeat.objects.update_or_create(name=name[:120], defaults=fields)
    # Rows of workers that are long gone: pages ask about the last minute.
    WorkerHeartbeat.objects.filter(seen_at__lt=timezone.now() - timedelta(days=1)).delete()


def worker_state(queue: str, row: Any = None) -> WorkerState:
    """Whether some worker serves this queue. ``row`` is the work that a page is about, where there is one.

    A worker that was not heard of for 20 seconds may be dead, or late on a busy machine. Which of the two, the work
    says: within a minute it is taken for dead where ``row`` has waited for as long and nobody has claimed it, nor
    renewed a lease on any other row of its kind.
    """
    # `queues` is JSON, and "contains" is not the same on the three databases: so 50 rows are read and asked here.
    seen = [row.seen_at for row in WorkerHeartbeat.objects.order_by("-seen_at")[:50] if queue in row.queues]
    latest = max(seen, default=None)
    if latest is None:
        return WorkerState(alive=False, seen_at=None)
    now = timezone.now()
    heard, late = now - latest < ALIVE, now - latest < SILENT
    return WorkerState(heard or (late and not _waits_in_vain(row, now)), latest, heard)


def _waits_in_vain(row: Any, now: datetime) -> bool:
    if row is None or row.claim is not None or row.requested_at is None or now - row.requested_at < ALIVE:
        return False
    # A lease ends `LEASE` after it was renewed: one that ends later than that was renewed within `ALIVE`.
    renewed = type(row)._default_manager.filter(lease_until__gt=now + LEASE - ALIVE)
    return not renewed.exists()


def refresh_server_identities() -> None:
    """Stores who this server is at each provider, so that pages can show it without the network. Asks the network."""
    for provider in registry.all_providers():
        identity = provider.server_identity(float(settings.CONNECTION_TIMEOUT_SECONDS))
        if identity is not None:
            ServerIdentityRecord.objects.update_or_create(
                provider=provider.key, defaults={"identity": asdict(identity), "checked_at": timezone.now()}
            )


def server_identity(provider: str) -> ServerIdentity:
    """As a worker last stored it; where none did yet, an identity whose error says so."""
    row = ServerIdentityRecord.objects.filter(provider=provider).first()
    if row is None:
        return ServerIdentity(
            error_code="server_identity_unknown",
            error="No worker has found out yet who this server is at the provider.",
            remedy="Start the worker; it looks within a few seconds.",
        )
    return ServerIdentity(**row.identity)


def confirm_key(*, write_witness: bool = True) -> KeyringError | None:
    """None where the key fits the data; else what is wrong. Writes the witness on first use, where it may.

    Asked before anything is encrypted: values under a second key, beside those that it does not open, would split the
    store. Without a witness but with accounts (a restored database), the key is tried on an account's credential, so
    that a wrong key cannot become the witness.
    """
    row = KeyWitness.objects.filter(name="witness").first()
    try:
        if row is not None and row.sealed is not None:
            row.sealed.open(bound_to=WITNESS, column="sealed", log=False)  # /readyz asks each second
            return None
        # One credential stands for all: whatever key opens it is the key of the data that was restored.
        if credential := next(iter(CloudCredential.objects.order_by()[:1]), None):
            account = CloudAccount.objects.filter(pk=credential.pk).first()
            if account is not None:
                vault.open_credentials(account=account, actor=SYSTEM, purpose="a check of the encryption key")
        if write_witness:
            # `newest`: there is no witness yet that could say which key to use.
            sealed = Sealed.seal({}, bound_to=WITNESS, column="sealed", newest=True)
            # Two processes may start at once: the unique name lets one of them write it.
            KeyWitness.objects.get_or_create(name="witness", defaults={"sealed": sealed})
    except KeyringError as error:
        return error
    except CredentialsUnreadableError as error:
        return KeyringError(error.code, error.reason, error.remedy)
    return None
