"""What the rules of this cloud cite: pages of the vendor, and no numbers of a benchmark."""

from __future__ import annotations

from cloudaccounts.providers.gcp.checks import CHECKS
from tests.cloudaccounts.providers.citations import strangers


def test_everything_cited_is_a_page_of_the_vendor() -> None:
    assert strangers(CHECKS, "cloud.google.com") == []


def test_no_rule_is_without_a_source() -> None:
    assert [check.id for check in CHECKS if not check.references] == []
