"""What a heartbeat's probe notices, and what it costs. The sandbox records each call."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.providers.azure.permissions import PERMISSIONS
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.conftest import Cloud

ALL = frozenset(permission.action for permission in PERMISSIONS)
DISKS = "Microsoft.Compute/disks/read"
DENIALS = "Microsoft.Authorization/denyAssignments/read"
PLACE = "data-platform"


def probe(cloud: Cloud, credentials: Credentials, known: KnownPermissions) -> frozenset[str]:
    return PROVIDER.probe_access(credentials, cloud.target(PLACE), known)


def test_what_is_as_it_was_costs_two_lists_more(cloud: Cloud) -> None:
    credentials = cloud.app()
    cloud.control.clear_journal()
    PROVIDER.check_connection(credentials, cloud.target(PLACE))
    without = len(cloud.control.calls("azure"))
    cloud.control.clear_journal()
    assert probe(cloud, credentials, KnownPermissions(ALL)) == frozenset()
    calls = cloud.control.calls("azure")
    assert len(calls) == without + 2
    assert [call["action"] for call in calls[-2:]] == ["Microsoft.Authorization/permissions/read", DENIALS]


def test_an_action_that_was_taken_is_noticed_and_one_that_returned(cloud: Cloud) -> None:
    name = "probe-taken"
    made = cloud.control.put_app(cloud.places[PLACE], name, actions=["*/read"], not_actions=[DISKS])
    credentials = Credentials("client_secret", made)
    for turn in (0, 1):  # by the next heartbeat, whichever it is
        assert probe(cloud, credentials, KnownPermissions(ALL, turn=turn)) == {DISKS}
    lost = KnownPermissions(ALL - {DISKS}, frozenset({DISKS}))
    assert probe(cloud, credentials, lost) == frozenset()
    cloud.control.put_app(cloud.places[PLACE], name, actions=["*/read"])
    assert probe(cloud, credentials, lost) == {DISKS}


def test_what_a_deny_assignment_holds_has_not_returned(cloud: Cloud) -> None:
    """The roles grant it all the while, so each heartbeat would start a report."""
    credentials = cloud.app()
    lost = KnownPermissions(ALL - {DISKS}, frozenset({DISKS}))
    cloud.control.put_denial(cloud.places[PLACE], [DISKS], principal=credentials["client_id"])
    try:
        assert probe(cloud, credentials, lost) == frozenset()
    finally:
        cloud.control.put_denial(cloud.places[PLACE], None)
    assert probe(cloud, credentials, lost) == {DISKS}


@pytest.mark.parametrize("turn", [0, 1])
def test_a_deny_assignment_is_noticed_by_the_next_heartbeat(cloud: Cloud, turn: int) -> None:
    credentials = cloud.app()
    cloud.control.put_denial(cloud.places[PLACE], [DISKS], principal=credentials["client_id"])
    try:
        cloud.control.clear_journal()
        assert probe(cloud, credentials, KnownPermissions(ALL, turn=turn)) == {DISKS}
        assert [call["action"] for call in cloud.control.calls("azure")].count(DENIALS) == 1
        lost = KnownPermissions(ALL - {DISKS}, frozenset({DISKS}), turn)
        assert probe(cloud, credentials, lost) == frozenset()
    finally:
        cloud.control.put_denial(cloud.places[PLACE], None)


@pytest.fixture
def denied_group(cloud: Cloud) -> Iterator[str]:
    """The id of a group from which a deny assignment takes a read."""
    group, place = str(uuid4()), cloud.places[PLACE]
    cloud.control.put_denial(place, [DISKS], principal=group, principal_type="Group")
    yield group
    cloud.control.put_denial(place, None)
    cloud.control.put_group(place, group, [])


@pytest.mark.parametrize("nested", [False, True])
def test_joining_and_leaving_a_group_that_is_denied_is_noticed(cloud: Cloud, denied_group: str, nested: bool) -> None:
    credentials, place = cloud.app(), cloud.places[PLACE]
    lost = KnownPermissions(ALL - {DISKS}, frozenset({DISKS}))
    assert probe(cloud, credentials, KnownPermissions(ALL)) == frozenset()
    inner = str(uuid4())
    cloud.control.put_group(place, inner, [credentials["client_id"]])
    cloud.control.put_group(place, denied_group, [inner if nested else credentials["client_id"]])
    assert probe(cloud, credentials, KnownPermissions(ALL)) == {DISKS}
    assert probe(cloud, credentials, lost) == frozenset()
    cloud.control.put_group(place, denied_group, [])
    assert probe(cloud, credentials, lost) == {DISKS}


def test_a_group_that_nobody_tells_about_is_no_loss(cloud: Cloud, denied_group: str) -> None:
    """Where the second list fails the assignment may concern the app: neither lost nor back."""
    credentials = cloud.app()
    cloud.control.put_group(cloud.places[PLACE], denied_group, [credentials["client_id"]])
    cloud.control.fault("error", action=DENIALS, status=500)
    assert probe(cloud, credentials, KnownPermissions(ALL)) == frozenset()
    assert probe(cloud, credentials, KnownPermissions(ALL - {DISKS}, frozenset({DISKS}))) == frozenset()


def test_a_role_by_a_group_is_lost_with_the_membership(cloud: Cloud) -> None:
    place, group = cloud.places[PLACE], str(uuid4())
    credentials = Credentials("client_secret", cloud.control.put_app(place, "probe-member", actions=[]))
    cloud.control.put_group(place, group, [credentials["client_id"]], role=True)
    assert probe(cloud, credentials, KnownPermissions(ALL)) == frozenset()
    # Something of its own stays, so that the subscription answers at all.
    cloud.control.put_app(place, "probe-member", actions=["Microsoft.Resources/*", "Microsoft.Authorization/*"])
    cloud.control.put_group(place, group, [])
    assert DISKS in probe(cloud, credentials, KnownPermissions(ALL))


def test_a_deny_assignment_of_somebody_else_is_no_loss(cloud: Cloud) -> None:
    credentials = cloud.app()
    other = "00000000-0000-0000-0000-0000000000aa"
    cloud.control.put_denial(cloud.places[PLACE], [DISKS], principal=other)
    try:
        assert probe(cloud, credentials, KnownPermissions(ALL, turn=1)) == frozenset()
    finally:
        cloud.control.put_denial(cloud.places[PLACE], None)


def test_a_probe_without_an_answer_fails_nothing_and_says_nothing(cloud: Cloud) -> None:
    credentials = cloud.app()
    cloud.control.fault("error", action="Microsoft.Authorization/permissions/read", status=500)
    assert probe(cloud, credentials, KnownPermissions(ALL)) == frozenset()
