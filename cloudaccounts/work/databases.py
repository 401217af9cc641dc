"""The aliases of the two isolated databases (see `config.databases`, which this package may not import), and whether an
error means that a database cannot be reached."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

SECURITY = "cloud_security"

DISCOVERY = "cloud_asset_discovery"

# By name: pymongo is installed only where an isolated database lies on MongoDB.
_MONGODB = ("pymongo.errors", "ConnectionFailure")  # which its backend hands on as a plain DatabaseError


def is_outage(error: BaseException | None) -> bool:
    """SQLite raises the same class for a table that is missing: a defect of ours, which waiting does not repair."""
    if isinstance(error, OperationalError | InterfaceError):
        return not str(error).startswith("no such ")
    causes = (error, error.__cause__) if error is not None else ()
    return any((kind.__module__, kind.__name__) == _MONGODB for cause in causes for kind in type(cause).__mro__)
