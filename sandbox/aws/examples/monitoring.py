"""Trails, the configuration recorder, threat detection and logs."""

from sandbox.aws.examples.site import Site


def cloudtrail(site: Site) -> None:
    trails = site.client("cloudtrail")
    trails.create_trail(
        Name="everything",
        S3BucketName="data-platform-raw-events",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        KmsKeyId=site.arn("kms", "alias/data-lake"),
    )
    # A trail that was made does not record before it is told to.
    trails.start_logging(Name="everything")
    usual = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    trails.put_event_selectors(TrailName="everything", EventSelectors=[usual])


def config(site: Site) -> None:
    config = site.client("config")
    recorder = {
        "name": "default",
        "roleARN": f"arn:{site.account.partition}:iam::{site.account.id}:role/config",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
    }
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "data-platform-raw-events"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


def guardduty(site: Site) -> None:
    site.client("guardduty").create_detector(Enable=True)


def securityhub(site: Site) -> None:
    site.client("securityhub").enable_security_hub()


def old_trail(site: Site) -> None:
    """A trail of one region, not validated, not encrypted, and switched off."""
    site.client("cloudtrail").create_trail(Name="old-trail", S3BucketName="legacy-reporting-logs")


def logs(site: Site) -> None:
    logs = site.client("logs")
    for name, days in (("/aws/lambda/ingest-events", 30), ("/aws/lambda/thumbnailer", 0)):
        logs.create_log_group(logGroupName=name)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
