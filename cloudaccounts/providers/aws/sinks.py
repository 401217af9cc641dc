"""AWS Security Hub and S3 as sinks of findings. What calls AWS is `finding_exports`, loaded when something is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from cloudaccounts.contract.sinks import Delivery, FindingSink, SinkSetting

_EXPORTS = "cloudaccounts.providers.aws.finding_exports"

# https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html: path and name of a role
ROLE = SinkSetting(
    "role_arn",
    "Role",
    r"arn:aws(?:-us-gov|-cn|-eusc)?:iam::\d{12}:role/[\w+=,.@/-]{1,512}",
    "Give a role's ARN, such as arn:aws:iam::111122223333:role/cloud-accounts-findings.",
    help="A role of yours that trusts this server with your external ID, as accounts' roles do.",
    example="arn:aws:iam::111122223333:role/cloud-accounts-findings",
)
REGION = SinkSetting(
    "region", "Region", r"[a-z]{2}(?:-[a-z]+)+-\d", "Give a region, such as eu-west-1.", example="eu-west-1"
)


class SecurityHub(FindingSink):
    key = "aws_security_hub"
    label = "AWS Security Hub"
    summary = "Each finding, in AWS’s own format, in the hub of one account and region."
    settings = (ROLE, REGION)

    def where(self, settings: Mapping[str, str]) -> str:
        return f"{settings['role_arn'].split(':')[4]}, {settings['region']}"

    def send(self, findings: Sequence[Mapping[str, Any]], settings: Mapping[str, str], delivery: Delivery) -> str:
        result: str = import_module(_EXPORTS).send_to_hub(findings, settings, delivery)
        return result


class Bucket(FindingSink):
    key = "aws_s3"
    label = "Amazon S3"
    summary = "Each finding as an OCSF event, in objects of one bucket, for a data lake or a SIEM."
    settings = (
        ROLE,
        REGION,
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        SinkSetting(
            "bucket",
            "Bucket",
            r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
            "Give a bucket's name, without dots.",
            example="meadowlark-findings",
        ),
        SinkSetting(
            "prefix",
            "Prefix",
            r"[A-Za-z0-9!_.*'()-][A-Za-z0-9!_.*'()/=-]{0,200}",
            "Give letters, digits and slashes, not beginning with a slash.",
            default="cloud-accounts",
        ),
    )

    def where(self, settings: Mapping[str, str]) -> str:
        return f"s3://{settings['bucket']}/{settings['prefix']}"

    def send(self, findings: Sequence[Mapping[str, Any]], settings: Mapping[str, str], delivery: Delivery) -> str:
        result: str = import_module(_EXPORTS).send_to_bucket(findings, settings, delivery)
        return result


SINKS: tuple[FindingSink, ...] = (SecurityHub(), Bucket())
