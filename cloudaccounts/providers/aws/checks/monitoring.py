"""Whether what happens in the account is recorded and looked at."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import UnknownFactError, expect, failed, optional, passed, required, rows
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub

_TRAIL = "aws.cloudtrail.trail"


def _everywhere(asset: Asset) -> Evaluation:
    """CIS 3.1: one trail of all regions that is logging, with all management events."""
    trails = [trail for trail in rows(asset, "trails") if trail.get("multi_region") is not False]
    # One trail must fulfil all of it: two halves would each miss events.
    facts = [tuple(trail.get(name) for name in ("multi_region", "logging", "management_events")) for trail in trails]
    if (True, True, "All") in facts:
        return passed("A trail of all regions records all management events.")
    # Only where no trail is known to be good: what could not be read of another one does not matter then.
    if any(None in trail and False not in trail for trail in facts):
        raise UnknownFactError("The state of a trail of all regions could not be read.")
    if not trails:
        return failed("No trail records all regions.")
    return failed("The trail of all regions is switched off, or does not record all management events.")


def _validated(asset: Asset) -> Evaluation:
    on = required(asset, "log_file_validation", bool)
    return expect(on, "Nobody would notice if log files were changed.", "Changed log files would be noticed.")


def _with_key(asset: Asset) -> Evaluation:
    key = optional(asset, "kms_key_id", str)
    return expect(bool(key), "Log files are not encrypted with a KMS key.", "Log files are encrypted with a KMS key.")


def _logging(asset: Asset) -> Evaluation:
    return expect(required(asset, "logging", bool), "The trail is switched off.", "The trail records.")


def _recorder(asset: Asset) -> Evaluation:
    """CIS 3.3: in every region, all supported types."""
    recorders = rows(asset, "recorders")
    states = [tuple(recorder.get(name) for name in ("recording", "all_supported")) for recorder in recorders]
    if (True, True) in states:
        return passed("Changes of all supported resources are recorded.")
    if any(None in state and False not in state for state in states):
        raise UnknownFactError("Whether the recorder is on, and records all kinds of resources, was not told.")
    if any(recorder.get("recording") is True for recorder in recorders):
        return failed("Only some kinds of resources are recorded.")
    return failed("The recorder is switched off." if recorders else "AWS Config records nothing in this region.")


def _guardduty(asset: Asset) -> Evaluation:
    detectors = rows(asset, "detectors")
    if any(detector.get("enabled") is True for detector in detectors):
        return passed("GuardDuty looks for threats in this region.")
    if any(detector.get("enabled") is not False for detector in detectors):
        raise UnknownFactError("Whether the detector is on could not be read.")
    return failed(
        "GuardDuty is switched off in this region." if detectors else "GuardDuty is not set up in this region."
    )


CHECKS = (
    check(
        "cloudtrail_all_regions",
        "No trail records all regions",
        Severity.HIGH,
        "aws.cloudtrail.account",
        _everywhere,
        why="Without it, what was done in a region that nobody uses, or more than 90 days ago, cannot be found out.",
        console="CloudTrail, Trails, Create trail: all regions, management events Read and Write.",
        command="aws cloudtrail create-trail --name <trail> --s3-bucket-name <bucket> --is-multi-region-trail "
        "--enable-log-file-validation; aws cloudtrail start-logging --name <trail>",
        references=(security_hub("CloudTrail.1"),),
    ),
    check(
        "cloudtrail_logging",
        "Trail is switched off",
        Severity.MEDIUM,
        _TRAIL,
        _logging,
        why="Switching a trail off is among the first things that an intruder does.",
        console="CloudTrail, Trails, the trail: Start logging.",
        command="aws cloudtrail start-logging --name <trail>",
        references=(security_hub("CloudTrail.3"),),
    ),
    check(
        "cloudtrail_validation",
        "Trail does not show whether log files were changed",
        Severity.LOW,
        _TRAIL,
        _validated,
        why="Signed digests prove that nobody removed his traces from the log.",
        console="CloudTrail, Trails, the trail, General details, Edit: Log file validation.",
        command="aws cloudtrail update-trail --name <trail> --enable-log-file-validation",
        references=(security_hub("CloudTrail.4"),),
    ),
    check(
        "cloudtrail_kms",
        "Log files are not encrypted with a KMS key",
        Severity.LOW,
        _TRAIL,
        _with_key,
        why="With a key of its own, reading the bucket is not enough to read the log.",
        console="CloudTrail, Trails, the trail, General details, Edit: SSE-KMS encryption.",
        command="aws cloudtrail update-trail --name <trail> --kms-key-id <key>",
        references=(security_hub("CloudTrail.2"),),
    ),
    check(
        "config_recording",
        "AWS Config does not record the region",
        Severity.MEDIUM,
        "aws.config.recorder",
        _recorder,
        why="It answers what a resource looked like, and when it was changed.",
        console="AWS Config, Settings: Recording is on, all resource types. In each region.",
        command="aws configservice start-configuration-recorder --configuration-recorder-name <recorder>",
        references=(security_hub("Config.1"),),
        every_region=True,
    ),
    check(
        "guardduty_enabled",
        "GuardDuty does not watch the region",
        Severity.MEDIUM,
        "aws.guardduty.region",
        _guardduty,
        why="It notices stolen credentials and machines that talk to known bad addresses, which no setting prevents.",
        console="GuardDuty, Get started, Enable. In each region, or for the organization.",
        command="aws guardduty create-detector --enable --region <region>",
        references=(aws_docs("GuardDuty", "https://docs.aws.amazon.com/guardduty/latest/ug/what-is-guardduty.html"),),
        every_region=True,
    ),
)
