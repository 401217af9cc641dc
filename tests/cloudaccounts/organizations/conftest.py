"""A toy organization: a root, two containers, and accounts in pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.organizations import NodeKind, NodeState, OrganizationNode
from cloudaccounts.models import CloudAccount, Organization, OrganizationMember
from cloudaccounts.organizations.connections import connect_organization
from cloudaccounts.organizations.sync import run_sync
from scans.models import ScanRun
from tests.conftest import MakeAccount
from tests.toycloud.provider import State

ALICE = Actor("1", "alice", "page", "127.0.0.1")


def container(node_id: str, parent: str = "root", name: str = "") -> OrganizationNode:
    return OrganizationNode(node_id, parent, name or node_id, NodeKind.CONTAINER)


def box(account_id: str, parent: str = "root", state: NodeState = NodeState.ACTIVE, name: str = "") -> OrganizationNode:
    return OrganizationNode(account_id, parent, name or f"box {account_id}", NodeKind.ACCOUNT, account_id, state)


@pytest.fixture
def tree(toycloud: State) -> State:
    """Page 1 is empty, as clouds allow themselves."""
    toycloud.tree = [
        [container("root", "", "The shelf")],
        [],
        [container("upper"), container("inner", "upper"), box("aaaaaa"), box("bbbbbb", "upper")],
        [box("cccccc", "inner"), box("dddddd", "inner", NodeState.SUSPENDED)],
    ]
    return toycloud


@pytest.fixture
def connecting(alice: User, tree: State, toy_account: MakeAccount) -> CloudAccount:
    account = toy_account(alice, name="the hub")
    ScanRun.objects.all().delete()
    return account


@pytest.fixture
def organization(connecting: CloudAccount) -> Organization:
    """Connected and looked at once."""
    made = connect_organization(connecting, actor=ALICE, options={})
    run_sync(made.pk)
    made.refresh_from_db()
    return made


Member = Callable[[str], OrganizationMember]


@pytest.fixture
def member(organization: Organization) -> Member:
    """A member as it is now, by its account id."""
    return lambda account_id: OrganizationMember.objects.get(organization=organization.pk, account_id=account_id)
