"""A database that cannot be reached is an answer to come back for, not a defect of ours."""

from __future__ import annotations

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import defect
from cloudaccounts.work.databases import is_outage

RETRY_AFTER = 10  # seconds


class DatabaseUnavailableError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "database_unavailable",
            "The database of this server cannot be reached right now.",
            "Try again in a few seconds; if it stays so, tell the operator: /readyz says what is missing.",
            permanent=False,
        )


def unexpected(error: BaseException, what: str) -> ProviderError:
    """The outcome of work that an unexpected exception ended: the database was away, or it is a defect of ours."""
    return DatabaseUnavailableError() if is_outage(error) else defect(what)
