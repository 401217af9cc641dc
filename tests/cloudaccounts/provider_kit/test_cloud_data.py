"""Whatever a cloud says of a resource, what is stored of it every database can hold, and what was changed is marked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import ServerIdentity, VisibleAccount
from cloudaccounts.contract.inventory import ALTERED, UNREADABLE, Asset
from cloudaccounts.contract.organizations import MemberPage, NodeKind, OrganizationNode
from cloudaccounts.contract.report import (
    CheckResult,
    CheckStatus,
    PermissionResult,
    PermissionStatus,
    ValidationProgress,
)
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.provider_kit import cloud_data
from cloudaccounts.provider_kit.cloud_data import PROPERTIES, storable_asset
from cloudaccounts.providers.aws.checks import CHECKS
from cloudaccounts.storable import Bounds, Changes, clean_identifier, is_storable, storable

BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
SMALL = Bounds(text=20, items=20, depth=4, total=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec=None)), inner),
    max_leaves=40,
)


def parts(value: Any, depth: int = 0) -> Iterator[tuple[Any, int]]:
    yield value, depth
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(item, depth + 1)
    for key in value if isinstance(value, dict) else ():
        yield key, depth


def assert_storable(value: Any, bounds: Bounds) -> None:
    every = list(parts(value))
    for part, depth in every:
        assert depth <= bounds.depth + 1
        if isinstance(part, str):
            assert not BAD.search(part)
            assert len(part) <= bounds.text
        elif isinstance(part, bool) or part is None:
            continue
        elif isinstance(part, int):
            assert -(2**63) <= part < 2**63
        elif isinstance(part, float):
            assert math.isfinite(part)
        else:
            assert type(part) in {dict, list}
    json.dumps(value, allow_nan=False).encode()
    assert len(every) <= 4 * bounds.total


def asset(properties: dict[str, Any] | None = None, **fields: Any) -> Asset:
    values = {
        "type": "aws.s3.bucket",
        "service": "s3",
        "region": "eu-west-1",
        "native_id": "arn:x",
        "name": "x",
        **fields,
    }
    return Asset(**values, properties=properties or {})


@settings(max_examples=60, deadline=None)
@given(JSON)
@example({"a": "\x00"})
@example([2**64, -(2**63) - 1, float("nan"), float("-inf"), 10**5000])
@example("\ud83d")
def test_anything_becomes_storable_within_bounds(value: Any) -> None:
    for bounds in (SMALL, PROPERTIES):
        changes = Changes()
        kept = storable(value, bounds, changes)
        assert_storable(kept, bounds)
        assert kept == value or changes.cut or changes.replaced
        again = Changes()
        assert storable(kept, PROPERTIES, again) == kept
        assert not (again.cut)
        assert not (again.replaced)


@settings(max_examples=60, deadline=None)
@given(JSON)
@example("\b")
@example("\x7f")
@example(2**63)
@example([[[[[[1]]]]]])
def test_what_is_taken_as_it_is_needs_no_change(value: Any) -> None:
    for bounds in (Bounds(text=200, items=200, depth=4, total=1000), PROPERTIES):
        if is_storable(value, bounds):
            changes = Changes()
            assert storable(value, bounds, changes) == value
            assert not (changes.cut)
            assert not (changes.replaced)


def test_usual_properties_are_taken_as_they_are() -> None:
    usual = asset({"policy": {"Statement": [{"Action": "s3:*", "n": 1.5}] * 60}, "text": 'a\tb\n"q" C:\\x'})
    assert storable_asset(usual) is usual


@pytest.mark.parametrize("value", [{}, [], "", None, "ü", {"a": {"b": {"c": []}}}])
def test_plain_values_stay(value: Any) -> None:
    assert storable(value, SMALL) == value


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("value", "mark"),
    [
        ("a\x00b", cloud_data.REPLACED),
        ("\ud800", cloud_data.REPLACED),
        (2**64, cloud_data.REPLACED),
        (float("nan"), cloud_data.REPLACED),
        ("x" * 200_000, cloud_data.CUT),
        (["x"] * 30_000, cloud_data.CUT),
        ({str(number): 1 for number in range(30_000)}, cloud_data.CUT),
        (deep(90), cloud_data.CUT),
        (deep(5000), cloud_data.CUT),
        ([["x" * 1000] * 100] * 50, cloud_data.CUT),
    ],
)
def test_what_was_changed_is_marked_and_what_was_cut_is_unreadable(value: Any, mark: str) -> None:
    kept = storable_asset(asset({"good": 1, "odd": value, UNREADABLE: {"other": "access_denied"}})).properties
    assert kept["good"] == 1
    assert kept[ALTERED] == {"odd": mark}
    refused = {"other": "access_denied"} | ({"odd": cloud_data.TOO_LARGE} if mark == cloud_data.CUT else {})
    assert kept[UNREADABLE] == refused
    assert_storable(kept, PROPERTIES)
    assert len(json.dumps(kept)) < 2_000_000


def test_a_list_of_rules_that_is_cut_passes_no_check() -> None:
    row = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidrs": ["10.0.0.0/8"], "ipv6_cidrs": []}
    group = asset({"ingress": [row] * 25_000}, type="aws.ec2.security_group")
    (check,) = (check for check in CHECKS if check.id == "aws_ec2_ssh_open")
    result = check.evaluate(storable_asset(group))
    assert result.verdict is Verdict.UNKNOWN
    assert "larger than what is kept" in result.reason


def test_many_large_properties_leave_room_for_small_ones() -> None:
    kept = storable_asset(asset({**{f"big{n}": ["x" * 90_000] * 20 for n in range(50)}, "small": "yes"})).properties
    assert kept["small"] == "yes"
    assert len(json.dumps(kept)) < 4_000_000


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=3000), st.dictionaries(st.text(st.characters(codec=None)), st.text())
)
@example("x" * 3000, {"k\x00": "v" * 5000})
def test_names_tags_and_identifiers_fit_their_columns(text: str, tags: dict[str, str]) -> None:
    kept = storable_asset(asset(name=text, native_id=text, type=text, region=text, service=text, tags=tags))
    for value, most in (
        (kept.name, 300), (kept.native_id, 2048), (kept.type, 80), (kept.region, 60), (kept.service, 40),
    ):  # fmt: skip
        assert len(value) <= most
        assert not BAD.search(value)
    assert_storable(kept.tags, cloud_data.TAGS)
    assert all(type(value) is str for value in kept.tags.values())
    assert kept.fingerprint() == storable_asset(kept).fingerprint()


def test_identifiers_that_differ_stay_different() -> None:
    several = ["a\x00", "a\x01", "a", "x" * 3000 + "1", "x" * 3000 + "2"]
    assert len({clean_identifier(text, 2048) for text in several}) == len(several)


EVIL = "a\x00\ud800b" + "x" * 100_000


def test_records_of_providers_are_storable_from_the_beginning() -> None:
    node = OrganizationNode(EVIL, EVIL, EVIL, NodeKind.ACCOUNT, EVIL)
    identity, visible = ServerIdentity(EVIL, EVIL, EVIL, EVIL, EVIL, EVIL), VisibleAccount(EVIL, EVIL)
    error = ProviderError(EVIL, EVIL, EVIL, sdk_error=EVIL)
    progress = ValidationProgress()
    progress.done(CheckResult(EVIL, EVIL, CheckStatus.FAILED, EVIL, EVIL, EVIL, EVIL, EVIL))
    progress.update(identity=EVIL, permissions=[PermissionResult(EVIL, EVIL, PermissionStatus.DENIED, EVIL)])
    report = progress.finish().to_dict()
    texts = [
        error.code,
        error.cause,
        error.remedy,
        error.sdk_error,
        str(error),
        node.node_id,
        node.name,
        node.account_id,
    ]
    texts += [
        identity.principal,
        identity.error,
        visible.name,
        *(part for part, _ in parts(report) if isinstance(part, str)),
    ]
    assert len(texts) > 20
    for text in texts:
        assert not BAD.search(text)
        assert len(text) <= 50_000
    assert MemberPage((node,), "a\x00").cursor == ""
    assert MemberPage((node,), "next").cursor == "next"
    assert node.kind is NodeKind.ACCOUNT
