"""Where Google Cloud's checks come from."""

from __future__ import annotations

from cloudaccounts.contract.rules import Reference

_DOCS = "https://cloud.google.com/"


def cite(page: str, *cis: str) -> tuple[Reference, ...]:
    """``page`` is below Google Cloud's site; ``cis`` are numbers of the benchmark."""
    return (*(Reference("CIS GCP 2.0.0", number) for number in cis), Reference("Google Cloud", url=_DOCS + page))
