"""What a trail's selectors record, of both kinds."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.providers.aws.inventory.cloudtrail import _management_events, object_events


def classic(kind: str = "All", *values: str, type_: str = "AWS::S3::Object", management: bool = True) -> dict[str, Any]:
    return {
        "EventSelectors": [
            {
                "ReadWriteType": kind,
                "IncludeManagementEvents": management,
                "DataResources": [{"Type": type_, "Values": list(values)}] if values else [],
            }
        ]
    }


def advanced(category: str, **fields: Any) -> dict[str, Any]:
    selectors = [{"Field": "eventCategory", "Equals": [category]}]
    selectors += [{"Field": name.replace("_", "."), **operators} for name, operators in fields.items()]
    return {"AdvancedEventSelectors": [{"FieldSelectors": selectors}]}


EVERY = "arn:aws:s3:::"
OBJECTS = {"Equals": ["AWS::S3::Object"]}


@pytest.mark.parametrize(
    ("selectors", "kind"),
    [
        (classic("All", "arn:aws:s3"), "All"),
        (classic("WriteOnly", "arn:aws:s3:::"), "WriteOnly"),
        (classic("ReadOnly", "arn:aws-cn:s3"), "ReadOnly"),
        (classic("All", "arn:aws:s3:::one-bucket/"), "None"),
        (classic("All", "arn:aws:lambda", type_="AWS::Lambda::Function"), "None"),
        (classic("All"), "None"),
        (advanced("Data", resources_type=OBJECTS), "All"),
        (advanced("Data", resources_type=OBJECTS, readOnly={"Equals": ["true"]}), "ReadOnly"),
        (advanced("Data", resources_type=OBJECTS, readOnly={"Equals": ["false"]}), "WriteOnly"),
        (advanced("Data", resources_type=OBJECTS, resources_ARN={"StartsWith": ["arn:aws:s3:::one/"]}), "None"),
        # The beginning of every object's ARN narrows nothing, and one of several values is enough.
        (advanced("Data", resources_type=OBJECTS, resources_ARN={"StartsWith": ["arn:aws:s3:::"]}), "All"),
        (advanced("Data", resources_type=OBJECTS, resources_ARN={"StartsWith": ["arn:aws:s3:::a/", EVERY]}), "All"),
        (
            advanced(
                "Data", resources_type=OBJECTS, readOnly={"Equals": ["true"]}, resources_ARN={"StartsWith": [EVERY]}
            ),
            "ReadOnly",
        ),
        (advanced("Data", resources_type=OBJECTS, resources_ARN={"NotStartsWith": [EVERY]}), "None"),
        (
            advanced(
                "Data", resources_type=OBJECTS, resources_ARN={"StartsWith": [EVERY], "NotStartsWith": [f"{EVERY}a/"]}
            ),
            "None",
        ),
        (advanced("Data", resources_type={"Equals": ["AWS::DynamoDB::Table"]}), "None"),
        (advanced("Management"), "None"),
        ({"EventSelectors": []}, "None"),
        ({}, None),  # a trail has one of the two sorts
        (classic("Sometimes", "arn:aws:s3"), None),
    ],
)
def test_objects_of_all_buckets(selectors: dict[str, Any], kind: str | None) -> None:
    assert object_events(selectors) == kind


@pytest.mark.parametrize(
    ("selectors", "kind"),
    [
        (classic(), "All"),
        (classic("ReadOnly"), "ReadOnly"),
        (classic("Sometimes"), None),
        ({}, None),
        (classic(management=False), "None"),
        (advanced("Management"), "All"),
        (advanced("Management", eventSource={"NotEquals": ["kms.amazonaws.com"]}), "All"),  # AWS's own choice to offer
        (advanced("Management", eventName={"Equals": ["PutObject"]}), "None"),
        (advanced("Management", readOnly={"Equals": ["false"]}), "WriteOnly"),
        (advanced("Data"), "None"),
    ],
)
def test_management_events(selectors: dict[str, Any], kind: str | None) -> None:
    assert _management_events(selectors) == kind
