"""The witness: a value under the key that this installation encrypts with. Who reads with which key."""

from __future__ import annotations

from django.utils import timezone

from cloudaccounts.crypto.fields import KeyringError
from cloudaccounts.models import KeyWitness, WorkerHeartbeat
from cloudaccounts.work.silence import SILENT

WITNESS = "key-witness"  # what the witness is bound to


def sealing_key() -> str:
    """The fingerprint of the key that this installation encrypts with: the one that its witness is under.

    So a process that was restarted with a new key in front goes on with the old one, which all others read, until
    `manage.py rotate_encryption_keys` moves the witness. Empty where there is no witness, or no key opens it.
    """
    # Asked for each encryption while there are two keys, and never cached: a process that remembered would go on with
    # the old key after the switch.
    witness = KeyWitness.objects.filter(name="witness").first()
    try:
        return witness.sealed.key_fingerprint() if witness is not None and witness.sealed is not None else ""
    except KeyringError:
        return ""


def workers_without(fingerprint: str) -> list[str]:
    """Names of workers heard of in the last minute that do not read with this key, or do not say so."""
    rows = WorkerHeartbeat.objects.filter(seen_at__gt=timezone.now() - SILENT).order_by("name")
    return [row.name for row in rows if fingerprint not in row.keys]
