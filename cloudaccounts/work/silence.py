"""For how long a worker may be silent. Heartbeats are written each five seconds (`operations.worker_pulse`)."""

from __future__ import annotations

from datetime import timedelta

ALIVE = timedelta(seconds=20)  # four heartbeats: one that is late is not taken for a dead worker
# Twelve. On a machine that is busy, or whose database is, a living worker is late by more than four: for so long it is
# taken for dead only where work waits that nobody takes.
SILENT = timedelta(seconds=60)
