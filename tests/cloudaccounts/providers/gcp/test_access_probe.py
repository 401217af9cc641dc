"""What a heartbeat's probe notices, and what it costs. The sandbox records each call."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import PermissionStatus
from cloudaccounts.providers.gcp.permissions import PERMISSIONS
from cloudaccounts.providers.gcp.provider import PROVIDER
from sandbox.gcp.roles import READER
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


def test_what_a_deny_policy_takes_is_noticed_and_its_return(cloud: Cloud) -> None:
    credentials = cloud.key("probe-denied")
    member = f"serviceAccount:probe-denied@{cloud.project}.iam.gserviceaccount.com"
    cloud.admin.deny_policy(cloud.project, [LOGS], [member])
    assert probe(cloud, credentials, KnownPermissions(ALL)) == {LOGS}
    [found] = [result for result in cloud.validate(credentials).permissions if result.permission == LOGS]
    assert found.status == PermissionStatus.DENIED
    cloud.admin.deny_policy(cloud.project, [], [])
    assert probe(cloud, credentials, KnownPermissions(ALL - {LOGS}, frozenset({LOGS}))) == {LOGS}


def test_a_role_whose_condition_ends_is_noticed_when_it_has_ended(cloud: Cloud) -> None:
    roles = [role for role in READER if role != "roles/logging.viewer"]
    credentials = cloud.key("probe-for-a-while", roles=roles)
    member = f"serviceAccount:probe-for-a-while@{cloud.project}.iam.gserviceaccount.com"
    ends = datetime.now(UTC) + timedelta(seconds=3)
    expression = f'request.time < timestamp("{ends.isoformat(timespec="milliseconds")}")'
    cloud.admin.put_conditional(cloud.project, "roles/logging.viewer", [member], expression)
    assert probe(cloud, credentials, KnownPermissions(ALL)) == frozenset()
    time.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds() + 0.1))
    assert LOGS in probe(cloud, credentials, KnownPermissions(ALL))
