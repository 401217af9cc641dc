"""Where Google Cloud's checks come from."""

from __future__ import annotations

from cloudaccounts.contract.rules import Reference

_DOCS = "https://cloud.google.com/"


def cite(page: str) -> tuple[Reference, ...]:
    """``page`` is below Google Cloud's site."""
    return (Reference("Google Cloud", url=_DOCS + page),)
