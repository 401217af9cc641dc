"""Alerts on what the audit logs tell: a filter behind an alert has to take entries as Google writes them.

Each rule has entries as examples, each of which some alert of the project has to take. Names of methods and types:
https://cloud.google.com/logging/docs/audit/services and https://cloud.google.com/logging/docs/api/v2/resource-list
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import failed, passed, posture_check, rows, unknown
from cloudaccounts.providers.gcp.checks.references import cite
from cloudaccounts.providers.gcp.log_filter import takes

Entry = Mapping[str, Any]


def _entry(resource: str, service: str, method: str, **payload: Any) -> Entry:
    """An example has what every such entry has: fields that it lacks are not decided on (log_filter.py)."""
    return {
        "logName": "projects/example/logs/cloudaudit.googleapis.com%2Factivity",
        "severity": "NOTICE",
        "resource": {"type": resource, "labels": {"project_id": "example"}},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": f"{service}.googleapis.com",
            "methodName": method,
            **payload,
        },
    }


def _policy(**delta: Any) -> Entry:
    # Only what changed is told, so that an example without the other kind of change says that there was none.
    # https://cloud.google.com/logging/docs/audit/understanding-audit-logs, and PolicyDelta in
    # https://github.com/googleapis/googleapis/blob/master/google/iam/v1/policy.proto
    told = {"bindingDeltas": [], "auditConfigDeltas": [], **delta}
    return _entry("project", "cloudresourcemanager", "SetIamPolicy", serviceData={"policyDelta": told})


def _binding(action: str) -> Entry:
    member = {"action": action, "role": "roles/owner", "member": "user:somebody@example.com"}
    return _policy(bindingDeltas=[member])


def _compute(resource: str, *methods: str) -> tuple[Entry, ...]:
    return tuple(_entry(resource, "compute", f"v1.compute.{method}") for method in methods)


def _roles(*verbs: str) -> tuple[Entry, ...]:
    return tuple(_entry("iam_role", "iam", f"google.iam.admin.v1.{verb}Role") for verb in verbs)


# Entries as Google writes them, one for each kind of change: a filter counts by what it takes
# (docs/decisions/0020).
EXAMPLES: Mapping[str, tuple[Entry, ...]] = {
    "ownership": (_binding("ADD"), _binding("REMOVE")),
    "audit_configuration": (
        _policy(auditConfigDeltas=[{"action": "REMOVE", "service": "allServices", "logType": "DATA_READ"}]),
    ),
    "custom_roles": _roles("Create", "Update", "Delete"),
    "firewalls": _compute("gce_firewall_rule", "firewalls.insert", "firewalls.patch", "firewalls.delete"),
    "routes": _compute("gce_route", "routes.insert", "routes.delete"),
    "networks": _compute("gce_network", "networks.insert", "networks.patch", "networks.delete"),
    "bucket_permissions": (_entry("gcs_bucket", "storage", "storage.setIamPermissions"),),
    "databases": (_entry("cloudsql_database", "cloudsql", "cloudsql.instances.update"),),
}


def _of_project(entry: Entry, project: str) -> Entry:
    """The example as the project's logs would have it: filters may name the project.

    By its id: where a number is asked for, Logging writes and compares the id all the same.
    https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry (logName) and
    https://cloud.google.com/logging/docs/api/v2/resource-list (project_id)
    """
    log = str(entry["logName"]).partition("/logs/")[2]
    resource = {**entry["resource"], "labels": {**entry["resource"]["labels"], "project_id": project}}
    return {**entry, "logName": f"projects/{project}/logs/{log}", "resource": resource}


def evaluate_alerts(asset: Asset, entries: Sequence[Entry]) -> Evaluation:
    """Each entry has to be taken by an alert that is on.

    Sinks of folders and the organization that intercept a project's entries keep them from its metrics and alerts,
    unless they match the sink ``_Required``: so not those of Admin Activity, which all of these are.
    https://cloud.google.com/logging/docs/export/aggregated_sinks and
    https://cloud.google.com/logging/docs/store-log-entries#required-bucket
    """
    alerts = rows(asset, "log_alerts")
    unclear = False
    for example in entries:
        entry = _of_project(example, asset.name)
        answers = [_answer(alert, entry) for alert in alerts]
        if True in answers:
            continue
        if None not in answers:
            return failed(f"No alert of the project watches its logs for {_named(entry)}.")
        unclear = True
    if unclear:
        return unknown(
            "An alert watches the logs with a filter, or under a condition, of which it is not "
            "clear here whether it takes this."
        )
    return passed("Alerts of the project watch its logs for it.")


def _answer(alert: Mapping[str, Any], entry: Entry) -> bool | None:
    if alert.get("enabled") is False or alert.get("disabled") is True:
        return False
    taken = takes(str(alert.get("filter") or ""), entry)
    # Google always says whether an alert is on; one that needs other conditions too may stay silent.
    certain = alert.get("enabled") is True and alert.get("disabled") in (None, False) and not alert.get("combined")
    # A no is certain in any case: a filter that does not take the entry does not take it under conditions either.
    return taken if not taken or certain else None


def _named(entry: Entry) -> str:
    payload = entry["protoPayload"]
    delta = payload.get("serviceData", {}).get("policyDelta", {})
    if delta.get("bindingDeltas"):
        return "a new owner" if delta["bindingDeltas"][0]["action"] == "ADD" else "the removal of an owner"
    return "changes of its audit configuration" if delta else str(payload["methodName"])


def _alert(name: str, what: str, why: str, severity: Severity = Severity.LOW) -> PostureCheck:
    def evaluate(asset: Asset) -> Evaluation:
        return evaluate_alerts(asset, EXAMPLES[name])

    return posture_check(
        f"gcp_alert_{name}",
        f"No alert on changes of {what}",
        severity,
        "cloudresourcemanager",
        "gcp.cloudresourcemanager.project",
        why=why,
        console="Logging, Logs Explorer: enter a filter for these entries, Create metric (or Create alert); then "
        "Monitoring, Alerting: a policy on the metric that notifies somebody.",
        command="gcloud logging metrics create <metric> --description=<text> --log-filter=<filter>\n"
        "gcloud monitoring policies create --policy-from-file=<file>",
        references=cite("logging/docs/logs-based-metrics"),
        expected={"log_alerts": "an alert that is on, with a filter that takes such entries"},
    )(evaluate)


CHECKS = (
    _alert(
        "ownership",
        "the project's owners",
        "An owner may do everything, also make others owners. Who becomes one unnoticed keeps the project.",
        Severity.MEDIUM,
    ),
    _alert(
        "audit_configuration",
        "what is logged",
        "Whoever wants to go unseen switches the logs off first: that has to be heard of at once.",
        Severity.MEDIUM,
    ),
    _alert("custom_roles", "custom roles", "A permission that slips into a role is given to all who hold it."),
    _alert("firewalls", "firewall rules", "One rule opens every machine of a network, by mistake as well."),
    _alert("routes", "routes", "A route leads traffic past the machines that inspect it, or out to a stranger's."),
    _alert("networks", "networks", "A new network or peering is a door that no firewall rule of yours knows."),
    _alert(
        "bucket_permissions",
        "who may use buckets",
        "One change of a bucket's policy gives its objects to the world; the sooner it is seen, the less is read.",
    ),
    _alert("databases", "database instances", "An update can open a database to networks or end its backups."),
)
