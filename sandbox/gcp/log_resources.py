"""Where a project's logs go and who watches them: sinks, metrics, alerts, DNS policies, contacts."""

from typing import Any

from sandbox.gcp.assets import Asset, asset
from sandbox.gcp.directory import Project

# One filter for each kind of change that an auditor wants to hear of.
WATCHED = {
    "owners": 'protoPayload.serviceName="cloudresourcemanager.googleapis.com" AND '
    '(ProjectOwnership OR projectOwnerInvitee) OR (protoPayload.serviceData.policyDelta.bindingDeltas.action="REMOVE" '
    'AND protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner") OR '
    '(protoPayload.serviceData.policyDelta.bindingDeltas.action="ADD" '
    'AND protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner")',
    # Two lines and no AND: the query language joins lines so. Filters are evaluated, not compared
    # (docs/decisions/0020).
    "audit-configuration": 'protoPayload.methodName="SetIamPolicy"\n'
    "protoPayload.serviceData.policyDelta.auditConfigDeltas:*",
    "custom-roles": 'resource.type="iam_role" AND protoPayload.methodName=("google.iam.admin.v1.CreateRole" OR '
    '"google.iam.admin.v1.DeleteRole" OR "google.iam.admin.v1.UpdateRole")',
    "firewalls": 'resource.type="gce_firewall_rule" AND NOT protoPayload.methodName:"firewalls.get"',
    "routes": 'resource.type="gce_route" AND (protoPayload.methodName:"compute.routes.delete" OR '
    'protoPayload.methodName:"compute.routes.insert")',
    # Wider than the benchmark's text, which is why texts are not compared: it takes each entry that the other takes.
    "networks": "resource.type=gce_network",
    "bucket-permissions": 'resource.type="gcs_bucket" AND protoPayload.methodName="storage.setIamPermissions"',
    "databases": 'protoPayload.methodName="cloudsql.instances.update"',
}


def metric(project: Project, name: str, log_filter: str) -> Asset:
    data = {
        "name": name,
        "filter": log_filter,
        "createTime": "2025-01-02T03:04:05Z",
        "metricDescriptor": {"name": f"projects/{project.id}/metricDescriptors/logging.googleapis.com/user/{name}"},
    }
    return asset(project, "logging.googleapis.com/LogMetric", f"projects/{project.id}/metrics/{name}", "v2", data)


def alert(project: Project, number: int, metric_name: str) -> Asset:
    path = f"projects/{project.id}/alertPolicies/{number}"
    threshold = {
        "filter": f'metric.type="logging.googleapis.com/user/{metric_name}" AND resource.type="global"',
        "comparison": "COMPARISON_GT",
        "duration": "0s",
    }
    data = {
        "name": path,
        "displayName": f"Changes of {metric_name}",
        "enabled": True,
        "combiner": "OR",
        "conditions": [{"name": f"{path}/conditions/1", "displayName": "Any", "conditionThreshold": threshold}],
        "notificationChannels": [f"projects/{project.id}/notificationChannels/1"],
    }
    return asset(project, "monitoring.googleapis.com/AlertPolicy", path, "v3", data)


def watches(project: Project) -> list[Asset]:
    pairs = enumerate(WATCHED.items(), 1)
    return [
        resource
        for number, (name, text) in pairs
        for resource in (metric(project, name, text), alert(project, number, name))
    ]


def sink(project: Project, name: str, destination: str, log_filter: str = "", **more: Any) -> Asset:
    data = {"name": name, "destination": destination, "writerIdentity": "serviceAccount:sink@example", **more}
    if log_filter:
        data["filter"] = log_filter
    return asset(project, "logging.googleapis.com/LogSink", f"projects/{project.id}/sinks/{name}", "v2", data)


def own_sinks(project: Project) -> list[Asset]:
    """Those that every project has: https://cloud.google.com/logging/docs/routing/overview#sinks"""
    buckets = f"logging.googleapis.com/projects/{project.id}/locations/global/buckets"
    audit = 'LOG_ID("cloudaudit.googleapis.com/activity") OR LOG_ID("cloudaudit.googleapis.com/system_event")'
    return [
        sink(project, "_Required", f"{buckets}/_Required", audit),
        sink(project, "_Default", f"{buckets}/_Default", f"NOT ({audit})"),
    ]


def dns_policy(project: Project, name: str, network: str, *, logging: bool) -> Asset:
    url = f"https://www.googleapis.com/compute/v1/projects/{project.id}/global/networks/{network}"
    data = {"name": name, "enableLogging": logging, "networks": [{"networkUrl": url}]}
    return asset(project, "dns.googleapis.com/Policy", f"projects/{project.id}/policies/{name}", "v1", data)


def contact(place: str, number: int, *categories: str) -> dict[str, Any]:
    """As Essential Contacts tells it; `place` is a project, a folder or the organization."""
    return {
        "name": f"{place}/contacts/{number}",
        "email": "security@meadowlark.example",
        "notificationCategorySubscriptions": list(categories),
        "languageTag": "en",
        "validationState": "VALID",
    }
