"""AWS Organizations, as far as it is listed: shapes and limits of its API reference, empty pages included.

https://docs.aws.amazon.com/organizations/latest/APIReference/. moto has the service too, without pages.
"""

import base64
from typing import Any

from sandbox.aws.call import Call
from sandbox.aws.errors import AwsError
from sandbox.aws.identities import Caller
from sandbox.aws.organization_tree import ID, MANAGEMENT, ROOT, Member, Organization

PAGE = 20  # AWS's own limit of MaxResults
_ROOT_ARN = f"arn:aws:organizations::{MANAGEMENT}:root/{ID}/{ROOT}"
# AWS kept the field `Status` beside the newer `State`, with fewer values.
_STATUS = {"CLOSED": "SUSPENDED", "PENDING_ACTIVATION": "ACTIVE"}


def answer(call: Call, caller: Caller, tree: Organization) -> dict[str, Any]:
    """Raises AwsError. The caller's own policies were looked at before."""
    if caller.account.id not in tree.members:
        raise AwsError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    if call.action == "DescribeOrganization":
        return {"Organization": _organization()}
    # Only the management account and delegated administrators may list:
    # https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
    if caller.account.id != MANAGEMENT and caller.account.id not in tree.delegated:
        raise AwsError("AccessDeniedException", "You don't have permissions to access this resource.")
    if call.action == "ListRoots":
        root = {"Id": ROOT, "Arn": _ROOT_ARN, "Name": "Root", "PolicyTypes": []}
        return {"Roots": [root]}
    if call.action == "ListOrganizationalUnitsForParent":
        parent = _parent(call, tree)
        units = [(key, name) for key, (name, above) in tree.units.items() if above == parent]
        arn = f"arn:aws:organizations::{MANAGEMENT}:ou/{ID}"
        listed = [{"Id": key, "Arn": f"{arn}/{key}", "Name": name} for key, name in units]
        return _page(call, "OrganizationalUnits", listed)
    if call.action == "ListAccountsForParent":
        parent = _parent(call, tree)
        return _page(
            call, "Accounts", [_account(member) for member in tree.members.values() if member.parent == parent]
        )
    if call.action == "ListAccounts":
        return _page(call, "Accounts", [_account(member) for member in tree.members.values()])
    if call.action == "ListParents":
        return {"Parents": [_place(call, tree)]}
    raise NotImplementedError(call.action)


def _organization() -> dict[str, Any]:
    return {
        "Id": ID,
        "Arn": f"arn:aws:organizations::{MANAGEMENT}:organization/{ID}",
        "FeatureSet": "ALL",
        "MasterAccountArn": f"arn:aws:organizations::{MANAGEMENT}:account/{ID}/{MANAGEMENT}",
        "MasterAccountId": MANAGEMENT,
        "MasterAccountEmail": "aws@larkfield.example",
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }


def _account(member: Member) -> dict[str, Any]:
    return {
        "Id": member.id,
        "Arn": f"arn:aws:organizations::{MANAGEMENT}:account/{ID}/{member.id}",
        "Email": f"aws+{member.name}@larkfield.example",
        "Name": member.name,
        "Status": _STATUS.get(member.state, member.state),
        "State": member.state,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": 1_700_000_000.0,
    }


def _parent(call: Call, tree: Organization) -> str:
    parent = str(call.json.get("ParentId", ""))
    if parent != ROOT and parent not in tree.units:
        raise AwsError("ParentNotFoundException", "You specified a ParentId that doesn't exist.")
    return parent


def _place(call: Call, tree: Organization) -> dict[str, str]:
    child = str(call.json.get("ChildId", ""))
    member = tree.members.get(child)
    parent = member.parent if member else tree.units.get(child, ("", ""))[1]
    if not parent:
        raise AwsError("ChildNotFoundException", "You specified a child that doesn't exist.")
    return {"Id": parent, "Type": "ROOT" if parent == ROOT else "ORGANIZATIONAL_UNIT"}


def _page(call: Call, name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Behind the first full page comes an empty one with a token, as AWS allows itself at any time."""
    size = int(call.json.get("MaxResults", PAGE))
    if not 1 <= size <= PAGE:
        raise AwsError("InvalidInputException", "MaxResults must be between 1 and 20.")
    start, empty = _position(str(call.json.get("NextToken", "")))
    if empty:
        return {name: [], "NextToken": _token(start, empty=False)}
    end = start + size
    page: dict[str, Any] = {name: items[start:end]}
    if end < len(items):
        page["NextToken"] = _token(end, empty=start == 0)
    return page


def _token(start: int, *, empty: bool) -> str:
    return base64.b64encode(f"{start}:{int(empty)}".encode()).decode()


def _position(token: str) -> tuple[int, bool]:
    if not token:
        return 0, False
    try:
        start, _, empty = base64.b64decode(token, validate=True).decode().partition(":")
        return int(start), empty == "1"
    except ValueError:
        raise AwsError("InvalidInputException", "You provided a NextToken that isn't valid.") from None
