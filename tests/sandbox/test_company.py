"""What there is to find in the simulated company."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from sandbox.control import Control
from sandbox.rig import Rig
from tests.sandbox.conftest import Fields, MakeClient, refusal


def test_it_has_users_well_and_badly_kept(client: MakeClient, auditor: Fields) -> None:
    iam = client("iam", auditor)
    users = {user["UserName"]: user for user in iam.list_users()["Users"]}
    assert users["cloud-accounts-auditor"]["Path"] == "/service/"
    assert users["cloud-accounts-auditor"]["UserId"].startswith("AIDA")
    assert iam.list_mfa_devices(UserName="ana.lopez")["MFADevices"]
    assert iam.list_mfa_devices(UserName="tom.berg")["MFADevices"] == []
    assert iam.get_login_profile(UserName="tom.berg")["LoginProfile"]
    keys = iam.list_access_keys(UserName="airflow-loader")["AccessKeyMetadata"]
    assert len(keys) == 2
    assert min(key["CreateDate"] for key in keys) < datetime.now(UTC) - timedelta(days=400)


def test_it_has_roles_with_paths_and_a_password_policy(client: MakeClient, auditor: Fields) -> None:
    iam = client("iam", auditor)
    arns = {role["Arn"] for role in iam.list_roles()["Roles"]}
    assert "arn:aws:iam::111122223333:role/service/airflow-worker" in arns
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 14
    assert iam.list_account_aliases()["AccountAliases"] == ["data-platform"]


def test_the_neglected_account_has_no_password_policy(client: MakeClient, rig: Rig) -> None:
    iam = client("iam", rig.scenario("Root user's key")["fields"])
    assert refusal(iam.get_account_password_policy) == ("NoSuchEntity", 404)
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 0


def test_it_has_buckets_of_all_kinds(client: MakeClient, auditor: Fields) -> None:
    s3 = client("s3", auditor, retries={"total_max_attempts": 3})
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert len(names) == 4
    encryption = s3.get_bucket_encryption(Bucket="data-platform-raw-events")["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert s3.get_bucket_policy_status(Bucket="data-platform-public-docs")["PolicyStatus"]["IsPublic"] is True
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        s3.get_public_access_block(Bucket="data-platform-public-docs")
    assert s3.get_public_access_block(Bucket="data-platform-raw-events")["PublicAccessBlockConfiguration"]


def test_it_has_machines_in_several_regions(client: MakeClient, auditor: Fields) -> None:
    names = set()
    for region in ("us-east-1", "eu-west-1"):
        for reservation in client("ec2", auditor, region=region).describe_instances()["Reservations"]:
            for instance in reservation["Instances"]:
                names |= {tag["Value"] for tag in instance["Tags"] if tag["Key"] == "Name"}
    assert names == {"airflow-1", "airflow-2", "bastion", "exporter"}


def test_it_has_an_open_port_and_an_unencrypted_volume(client: MakeClient, auditor: Fields) -> None:
    ec2 = client("ec2", auditor)
    open_to_all = [
        group["GroupName"]
        for group in ec2.describe_security_groups()["SecurityGroups"]
        for rule in group["IpPermissions"]
        if rule.get("FromPort") == 22 and {"CidrIp": "0.0.0.0/0"} in rule["IpRanges"]
    ]
    assert open_to_all == ["bastion"]
    assert {volume["Encrypted"] for volume in ec2.describe_volumes()["Volumes"]} == {True, False}


def test_a_region_without_machines_is_empty(client: MakeClient, auditor: Fields) -> None:
    assert client("ec2", auditor, region="sa-east-1").describe_instances()["Reservations"] == []


def test_many_accounts_are_made_quickly(client: MakeClient, control: Control) -> None:
    began = time.monotonic()
    keys = control.seed_accounts(200)
    assert time.monotonic() - began < 20
    assert len({key["account_id"] for key in keys}) == 200
    assert control.seed_accounts(200) == keys
    for key in (keys[0], keys[199]):
        assert client("sts", key).get_caller_identity()["Account"] == key["account_id"]
        assert client("iam", key).list_users()["Users"]


def test_an_account_of_ones_own_can_be_made(client: MakeClient, control: Control) -> None:
    control.put_account("121212121212", "new-team", regions=["me-central-1"])
    user = control.put_user("121212121212", "auditor")
    assert client("sts", user, region="me-central-1").get_caller_identity()["Account"] == "121212121212"
    assert {"id": "121212121212", "name": "new-team", "partition": "aws"} in control.accounts()


def test_what_is_not_simulated_says_so(client: MakeClient, control: Control) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    user = control.put_user("444455556666", "curious", policies=[], inline={"all": [everything]})
    explorer = client("resource-explorer-2", user)
    assert refusal(explorer.list_indexes) == ("UnknownOperationException", 404)
    assert refusal(client("cloudtrail", user).list_channels) == ("UnknownOperationException", 400)
    assert [call["code"] for call in control.calls()] == ["NotImplemented", "NotImplemented"]


def test_it_tells_when_a_key_was_last_used(client: MakeClient, auditor: Fields) -> None:
    iam = client("iam", auditor)
    client("sts", auditor, region="eu-west-1").get_caller_identity()
    used = iam.get_access_key_last_used(AccessKeyId=auditor["access_key_id"])["AccessKeyLastUsed"]
    assert used["LastUsedDate"] > datetime.now(UTC) - timedelta(minutes=1)
    ages = {
        iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]["LastUsedDate"]
        for key in iam.list_access_keys(UserName="airflow-loader")["AccessKeyMetadata"]
    }
    assert min(ages) < datetime.now(UTC) - timedelta(days=180)


def test_objects_with_difficult_names_can_be_stored_and_read(client: MakeClient, control: Control) -> None:
    """Signatures over encoded paths, uploads in chunks, buckets in the host name."""
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    user = control.put_user("444455556666", "uploader", policies=[], inline={"all": [everything]})
    for style in ("virtual", "path"):
        s3 = client("s3", user, region="eu-west-1", s3={"addressing_style": style})
        for key in ("plain", "a folder/ünï+code&=~*(1).txt", "double//slash", "trailing/"):
            s3.put_object(Bucket="payments-prod-receipts", Key=key, Body=b"content " * 100)
            assert s3.get_object(Bucket="payments-prod-receipts", Key=key)["Body"].read() == b"content " * 100
        assert s3.list_objects_v2(Bucket="payments-prod-receipts", Prefix="a folder/")["KeyCount"] == 1
