"""What a heartbeat's probe notices, and what it costs. The sandbox records each call."""

from __future__ import annotations

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.providers.azure.permissions import PERMISSIONS
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.conftest import Cloud

ALL = frozenset(permission.action for permission in PERMISSIONS)
DISKS = "Microsoft.Compute/disks/read"
PLACE = "data-platform"


def probe(cloud: Cloud, credentials: Credentials, known: KnownPermissions) -> frozenset[str]:
    return PROVIDER.probe_access(credentials, cloud.target(PLACE), known)


def test_what_is_as_it_was_costs_one_list_more(cloud: Cloud) -> None:
    credentials = cloud.app()
    cloud.control.clear_journal()
    PROVIDER.check_connection(credentials, cloud.target(PLACE))
    without = len(cloud.control.calls("azure"))
    cloud.control.clear_journal()
    assert probe(cloud, credentials, KnownPermissions(ALL)) == frozenset()
    calls = cloud.control.calls("azure")
    assert len(calls) == without + 1
    assert calls[-1]["action"] == "Microsoft.Authorization/permissions/read"


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


def test_a_deny_assignment_is_noticed_every_other_time_for_a_list_more(cloud: Cloud) -> None:
    credentials = cloud.app()
    odd = KnownPermissions(ALL, turn=1)
    assert probe(cloud, credentials, odd) == frozenset()
    assert cloud.control.calls("azure")[-1]["action"] == "Microsoft.Authorization/denyAssignments/read"
    cloud.control.put_denial(cloud.places[PLACE], [DISKS], principal=credentials["client_id"])
    try:
        cloud.control.clear_journal()
        assert probe(cloud, credentials, odd) == {DISKS}
        actions = [call["action"] for call in cloud.control.calls("azure")]
        assert actions.count("Microsoft.Authorization/denyAssignments/read") == 1
        assert probe(cloud, credentials, KnownPermissions(ALL - {DISKS}, frozenset({DISKS}), turn=1)) == frozenset()
    finally:
        cloud.control.put_denial(cloud.places[PLACE], None)


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
