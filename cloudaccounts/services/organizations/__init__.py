"""Organizations: many accounts that are found and opened through one connected account."""

from cloudaccounts.services.organizations.connections import (
    connect_organization,
    forget_organization,
    guides,
    members_through,
    set_aside,
)
from cloudaccounts.services.organizations.members import (
    containers_below,
    new_members,
    onboard_members,
    test_members,
)
from cloudaccounts.services.organizations.sync import request_sync, requeue_syncs, run_sync

__all__ = [
    "connect_organization",
    "containers_below",
    "forget_organization",
    "guides",
    "members_through",
    "new_members",
    "onboard_members",
    "request_sync",
    "requeue_syncs",
    "run_sync",
    "set_aside",
    "test_members",
]
