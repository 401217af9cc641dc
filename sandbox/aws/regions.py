"""Regions that an account must enable before it can use them.

Source: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html (regions launched after
2019-03-20 are disabled by default). moto reports one fixed state for all accounts.
"""

from sandbox.aws import hosts
from sandbox.aws.call import Call
from sandbox.aws.errors import AwsError
from sandbox.aws.identities import Account

ENABLED_BY_DEFAULT = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)


def needs_opt_in(account: Account, region: str) -> bool:
    return account.partition == "aws" and region not in ENABLED_BY_DEFAULT


def is_enabled(account: Account, region: str) -> bool:
    return not needs_opt_in(account, region) or region in account.regions


def _ec2_status(account: Account, region: str) -> str:
    if not needs_opt_in(account, region):
        return "opt-in-not-required"
    return "opted-in" if region in account.regions else "not-opted-in"


def _account_status(account: Account, region: str) -> str:
    if not needs_opt_in(account, region):
        return "ENABLED_BY_DEFAULT"
    return "ENABLED" if region in account.regions else "DISABLED"


def describe_regions(call: Call, account: Account) -> str:
    """EC2 DescribeRegions: its result in XML (RegionNames, AllRegions and the opt-in-status filter are honoured)."""
    available = hosts.regions(account.partition)
    names = call.listed("RegionName")
    for name in names:
        if name not in available:
            raise AwsError("InvalidParameterValue", f"Invalid region name: {name}")
    every = call.form.get("AllRegions", "false").lower() == "true"
    statuses: set[str] = set()
    for number in range(1, 11):
        if call.form.get(f"Filter.{number}.Name") == "opt-in-status":
            statuses |= set(call.listed(f"Filter.{number}.Value"))
    suffix = hosts.PARTITIONS[account.partition]
    items = "".join(
        f"<item><regionName>{region}</regionName><regionEndpoint>ec2.{region}.{suffix}</regionEndpoint>"
        f"<optInStatus>{status}</optInStatus></item>"
        for region in (names or available)
        if (status := _ec2_status(account, region))
        # As EC2: without AllRegions, only the regions that are enabled, unless others are named.
        and (every or names or status != "not-opted-in")
        and (not statuses or status in statuses)
    )
    return f"<regionInfo>{items}</regionInfo>"


def list_regions(call: Call, account: Account) -> dict[str, object]:
    """account:ListRegions, with its paging and filter (botocore data/account)."""
    statuses = call.json.get("RegionOptStatusContains")
    every = [
        {"RegionName": region, "RegionOptStatus": status}
        for region in hosts.regions(account.partition)
        if (status := _account_status(account, region)) and (not statuses or status in statuses)
    ]
    size = int(call.json.get("MaxResults", 50))
    start = int(call.json.get("NextToken") or 0)
    answer: dict[str, object] = {"Regions": every[start : start + size]}
    if start + size < len(every):
        answer["NextToken"] = str(start + size)
    return answer


def region_opt_status(call: Call, account: Account) -> dict[str, object]:
    """account:GetRegionOptStatus."""
    region = str(call.json.get("RegionName", ""))
    if region not in hosts.regions(account.partition):
        raise AwsError("ValidationException", f"Invalid region: {region}")
    return {"RegionName": region, "RegionOptStatus": _account_status(account, region)}
