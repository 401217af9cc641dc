"""CloudTrail's event history, which moto lacks: who changed what, per account and region.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
Only changes are kept: what is asked for by ReadOnly=true is answered as empty.
"""

import json
import re
import threading
import uuid
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.aws import hosts
from sandbox.aws.call import Call
from sandbox.aws.errors import AwsError
from sandbox.aws.identities import Account

# Bounded because a demo runs for days; AWS keeps 90 days of events.
KEPT = 20_000  # events for each account and region
_PAGE = 50
_READS = ("Get", "List", "Describe", "Lookup", "Head", "BatchGet", "Search", "Simulate", "Select", "AssumeRole")
# Data events: not in the history unless a trail asks for them, and then only in the trail.
_DATA = {
    "s3": ("PutObject", "DeleteObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipart"),
    "dynamodb": ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "Query", "Scan", "Transact", "Execute"),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"),
    "sns": ("Publish",),
    "lambda": ("Invoke",),
    "logs": ("PutLogEvents",),
    "kms": ("Encrypt", "Decrypt", "GenerateDataKey", "ReEncrypt", "Sign", "Verify"),
}
_LOCATION = re.compile(rb"<LocationConstraint[^>]*>([a-z0-9-]+)</LocationConstraint>")


class History:
    """The events of all accounts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._events: dict[tuple[str, str], deque[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def note_call(self, call: Call, account: Account, arn: str) -> None:
        """Keeps a call that changes something, whether AWS allowed it or not."""
        if not call.action or call.action.startswith((*_READS, *_DATA.get(call.service, ()))):
            return
        region = call.region
        if call.action == "CreateBucket" and (location := _LOCATION.search(call.body)):
            region = location[1].decode()
        self.note(account, call.service.removeprefix("api.").replace("s3-control", "s3"), call.action, region, arn)

    def note(self, account: Account, service: str, name: str, region: str = "", arn: str = "") -> None:
        """`region` is where the service writes its events; a global service's are in the partition's home."""
        event = {
            "EventId": str(uuid.uuid4()),
            "EventName": name,
            "EventSource": f"{service}.amazonaws.com",
            "EventTime": datetime.now(UTC).timestamp(),
            "ReadOnly": "false",
            "Username": arn.rpartition("/")[2],
            "Resources": [],
        }
        event["CloudTrailEvent"] = json.dumps({"eventName": name, "userIdentity": {"arn": arn}})
        place = (account.id, region or hosts.HOME_REGIONS[account.partition])
        with self._lock:
            self._events.setdefault(place, deque(maxlen=KEPT)).appendleft(event)

    def note_key(self, call: Call, account: Account, arn: str, by: str, made: str) -> None:
        """CreateAccessKey as CloudTrail records it: who asked, with which key and client, and which key it made.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
        """
        self.note(account, "iam", "CreateAccessKey", arn=arn)
        with self._lock:
            event = self._events[account.id, hosts.HOME_REGIONS[account.partition]][0]
            event["CloudTrailEvent"] = json.dumps(
                {
                    "eventName": "CreateAccessKey",
                    "userIdentity": {"type": "IAMUser", "arn": arn, "accessKeyId": by},
                    "userAgent": call.headers.get("user-agent", ""),
                    "responseElements": {"accessKey": {"accessKeyId": made, "status": "Active"}},
                }
            )
            event["AccessKeyId"] = by

    def lookup(self, call: Call, account: Account) -> dict[str, Any]:
        """LookupEvents: the newest first, 50 a page, by time and by one attribute at most."""
        query = call.json
        attributes = query.get("LookupAttributes") or []
        # AWS takes one attribute: an incremental scan spends it on ReadOnly, and sorts out itself what it does not
        # need.
        if len(attributes) > 1:
            raise AwsError("InvalidLookupAttributesException", "Only one lookup attribute can be specified.")
        end = float(query.get("EndTime") or datetime.now(UTC).timestamp())
        # Without a start, as far back as AWS keeps the history.
        start = float(query.get("StartTime") or end - timedelta(days=90).total_seconds())
        if start > end:
            raise AwsError("InvalidTimeRangeException", "The start time must be before the end time.")
        with self._lock:
            events = list(self._events.get((account.id, call.region), ()))
        matching = [event for event in events if start <= event["EventTime"] <= end and _fits(event, attributes)]
        size = min(int(query.get("MaxResults") or _PAGE), _PAGE)
        first = int(query.get("NextToken") or 0)
        answer: dict[str, Any] = {"Events": matching[first : first + size]}
        if first + size < len(matching):
            answer["NextToken"] = str(first + size)
        return answer


def _fits(event: dict[str, Any], attributes: list[dict[str, str]]) -> bool:
    return all(event.get(attribute["AttributeKey"]) == attribute["AttributeValue"] for attribute in attributes)
