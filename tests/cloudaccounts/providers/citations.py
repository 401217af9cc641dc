"""What the rules of a cloud cite, for the tests that fix it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from cloudaccounts.contract.rules import PostureCheck, Reference


def numbers(checks: Iterable[PostureCheck], catalogue: str) -> dict[str, tuple[str, ...]]:
    """The numbers of ``catalogue`` (``AWS Security Hub``) by the ids of the rules that cite any, in the order cited."""
    cited = {check.id: tuple(one.section for one in check.references if one.source == catalogue) for check in checks}
    return {identifier: sections for identifier, sections in cited.items() if sections}


def strangers(checks: Iterable[PostureCheck], host: str) -> list[tuple[str, Reference]]:
    """References that are no page of ``host``, with the ids of their rules."""
    return [(check.id, one) for check in checks for one in check.references if not _is_page(one, host)]


def _is_page(reference: Reference, host: str) -> bool:
    page = urlsplit(reference.url)
    is_page = page.scheme == "https" and page.netloc == host and len(page.path) > 1
    return is_page and (not reference.section or bool(page.fragment))  # a section leads to its place in the page
