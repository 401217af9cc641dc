"""Filters of Cloud Logging, by what they take: precedence, fields that repeat, and what is not understood."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.inventory.log_alerts import log_alerts
from cloudaccounts.providers.gcp.log_filter import MOST_CHARACTERS, takes, takes_everything

ENTRY: dict[str, Any] = {
    "logName": "projects/p/logs/a",
    "severity": "NOTICE",
    "resource": {"type": "gce_route", "labels": {"project_id": "p"}},
    "protoPayload": {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "methodName": "v1.compute.routes.insert",
        "deltas": [{"action": "ADD", "role": "roles/viewer"}, {"action": "REMOVE", "role": "roles/owner"}],
        "others": [],
    },
}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", True),
        ("-- a comment alone", True),
        ('resource.type="gce_route"', True),
        ("resource.type=gce_route", True),
        ("resource.type = GCE_ROUTE", True),
        ('resource.type="gce"', False),
        ('resource.type:"route"', True),
        ('resource.type!="gce_route"', False),
        # The example lacks it, and an entry of Google's may have it.
        ("resource.nothing=x", None),
        ("resource.nothing!=x", None),
        ("resource.nothing:x", None),
        ("resource.labels.bucket_name:*", None),
        ("NOT resource.nothing=x", None),
        ("protoPayload.deltas.member:*", None),
        ("resource.nothing=x OR severity=NOTICE", True),
        ("resource.nothing=x AND severity=X", False),
        # What an entry surely lacks: another payload than its own, and items of a list that is told.
        ("textPayload:*", False),
        ("jsonPayload.message=x", False),
        ("jsonPayload.message!=x", True),
        ("protoPayload.others.action=ADD", False),
        ("severity.more=x", False),
        # Segments of a path are quoted where they have special characters.
        ('protoPayload."@type"="type.googleapis.com/google.cloud.audit.AuditLog"', True),
        ('protoPayload."@type" = "type.googleapis.com/google.cloud.audit.AuditLog" AND severity=NOTICE', True),
        ('protoPayload.@type="type.googleapis.com/google.cloud.audit.AuditLog"', True),
        ('protoPayload."@type":("DataAccess" OR "AuditLog")', True),
        ('protoPayload."@type"="other"', False),
        ('"protoPayload"."methodName":"routes"', True),
        ('resource."labels".project_id=p', True),
        ('resource.labels."k8s-pod/app"=x', None),
        # Of a form that is not known here: no word that stands alone, and so no answer.
        ('protoPayload."@type"', None),
        ('protoPayload."@type""x"=a', None),
        ('resource."type=x', None),
        ('"resource.type"="gce_route"', None),
        ('severity=NOTICE."x"', None),
        ('severity=(NOTICE."x")', None),
        ('protoPayload..methodName="x"', None),
        ("protoPayload.deltas:*", True),
        ("protoPayload.other:*", None),
        ('protoPayload.methodName:"*"', False),
        ("protoPayload.deltas.role=roles/owner", True),
        ("protoPayload.deltas.action=ADD protoPayload.deltas.role=roles/owner", True),  # of any two of them
        ("severity=NOTICE AND resource.type=gce_route", True),
        ("severity=NOTICE\nresource.type=x", False),
        ("severity=X OR resource.type=gce_route", True),
        # OR binds more strongly than AND: this is (X or NOTICE) and (x).
        ("severity=X OR severity=NOTICE AND resource.type=x", False),
        ("resource.type=x AND severity=X OR severity=NOTICE", False),
        ("NOT severity=X", True),
        ("-severity=NOTICE", False),
        ("NOT (severity=X OR severity=NOTICE)", False),
        ('protoPayload.methodName:("routes.delete" OR "routes.insert")', True),
        ('protoPayload.methodName:("routes" AND NOT "insert")', False),
        ('protoPayload.methodName=("a" OR "b")', False),
        ("routes.insert", True),
        ('"no such words"', None),  # another field of a real entry may have them
        ("route NOTICE", True),
        # Not understood, and decisive or not.
        ('protoPayload.methodName=~"routes"', None),
        ('severity=X AND protoPayload.methodName=~"routes"', False),
        ('severity=NOTICE OR protoPayload.methodName=~"routes"', True),
        ("severity>=DEFAULT", None),
        ('log_id("a")', None),
        ("sample(insertId, 0.1)", None),
        ("((((", None),
        ("resource.type=", None),
        ("AND", None),
        (")", None),
        ("severity=(NOTICE OR (X AND Y))", None),
        ('severity="NOTICE', None),
        ("(" * 60 + "a" + ")" * 60, None),
        ("a " * MOST_CHARACTERS, None),
    ],
)
def test_a_filter_counts_by_what_it_takes(text: str, answer: bool | None) -> None:
    assert takes(text, ENTRY) is answer


words = st.sampled_from(["severity=NOTICE", "severity=X", "(", ")", "AND", "OR", "NOT", "-", "a=~b", "x:*", '"', "="])


@given(st.lists(words, max_size=12).map(" ".join) | st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    assert takes(text, ENTRY) in (True, False, None)


comparisons = st.sampled_from(["severity=NOTICE", "severity=X", "resource.type:gce", 'logName=~"p"'])


@given(comparisons, comparisons)
def test_or_takes_no_less_and_and_no_more(first: str, second: str) -> None:
    rank = {False: 0, None: 1, True: 2}
    one = rank[takes(first, ENTRY)]
    assert rank[takes(f"{first} OR {second}", ENTRY)] >= one >= rank[takes(f"{first} AND {second}", ENTRY)]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", True),
        (" \n", True),
        ("-- everything", True),
        ("severity>=DEFAULT", True),
        ('severity >= "default" -- everything', True),
        ("severity>=DEBUG", False),
        ("severity>DEFAULT", False),
        ("NOT severity>=DEFAULT", False),
        ("severity>=DEFAULT severity=ERROR", False),
        ('severity>="DEFAULT', False),
    ],
)
def test_a_filter_that_takes_everything_is_told(text: str, answer: bool) -> None:
    assert takes_everything(text) is answer


def asset(kind: str, name: str, **properties: Any) -> Asset:
    return Asset(kind, kind.split(".")[1], "global", f"//x/{name}", name, properties=properties)


def watching(condition: dict[str, Any], **policy: Any) -> list[dict[str, Any]]:
    metrics = [asset("gcp.logging.log_metric", "my/routes", filter="f", disabled=False)]
    told = {"displayName": "A", "enabled": True, "combiner": "OR", "conditions": [condition], **policy}
    policies = [asset("gcp.monitoring.alert_policy", "1", **told)]
    kinds = {"gcp.logging.log_metric": metrics, "gcp.monitoring.alert_policy": policies}
    return log_alerts(kinds, asset("gcp.cloudresourcemanager.project", "p"))


NAME = "logging.googleapis.com/user/my/routes"


@pytest.mark.parametrize(
    "condition",
    [
        {"conditionThreshold": {"filter": f'metric.type="{NAME}" AND resource.type="global"'}},
        {"conditionAbsent": {"filter": f"metric.type = '{NAME}'"}},
        {"conditionMonitoringQueryLanguage": {"query": f"fetch global | metric '{NAME}' | condition val() > 0"}},
        {"conditionPrometheusQueryLanguage": {"query": "rate(logging_googleapis_com:user_my_routes[5m]) > 0"}},
    ],
)
def test_an_alert_is_joined_with_the_metric_that_it_watches(condition: dict[str, Any]) -> None:
    (told,) = watching(condition)
    assert (told["metric"], told["filter"], told["enabled"], told["combined"]) == ("my/routes", "f", True, False)


def test_an_alert_may_watch_entries_themselves() -> None:
    (told,) = watching({"conditionMatchedLog": {"filter": "severity=ERROR"}})
    assert (told["metric"], told["filter"]) == ("", "severity=ERROR")


def test_an_alert_on_other_metrics_or_on_none_is_none_on_logs() -> None:
    assert watching({"conditionThreshold": {"filter": 'metric.type="compute.googleapis.com/x"'}}) == []
    assert watching({"conditionThreshold": {"filter": f'metric.type="{NAME}-other"'}}) == []
    assert watching({}) == watching({"conditionThreshold": "odd"}) == []


def test_conditions_that_must_come_together_are_told_as_such() -> None:
    both = [{"conditionMatchedLog": {"filter": "a"}}, {"conditionThreshold": {"filter": "b"}}]
    (told,) = watching({}, conditions=both, combiner="AND")
    assert told["combined"]
    (told,) = watching({}, conditions=both)
    assert not told["combined"]
