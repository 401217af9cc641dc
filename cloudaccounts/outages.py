"""Whether an error means that a database cannot be reached: an answer to come back for, not a defect of ours."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import defect

RETRY_AFTER = 10  # seconds
# By name: pymongo is installed only where an isolated database lies on MongoDB.
_MONGODB = ("pymongo.errors", "ConnectionFailure")  # which its backend hands on as a plain DatabaseError


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


def is_outage(error: BaseException | None) -> bool:
    """SQLite raises the same class for a table that is missing: a defect of ours, which waiting does not repair."""
    if isinstance(error, OperationalError | InterfaceError):
        return not str(error).startswith("no such ")
    causes = (error, error.__cause__) if error is not None else ()
    return any((kind.__module__, kind.__name__) == _MONGODB for cause in causes for kind in type(cause).__mro__)
