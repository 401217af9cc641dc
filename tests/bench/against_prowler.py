"""The first scan against Prowler: seconds and calls, on the same simulated account, regions and services.

Two accounts, since a lead may shrink as accounts grow: the company's own, and one of 282 resources more. Prowler is no
part of the project's environment: it is taken from ``PROWLER_COMMAND`` or from what `make oracle` installed. Where it
is nowhere, this product's figures are told without a reference, and the rows say so.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

from sandbox.rig import Rig
from tests.bench import scans
from tests.bench.result import Result
from tests.oracle import prowler

REGIONS = scans.PLACES["aws"][1]
MISSING = "SKIPPED: Prowler is not installed (PROWLER_COMMAND, or `make oracle` once), so nothing to compare with."
COMPANY = "Everything granted"
# What the larger account holds besides, by service: 282 in all.
MORE = {"s3": 60, "sqs": 50, "sns": 40, "security-group": 50, "secret": 30, "table": 22, "log-group": 30}
ADMINISTRATOR = {"all": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def first_scans(rig: Rig) -> Iterator[Result]:
    command = _command()
    yield from _both(rig, command, "the company's account")
    grow(rig)
    yield from _both(rig, command, f"with {sum(MORE.values())} resources more")


def _both(rig: Rig, command: Path | None, what: str) -> Iterator[Result]:
    scenario = rig.scenario(COMPANY)
    account = scans.onboarded(scenario)
    rig.control.clear_journal()
    seconds = scans.scan(account, "full")
    calls = len(rig.control.calls("aws"))
    account.delete()
    their_seconds, their_calls = _prowler(rig, command) if command else (0.0, 0)
    note = "" if command else MISSING
    name = f"AWS: first scan, {what} / Prowler {prowler.VERSION}"
    yield Result(f"{name}, wall time", seconds, "s", "lower", their_seconds, "≤ 0.2" if command else "", note)
    yield Result(f"{name}, calls", calls, "calls", "lower", their_calls, "≤ 0.5" if command else "", note)


def _prowler(rig: Rig, command: Path) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as folder:
        rig.control.clear_journal()
        began = time.perf_counter()
        prowler.run(command, rig, rig.scenario(COMPANY), REGIONS, "aws", Path(folder))
        return time.perf_counter() - began, len(rig.control.calls("aws"))


def _command() -> Path | None:
    given = os.environ.get("PROWLER_COMMAND", "").split(" ")[0]
    candidates = [Path(given)] if given else [Path("var/oracle/venv/bin/prowler")]
    return next((path.resolve() for path in candidates if path.exists()), None)


def grow(rig: Rig) -> None:
    """As an administrator of the company's account would, by the ordinary SDK."""
    account_id = rig.scenario(COMPANY)["account_id"]
    keys = rig.control.put_user(account_id, "bench-administrator", policies=[], inline=ADMINISTRATOR)
    session = boto3.session.Session(
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        region_name="us-east-1",
    )
    makers = _makers(session)
    for kind, count in MORE.items():
        for number in range(count):
            makers[kind](f"bench-{kind}-{number:03d}")


def _makers(session: Any) -> dict[str, Any]:
    s3, sqs, sns = session.client("s3"), session.client("sqs"), session.client("sns")
    ec2, secrets = session.client("ec2"), session.client("secretsmanager")
    dynamodb, logs = session.client("dynamodb"), session.client("logs")
    key = {"AttributeName": "id"}
    return {
        "s3": lambda name: s3.create_bucket(Bucket=name),
        "sqs": lambda name: sqs.create_queue(QueueName=name),
        "sns": lambda name: sns.create_topic(Name=name),
        "security-group": lambda name: ec2.create_security_group(GroupName=name, Description="bench"),
        "secret": lambda name: secrets.create_secret(Name=name, SecretString="none"),  # no secret
        "table": lambda name: dynamodb.create_table(
            TableName=name, KeySchema=[{**key, "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{**key, "AttributeType": "S"}],
        ),
        "log-group": lambda name: logs.create_log_group(logGroupName=name),
    }  # fmt: skip
