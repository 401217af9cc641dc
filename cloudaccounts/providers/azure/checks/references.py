"""Where Azure's checks come from."""

from __future__ import annotations

from cloudaccounts.contract.rules import Reference

_LEARN = "https://learn.microsoft.com/azure/"


def cite(page: str, *cis: str) -> tuple[Reference, ...]:
    """``page`` is below Microsoft's Azure documentation; ``cis`` are numbers of the benchmark."""
    return (*(Reference("CIS Azure 2.0.0", number) for number in cis), Reference("Microsoft Learn", url=_LEARN + page))
