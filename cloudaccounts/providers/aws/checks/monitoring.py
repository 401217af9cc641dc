"""Whether what happens in the account is recorded and looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    failed,
    observed,
    optional,
    passed,
    required,
    rows,
    text,
)
from cloudaccounts.providers.aws.checks import s3
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


def _objects(kind: str, what: str) -> Callable[[Asset], Evaluation]:
    """One trail of all regions that records what is done to the objects of all buckets."""
    good = ("All", kind)

    def rule(asset: Asset) -> Evaluation:
        trails = [trail for trail in rows(asset, "trails") if trail.get("multi_region") is not False]
        facts = [tuple(trail.get(name) for name in ("multi_region", "logging", "object_events")) for trail in trails]
        if any(trail[:2] == (True, True) and trail[2] in good for trail in facts):
            return passed(f"{what} objects of all buckets is recorded.")
        if any(None in trail and False not in trail and trail[2] in (None, *good) for trail in facts):
            raise UnknownFactError("The state of a trail of all regions could not be read.")
        return failed(f"{what} objects of all buckets is recorded by no trail of all regions.")

    return rule


def _bucket(rule: Callable[[Asset], Evaluation], what: str) -> Callable[[Asset], Evaluation]:
    """A rule about buckets, on the bucket that keeps a trail's log, whichever account it is in."""

    def of_trail(asset: Asset) -> Evaluation:
        facts = required(asset, "bucket_facts", dict)
        name = text(asset, "bucket")
        if facts.get("missing") is True:
            return failed(f"There is no bucket {name}: the log arrives nowhere, until somebody makes one of that name.")
        # The bucket's rule is asked as if the bucket were the asset: one rule for both, wherever the bucket lies.
        evaluation = rule(replace(asset, name=name, native_id=f"arn:aws:s3:::{name}", properties=facts))
        return replace(evaluation, reason=f"{what} {name}: {evaluation.reason}")

    return of_trail


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
    good = [recorder.get("name") for recorder, state in zip(recorders, states, strict=True) if state == (True, True)]
    # Recording and delivering are two states: what is recorded and does not arrive helps nobody.
    if good and all(str(observed(asset, str(name))).lower() == "failure" for name in good):
        return failed("The recorder is on, and what it records does not arrive.")
    if good:
        return _with_global_types(recorders, good)
    if any(None in state and False not in state for state in states):
        raise UnknownFactError("Whether the recorder is on, and records all kinds of resources, was not told.")
    if any(recorder.get("recording") is True for recorder in recorders):
        return failed("Only some kinds of resources are recorded.")
    return failed("The recorder is switched off." if recorders else "AWS Config records nothing in this region.")


def _with_global_types(recorders: list[Mapping[str, Any]], good: list[Any]) -> Evaluation:
    """Users, groups, roles and policies of IAM are in no region: one that records them is enough (CIS 3.3).

    "All supported" leaves them out unless ``includeGlobalResourceTypes`` is on as well:
    https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html
    """
    if any(recorder.get("global_types") is True for recorder in recorders if recorder.get("name") in good):
        return passed("Changes of all supported resources are recorded, those of IAM among them.")
    # What another region records is another asset's, which a rule does not see.
    raise UnknownFactError(
        "Changes of all resources of this region are recorded, those of IAM are not. One region must record them, "
        "and whether another one does is not read here."
    )


def _guardduty(asset: Asset) -> Evaluation:
    detectors = rows(asset, "detectors")
    # A region has one detector at most, so one that is on is the whole answer.
    if any(detector.get("enabled") is True for detector in detectors):
        return passed("GuardDuty looks for threats in this region.")
    if any(detector.get("enabled") is not False for detector in detectors):
        raise UnknownFactError("Whether the detector is on could not be read.")
    return failed(
        "GuardDuty is switched off in this region." if detectors else "GuardDuty is not set up in this region."
    )


CHECKS = (
    *(
        check(
            f"cloudtrail_object_{name}",
            f"No trail records who {title} objects",
            Severity.LOW,
            "aws.cloudtrail.account",
            _objects(kind, what),
            why="After a leak, only these events tell which objects it was about, and by whom.",
            console="CloudTrail, Trails, the trail, Data events, Edit: S3, all current and future buckets, "
            f"{'Read' if kind == 'ReadOnly' else 'Write'}. They cost extra.",
            command="aws cloudtrail put-event-selectors --trail-name <trail> --advanced-event-selectors "
            "file://selectors.json",
            references=(security_hub(control),),
        )
        for name, kind, title, what, control in (
            ("writes", "WriteOnly", "changed", "Changing", "S3.22"),
            ("reads", "ReadOnly", "read", "Reading", "S3.23"),
        )
    ),
    check(
        "cloudtrail_bucket_logging",
        "Access to a trail's bucket is not logged",
        Severity.LOW,
        _TRAIL,
        _bucket(s3.evaluate_logging, "Bucket"),
        why="Who reads or removes the log itself shows in this log alone.",
        console="S3, the trail's bucket, Properties, Server access logging, Edit, Enable.",
        command="aws s3api put-bucket-logging --bucket <log bucket> --bucket-logging-status file://logging.json",
        references=(security_hub("CloudTrail.7"),),
    ),
    check(
        "cloudtrail_bucket_public",
        "A trail's bucket is open to everybody",
        Severity.CRITICAL,
        _TRAIL,
        _bucket(s3.evaluate_public, "Bucket"),
        why="The log shows names, addresses and habits: it is a map for whoever wants to get in.",
        console="S3, the trail's bucket, Permissions: turn on Block all public access.",
        command="aws s3api put-public-access-block --bucket <log bucket> --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
        references=(security_hub("CloudTrail.6"),),
    ),
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
