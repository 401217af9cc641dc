"""What Cloud Monitoring watches in a project's logs: each alert with the log filter behind it. No Django.

An alert watches a metric made of log entries by its name, or the entries themselves:
https://cloud.google.com/logging/docs/logs-based-metrics, https://cloud.google.com/logging/docs/alerting/log-based-alerts
and for the fields https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.inventory.overview import Kinds

# In filters and MQL, and as PromQL spells it: https://cloud.google.com/monitoring/promql/promql-mapping
_METRIC = re.compile(r"logging\.googleapis\.com/user/([^\s\"'|)]+)")
_PROMETHEUS = re.compile(r"logging_googleapis_com:user_([A-Za-z0-9_]+)")
_CONDITIONS = (
    ("conditionThreshold", "filter"),
    ("conditionAbsent", "filter"),
    ("conditionMonitoringQueryLanguage", "query"),
    ("conditionPrometheusQueryLanguage", "query"),
)


def log_alerts(kinds: Kinds, project: Asset) -> list[dict[str, Any]]:
    """One entry for each alert and log filter, sorted. ``combined``: the alert needs other conditions as well."""
    metrics = {metric.name: metric.properties for metric in kinds.get("gcp.logging.log_metric", ())}
    entries = [entry for policy in kinds.get("gcp.monitoring.alert_policy", ()) for entry in _entries(policy, metrics)]
    return sorted(entries, key=lambda entry: (entry["alert"], entry["metric"], entry["filter"]))


def _entries(policy: Asset, metrics: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    listed = policy.properties.get("conditions")
    conditions = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    common = {
        "alert": str(policy.properties.get("displayName") or policy.name),
        "enabled": policy.properties.get("enabled"),
        # With one condition the combiner has nothing to combine.
        "combined": len(conditions) > 1 and policy.properties.get("combiner") != "OR",
    }
    for condition in conditions:
        if text := _text(condition, "conditionMatchedLog", "filter"):
            yield {**common, "metric": "", "filter": text, "disabled": False}
        for kind, field in _CONDITIONS:
            for name in _watched(_text(condition, kind, field), metrics):
                metric = metrics[name]
                log_filter = str(metric.get("filter") or "")
                yield {**common, "metric": name, "filter": log_filter, "disabled": metric.get("disabled", False)}


def _watched(text: str, metrics: Mapping[str, Any]) -> list[str]:
    # PromQL allows no other characters in names, so Monitoring writes underscores for them.
    by_prometheus_name = {re.sub(r"\W", "_", name): name for name in metrics}
    names = [*_METRIC.findall(text), *(by_prometheus_name.get(name, "") for name in _PROMETHEUS.findall(text))]
    return [name for name in dict.fromkeys(names) if name in metrics]


def _text(condition: Mapping[str, Any], kind: str, field: str) -> str:
    part = condition.get(kind)
    return str(part.get(field) or "") if isinstance(part, Mapping) else ""
