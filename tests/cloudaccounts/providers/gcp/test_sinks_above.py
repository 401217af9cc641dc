"""Copies of logs that folders and the organization keep for the projects below them."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.providers.gcp.checks import CHECKS
from cloudaccounts.providers.gcp.checks.log_alerts import EXAMPLES
from tests.cloudaccounts.providers.gcp.conftest import Cloud
from tests.cloudaccounts.providers.gcp.shapes import strangers
from tests.cloudaccounts.providers.gcp.test_audit_logs import FOLDER, ORGANIZATION, PROJECT, scanned

BY_ID = {check.id: check for check in CHECKS}
P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
PARENT = {"parent": FOLDER}
EXCLUSION = {"name": "noise", "filter": "severity<ERROR"}


def sink(**more: Any) -> dict[str, Any]:
    return {"name": "all", "destination": "storage.googleapis.com/copy", "includeChildren": True, **more}


def above(*sinks: Any, unread: Any = ()) -> dict[str, Any]:
    kept = [{"place": ORGANIZATION, **each} if isinstance(each, dict) else each for each in sinks]
    return {"log_sinks": [], "log_sinks_above": {"sinks": kept, "unread": [*unread]}, **PARENT}


def evaluated(properties: dict[str, Any], rule: str = "gcp_project_log_sink") -> Evaluation:
    return BY_ID[rule].evaluate(Asset(PROJECT, "cloudresourcemanager", "global", "//x", "x", properties=properties))


@pytest.mark.parametrize(
    ("verdict", "properties"),
    [
        (P, above(sink())),
        (P, above(sink(interceptChildren=True))),
        (P, above(sink(filter="severity>=ERROR"), sink(name="rest"))),
        (P, above(sink(), unread=[ORGANIZATION])),  # one copy of all is enough
        (P, above(sink(exclusions=[{**EXCLUSION, "disabled": True}]))),
        (P, {**above(), "log_sinks": [{"name": "own"}]}),
        (F, above()),
        (F, above(sink(filter="severity>=ERROR"))),
        (F, above(sink(disabled=True))),
        (F, above(sink(exclusions=[EXCLUSION]))),
        (F, {"log_sinks": []}),  # it has no parent
        (U, above(unread=[ORGANIZATION])),
        (U, above(sink(filter="x"), unread=[ORGANIZATION])),
        (U, {"log_sinks": [], **PARENT}),  # stored before sinks above were read
        (U, {"log_sinks": [], **PARENT, "log_sinks_above": "odd"}),
        (U, above("odd")),
        (U, {**above(), "unreadable": {"log_sinks_above": "timeout"}, "log_sinks_above": None}),
    ],
)
def test_a_copy_that_is_kept_above_counts(verdict: Verdict, properties: dict[str, Any]) -> None:
    result = evaluated(properties)
    assert result.verdict == verdict, result.reason


def test_what_is_intercepted_leaves_the_alerts_on_admin_activity() -> None:
    """Those entries match the sink _Required, which nothing intercepts."""
    assert {entry["logName"] for entries in EXAMPLES.values() for entry in entries} == {
        "projects/example/logs/cloudaudit.googleapis.com%2Factivity"
    }
    alert = {"alert": "a", "enabled": True, "combined": False, "metric": "", "disabled": False}
    watched = {"log_alerts": [{**alert, "filter": 'protoPayload.methodName="cloudsql.instances.update"'}]}
    assert evaluated({**watched, **above(sink(interceptChildren=True))}, "gcp_alert_databases").verdict == P


def test_sinks_of_each_place_are_read_as_far_as_they_may_be(cloud: Cloud) -> None:
    team = "meadowlark-team-02"  # in a folder of a folder of the organization
    email = cloud.admin.put_service_account(cloud.project, "sinks-above", on=team)
    own, whole = sink(name="own", includeChildren=False), sink(name="everything", interceptChildren=True)
    errors = sink(name="errors", filter="severity>=ERROR")
    for each in (own, whole, errors):
        assert strangers(each, ("logging", "v2", "LogSink")) == []
    cloud.admin.set_sinks(FOLDER, [errors])
    cloud.admin.set_sinks(ORGANIZATION, [own, errors, whole])
    try:
        asset = scanned(cloud, email, team)
        assert asset.properties["log_sinks_above"] == {"sinks": [], "unread": asset.properties["ancestors"]}
        assert len(cloud.calls("folders.sinks.list")) == 1
        assert not cloud.calls("organizations.sinks.list")
        assert evaluated(dict(asset.properties)).verdict == U
        cloud.admin.grant_above(ORGANIZATION, email, "roles/logging.viewer")
        told = scanned(cloud, email, team)
        found = told.properties["log_sinks_above"]
        assert [(each["place"], each["name"]) for each in found["sinks"]] == [
            (FOLDER, "errors"),
            (ORGANIZATION, "errors"),
            (ORGANIZATION, "everything"),
        ]
        assert evaluated(dict(told.properties)).verdict == P
        cloud.admin.set_sinks(ORGANIZATION, [own, errors])
        assert evaluated(dict(scanned(cloud, email, team).properties)).verdict == F
    finally:
        cloud.admin.set_sinks(FOLDER, [])
        cloud.admin.set_sinks(ORGANIZATION, [])
