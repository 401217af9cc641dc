"""Load balancers in one region: their listeners, what those answer without encryption, and where access is logged."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import ordered, plain
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, each, is_gone, paged

THREADS = 4  # load balancers read at once: each takes two small calls, and one for each listener without encryption
_ENCRYPTED = ("HTTPS", "TLS")
_ATTRIBUTES = {"access_logs.s3.enabled": "access_logs", "deletion_protection.enabled": "deletion_protection"}


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("elbv2", scope.region)
    policies = _Policies(scope, client)
    items = paged(client, "describe_load_balancers", "LoadBalancers")
    yield from each(partial(_load_balancer, scope, client, policies), items, threads=THREADS)


class _Policies:
    """Which protocols each security policy answers: read once, when the first encrypted listener needs it."""

    def __init__(self, scope: Scope, client: Any) -> None:
        self._scope = scope
        self._client = client
        self._read: Properties | None = None
        self._lock = Lock()  # load balancers are read in several threads

    def add_protocols(self, properties: Properties, names: set[str]) -> None:
        """Adds ``policies``: protocols by name of the policy; None for one that AWS did not list."""
        if not names:
            return
        with self._lock:
            read = self._read = self._read or self._all()
        known = read.values["policies"]
        # By what AWS lists today, so that policies of tomorrow are known (docs/decisions/0017-dates-not-lists.md).
        properties.values["policies"] = None if known is None else {name: known.get(name) for name in sorted(names)}
        properties.refused |= read.refused

    def _all(self) -> Properties:
        read = Properties(self._scope.connection)
        read.read(
            "policies",
            lambda: {
                policy["Name"]: sorted(policy.get("SslProtocols", ()))
                for policy in paged(self._client, "describe_ssl_policies", "SslPolicies")
            },
            permission="elasticloadbalancing:DescribeSSLPolicies",
        )
        return read


def _load_balancer(scope: Scope, client: Any, policies: _Policies, item: Any) -> Asset:
    arn = item["LoadBalancerArn"]
    properties = Properties(scope.connection)
    properties.values |= {
        "type": item.get("Type"),
        "scheme": item.get("Scheme"),
        "dns_name": item.get("DNSName"),
        "vpc_id": item.get("VpcId"),
        "security_groups": sorted(item.get("SecurityGroups", ())),
        "created_at": plain(item.get("CreatedTime")),
        OBSERVED: {"state": item.get("State", {}).get("Code")},
    }
    properties.read(
        "attributes",
        lambda: _attributes(client, arn),
        permission="elasticloadbalancing:DescribeLoadBalancerAttributes",
        names=_ATTRIBUTES.values(),
    )
    properties.read(
        "listeners",
        lambda: ordered(_listeners(client, arn)),
        permission="elasticloadbalancing:DescribeListeners",
    )
    listeners = properties.values["listeners"] or ()
    policies.add_protocols(properties, {str(listener["policy"]) for listener in listeners if listener.get("policy")})
    return asset(scope, "elbv2.load_balancer", arn, item["LoadBalancerName"], properties.to_dict())


def _attributes(client: Any, arn: str) -> dict[str, bool | None]:
    answer = client.describe_load_balancer_attributes(LoadBalancerArn=arn)
    attributes = {item.get("Key"): item.get("Value") for item in answer.get("Attributes", ())}
    return {name: {"true": True, "false": False}.get(str(attributes.get(key))) for key, name in _ATTRIBUTES.items()}


def _listeners(client: Any, arn: str) -> Iterator[dict[str, Any]]:
    for item in paged(client, "describe_listeners", "Listeners", LoadBalancerArn=arn):
        protocol = item.get("Protocol")
        facts = {"port": item.get("Port"), "protocol": protocol}
        if protocol in _ENCRYPTED:
            yield facts | {"policy": item.get("SslPolicy")}
        # Rules are read of plain HTTP alone: whether it redirects is the one question about them.
        elif protocol == "HTTP":
            try:
                yield facts | {"rules": _rules(client, item["ListenerArn"])}
            except ClientError as error:
                if not is_gone(error):  # else the listener was deleted meanwhile, and its load balancer was not
                    raise
        else:
            yield facts


def _rules(client: Any, arn: str) -> list[dict[str, Any]]:
    """In the order in which they are tried; the default rule, which has no number, comes last.

    ``everything``: no condition, or a path of ``*``. ``action`` is the last one, which answers.
    """
    rules = list(paged(client, "describe_rules", "Rules", ListenerArn=arn))
    # Priorities go up to 50,000: API reference of CreateRule.
    rules.sort(key=lambda rule: int(rule["Priority"]) if str(rule.get("Priority")).isdigit() else 100_000)
    return [
        {
            "everything": all(_fits_everything(condition) for condition in rule.get("Conditions", ())),
            "action": actions[-1].get("Type") if (actions := rule.get("Actions", ())) else None,
            "to": actions[-1].get("RedirectConfig", {}).get("Protocol") if actions else None,
        }
        for rule in rules
    ]


def _fits_everything(condition: Any) -> bool:
    values = condition.get("PathPatternConfig", {}).get("Values") or condition.get("Values") or ()
    return condition.get("Field") == "path-pattern" and bool({"*", "/*"} & set(values))
