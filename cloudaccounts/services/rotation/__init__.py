"""Replacing an account's credential without downtime: staged, tested with the full report, swapped in one step.

The new credential waits sealed in the account's credential row; a worker tests it while checks and scans go on with the
old one. Only a good report swaps the two. Each step may be repeated: a worker that is killed anywhere leaves a row from
which the next one goes on.
"""

from cloudaccounts.services.rotation.asking import (
    discard_staged,
    rollback_credential,
    stage_credential,
    start_rotation,
)
from cloudaccounts.services.rotation.reconciling import requeue_rotations
from cloudaccounts.services.rotation.swapping import conclude, settle_account, settle_swapped, tell_retired
from cloudaccounts.services.rotation.testing import replace_credentials, run_rotation

__all__ = [
    "conclude",
    "discard_staged",
    "replace_credentials",
    "requeue_rotations",
    "rollback_credential",
    "run_rotation",
    "settle_account",
    "settle_swapped",
    "stage_credential",
    "start_rotation",
    "tell_retired",
]
