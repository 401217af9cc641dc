"""What moto lacks of the account's settings in a region: blocks on sharing, defaults of metadata, access analyzers.

Shapes: botocore data/ec2 and data/accessanalyzer. The data platform has set them in its first region, and nowhere else.
"""

from typing import Any

from sandbox.aws import company
from sandbox.aws.call import Call
from sandbox.aws.identities import Account

# One region alone, so that checks of every region have a good and a bad one in the same account.
_GOOD_REGION = "us-east-1"
# A region where nothing was made: its own groups and access lists are those that AWS makes with each account.
_BLOCKED_REGION = "ap-southeast-2"


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
    if call.action == "DescribeVpcBlockPublicAccessOptions":
        return _network_block(call, account)
    if call.action == "DescribeVpcBlockPublicAccessExclusions":
        return "<vpcBlockPublicAccessExclusionSet/>"
    return None


def _network_block(call: Call, account: Account) -> str:
    """As AWS tells it of an account that never set it; in one region of one account it is on."""
    blocked = account.id == company.DATA_PLATFORM and call.region == _BLOCKED_REGION
    mode, state = ("block-ingress", "update-complete") if blocked else ("off", "default-state")
    return (
        f"<vpcBlockPublicAccessOptions><awsAccountId>{account.id}</awsAccountId><awsRegion>{call.region}</awsRegion>"
        f"<state>{state}</state><internetGatewayBlockMode>{mode}</internetGatewayBlockMode>"
        "<managedBy>account</managedBy><exclusionsAllowed>allowed</exclusionsAllowed></vpcBlockPublicAccessOptions>"
    )


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
