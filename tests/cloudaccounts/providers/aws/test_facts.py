"""The files of dated facts, and how versions are looked up in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

from cloudaccounts.provider_kit.dated_facts import Support, load
from cloudaccounts.providers.aws.checks.databases import engine_key
from cloudaccounts.providers.aws.checks.support import CLOUDFRONT_POLICIES, ENGINES, KUBERNETES, PROTOCOLS, RUNTIMES
from cloudaccounts.providers.aws.inventory.containers import scanning_of

DAY = date(2026, 11, 30)


def values_of(service: str, shape: str) -> list[str]:
    """What the SDK's model lists for an enumeration."""
    model: Any = Session().get_service_model(service).shape_for(shape)
    return list(model.enum)


FILES = sorted((Path(load.__code__.co_filename).parents[1] / "providers/aws/facts").glob("*.json"))


def test_there_are_no_files_that_nothing_reads() -> None:
    read = {facts.about for facts in (RUNTIMES, ENGINES, KUBERNETES, PROTOCOLS, CLOUDFRONT_POLICIES)}
    assert {load(path).about for path in FILES} == read


@pytest.mark.parametrize(
    ("runtime", "day", "support"),
    [
        ("python3.9", date(2025, 12, 14), Support.SUPPORTED),
        ("python3.9", date(2025, 12, 15), Support.ENDED),
        ("python3.9", DAY, Support.ENDED),
        ("nodejs20.x", DAY, Support.ENDED),
        ("python3.10", DAY, Support.ENDED),
        ("java8", DAY, Support.ENDED),
        ("java8.al2", DAY, Support.SUPPORTED),
        ("python3.13", DAY, Support.SUPPORTED),
        ("nodejs26.x", DAY, Support.UNKNOWN),  # in botocore's model, and in no list of dates that was read
        ("custom", DAY, Support.UNKNOWN),
    ],
)
def test_runtimes_are_told_by_the_day(runtime: str, day: date, support: Support) -> None:
    assert RUNTIMES.support(runtime, day) is support


def test_nearly_all_runtimes_of_the_sdk_are_in_the_file() -> None:
    """What is missing is unknown; this says how much that is, so that an old file is noticed."""
    model = values_of("lambda", "Runtime")
    assert set(model) - set(RUNTIMES.entries) <= {"nodejs26.x", "python3.15", "custom"}


@pytest.mark.parametrize(
    ("engine", "version", "key"),
    [
        ("postgres", "16.4", "postgres/16"),
        ("postgres", "9.6.24", "postgres/9.6"),
        ("mysql", "8.0.42", "mysql/8.0"),
        ("mariadb", "10.11.8", "mariadb/10.11"),
        ("aurora-postgresql", "15.4", "aurora-postgresql/15"),
        ("aurora-mysql", "8.0.mysql_aurora.3.05.2", "aurora-mysql/3"),
        ("aurora-mysql", "5.7.mysql_aurora.2.11.3", "aurora-mysql/2"),
        ("docdb", "5.0.0", "docdb/5.0"),
        ("neptune", "1.3.2.1", "neptune/1.3.2.1"),
        ("neptune", "1.9.0.0", "neptune/1"),  # not in the file, so unknown
    ],
)
def test_a_version_is_found_by_its_longest_beginning(engine: str, version: str, key: str) -> None:
    assert engine_key(engine, version) == key


@pytest.mark.parametrize(
    ("key", "support"),
    [
        ("postgres/13", Support.ENDED),
        ("postgres/14", Support.SUPPORTED),
        ("mysql/5.7", Support.ENDED),
        ("mysql/8.0", Support.ENDED),
        ("mysql/8.4", Support.SUPPORTED),
        ("aurora-mysql/2", Support.ENDED),
        ("aurora-mysql/3", Support.SUPPORTED),
        ("docdb/3.6", Support.ENDED),
        ("docdb/5.0", Support.SUPPORTED),
        ("neptune/1", Support.UNKNOWN),
    ],
)
def test_engine_versions_are_told_by_the_day(key: str, support: Support) -> None:
    assert ENGINES.support(key, DAY) is support


def test_every_policy_of_cloudfront_has_a_protocol_with_a_date() -> None:
    model = values_of("cloudfront", "MinimumProtocolVersion")
    assert set(CLOUDFRONT_POLICIES.entries) == set(model)
    for name in model:
        assert CLOUDFRONT_POLICIES.detail(name, "least") in PROTOCOLS.entries


@pytest.mark.parametrize(
    ("name", "filters", "fits"),
    [
        ("team/app", ["*"], True),
        ("team/app", ["team/*"], True),
        ("team/app", ["app"], True),  # without a wildcard: each name that contains it
        ("team/app", ["*/web"], False),
        ("team/app", ["web"], False),
        ("team/app", [], False),
    ],
)
def test_a_rule_of_the_registry_fits_by_its_filters(name: str, filters: list[str], fits: bool) -> None:
    rule = {
        "scanFrequency": "SCAN_ON_PUSH",
        "repositoryFilters": [{"filter": pattern, "filterType": "WILDCARD"} for pattern in filters],
    }
    assert scanning_of(name, {"scanType": "ENHANCED", "rules": [rule]}) == {
        "type": "ENHANCED",
        "frequencies": ["SCAN_ON_PUSH"] if fits else [],
    }
