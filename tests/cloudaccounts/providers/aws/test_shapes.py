"""Answers of an odd shape: each field of each answer is left out once, and each word of a list replaced by a new one.

The answers are those of the simulated cloud, in the shapes of botocore's models. What is left out may make its fact, or
its resource, unknown: it hides no resource beside it, and turns no failure into a pass and no pass into a failure.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.aws.checks import CHECKS
from cloudaccounts.providers.aws.inventory import GLOBAL, SERVICES, open_session
from tests.cloudaccounts.providers.aws.conftest import Cloud, make_target

PLATFORM = "111122223333"
REGION = "us-east-1"
NEW = "SOMETHING_NEW"
OF_TYPE = {kind: [check for check in CHECKS if check.asset_type == kind] for kind in {c.asset_type for c in CHECKS}}
# No part of what is told: where a list goes on.
PAGING = {"NextToken", "nextToken", "Marker", "NextMarker", "IsTruncated", "ResponseMetadata", "MaxItems", "Quantity"}
# What AWS documents to be absent where there is none of it, so that its absence is a fact: the API reference of the
# operation says so of each.
NONE_OF_IT = {
    "DescribeConfigurationRecorders.ConfigurationRecorders",
    "DescribeCluster.cluster.encryptionConfig",
    "DescribeDBInstances.DBInstances.DBClusterIdentifier",
    "DescribeDBInstances.DBInstances.ReadReplicaSourceDBInstanceIdentifier",
    "DescribeTrails.trailList.KmsKeyId",
    "GetAccountPasswordPolicy.PasswordPolicy.PasswordReusePrevention",
    "GetBucketLogging.LoggingEnabled",
    "GetBucketVersioning.Status",
    "GetInstanceMetadataDefaults.AccountLevel",
    "GetInstanceMetadataDefaults.AccountLevel.HttpTokens",
    "GetQueueAttributes.Attributes.Policy",
    "GetResourcePolicy.ResourcePolicy",
    "GetTopicAttributes.Attributes.KmsMasterKeyId",
    "ListSecrets.SecretList.RotationEnabled",
}
# Lists, below the answer itself, of the resources that are told: without one there is nothing of the kind.
ALL = {"ListDistributions.DistributionList.Items", "DescribeInstances.Reservations.Instances"}
# What sums others up is told only where all of them are known.
SUMMARIES = ("account-trails",)
# Lists that are left out whole where they are empty, or whose members belong to other resources.
EMPTY = {
    "DescribeFlowLogs.FlowLogs.ResourceId",
    "DescribeCluster.cluster.encryptionConfig.resources",
    "GetAccountAuthorizationDetails.UserDetailList.AttachedManagedPolicies",
}

Path = tuple[str | int, ...]


class Tape:
    """Answers by request: first as the cloud gives them, then as they were, but for one that is changed."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Any, dict[str, Any], Any]] = {}
        self.changed: tuple[str, dict[str, Any]] | None = None

    def before(self, model: Any, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> Any:
        headers = params.get("headers", {})
        key = f"{model.name} {params['url']} {params.get('body')!r} {headers.get('X-Amz-Target')}"
        context["tape"] = key
        if key not in self.answers:
            return None
        http, parsed, _ = self.answers[key]
        answer = self.changed[1] if self.changed and self.changed[0] == key else parsed
        return http, as_sent(answer, model.output_shape)

    def after(self, http_response: Any, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        self.answers.setdefault(context["tape"], (http_response, copy.deepcopy(parsed), model))


def as_sent(value: Any, shape: Any) -> Any:
    """A copy in which policies are text again, as botocore finds them."""
    if shape is not None and shape.name == "policyDocumentType" and isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, dict):
        members = getattr(shape, "members", {})
        return {name: as_sent(inner, members.get(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_sent(item, getattr(shape, "member", None)) for item in value]
    return value


def fields(value: Any, shape: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each field of a structure and each key of a map, with its shape; of a list, those of its first two items."""
    if shape.type_name == "structure" and isinstance(value, dict):
        inner = [(name, shape.members[name]) for name in value if name in shape.members and name not in PAGING]
    elif shape.type_name == "map" and isinstance(value, dict):
        inner = [(name, shape.value) for name in value]
    elif shape.type_name == "list" and isinstance(value, list):
        for place, item in enumerate(value[:2]):
            yield from fields(item, shape.member, (*at, place))
        return
    else:
        return
    for name, member in inner:
        yield (*at, name), member
        yield from fields(value[name], member, (*at, name))


def changes(tape: Tape) -> Iterator[tuple[str, str, dict[str, Any], bool]]:
    """The request, what is changed by name, the changed answer, and whether a whole list is gone."""
    for key, (_, parsed, model) in tape.answers.items():
        if "Error" in parsed or model.output_shape is None:
            continue
        for path, shape in fields(parsed, model.output_shape):
            name = ".".join([model.name, *(part for part in path if isinstance(part, str))])
            for new in (None, NEW) if getattr(shape, "enum", None) else (None,):
                changed = copy.deepcopy(parsed)
                holder = changed
                for part in path[:-1]:
                    holder = holder[part]  # type: ignore[index]
                if new is None:
                    del holder[path[-1]]  # type: ignore[arg-type]
                else:
                    holder[path[-1]] = new  # type: ignore[index]
                is_list = name in ALL or (len(path) == 1 and shape.type_name in ("list", "structure"))
                yield key, name, changed, is_list and new is None


def verdicts(assets: list[Asset]) -> dict[tuple[str, str], Verdict]:
    return {
        (asset.native_id, check.id): check.evaluate(asset).verdict
        for asset in assets
        for check in OF_TYPE.get(asset.type, ())
    }


def odd(before: dict[tuple[str, str], Verdict], after: dict[tuple[str, str], Verdict]) -> list[str]:
    sides = {Verdict.PASS, Verdict.FAIL}
    return [f"{key[1]}: {was} is {after[key]}" for key, was in before.items() if {was, after.get(key)} == sides]


# The credential report is one text, which AWS makes while it is asked for.
@pytest.mark.parametrize("service", sorted(SERVICES.keys() - {"credential-report"}))
def test_an_odd_answer_costs_what_it_is_about_and_nothing_else(cloud: Cloud, service: str) -> None:
    session = open_session(cloud.scenario("Everything granted"), make_target(account_id=PLATFORM))
    unit = ScanUnit(service, REGION if SERVICES[service].regional else GLOBAL)
    tape, wrong = Tape(), dict[str, str]()
    session._connection.listen("before-call", tape.before)
    session._connection.listen("after-call", tape.after)
    told = list(session.collect(unit))
    expected, known = verdicts(told), {asset.native_id for asset in told}
    assert verdicts(list(session.collect(unit))) == expected
    for key, name, changed, whole in list(changes(tape)):
        tape.changed = key, changed
        found: list[Asset] = []
        lost_are_told = False
        try:
            found.extend(session.collect(unit))
        except ProviderError:
            lost_are_told = True
        except Exception as error:  # noqa: BLE001 # whatever it is, it is a defect that is told below
            wrong[name] = f"{type(error).__name__}: {error}"
            continue
        if whole:
            continue  # nothing of the kind, as far as anybody can tell
        lost = {name for name in known if not name.endswith(SUMMARIES)} - {asset.native_id for asset in found}
        if len(lost) > 1 or (lost and not lost_are_told):
            wrong[name] = f"hides {sorted(lost)}"
        if name not in NONE_OF_IT | EMPTY and (changed_verdicts := odd(expected, verdicts(found))):
            wrong[name] = ", ".join(changed_verdicts)
    session.close()
    assert wrong == {}
