"""Says in the log of each process, when it starts, that the encryption key does not fit the data."""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError, connections

from cloudaccounts.crypto.fields import log_key_error

logger = logging.getLogger(__name__)


def look_at_start() -> None:
    """Looks in a thread: a database that answers late, or not yet, must not keep a process from starting."""
    threading.Thread(target=_look_aside, name="key-at-start", daemon=True).start()


def _look_aside() -> None:
    try:
        look()
    finally:
        connections.close_all()  # this thread's own


def look() -> None:
    # Imported in the thread: every command loads this module by `signals`, and only processes that start look.
    from cloudaccounts.operations.workers import confirm_key

    try:
        # Reads only: what is encrypted first writes the witness (see `confirm_key`).
        wrong = confirm_key(write_witness=False)
    except DatabaseError:
        logger.warning("encryption.key_not_looked_at", exc_info=True)
    else:
        if wrong is not None:
            log_key_error("encryption.key_does_not_fit", wrong)
