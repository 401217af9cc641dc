"""Where examples are made."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.aws.identities import Account
from sandbox.aws.inprocess import Workshop


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


def open_policy(action: str, resource: str) -> str:
    statement = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
