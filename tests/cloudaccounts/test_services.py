"""Services and types of resources as people call them."""

from __future__ import annotations

import pytest

from cloudaccounts import registry
from cloudaccounts.templatetags.services import resource_type


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("aws.s3.bucket", "S3 bucket"), ("aws.ec2.network_acl", "EC2 network ACL"),
        ("aws.iam.account", "IAM of an account"), ("azure.storage.storage_account", "Storage account"),
        ("azure.compute.virtual_machine", "Virtual machine"), ("gcp.sqladmin.instance", "Cloud SQL instance"),
        ("gcp.compute.instance", "Compute instance"), ("toy.boxes.toy_box", "Boxes toy box"), ("box", "Box"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_type_is_named(word: str, name: str) -> None:
    assert resource_type(word) == name


def test_no_checked_type_is_shown_as_an_id() -> None:
    types = {check.asset_type for spec in registry.all_providers() for check in spec.posture_checks()}
    names = {word: resource_type(word) for word in types}
    assert len(names) > 90
    assert [word for word, name in names.items() if "." in name or "_" in name or not name[:1].isupper()] == []
