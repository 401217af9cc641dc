"""An AWS Organization: its tree, listed from the management account or a delegated administrator. No Django.

At most 20 a page, pages may be empty while NextToken is set, ``State`` goes before ``Status``:
https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.organizations import MemberPage, NodeKind, NodeState, OrganizationNode
from cloudaccounts.provider_kit.deadlines import Deadline
from cloudaccounts.provider_kit.tree_walk import retry_temporary, walk
from cloudaccounts.providers.aws.errors import aws_code, explain, is_denied
from cloudaccounts.providers.aws.role import Caller
from cloudaccounts.providers.aws.signin import sign_in_connection

PAGE = 20  # the most that AWS gives
_STATES: Mapping[str, NodeState] = {
    "ACTIVE": NodeState.ACTIVE,
    "PENDING_ACTIVATION": NodeState.SUSPENDED,
    "SUSPENDED": NodeState.SUSPENDED,
    "PENDING_CLOSURE": NodeState.CLOSED,
    "CLOSED": NodeState.CLOSED,
}
# The token of a page that was listed long ago: it has expired, and the list must be started again.
_TOKEN_REFUSED = {"InvalidInputException", "InvalidNextTokenException"}


def organization_pages(
    credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str
) -> Iterator[MemberPage]:
    """See `Provider.organization_pages`."""
    caller = sign_in_connection(credentials, target, Deadline(target.deadline, "AWS"))
    try:
        client = caller.connection.client("organizations")
        # A walk that goes on has its containers in the cursor, and the root is not asked again.
        root = None if cursor else _root(client, caller)
        yield from walk(root, partial(_list, client, caller), lists=2, cursor=cursor)  # units, then accounts
    finally:
        caller.connection.close()


def _root(client: Any, caller: Caller) -> OrganizationNode:
    organization = _call(caller, "organizations:DescribeOrganization", client.describe_organization)["Organization"]
    try:
        roots = _call(caller, "organizations:ListRoots", partial(client.list_roots, MaxResults=PAGE))["Roots"]
    except ProviderError as error:
        raise _explain_if_member(error, organization, caller) from None
    name = f"AWS Organization {organization['Id']}"
    return OrganizationNode(str(roots[0]["Id"]), "", name, NodeKind.CONTAINER)


def _list(client: Any, caller: Caller, parent: str, number: int, token: str) -> tuple[Sequence[OrganizationNode], str]:
    more = {"NextToken": token} if token else {}
    if number == 0:
        action, listing = "ListOrganizationalUnitsForParent", client.list_organizational_units_for_parent
    else:
        action, listing = "ListAccountsForParent", client.list_accounts_for_parent
    try:
        answer = _call(caller, f"organizations:{action}", partial(listing, ParentId=parent, MaxResults=PAGE, **more))
    except ProviderError as error:
        # Without a token the same code means another parameter, where starting again would not help.
        if token and error.sdk_error in _TOKEN_REFUSED:
            raise ProviderError(
                "cursor_expired", "AWS does not go on with this list.", "Start again.", sdk_error=error.sdk_error
            ) from None
        raise
    units = [_unit(unit, parent) for unit in answer.get("OrganizationalUnits", ())]
    accounts = [_account(account, parent) for account in answer.get("Accounts", ())]
    return [*units, *accounts], str(answer.get("NextToken") or "")


def _unit(unit: Mapping[str, Any], parent: str) -> OrganizationNode:
    return OrganizationNode(str(unit["Id"]), parent, str(unit.get("Name", "")), NodeKind.CONTAINER)


def _account(account: Mapping[str, Any], parent: str) -> OrganizationNode:
    # AWS keeps both; State is the newer and tells more
    # (https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html).
    state = str(account.get("State") or account.get("Status") or "")
    account_id = str(account["Id"])
    return OrganizationNode(
        account_id, parent, str(account.get("Name", "")), NodeKind.ACCOUNT, account_id,
        # A state that is not known here is not counted on to be readable.
        _STATES.get(state, NodeState.SUSPENDED),
    )  # fmt: skip


def _call(caller: Caller, action: str, call: Callable[[], Any]) -> Any:
    """Tries temporary errors again (see `retry_temporary`). Raises `ProviderError`."""

    def attempt() -> Any:
        try:
            return call()
        except ClientError as error:
            if aws_code(error) == "AWSOrganizationsNotInUseException":
                raise ProviderError(
                    "organization_missing", f"Account {caller.account_id} is in no AWS Organization.",
                    "Connect the management account of an organization.", sdk_error=aws_code(error),
                ) from None  # fmt: skip
            explained = explain(error, caller.connection.who, action)
            if is_denied(error):
                explained = ProviderError(
                    "organization_denied", explained.cause,
                    f"Give the connection's identity {action}; the set-up guides hold the whole policy.",
                    sdk_error=explained.sdk_error,
                )  # fmt: skip
            raise explained from None
        except BotoCoreError as error:
            raise explain(error, caller.connection.who, action) from None

    return retry_temporary(attempt)


def _explain_if_member(error: ProviderError, organization: Mapping[str, Any], caller: Caller) -> ProviderError:
    """Any member may describe its organization, but not list it. Then permissions are not the remedy, but another
    account is.
    """
    manager = str(organization.get("MasterAccountId", ""))
    if error.code != "organization_denied" or not manager or manager == caller.account_id:
        return error
    return ProviderError(
        "organization_not_manager",
        f"Account {caller.account_id} is a member of the organization; only its management account {manager} or a "
        "delegated administrator may list the others.",
        f"Connect account {manager}, or make {caller.account_id} a delegated administrator for a service such as "
        "account.amazonaws.com: aws organizations register-delegated-administrator --account-id "
        f"{caller.account_id} --service-principal account.amazonaws.com",
        sdk_error=error.sdk_error,
    )
