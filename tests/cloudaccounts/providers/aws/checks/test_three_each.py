"""Each rule is tried with three assets that pass and three that fail; the values are those of botocore's models.

What is unknown is tried for every rule in `test_checks`: nothing told, and nothing readable.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import Session

from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.aws.checks import CHECKS
from tests.cloudaccounts.providers.aws.checks import test_absent_and_new, test_reach
from tests.cloudaccounts.providers.aws.checks.cases import CASES
from tests.cloudaccounts.providers.aws.checks.examples import judge
from tests.cloudaccounts.providers.aws.checks.more_cases import FURTHER, MORE
from tests.cloudaccounts.providers.aws.checks.test_absent_and_new import NEW

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
TABLE: list[tuple[str, Verdict, dict[str, Any]]] = [
    (f"aws_{rule}", verdict, properties)
    for rule, (passing, failing) in (*MORE.items(), *FURTHER.items())
    for verdict, several in ((P, passing), (F, failing))
    for properties in several
]
EVERY: list[tuple[str, Verdict, dict[str, Any]]] = [
    *TABLE,
    *(
        (identifier, verdict, one)
        for identifier, cases in CASES.items()
        for verdict, one in zip((P, F), cases[:2], strict=True)
        if one
    ),
    *((f"aws_{rule}", verdict, properties) for rule, properties, verdict in test_absent_and_new.TABLE),
    *test_reach.CASES,
]


@pytest.mark.parametrize("identifier", sorted({identifier for identifier, _, _ in TABLE}))
def test_a_rule_judges_by_what_it_sees(identifier: str) -> None:
    for own, verdict, properties in TABLE:
        if own == identifier:
            told = judge(identifier, properties)
            assert told.verdict == verdict, (properties, told.reason)
            assert told.reason.endswith(".")


def test_each_rule_has_three_cases_that_pass_and_three_that_fail() -> None:
    # The same asset twice proves nothing more.
    distinct = {
        (identifier, verdict, json.dumps(one, sort_keys=True, default=str)) for identifier, verdict, one in EVERY
    }
    counts = Counter((identifier, verdict) for identifier, verdict, _ in distinct)
    few = {check.id: (counts[check.id, P], counts[check.id, F]) for check in CHECKS}
    assert {identifier: told for identifier, told in few.items() if min(told) < 3} == {}


# Where a property of ours holds a value of a model's enumeration, as the inventory copies it: by the type of asset and
# the path, the service and the shape.
ENUMERATIONS: dict[tuple[str, str], tuple[str, str]] = {
    ("aws.ec2.instance", "state"): ("ec2", "InstanceStateName"),
    ("aws.ec2.instance", "metadata_tokens"): ("ec2", "HttpTokensState"),
    ("aws.ec2.instance", "metadata_endpoint"): ("ec2", "InstanceMetadataEndpointState"),
    ("aws.ec2.vpc", "flow_logs.traffic"): ("ec2", "TrafficType"),
    ("aws.account.region", "snapshot_sharing"): ("ec2", "SnapshotBlockPublicAccessState"),
    ("aws.ec2.snapshot", "snapshot_sharing"): ("ec2", "SnapshotBlockPublicAccessState"),
    ("aws.account.region", "metadata_defaults.HttpTokens"): ("ec2", "MetadataDefaultHttpTokensState"),
    ("aws.accessanalyzer.region", "analyzers.type"): ("accessanalyzer", "Type"),
    ("aws.accessanalyzer.region", "analyzers.status"): ("accessanalyzer", "AnalyzerStatus"),
    ("aws.kms.key", "state"): ("kms", "KeyState"),
    ("aws.kms.key", "origin"): ("kms", "OriginType"),
    ("aws.kms.key", "spec"): ("kms", "KeySpec"),
    ("aws.acm.certificate", "status"): ("acm", "CertificateStatus"),
    ("aws.s3.bucket", "encryption.algorithm"): ("s3", "ServerSideEncryption"),
    ("aws.s3.bucket", "versioning.mfa_delete"): ("s3", "MFADeleteStatus"),
    ("aws.s3.bucket", "ownership"): ("s3", "ObjectOwnership"),
    ("aws.s3.bucket", "acl_grants.permission"): ("s3", "Permission"),
    ("aws.elbv2.load_balancer", "type"): ("elbv2", "LoadBalancerTypeEnum"),
    ("aws.elbv2.load_balancer", "scheme"): ("elbv2", "LoadBalancerSchemeEnum"),
    ("aws.elbv2.load_balancer", "listeners.protocol"): ("elbv2", "ProtocolEnum"),
    ("aws.elbv2.load_balancer", "listeners.rules.action"): ("elbv2", "ActionTypeEnum"),
    ("aws.cloudfront.distribution", "viewer_protocols"): ("cloudfront", "ViewerProtocolPolicy"),
    ("aws.ecr.repository", "registry_scanning.type"): ("ecr", "ScanType"),
    ("aws.ecr.repository", "registry_scanning.frequencies"): ("ecr", "ScanFrequency"),
}
# What a case says on purpose although no model has it, and what the inventory writes where the cloud leaves it out.
OURS = {NEW, "consider", "Off", "TLSv9_2040"}


def values(told: Any, path: list[str]) -> Iterator[str]:
    if isinstance(told, list):
        for item in told:
            yield from values(item, path)
    elif not path:
        if isinstance(told, str):
            yield told
    elif isinstance(told, dict):
        yield from values(told.get(path[0]), path[1:])


@pytest.mark.parametrize(("place", "shape"), ENUMERATIONS.items(), ids=lambda one: ".".join(one))
def test_values_are_those_of_the_model(place: tuple[str, str], shape: tuple[str, str]) -> None:
    kinds = {check.id: check.asset_type for check in CHECKS}
    model: Any = Session().get_service_model(shape[0]).shape_for(shape[1])
    used = {
        value
        for identifier, _, properties in EVERY
        if kinds[identifier] == place[0]
        for value in values(properties, place[1].split("."))
    }
    assert used, "no case has a value there"
    assert used - OURS <= set(model.enum), f"{shape} has no such values"
