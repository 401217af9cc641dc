from .connections import (
    connect_organization,
    forget_organization,
    guides,
    members_through,
    set_aside,
)
from .members import (
    containers_below,
    new_members,
    onboard_members,
    test_members,
)
from .sync import request_sync, requeue_syncs, run_sync

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
