"""What moto lacks of the account's settings in a region: blocks on sharing, defaults of metadata, access analyzers.

Shapes: botocore data/ec2 and data/accessanalyzer. The data platform has set them in its first region, and nowhere else.
"""

from typing import Any

from sandbox.aws import company
from sandbox.aws.call import Call
from sandbox.aws.identities import Account

# One region alone, so that checks of every region have a good and a bad one in the same account.
_GOOD_REGION = "us-east-1"


def ec2(call: Call, account: Account) -> str | None:
    """The result in XML; None for other operations."""
    good = _is_good(call, account)
    if call.action == "GetSnapshotBlockPublicAccessState":
        # Not of all sharing: what was public before stays so, as the snapshot for the agency does.
        return f"<state>{'block-new-sharing' if good else 'unblocked'}</state>"
    if call.action == "GetImageBlockPublicAccessState":
        state = "block-new-sharing" if good else "unblocked"
        return f"<imageBlockPublicAccessState>{state}</imageBlockPublicAccessState>"
    if call.action == "GetInstanceMetadataDefaults":
        # EC2 leaves out what was never set.
        return f"<accountLevel>{'<httpTokens>required</httpTokens>' if good else ''}</accountLevel>"
    return None


def analyzers(call: Call, account: Account) -> dict[str, Any]:
    if not _is_good(call, account):
        return {"analyzers": []}
    arn = f"arn:{account.partition}:access-analyzer:{call.region}:{account.id}:analyzer/account"
    return {
        "analyzers": [
            {
                "arn": arn,
                "name": "account",
                "type": "ACCOUNT",
                "status": "ACTIVE",
                "createdAt": "2025-11-03T09:00:00Z",
            }
        ]
    }


def _is_good(call: Call, account: Account) -> bool:
    return account.id == company.DATA_PLATFORM and call.region == _GOOD_REGION
