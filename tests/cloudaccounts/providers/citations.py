"""What the rules of a cloud cite, for the tests that fix it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from cloudaccounts.contract.rules import PostureCheck, Reference


def numbers(checks: Iterable[PostureCheck], benchmark: str) -> dict[str, tuple[str, ...]]:
    """The numbers of ``benchmark`` (``CIS AWS 3.0.0``) by the ids of the rules that cite any, in the order cited."""
    cited = {check.id: tuple(one.section for one in check.references if one.source == benchmark) for check in checks}
    return {identifier: sections for identifier, sections in cited.items() if sections}


def strangers(checks: Iterable[PostureCheck], benchmark: str, host: str) -> list[tuple[str, Reference]]:
    """References that are neither a number of ``benchmark`` nor a page of ``host``, with the ids of their rules."""
    return [(check.id, one) for check in checks for one in check.references if not _is_known(one, benchmark, host)]


def _is_known(reference: Reference, benchmark: str, host: str) -> bool:
    if reference.source == benchmark:
        return bool(reference.section) and not reference.url
    page = urlsplit(reference.url)
    is_page = page.scheme == "https" and page.netloc == host and len(page.path) > 1
    return is_page and (not reference.section or bool(page.fragment))  # a section leads to its place in the page
