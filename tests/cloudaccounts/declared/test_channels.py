"""Channels in a file of the registry: made, compared, changed, exported without secrets, pruned."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels import secrets
from cloudaccounts.declared.exporting import as_yaml, export_registry
from cloudaccounts.models import AccountGroup, NotificationChannel
from tests.cloudaccounts.declared.test_apply import Run, planned, run  # noqa: F401 # a fixture
from tests.conftest import ALL_DATABASES, raw_rows

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # jobs have threads
HOOK = "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx"
FILE = """\
groups:
- {name: Payments}
channels:
- name: "#cloud-alerts"
  kind: slack
  secrets: {url: "env:SLACK_HOOK"}
  groups: [Payments]
  events: [finding.opened, account.failed]
  min_severity: critical
- name: People
  kind: email
  settings: {to: [cloud-security@example.com]}
"""


@pytest.fixture(autouse=True)
def hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_HOOK", HOOK)


def channel(name: str = "#cloud-alerts") -> NotificationChannel:
    return NotificationChannel.objects.get(name=name)


def test_made_once_and_then_there_is_nothing_to_do(run: Run) -> None:  # noqa: F811
    code, told = run(FILE)
    assert (code, "3 done, 0 failed" in told) == (0, True), told
    group = str(AccountGroup.objects.get().pk)
    made = channel()
    assert (made.kind, made.groups, made.min_severity) == ("slack", [group], "critical")
    assert secrets.opened(made)["url"] == HOOK
    assert HOOK not in str(raw_rows("cloud_security"))
    assert planned(run, FILE)["changes"] == []


def test_drift_is_told_by_field_and_taken_back(run: Run) -> None:  # noqa: F811
    run(FILE)
    NotificationChannel.objects.filter(kind="slack").update(min_severity="low", enabled=False, groups=None)
    text = FILE.replace("  min_severity: critical\n", "  min_severity: critical\n  enabled: true\n")
    (change,) = planned(run, text)["changes"]
    assert {row["field"]: (row["before"], row["after"]) for row in change["fields"]} == {
        "min_severity": ("low", "critical"), "enabled": (False, True), "groups": ("all", ["Payments"]),
    }  # fmt: skip
    assert run(text)[0] == 0
    made = channel()
    assert (made.min_severity, made.enabled, len(made.groups or ())) == ("critical", True, 1)
    assert secrets.opened(made)["url"] == HOOK, "what the change does not name stays"


def test_an_export_has_no_secret_and_makes_the_same_elsewhere(
    alice: User, bob: User, run: Run, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    run(FILE)
    written = as_yaml(export_registry(str(alice.pk), actor=SYSTEM))
    assert HOOK not in written
    assert "hooks.slack.com/services" not in written
    (slack,) = [row for row in yaml.safe_load(written)["channels"] if row["kind"] == "slack"]
    monkeypatch.setenv(slack["secrets"]["url"].removeprefix("env:"), HOOK)
    assert run(written, team="bob")[0] == 0
    assert as_yaml(export_registry(str(bob.pk), actor=SYSTEM)) == written


def test_pruned_where_asked_for(run: Run) -> None:  # noqa: F811
    run(FILE)
    text = FILE.partition("- name: People")[0]
    assert planned(run, text)["not_in_file"]["channels"] == ["People"]
    run(text, "--prune")
    assert list(NotificationChannel.objects.values_list("name", flat=True)) == ["#cloud-alerts"]


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"kind": "slack", "secrets": {"url": HOOK}}, "secrets.url"),
        ({"kind": "slack"}, "secrets.url"),
        ({"kind": "slack", "settings": {"url": HOOK}}, "settings.url"),
        ({"kind": "pigeon"}, "kind"),
        ({"kind": "email", "settings": {"to": ["x@example.com"]}, "groups": ["Nobody"]}, "groups[0]"),
        ({"kind": "email", "settings": {"to": ["x@example.com"]}, "groups": []}, "groups"),
        ({"kind": "email", "settings": {"to": ["x@example.com"]}, "events": ["finding.painted"]}, "events[0]"),
        ({"kind": "email", "settings": {"to": ["x@example.com"]}, "secrets": {"key": "env:SLACK_HOOK"}}, "secrets.key"),
    ],
)
def test_what_is_wrong_is_told_by_place(run: Run, entry: dict[str, Any], place: str) -> None:  # noqa: F811
    code, told = run(json.dumps({"channels": [{"name": "One", **entry}]}))
    assert code == 1
    assert f"channels[0].{place}" in told, told
    assert HOOK not in told
    assert not NotificationChannel.objects.exists()
