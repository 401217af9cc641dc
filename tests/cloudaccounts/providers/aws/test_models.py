"""Every field that a collector reads of an answer is one that the SDK's own model of the answer has.

The simulated cloud was written by the same hands as the collectors. So their reads are recorded on its answers, and
held against botocore's models: a name that AWS does not know would be read as "absent" for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cloudaccounts.contract.inventory import UNREADABLE, Asset
from cloudaccounts.providers.aws.checks import CHECKS
from cloudaccounts.providers.aws.inventory import AwsSession, open_session
from tests.cloudaccounts.providers.aws.checks.cases import CASES
from tests.cloudaccounts.providers.aws.conftest import Cloud, make_target

PLATFORM = "111122223333"
# Documents that AWS gives as text or JSON: their content is no part of the model.
_FREE = {"policyDocumentType", "JSONString"}


class Read(dict[str, Any]):
    """A structure of an answer that notes which of its fields are read, and are none of the model's."""

    def __init__(self, content: dict[str, Any], shape: Any, strangers: set[str]) -> None:
        super().__init__({key: watched(value, shape.members.get(key), strangers) for key, value in content.items()})
        self._shape = shape
        self._strangers = strangers

    def _note(self, key: object) -> None:
        if key not in self._shape.members:
            self._strangers.add(f"{self._shape.name}.{key}")

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)


def watched(value: Any, shape: Any, strangers: set[str]) -> Any:
    if shape is None or shape.name in _FREE:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        return Read(value, shape, strangers)
    if shape.type_name == "list" and isinstance(value, list):
        return [watched(item, shape.member, strangers) for item in value]
    return value


@pytest.fixture
def session(cloud: Cloud) -> Iterator[AwsSession]:
    opened = open_session(cloud.scenario("Everything granted"), make_target(account_id=PLATFORM))
    yield opened
    opened.close()


def test_collectors_read_no_field_that_the_models_lack(session: AwsSession) -> None:
    strangers: set[str] = set()
    operations: set[str] = set()

    def watch(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        operations.add(f"{model.service_model.service_name}.{model.name}")
        if model.output_shape is not None and "Error" not in parsed:
            for key, shape in model.output_shape.members.items():
                if key in parsed:
                    parsed[key] = watched(parsed[key], shape, strangers)

    session._connection.listen("after-call", watch)
    found = [asset for unit in session.units(("us-east-1",)) for asset in session.collect(unit)]
    assert len({asset.type for asset in found}) >= 40
    assert len(operations) >= 70
    assert strangers == set()
    assert _unset(found) == set()


def _unset(found: list[Asset]) -> set[str]:
    """Properties in the examples of the rules that no asset of their type has: such an example proves nothing."""
    names: dict[str, set[str]] = {}
    for asset in found:
        names.setdefault(asset.type, {UNREADABLE}).update(asset.properties)
    return {
        f"{check.id}: {name}"
        for check in CHECKS
        if check.asset_type in names
        for example in CASES[check.id]
        for name in example or ()
        if name not in names[check.asset_type]
    }


def test_the_watcher_notices_a_field_that_does_not_exist() -> None:
    from botocore.session import Session

    model: Any = Session().get_service_model("kms").operation_model("ListKeys").output_shape
    strangers: set[str] = set()
    keys = watched([{"KeyId": "k", "KeyArn": "a"}], model.members["Keys"], strangers)
    assert (keys[0]["KeyId"], keys[0].get("Manager")) == ("k", None)
    assert strangers == {"KeyListEntry.Manager"}
