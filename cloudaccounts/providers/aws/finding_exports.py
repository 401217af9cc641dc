"""Writes findings to AWS Security Hub and to S3, as a role of the team's own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.sinks import Delivery
from cloudaccounts.provider_kit.deadlines import Deadline
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import Who, explain
from cloudaccounts.providers.aws.role import AssumableRole, wrong_external_ids

SECONDS = 60.0  # for assuming the role, retries included
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
BATCH = 100
# https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html: how long each may be
LONGEST = {"Title": 256, "Description": 1024, "Text": 512, "Id": 512}
SCHEMA = "2018-10-08"
# OCSF's status_id of a Detection Finding
SUPPRESSED, RESOLVED = 3, 4
# OCSF's severity_id, in words of AWS
SEVERITIES = {2: "LOW", 3: "MEDIUM", 4: "HIGH", 5: "CRITICAL"}


def send_to_hub(findings: Sequence[Mapping[str, Any]], settings: Mapping[str, str], delivery: Delivery) -> str:
    """Raises `ProviderError`."""
    region = settings["region"]
    partition, account = _place(settings["role_arn"])
    product = f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default"
    with _acting(settings, delivery) as connection:
        hub = connection.client("securityhub", region)
        # Without findings, as in a test: whether the role is taken and the hub is there.
        if not findings:
            return "The role is taken; findings come with the next scan."
        taken, refused = 0, Counter[str]()
        for start in range(0, len(findings), BATCH):
            batch = [as_asff(finding, product, account, delivery) for finding in findings[start : start + BATCH]]
            try:
                answer = hub.batch_import_findings(Findings=batch)
            except (ClientError, BotoCoreError) as error:
                raise explain(error, Who.ROLE, "securityhub:BatchImportFindings") from None
            taken += answer["SuccessCount"]
            refused.update(item["ErrorCode"] for item in answer.get("FailedFindings", []))
    if refused and not taken:
        raise ProviderError("findings_refused", f"Security Hub refused all findings ({', '.join(sorted(refused))}).")
    more = f", {refused.total()} refused ({', '.join(sorted(refused))})" if refused else ""
    return f"{taken} finding{'' if taken == 1 else 's'} taken{more}."


def send_to_bucket(findings: Sequence[Mapping[str, Any]], settings: Mapping[str, str], delivery: Delivery) -> str:
    """One object of newline-delimited OCSF events. Raises `ProviderError`."""
    with _acting(settings, delivery) as connection:
        if not findings:
            return "The role is taken; findings come with the next scan."
        # By the delivery's own id and time: tried again it is the same object, with the same content.
        key = f"{settings['prefix'].rstrip('/')}/{delivery.at:%Y/%m/%d}/{delivery.id}.ndjson"
        body = "".join(json.dumps(finding, ensure_ascii=False) + "\n" for finding in findings).encode()
        try:
            connection.client("s3", settings["region"]).put_object(
                Bucket=settings["bucket"], Key=key, Body=body, ContentType="application/x-ndjson"
            )
        except (ClientError, BotoCoreError) as error:
            raise explain(error, Who.ROLE, "s3:PutObject") from None
    return f"{len(findings)} finding{'' if len(findings) == 1 else 's'} in {key}"


def as_asff(finding: Mapping[str, Any], product: str, account: str, delivery: Delivery) -> dict[str, Any]:
    """An OCSF Detection Finding in AWS's format. The resource is another cloud's or account's, so its type is Other."""
    info, resource, cloud = finding["finding_info"], finding["resources"][0], finding["cloud"]
    status = finding.get("status_id")
    text = finding.get("status_detail") or info.get("desc") or info["title"]
    remediation = (finding.get("remediation") or {}).get("desc", "")
    asff: dict[str, Any] = {
        "SchemaVersion": SCHEMA,
        "Id": f"cloud-accounts/{info['uid']}"[: LONGEST["Id"]],
        "ProductArn": product,
        "GeneratorId": finding["metadata"]["event_code"],
        "AwsAccountId": account,
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "FirstObservedAt": _moment(info["first_seen_time_dt"]),
        "LastObservedAt": _moment(info["last_seen_time_dt"]),
        "CreatedAt": _moment(info["created_time_dt"]),
        # An update is taken only where this is later than what is stored.
        "UpdatedAt": f"{delivery.at:%Y-%m-%dT%H:%M:%S}.000Z",
        "Severity": {"Label": SEVERITIES.get(finding["severity_id"], "INFORMATIONAL")},
        "Title": info["title"][: LONGEST["Title"]],
        "Description": text[: LONGEST["Description"]],
        "Resources": [
            {
                "Type": "Other",
                "Id": resource["uid"][: LONGEST["Id"]],
                "Details": {
                    "Other": {"name": resource.get("name", "")[:1024], "type": resource.get("type", "")[:1024]}
                },
            }
        ],
        "Compliance": {"Status": "PASSED" if status == RESOLVED else "FAILED"},
        "RecordState": "ARCHIVED" if status == RESOLVED else "ACTIVE",
        "Workflow": {"Status": {SUPPRESSED: "SUPPRESSED", RESOLVED: "RESOLVED"}.get(status or 0, "NEW")},
        "ProductFields": {
            "cloud-accounts/Provider": cloud["provider"],
            "cloud-accounts/Account": cloud["account"]["uid"],
            "cloud-accounts/AccountName": cloud["account"]["name"],
        },
    }
    if remediation:
        asff["Remediation"] = {"Recommendation": {"Text": remediation[: LONGEST["Text"]]}}
    if info.get("src_url"):
        asff["SourceUrl"] = info["src_url"]
    return asff


@contextmanager
def _acting(settings: Mapping[str, str], delivery: Delivery) -> Iterator[Connection]:
    """The connection that acts as the role. Raises `ProviderError`, also where the role takes other external IDs than
    the team's, or none: the proof that a validation asks for, with each delivery.
    """
    arn, region = settings["role_arn"], settings["region"]
    partition, account = _place(arn)
    role = AssumableRole(arn, Target(account, partition, (region,), delivery.external_id))
    session = role.assume(Deadline(SECONDS, "AWS"))
    try:
        # A role that lets us in without one would let in whoever names it here (the confused deputy).
        if not role.refuses(None):
            raise role.trust_error("external_id_not_required", f"{arn} can be assumed without an external ID.")
        if not role.refuses_all(wrong_external_ids(delivery.external_id)):
            raise role.trust_error("external_id_not_required", f"{arn} can be assumed with a wrong external ID.")
        yield session.connection
    finally:
        session.connection.close()
        role.close()


def _place(role_arn: str) -> tuple[str, str]:
    """Partition and account of a role."""
    parts = role_arn.split(":")
    return parts[1], parts[4]


def _moment(text: Any) -> str:
    """As Security Hub takes times: ISO 8601 in UTC, with milliseconds."""
    return str(text).replace("+00:00", "Z")
