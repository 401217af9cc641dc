"""A group's size is right whoever adds and removes accounts at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import add_members, create_group, remove_from_all_groups, set_groups
from cloudaccounts.models import AccountGroup, CloudAccount
from cloudaccounts.work.databases import SECURITY
from teams.scope import Scope
from tests.conftest import ALL_DATABASES

Change = Callable[[AccountGroup, CloudAccount], object]
CHANGES: dict[str, Change] = {
    "added": lambda group, account: add_members(group, actor=SYSTEM, accounts=[account.pk]),
    "put into it": lambda group, account: set_groups(account, actor=SYSTEM, group_ids=[group.pk]),
}


def beside(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_two_that_join_at_the_same_moment_are_both_counted(
    alice: User, make_account: Callable[..., CloudAccount], change: Change
) -> None:
    one, other = make_account(alice), make_account(alice)
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="payments", parent=None)
    with transaction.atomic(using=SECURITY):
        change(group, one)
        second = beside(lambda: change(group, other))
        second.join(0.5)  # where a row can be held it waits for this transaction
    second.join(20)
    assert AccountGroup.objects.get().size == 2
    first = beside(lambda: remove_from_all_groups(one.pk))
    remove_from_all_groups(other.pk)
    first.join(20)
    assert AccountGroup.objects.get().size == 0
