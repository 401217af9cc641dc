"""What a heartbeat's probe notices, and what it costs. The sandbox records each call."""

from __future__ import annotations

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.providers.gcp.permissions import PERMISSIONS
from cloudaccounts.providers.gcp.provider import PROVIDER
from tests.cloudaccounts.providers.gcp.conftest import Cloud

ALL = frozenset(permission.name for permission in PERMISSIONS)
LOGS = "logging.logEntries.list"


def probe(cloud: Cloud, credentials: Credentials, known: KnownPermissions) -> frozenset[str]:
    return PROVIDER.probe_access(credentials, cloud.target(), known)


def test_what_is_as_it_was_costs_one_question_more(cloud: Cloud) -> None:
    credentials = cloud.key()
    cloud.control.clear_journal()
    assert probe(cloud, credentials, KnownPermissions(ALL)) == frozenset()
    assert [len(cloud.calls(name)) for name in ("GetProject", "TestIamPermissions", "ListAssets")] == [1, 1, 0]


def test_a_permission_that_was_taken_is_noticed_and_one_that_returned(cloud: Cloud) -> None:
    credentials = cloud.key("probe-taken", permissions=sorted(ALL - {LOGS}))
    assert probe(cloud, credentials, KnownPermissions(ALL)) == {LOGS}
    lost = KnownPermissions(ALL - {LOGS}, frozenset({LOGS}))
    assert probe(cloud, credentials, lost) == frozenset()
    cloud.admin.put_service_account(cloud.project, "probe-taken", permissions=sorted(ALL))
    assert probe(cloud, credentials, lost) == {LOGS}


def test_a_probe_without_an_answer_fails_nothing_and_says_nothing(cloud: Cloud) -> None:
    credentials = cloud.key()
    cloud.control.fault("error", action="TestIamPermissions", status=500)
    assert probe(cloud, credentials, KnownPermissions(ALL)) == frozenset()
