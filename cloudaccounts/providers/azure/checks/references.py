"""Where Azure's checks come from."""

from __future__ import annotations

from cloudaccounts.contract.rules import Reference

_LEARN = "https://learn.microsoft.com/azure/"


def cite(page: str) -> tuple[Reference, ...]:
    """``page`` is below Microsoft's Azure documentation."""
    return (Reference("Microsoft Learn", url=_LEARN + page),)


def cite_entra(page: str) -> tuple[Reference, ...]:
    """``page`` is below Microsoft's documentation of Entra."""
    return (Reference("Microsoft Learn", url=f"https://learn.microsoft.com/entra/{page}"),)
