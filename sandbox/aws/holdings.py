"""What the company's accounts hold beside people, buckets and machines: of each kind a good example and a bad one.

Each function makes the examples of one service in one region, through the service's own API. Most are made when their
service is first asked for: loading all of moto's services would cost the sandbox's start many seconds.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sandbox.aws import clouds, company
from sandbox.aws.dates import date_back
from sandbox.aws.identities import Account
from sandbox.aws.inprocess import Workshop
from sandbox.aws.state import State

AGE = timedelta(days=250)
REGION = "us-east-1"  # where the data platform has an example of everything


@dataclass(frozen=True)
class Site:
    """One account and region, with what the examples need to know of it."""

    account: Account
    region: str
    workshop: Workshop

    def client(self, service: str) -> Any:
        return self.workshop.client(service, self.account.id, self.region)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.account.partition}:{service}:{self.region}:{self.account.id}:{resource}"


def _anyone(action: str, resource: str) -> str:
    statement = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _kms(site: Site) -> None:
    kms = site.client("kms")
    for name, rotated in (("data-lake", True), ("warehouse", False)):
        key = kms.create_key(Description=f"For {name}")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
        if rotated:
            kms.enable_key_rotation(KeyId=key)


def _rds(site: Site) -> None:
    rds = site.client("rds")
    usual = {
        "Engine": "postgres",
        "DBInstanceClass": "db.m6g.large",
        "AllocatedStorage": 100,
        "MasterUsername": "owner",
    }
    usual["MasterUserPassword"] = "never-used-in-the-sandbox"
    good = {"StorageEncrypted": True, "BackupRetentionPeriod": 14, "DeletionProtection": True, "MultiAZ": True}
    bad = {"StorageEncrypted": False, "BackupRetentionPeriod": 0, "DeletionProtection": False}
    rds.create_db_instance(
        DBInstanceIdentifier="warehouse", PubliclyAccessible=False, AutoMinorVersionUpgrade=True, **usual, **good
    )
    rds.create_db_instance(
        DBInstanceIdentifier="reporting", PubliclyAccessible=True, AutoMinorVersionUpgrade=False, **usual, **bad
    )
    for instance, name in (("warehouse", "warehouse-before-migration"), ("reporting", "reporting-export")):
        rds.create_db_snapshot(DBInstanceIdentifier=instance, DBSnapshotIdentifier=name)
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="reporting-export", AttributeName="restore", ValuesToAdd=["all"]
    )


def _lambda(site: Site) -> None:
    functions = site.client("lambda")
    role = f"arn:{site.account.partition}:iam::{site.account.id}:role/service-role/etl-lambda"
    for name, runtime in (("ingest-events", "python3.13"), ("thumbnailer", "nodejs14.x")):
        functions.create_function(
            FunctionName=name, Runtime=runtime, Role=role, Handler="main.handler", Code={"ZipFile": b"nothing"}
        )
    functions.add_permission(
        FunctionName="ingest-events",
        StatementId="from-the-bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceAccount=site.account.id,
    )
    functions.add_permission(
        FunctionName="thumbnailer", StatementId="open", Action="lambda:InvokeFunction", Principal="*"
    )


def _secrets(site: Site) -> None:
    secrets = site.client("secretsmanager")
    secrets.create_secret(Name="partner/api-key", SecretString="never-used-in-the-sandbox")
    secrets.create_secret(Name="warehouse/admin", SecretString="never-used-in-the-sandbox")
    # Without a function: moto would run it, in Docker.
    rules = {"AutomaticallyAfterDays": 30}
    secrets.rotate_secret(SecretId="warehouse/admin", RotationRules=rules, RotateImmediately=False)


def _sqs(site: Site) -> None:
    sqs = site.client("sqs")
    sqs.create_queue(QueueName="events", Attributes={"SqsManagedSseEnabled": "true"})
    policy = _anyone("sqs:SendMessage", site.arn("sqs", "partner-inbox"))
    sqs.create_queue(QueueName="partner-inbox", Attributes={"SqsManagedSseEnabled": "false", "Policy": policy})


def _sns(site: Site) -> None:
    sns = site.client("sns")
    sns.create_topic(Name="alerts", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    sns.create_topic(
        Name="open-updates", Attributes={"Policy": _anyone("sns:Subscribe", site.arn("sns", "open-updates"))}
    )


def _eks(site: Site) -> None:
    eks = site.client("eks")
    role = f"arn:{site.account.partition}:iam::{site.account.id}:role/service/airflow-worker"
    closed = {"endpointPublicAccess": False, "endpointPrivateAccess": True, "subnetIds": ["subnet-1"]}
    open_ = {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"], "subnetIds": ["subnet-1"]}
    key = {"resources": ["secrets"], "provider": {"keyArn": site.arn("kms", "alias/data-lake")}}
    eks.create_cluster(name="analytics", roleArn=role, resourcesVpcConfig=closed, encryptionConfig=[key])
    eks.create_cluster(name="playground", roleArn=role, resourcesVpcConfig=open_)


def _ecs(site: Site) -> None:
    site.client("ecs").create_cluster(clusterName="batch")


def _ecr(site: Site) -> None:
    ecr = site.client("ecr")
    ecr.create_repository(
        repositoryName="ingest", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True}
    )
    ecr.create_repository(repositoryName="old-tools")


def _efs(site: Site) -> None:
    efs = site.client("efs")
    for name, encrypted in (("homes", True), ("scratch", False)):
        efs.create_file_system(CreationToken=name, Encrypted=encrypted, Tags=[{"Key": "Name", "Value": name}])


def _dynamodb(site: Site) -> None:
    tables = site.client("dynamodb")
    for name in ("sessions", "cache"):
        tables.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    recovery = {"PointInTimeRecoveryEnabled": True}
    tables.update_continuous_backups(TableName="sessions", PointInTimeRecoverySpecification=recovery)


def _disks(site: Site) -> None:
    ec2 = site.client("ec2")
    ec2.enable_ebs_encryption_by_default()
    volumes = ec2.describe_volumes()["Volumes"]
    whole = next(volume["VolumeId"] for volume in volumes if volume["Encrypted"])
    plain = next(volume["VolumeId"] for volume in volumes if not volume["Encrypted"])
    ec2.create_snapshot(VolumeId=whole, Description="before the upgrade")
    shared = ec2.create_snapshot(VolumeId=plain, Description="for the agency")["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=shared, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"]
    )
    instance = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    ec2.create_image(InstanceId=instance, Name="airflow-base")
    published = ec2.create_image(InstanceId=instance, Name="workshop-2023")["ImageId"]
    ec2.modify_image_attribute(ImageId=published, LaunchPermission={"Add": [{"Group": "all"}]})


def _network(site: Site) -> None:
    """The company's own network is logged; the default one, which nobody looked at, is not."""
    ec2 = site.client("ec2")
    vpc = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"])
    bucket = f"arn:{site.account.partition}:s3:::data-platform-raw-events"
    ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3", LogDestination=bucket
    )


def _elb(site: Site) -> None:
    ec2 = site.client("ec2")
    vpc = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"])
    first, *_ = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    site.client("elbv2").create_load_balancer(Name="public-web", Subnets=[first["SubnetId"]], Type="network")


def _cloudtrail(site: Site) -> None:
    trails = site.client("cloudtrail")
    trails.create_trail(
        Name="everything",
        S3BucketName="data-platform-raw-events",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        KmsKeyId=site.arn("kms", "alias/data-lake"),
    )
    trails.start_logging(Name="everything")
    usual = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    trails.put_event_selectors(TrailName="everything", EventSelectors=[usual])


def _config(site: Site) -> None:
    config = site.client("config")
    recorder = {
        "name": "default",
        "roleARN": f"arn:{site.account.partition}:iam::{site.account.id}:role/config",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
    }
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "data-platform-raw-events"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


def _guardduty(site: Site) -> None:
    site.client("guardduty").create_detector(Enable=True)


def _old_trail(site: Site) -> None:
    """A trail of one region, not validated, not encrypted, and switched off."""
    site.client("cloudtrail").create_trail(Name="old-trail", S3BucketName="legacy-reporting-logs")


def _cloudformation(site: Site) -> None:
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    template = json.dumps({"Resources": {"Handle": handle}})
    site.client("cloudformation").create_stack(StackName="pipeline", TemplateBody=template)


def _logs(site: Site) -> None:
    logs = site.client("logs")
    for name, days in (("/aws/lambda/ingest-events", 30), ("/aws/lambda/thumbnailer", 0)):
        logs.create_log_group(logGroupName=name)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)


def _acm(site: Site) -> None:
    site.client("acm").request_certificate(DomainName="data.example.com", ValidationMethod="DNS")


def _route53(site: Site) -> None:
    site.client("route53").create_hosted_zone(Name="data.example.com", CallerReference="sandbox")


def _cloudfront(site: Site) -> None:
    cloudfront = site.client("cloudfront")
    for name, protocol in (("docs", "redirect-to-https"), ("downloads", "allow-all")):
        origin = {"Id": "s3", "DomainName": f"{name}.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": name,
                "Comment": name,
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": {
                    "TargetOriginId": "s3",
                    "ViewerProtocolPolicy": protocol,
                    "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                    "MinTTL": 0,
                },
            }
        )


_ALL = {
    "kms": _kms,
    "rds": _rds,
    "lambda": _lambda,
    "secretsmanager": _secrets,
    "sqs": _sqs,
    "sns": _sns,
    "eks": _eks,
    "ecs": _ecs,
    "api.ecr": _ecr,
    "elasticfilesystem": _efs,
    "dynamodb": _dynamodb,
    "elasticloadbalancing": _elb,
    "cloudtrail": _cloudtrail,
    "config": _config,
    "guardduty": _guardduty,
    "cloudformation": _cloudformation,
    "logs": _logs,
    "acm": _acm,
    "route53": _route53,
    "cloudfront": _cloudfront,
}
# By account, region and the endpoint's name of the service.
HOLDINGS: Mapping[tuple[str, str, str], Callable[[Site], None]] = MappingProxyType(
    {
        **{(company.DATA_PLATFORM, REGION, service): make for service, make in _ALL.items()},
        (company.PAYMENTS, "eu-west-1", "kms"): _kms,
        (company.PAYMENTS, "eu-west-1", "rds"): _rds,
        (company.LEGACY, "us-west-2", "cloudtrail"): _old_trail,
    }
)
_BACKENDS = {
    "api.ecr": "ecr",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
}  # where moto's name is another
_GLOBAL = {"route53", "cloudfront"}  # kept by partition


def build_eagerly(account: Account, workshop: Workshop, state: State) -> None:
    """Disks and flow logs: EC2 is loaded for the company's machines anyway."""
    if account.id != company.DATA_PLATFORM:
        return
    site, began = Site(account, REGION, workshop), datetime.now(UTC)
    for make in (_disks, _network):
        with clouds.reproducible(state.seed, account.id, site.region, make.__name__):
            make(site)
    backend = clouds.backend("ec2", account.id, site.region)
    for kept in (backend.snapshots, backend.amis, backend.flow_logs):
        date_back(kept, since=began, to=state.born - AGE)


class Holdings:
    """Makes a service's examples before it is first asked, with the same ids and dates at every start."""

    def __init__(self, workshop: Workshop, state: State) -> None:
        self._workshop = workshop
        self._state = state
        self._open = dict(HOLDINGS)
        self._lock = threading.RLock()

    def prepare(self, account: Account, service: str) -> None:
        """In all regions at once: some lists name what lies in others (CloudTrail's)."""
        if any(place[0] == account.id and place[2] == service for place in tuple(self._open)):
            with self._lock:
                for place in [one for one in self._open if one[0] == account.id and one[2] == service]:
                    self._make(account, place[1], service)
                    del self._open[place]

    def _make(self, account: Account, region: str, service: str) -> None:
        began = datetime.now(UTC)
        with clouds.reproducible(self._state.seed, account.id, region, service):
            HOLDINGS[account.id, region, service](Site(account, region, self._workshop))
        place = account.partition if service in _GLOBAL else region
        backend = clouds.backend(_BACKENDS.get(service, service), account.id, place)
        date_back(backend, since=began, to=self._state.born - AGE)
