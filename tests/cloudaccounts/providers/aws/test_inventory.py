"""The first scan, on the wire: what is found, what could not be read, and that nothing else is asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from botocore.session import Session

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.inventory import OBSERVED, Asset, ScanUnit
from cloudaccounts.provider_kit.normalization import ordered, plain
from cloudaccounts.providers.aws.inventory import SERVICES, AwsSession, open_session
from cloudaccounts.providers.aws.inventory.common import document, tags
from cloudaccounts.providers.aws.inventory.credential_report import facts
from cloudaccounts.providers.aws.permissions import PERMISSIONS
from cloudaccounts.providers.aws.provider import PROVIDER
from tests.cloudaccounts.providers.aws.conftest import EXTERNAL_ID, OTHER_ACCOUNT, Cloud, make_target

PLATFORM, STOREFRONT = "111122223333", "666600001111"
REGIONS = ("us-east-1", "eu-west-1")


@pytest.fixture
def session(cloud: Cloud) -> Iterator[AwsSession]:
    opened = open_session(cloud.scenario("Everything granted"), make_target(account_id=PLATFORM))
    yield opened
    opened.close()


def scan(session: AwsSession, regions: tuple[str, ...] = REGIONS) -> list[Asset]:
    return [asset for unit in session.units(regions) for asset in session.collect(unit)]


def test_global_services_come_first_and_each_region_once(session: AwsSession) -> None:
    units = session.units(("us-east-1", "eu-west-1", "us-east-1"))
    worldwide = [name for name, service in SERVICES.items() if not service.regional]
    regional = [name for name, service in SERVICES.items() if service.regional]
    assert [unit.service for unit in units if unit.region == "global"] == worldwide
    assert [(unit.service, unit.region) for unit in units[len(worldwide) :]] == [
        (name, region) for region in ("us-east-1", "eu-west-1") for name in regional
    ]


def test_other_partitions_are_not_asked_for_what_they_lack(cloud: Cloud) -> None:
    opened = open_session(
        cloud.scenario("AWS GovCloud (US)"),
        make_target(account_id="222233334444", partition="aws-us-gov", regions=("us-gov-west-1",)),
    )
    services = {unit.service for unit in opened.units(("us-gov-west-1",))}
    opened.close()
    assert {"iam", "s3", "ec2"} <= services
    assert not {"route53", "cloudfront"} & services


def test_the_regions_are_those_that_the_account_has_enabled_now(cloud: Cloud, session: AwsSession) -> None:
    before = len(cloud.calls("DescribeRegions"))
    enabled = {region.name for region in session.regions() if region.enabled}
    assert set(PROVIDER.default_regions("aws")) <= enabled
    assert len(cloud.calls("DescribeRegions")) == before + 1


def test_a_scan_finds_every_kind_with_sound_identifiers(session: AwsSession) -> None:
    assets = scan(session)
    kinds = Counter(asset.type for asset in assets)
    assert {"aws.iam.account", "aws.iam.user", "aws.iam.role", "aws.s3.bucket"} <= set(kinds)
    assert {"aws.ec2.instance", "aws.ec2.security_group", "aws.ec2.volume", "aws.ec2.vpc"} <= set(kinds)
    assert len(kinds) >= 35
    assert len({asset.native_id for asset in assets}) == len(assets)
    for asset in assets:
        assert asset.native_id.startswith("arn:aws:")
        assert asset.service in SERVICES
        assert asset.name
        assert json.loads(json.dumps(asset.properties)) == asset.properties


def test_the_same_account_gives_the_same_fingerprints(session: AwsSession) -> None:
    first = {asset.native_id: asset.fingerprint() for asset in scan(session)}
    again = {asset.native_id: asset.fingerprint() for asset in scan(session)}
    assert first == again


def test_use_alone_changes_no_fingerprint() -> None:
    def user(last: str, active: bool = True) -> Asset:
        properties = {"access_keys": [{"active": active}], OBSERVED: {"access_key_1_last_used_at": last}}
        return Asset("aws.iam.user", "iam", "global", "arn:aws:iam::1:user/x", "x", {}, properties)

    assert user("2026-01-01").fingerprint() == user("2026-02-02").fingerprint()
    assert user("2026-01-01").fingerprint() != user("2026-01-01", active=False).fingerprint()


def test_a_user_is_told_with_keys_mfa_password_and_last_use(session: AwsSession) -> None:
    users = [asset for asset in session.collect(ScanUnit("iam", "global")) if asset.type == "aws.iam.user"]
    auditor = next(asset for asset in users if asset.name == "cloud-accounts-auditor")
    assert [key["active"] for key in auditor.properties["access_keys"]] == [True]
    assert any(asset.properties["mfa_devices"] for asset in users)


def test_passwords_and_last_uses_are_told_by_the_credential_report(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.clear_journal()
    found = {asset.name: asset for asset in session.collect(ScanUnit("credential-report", "global"))}
    assert found["cloud-accounts-auditor"].properties["console_password"] is False
    assert found["cloud-accounts-auditor"].properties[OBSERVED]["access_key_1_last_used_at"]
    assert found["ana.lopez"].properties["mfa_active"] is True
    asked = {call["action"] for call in cloud.control.calls("aws")}
    assert asked <= {"GenerateCredentialReport", "GetCredentialReport"}


def test_a_bucket_is_told_from_its_own_region(session: AwsSession) -> None:
    buckets = {asset.name: asset for asset in session.collect(ScanUnit("s3", "global"))}
    raw = buckets["data-platform-raw-events"]
    assert raw.properties["public_access_block"]["BlockPublicAcls"] is True
    assert raw.properties["versioning"] == {"status": "Enabled", "mfa_delete": "Disabled"}
    assert raw.tags["team"] == "data"
    assert all("unreadable" not in asset.properties for asset in buckets.values())


def test_what_a_bucket_refuses_is_marked_and_the_rest_is_told(cloud: Cloud) -> None:
    opened = open_session(cloud.scenario("Some permissions denied"), make_target(account_id=STOREFRONT))
    buckets = [asset for asset in opened.collect(ScanUnit("s3", "global")) if asset.type == "aws.s3.bucket"]
    opened.close()
    assert buckets
    for bucket in buckets:
        assert bucket.properties["unreadable"] == {
            "encryption": "permission_denied",
            "policy": "permission_denied",
            "policy_is_public": "permission_denied",
            "tags": "permission_denied",
        }
        assert bucket.properties["encryption"] is None
        assert bucket.properties["versioning"]


def test_one_denied_kind_does_not_hide_the_others(cloud: Cloud) -> None:
    opened = open_session(cloud.scenario("Some permissions denied"), make_target(account_id=STOREFRONT))
    found: list[Asset] = []
    with pytest.raises(ProviderError) as caught:
        found.extend(opened.collect(ScanUnit("ec2", "eu-west-1")))  # extend keeps what came before the error
    assert caught.value.code == "permission_denied"
    assert "ec2:DescribeVolumes" in caught.value.cause
    with pytest.raises(ProviderError) as caught:
        found.extend(opened.collect(ScanUnit("vpc", "eu-west-1")))
    opened.close()
    assert "ec2:DescribeSecurityGroups" in caught.value.cause
    assert {"aws.ec2.vpc", "aws.ec2.subnet", "aws.ec2.instance"} <= {asset.type for asset in found}


def test_a_region_that_is_off_is_told_as_such(session: AwsSession) -> None:
    with pytest.raises(ProviderError) as caught:
        list(session.collect(ScanUnit("ec2", "eu-central-2")))
    assert caught.value.code == "region_not_enabled"
    assert caught.value.permanent


def test_a_throttled_region_can_be_tried_again(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.fault("throttle", service="ec2")
    with pytest.raises(ProviderError) as caught:
        list(session.collect(ScanUnit("ec2", "us-east-1")))
    assert (caught.value.code, caught.value.permanent) == ("throttled", False)


def test_neither_unit_nor_region_from_outside_reaches_a_host(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.clear_journal()
    for unit in (ScanUnit("ec2", "evil.com/"), ScanUnit("ec2", "cn-north-1"), ScanUnit("shell", "us-east-1")):
        with pytest.raises(ProviderError):
            list(session.collect(unit))
    with pytest.raises(ProviderError):
        session.units(("us-east-1", "evil.com"))
    assert cloud.control.hosts() == []


def test_a_scan_asks_nothing_but_the_listed_permissions(cloud: Cloud, session: AwsSession) -> None:
    """The SDK's own events tell each operation; the list must name it, or the report would promise too much."""
    asked: set[str] = set()

    def note(model: object, **_: object) -> None:
        operation = model
        asked.add(f"{operation.service_model.service_name}.{operation.name}")  # type: ignore[attr-defined] # botocore's

    session._connection.listen("before-call", note)
    scan(session)
    # The region of the sandbox where the internet is blocked from all networks.
    groups = [each for each in session.collect(ScanUnit("vpc", "ap-southeast-2")) if "ingress" in each.properties]
    assert {each.properties["internet_block"]["mode"] for each in groups} == {"block-ingress"}
    listed = {call for permission in PERMISSIONS for call in permission.calls}
    only_validation = {"ec2.DescribeRegions"}
    only_without_region = {"s3.GetBucketLocation"}
    only_incremental = {"cloudtrail.LookupEvents"}
    only_at_first = {"iam.GenerateCredentialReport"}
    assert asked <= listed
    assert listed - asked <= only_validation | only_without_region | only_incremental | only_at_first
    needed = {call["permission"] for call in cloud.control.calls("aws") if call["permission"].split(":")[0] != "sts"}
    assert needed <= {permission.action for permission in PERMISSIONS}


def test_a_role_is_scanned_as_a_key_is(cloud: Cloud) -> None:
    arn = cloud.control.put_role(PLATFORM, "scanner", external_id=EXTERNAL_ID)
    credentials = Credentials("cross_account_role", {"role_arn": arn})
    opened = PROVIDER.open_session(credentials, make_target(account_id=PLATFORM))
    assert any(asset.type == "aws.ec2.instance" for asset in opened.collect(ScanUnit("ec2", "us-east-1")))


@pytest.mark.parametrize(
    ("title", "account_id", "code"),
    [
        ("Everything granted", OTHER_ACCOUNT, "account_mismatch"),
        ("Root user's key", "777788889999", "root_key_refused"),
        ("Inactive key", "777788889999", "access_key_refused"),
    ],
)
def test_a_scan_never_starts_with_what_validation_refuses(cloud: Cloud, title: str, account_id: str, code: str) -> None:
    with pytest.raises(ProviderError) as caught:
        PROVIDER.open_session(cloud.scenario(title), make_target(account_id=account_id))
    assert caught.value.code == code


def test_values_are_json_in_a_fixed_order() -> None:
    assert ordered([{"b": 1}, {"a": (1, 2)}]) == [{"a": [1, 2]}, {"b": 1}]
    assert plain({"at": date(2026, 1, 2)}) == {"at": "2026-01-02"}
    assert list(tags([{"Key": "b", "Value": "1"}, {"Key": "a"}])) == ["a", "b"]


def test_what_the_report_does_not_say_is_told_as_unknown() -> None:
    told = facts({"user": "<root_account>", "password_enabled": "not_supported", "password_last_used": "N/A"})
    assert told["console_password"] is None
    assert told["mfa_active"] is None
    assert set(told[OBSERVED].values()) == {None}


def test_what_was_observed_stands_beside_what_is_judged(session: AwsSession) -> None:
    for asset in session.collect(ScanUnit("iam", "global")):
        assert datetime.fromisoformat(asset.properties[OBSERVED]["at"]).tzinfo is not None


def test_what_another_account_shares_is_left_out(cloud: Cloud, session: AwsSession) -> None:
    found = list(session.collect(ScanUnit("ebs", "us-east-1")))
    assert all(f":{PLATFORM}:" in asset.native_id for asset in found)
    snapshots = {asset.properties["description"]: asset for asset in found if asset.type == "aws.ec2.snapshot"}
    assert snapshots["for the agency"].properties["public"] is True
    assert snapshots["before the upgrade"].properties["public"] is False


def test_lists_are_asked_for_not_each_resource(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.clear_journal()
    list(session.collect(ScanUnit("ebs", "us-east-1")))
    list(session.collect(ScanUnit("vpc", "us-east-1")))
    calls = Counter(call["action"] for call in cloud.control.calls("aws"))
    assert calls.pop("DescribeSnapshots") == 2
    assert set(calls.values()) == {1}


def test_no_secret_and_no_environment_is_kept(session: AwsSession) -> None:
    told = json.dumps([asset.properties for asset in scan(session, ("us-east-1",))])
    assert "never-used-in-the-sandbox" not in told


def test_a_service_that_is_not_subscribed_is_told_and_no_gap(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.fault("not_subscribed", service="guardduty")
    found = list(session.collect(ScanUnit("guardduty", "us-east-1")))
    assert [(asset.type, asset.name) for asset in found] == [
        ("aws.account.unused_service", "guardduty is not set up in us-east-1")
    ]


def test_identities_are_told_with_what_their_policies_say(session: AwsSession) -> None:
    found = {(asset.type, asset.name): asset for asset in session.collect(ScanUnit("iam", "global"))}
    everything = f"arn:aws:iam::{PLATFORM}:policy/everything-for-now"
    tom = found["aws.iam.user", "tom.berg"].properties
    assert everything in tom["attached_policies"]
    assert tom["attached_documents"][everything]["Statement"][0]["Action"] == ["*"]
    group = found["aws.iam.group", "engineers"]
    assert group.properties["members"] == ["ana.lopez", "tom.berg"]
    assert (group.properties["attached_policies"], group.properties["inline_policies"]) == ([], {})
    role = found["aws.iam.role", "break-glass"].properties
    # AWS's own are told with their holders, and are no assets of the account.
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert role["attached_documents"][admin]["Statement"][0]["Action"] == "*"
    ana = found["aws.iam.user", "ana.lopez"].properties["attached_documents"]
    assert ana["arn:aws:iam::aws:policy/PowerUserAccess"]["Statement"][0]["NotAction"][0] == "iam:*"
    assert not [asset for asset in found.values() if ":iam::aws:policy/" in asset.native_id]
    assert (role["permissions_boundary"], role["boundary_document"]) == (None, None)


def test_policies_of_resources_are_told(session: AwsSession) -> None:
    def policies(service: str) -> dict[str, Any]:
        return {asset.name: asset.properties for asset in session.collect(ScanUnit(service, "us-east-1"))}

    functions = policies("lambda")
    assert functions["ingest-events"]["alias_policies"] == {}
    # The simulated AWS keeps an alias's statements with the function's own; AWS tells them under the alias alone.
    assert functions["partner-report"]["alias_policies"]["live"]["Statement"][0]["Principal"] == "*"
    keys = policies("kms")
    assert keys["data-lake"]["policy"]["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{PLATFORM}:root"}
    assert keys["warehouse"]["policy"]["Statement"][0]["Sid"] == "Open"
    secrets = policies("secretsmanager")
    assert secrets["warehouse/admin"]["policy"] is None
    assert secrets["partner/api-key"]["policy"]["Statement"][0]["Sid"] == "Open"
    repositories = policies("ecr")
    assert repositories["ingest"]["policy"] is None
    assert repositories["old-tools"]["policy"]["Statement"][0]["Sid"] == "Open"


@pytest.mark.parametrize(
    ("service", "action", "lost", "kept"),
    [
        ("kms", "GetKeyPolicy", "policy", "rotation"),
        ("secretsmanager", "GetResourcePolicy", "policy", "rotation_days"),
        ("ecr", "GetRepositoryPolicy", "policy", "scan_on_push"),
        ("lambda", "ListAliases", "alias_policies", "runtime"),
    ],
)
def test_a_policy_that_may_not_be_read_hides_nothing_else(
    cloud: Cloud, session: AwsSession, service: str, action: str, lost: str, kept: str
) -> None:
    cloud.control.fault("deny", action=action)
    found = list(session.collect(ScanUnit(service, "us-east-1")))
    assert found
    for asset in found:
        assert asset.properties["unreadable"] == {lost: "permission_denied"}
        assert kept in asset.properties


@pytest.mark.parametrize(
    ("service", "operation", "fields"),
    [
        ("kms", "GetKeyPolicy", "Policy"),
        ("secretsmanager", "GetResourcePolicy", "ResourcePolicy"),
        ("ecr", "GetRepositoryPolicy", "policyText"),
        ("lambda", "GetPolicy", "Policy"),
        ("lambda", "ListAliases", "Aliases Aliases.Name"),
        (
            "iam",
            "GetAccountAuthorizationDetails",
            "GroupDetailList.GroupId GroupDetailList.GroupName GroupDetailList.Path GroupDetailList.Arn "
            "GroupDetailList.CreateDate GroupDetailList.AttachedManagedPolicies.PolicyArn "
            "GroupDetailList.GroupPolicyList.PolicyDocument UserDetailList.GroupList "
            "UserDetailList.PermissionsBoundary.PermissionsBoundaryArn "
            "RoleDetailList.PermissionsBoundary.PermissionsBoundaryArn Policies.PolicyVersionList.Document",
        ),
    ],
)
def test_what_is_read_of_an_answer_is_in_the_services_own_model(service: str, operation: str, fields: str) -> None:
    model: Any = Session().get_service_model(service).operation_model(operation)
    for field in fields.split():
        shape = model.output_shape
        for name in field.split("."):
            shape = shape.member if shape.type_name == "list" else shape
            assert name in shape.members, (field, name)
            shape = shape.members[name]


def test_a_policy_that_is_no_json_is_not_taken_for_none() -> None:
    assert document("") is None
    assert document('{"a": 1}') == {"a": 1}
    assert document("{not json") == "{not json"
