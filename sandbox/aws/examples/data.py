"""Keys, databases, secrets, file systems, queues and topics."""

from typing import Any

from sandbox.aws.examples.site import Site, open_policy


def kms(site: Site) -> None:
    kms = site.client("kms")
    for name, rotated in (("data-lake", True), ("warehouse", False)):
        key = kms.create_key(Description=f"For {name}")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
        if rotated:
            kms.enable_key_rotation(KeyId=key)
        else:
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=open_policy("kms:Decrypt", "*"))


def rds(site: Site) -> None:
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
        DBInstanceIdentifier="warehouse",
        EngineVersion="16.4",
        PubliclyAccessible=False,
        AutoMinorVersionUpgrade=True,
        **usual,
        **good,
    )
    rds.create_db_instance(
        DBInstanceIdentifier="reporting",
        EngineVersion="11.22",
        PubliclyAccessible=True,
        AutoMinorVersionUpgrade=False,
        **usual,
        **bad,
    )
    # A snapshot of each, of which the second is shared with everybody.
    for instance, name in (("warehouse", "warehouse-before-migration"), ("reporting", "reporting-export")):
        rds.create_db_snapshot(DBInstanceIdentifier=instance, DBSnapshotIdentifier=name)
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="reporting-export", AttributeName="restore", ValuesToAdd=["all"]
    )
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="warehouse-replica", SourceDBInstanceIdentifier="warehouse"
    )
    _clusters(rds)


def _clusters(rds: Any) -> None:
    """Aurora as it should be, and Neptune as it should not; a snapshot of each."""
    owner = {"MasterUsername": "owner", "MasterUserPassword": "never-used-in-the-sandbox"}
    good = {"StorageEncrypted": True, "BackupRetentionPeriod": 14, "DeletionProtection": True}
    rds.create_db_cluster(
        DBClusterIdentifier="orders", Engine="aurora-postgresql", EngineVersion="16.4", **owner, **good
    )
    bad = {"StorageEncrypted": False, "BackupRetentionPeriod": 1, "DeletionProtection": False}
    rds.create_db_cluster(DBClusterIdentifier="relations", Engine="neptune", **bad)
    for cluster, engine in (("orders", "aurora-postgresql"), ("relations", "neptune")):
        rds.create_db_instance(
            DBInstanceIdentifier=f"{cluster}-1",
            DBClusterIdentifier=cluster,
            Engine=engine,
            DBInstanceClass="db.r6g.large",
            PubliclyAccessible=False,
            AutoMinorVersionUpgrade=True,
        )
        rds.create_db_cluster_snapshot(DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier=f"{cluster}-before")
    rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="relations-before", AttributeName="restore", ValuesToAdd=["all"]
    )


def dynamodb(site: Site) -> None:
    tables = site.client("dynamodb")
    for name in ("sessions", "cache"):
        tables.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    recovery = {"PointInTimeRecoveryEnabled": True}
    # Of one of the two: the other can be brought back by nobody.
    tables.update_continuous_backups(TableName="sessions", PointInTimeRecoverySpecification=recovery)


def secrets(site: Site) -> None:
    secrets = site.client("secretsmanager")
    secrets.create_secret(Name="partner/api-key", SecretString="never-used-in-the-sandbox")
    shared = open_policy("secretsmanager:GetSecretValue", "*")
    secrets.put_resource_policy(SecretId="partner/api-key", ResourcePolicy=shared)
    secrets.create_secret(Name="warehouse/admin", SecretString="never-used-in-the-sandbox")
    # Without a function: moto would run it, in Docker.
    rules = {"AutomaticallyAfterDays": 30}
    secrets.rotate_secret(SecretId="warehouse/admin", RotationRules=rules, RotateImmediately=False)


def efs(site: Site) -> None:
    efs = site.client("efs")
    for name, encrypted in (("homes", True), ("scratch", False)):
        efs.create_file_system(CreationToken=name, Encrypted=encrypted, Tags=[{"Key": "Name", "Value": name}])


def sqs(site: Site) -> None:
    sqs = site.client("sqs")
    sqs.create_queue(QueueName="events", Attributes={"SqsManagedSseEnabled": "true"})
    policy = open_policy("sqs:SendMessage", site.arn("sqs", "partner-inbox"))
    sqs.create_queue(QueueName="partner-inbox", Attributes={"SqsManagedSseEnabled": "false", "Policy": policy})


def sns(site: Site) -> None:
    sns = site.client("sns")
    sns.create_topic(Name="alerts", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    sns.create_topic(
        Name="open-updates", Attributes={"Policy": open_policy("sns:Subscribe", site.arn("sns", "open-updates"))}
    )
