"""Policies of AWS that are known by their names, and those that are not."""

from __future__ import annotations

import pytest

from cloudaccounts.providers.aws.policy.managed import OF_AWS, documented


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("AdministratorAccess", True),
        ("ReadOnlyAccess", True),
        ("service-role/AmazonRDSEnhancedMonitoringRole", True),
        ("service-role/ReadOnlyAccess", False),  # the path is part of the name
        ("AmazonNovaFullAccess", False),
        ("A", False),
        ("", False),
    ],
)
def test_only_whole_names_are_known(name: str, known: bool) -> None:
    assert (documented(f"arn:aws-cn{OF_AWS}{name}") is not None) is known


def test_the_accounts_own_policy_of_the_same_name_is_not_awss() -> None:
    assert documented("arn:aws:iam::111122223333:policy/ReadOnlyAccess") is None
