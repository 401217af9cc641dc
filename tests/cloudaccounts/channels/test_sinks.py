"""Findings reach AWS Security Hub and S3 by a role of the team's own: the real SDK against moto, over the wire."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels import services
from cloudaccounts.channels.services import ChannelInput
from cloudaccounts.models import ChannelMessage, CloudAccount, NotificationChannel
from sandbox.rig import Rig
from scans.models import Finding
from teams.scope import Scope
from tests.cloudaccounts.channels.conftest import Tell, run
from tests.conftest import ALL_DATABASES, SECRET
from tests.scans.findings.test_views import make as make_finding

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
ACCOUNT, REGION, BUCKET = "111122223333", "us-east-1", "meadowlark-findings"
ALLOWED = [{"Effect": "Allow", "Action": ["securityhub:BatchImportFindings", "s3:PutObject"], "Resource": "*"}]


@pytest.fixture(scope="module")
def running_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as rig:
        yield rig


@pytest.fixture
def rig(running_rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    for name, value in running_rig.env.items():
        monkeypatch.setenv(name, value)
    return running_rig


def customers(rig: Rig, service: str) -> Any:
    """The customer's own client, of somebody who may do everything in the account."""
    key = rig.control.put_user(
        ACCOUNT, "administrator", inline={"all": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, policies=[]
    )
    make: Any = boto3.client  # its stubs want the service's name as a literal
    return make(
        service, REGION, aws_access_key_id=key["access_key_id"], aws_secret_access_key=key["secret_access_key"],
        config=Config(proxies={"https": rig.proxy_url}), verify=rig.ca_bundle,
    )  # fmt: skip


def add(user: User, kind: str, role: str, **more: str) -> NotificationChannel:
    given = ChannelInput(kind, kind, {"role_arn": role, "region": REGION, **more}, digest_minutes=0)
    return services.create_channel(Scope(str(user.pk)), given, actor=SYSTEM).channel


@pytest.fixture
def finding(tell: Tell) -> Finding:
    row = make_finding(CloudAccount.objects.get(), "web")
    tell(row.check_id)
    return row


@pytest.fixture
def role(rig: Rig, alice: User) -> str:
    return rig.control.put_role(
        ACCOUNT, "findings", external_id=external_id_for(str(alice.pk)), policies=[], inline={"write": ALLOWED}
    )


def test_security_hub_gets_each_finding_and_again_the_same(
    rig: Rig, alice: User, role: str, finding: Finding, tell: Tell
) -> None:
    hub = customers(rig, "securityhub")
    channel = add(alice, "aws_security_hub", role)
    tell(finding.check_id)
    assert run(channel) == 1, NotificationChannel.objects.values_list("error", flat=True).get()
    (got,) = hub.get_findings()["Findings"]
    assert got["Id"] == f"cloud-accounts/{finding.pk}"
    assert got["Title"] == finding.title
    assert got["Severity"]["Label"] == finding.severity.upper()
    assert got["ProductFields"]["cloud-accounts/Account"] == CloudAccount.objects.get().account_id
    assert got["RecordState"] == "ACTIVE"
    assert ChannelMessage.objects.get().detail == "1 finding taken."
    assert SECRET not in json.dumps(got, default=str)
    Finding.objects.update(status="resolved", resolved_at=finding.last_seen, resolution="The check passes now.")
    tell(finding.check_id)
    run(channel)
    (got,) = hub.get_findings()["Findings"]
    assert (got["RecordState"], got["Compliance"]["Status"]) == ("ARCHIVED", "PASSED")


def test_s3_gets_ocsf_events_in_one_object_for_each_message(
    rig: Rig, alice: User, role: str, finding: Finding, tell: Tell
) -> None:
    bucket = customers(rig, "s3")
    bucket.create_bucket(Bucket=BUCKET)
    channel = add(alice, "aws_s3", role, bucket=BUCKET, prefix="posture")
    tell(finding.check_id)
    assert run(channel) == 1, NotificationChannel.objects.values_list("error", flat=True).get()
    row = ChannelMessage.objects.get()
    key = f"posture/{row.created_at:%Y/%m/%d}/{row.pk}.ndjson"
    (line,) = bucket.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode().splitlines()
    event = json.loads(line)
    assert (event["class_uid"], event["finding_info"]["uid"]) == (2004, str(finding.pk))
    assert SECRET not in line


def test_a_role_that_asks_for_no_external_id_is_not_used(
    rig: Rig, alice: User, finding: Finding, tell: Tell, settings: Settings
) -> None:
    open_role = rig.control.put_role(ACCOUNT, "open", external_id=None, policies=[], inline={"write": ALLOWED})
    channel = add(alice, "aws_security_hub", open_role)
    tell(finding.check_id)
    assert run(channel) == 0
    channel.refresh_from_db()
    assert channel.error_code == "external_id_not_required"


@pytest.mark.parametrize("kind", ["aws_security_hub", "aws_s3"])
@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"sts:ExternalId": "ca-*"}},
        {"StringLike": {"sts:ExternalId": "ca-????????-????-????-????-????????????"}},
        {"StringLike": {"sts:ExternalId": "{first}*{last}"}},
        {"Null": {"sts:ExternalId": "false"}},
    ],
    ids=["any", "shape", "both ends", "there"],
)
def test_a_role_that_takes_other_external_ids_is_not_used(
    rig: Rig, alice: User, finding: Finding, tell: Tell, kind: str, condition: dict[str, Any]
) -> None:
    """The proof of a validation: else whoever names the role has this server write there, by an ID of their own."""
    own = external_id_for(str(alice.pk))
    condition = json.loads(json.dumps(condition).replace("{first}", own[:4]).replace("{last}", own[-1]))
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": condition}
    wide = rig.control.put_role(
        ACCOUNT, "wide", policies=[], inline={"write": ALLOWED},
        trust_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )  # fmt: skip
    if kind == "aws_s3":
        customers(rig, "s3").create_bucket(Bucket=BUCKET)
    channel = add(alice, kind, wide, **({"bucket": BUCKET, "prefix": "posture"} if kind == "aws_s3" else {}))
    tell(finding.check_id)
    assert run(channel) == 0
    channel.refresh_from_db()
    assert channel.error_code == "external_id_not_required"
    assert "wrong external ID" in channel.error


def test_another_teams_role_is_refused(rig: Rig, alice: User, finding: Finding, tell: Tell) -> None:
    theirs = rig.control.put_role(ACCOUNT, "theirs", external_id="ca-somebody-else", policies=[], inline={"w": ALLOWED})
    channel = add(alice, "aws_security_hub", theirs)
    tell(finding.check_id)
    assert run(channel) == 0
    channel.refresh_from_db()
    assert channel.error_code == "role_refused"


def test_what_the_role_may_not_do_says_which_permission_is_missing(
    rig: Rig, alice: User, finding: Finding, tell: Tell
) -> None:
    weak = rig.control.put_role(ACCOUNT, "weak", external_id=external_id_for(str(alice.pk)), policies=[])
    channel = add(alice, "aws_security_hub", weak)
    tell(finding.check_id)
    assert run(channel) == 0
    channel.refresh_from_db()
    assert "securityhub:BatchImportFindings" in channel.error
