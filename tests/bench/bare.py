"""The references: the same calls to AWS with boto3 as its documentation shows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config

from cloudaccounts.providers.aws.permissions import PERMISSIONS

Fields = Mapping[str, str]
ACTIONS = [permission.action for permission in PERMISSIONS]


class LockedSession:
    """One boto3 session for several threads: they may use its clients at the same time, but not make them."""

    def __init__(self) -> None:
        self._session, self._lock = boto3.session.Session(), threading.Lock()

    def client(self, *args: object, **kwargs: object) -> object:
        with self._lock:
            return self._session.client(*args, **kwargs)  # type: ignore[call-overload]  # passes on what it is given


def client_maker(fields: Fields, session: Any = None) -> Callable[..., Any]:
    """Clients of one account, in a new session unless one (with its loaded models) is given."""
    session = session or boto3.session.Session()
    keys = {
        "aws_access_key_id": fields["access_key_id"],
        "aws_secret_access_key": fields["secret_access_key"],
        "aws_session_token": fields.get("session_token") or None,
    }
    config = Config(connect_timeout=15, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3})
    return lambda service: session.client(service, region_name="us-east-1", config=config, **keys)


def connection_test(fields: Fields, session: Any = None) -> None:
    """One after the other: who am I, how old is my key, what may I do, which regions are there."""
    client = client_maker(fields, session)
    arn = client("sts").get_caller_identity()["Arn"]
    iam = client("iam")
    iam.list_access_keys(UserName=arn.rsplit("/", 1)[1])
    for first in range(0, len(ACTIONS), 100):
        iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=ACTIONS[first : first + 100], MaxItems=1000)
    client("ec2").describe_regions(AllRegions=True)
