"""Load balancers and distributions: encrypted transport, and logs of access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    expect,
    failed,
    not_applicable,
    passed,
    required,
    rows,
)
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub, texts
from cloudaccounts.providers.aws.checks.support import CLOUDFRONT_POLICIES, outdated

_BALANCER, _DISTRIBUTION = "aws.elbv2.load_balancer", "aws.cloudfront.distribution"
_ENCRYPTED = ("HTTPS", "TLS")
_PLAIN = ("HTTP", "TCP", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")  # the other protocols of botocore's model
_WITHOUT_HTTP = ("network", "gateway")
_ANSWERS = ("forward", "authenticate-oidc", "authenticate-cognito", "jwt-validation")


def _tls(asset: Asset) -> Evaluation:
    """By what the listeners' security policies answer, as AWS itself lists it, new policies too."""
    listeners = _listeners(asset)
    policies = {listener.get("policy") for listener in listeners if listener.get("protocol") in _ENCRYPTED}
    if not policies:
        return not_applicable("No listener ends TLS.")
    answered_by = required(asset, "policies", dict)
    protocols = {str(name): texts(answered_by.get(name)) for name in policies}
    old = {name: ended for name, answered in protocols.items() if (ended := outdated(answered, asset)[0])}
    # One protocol that must not be used any more is enough, whatever else is not known.
    if old:
        worst = sorted({protocol for ended in old.values() for protocol in ended})
        return failed(
            f"{', '.join(worst)} {'is' if len(worst) == 1 else 'are'} still answered ({abridge(sorted(old))})."
        )
    if any(not answered or outdated(answered, asset)[1] for answered in protocols.values()):
        raise UnknownFactError("What a listener's security policy answers is not known here.")
    return passed("Only protocols in good standing are answered.")


def _plain_http(asset: Asset) -> Evaluation:
    kind = required(asset, "type", str)
    if kind in _WITHOUT_HTTP:
        return not_applicable("Only application load balancers speak HTTP.")
    if kind != "application":
        raise UnknownFactError(f"Whether a load balancer of the type {kind} speaks HTTP is not known here.")
    if required(asset, "scheme", str) == "internal":
        return not_applicable("The load balancer is reached from within its network only.")
    served = [_serves(listener) for listener in _listeners(asset) if listener.get("protocol") == "HTTP"]
    if True in served:
        return failed("A listener answers HTTP with more than a redirect to HTTPS.")
    if None in served:
        raise UnknownFactError("What a listener does with HTTP has a form that is not known here.")
    return passed("HTTP is redirected to HTTPS." if served else "There is no listener for HTTP.")


def _serves(listener: Mapping[str, Any]) -> bool | None:
    """Whether some request by HTTP is answered by what is behind; None where that is not known."""
    rules = listener.get("rules")
    if not isinstance(rules, list) or not rules:
        return None
    for rule in rules:
        action = rule.get("action") if isinstance(rule, Mapping) else None
        # Rules are tried in their order, so the walk ends with the first that answers or takes everything.
        if action in _ANSWERS:
            return True
        if action == "redirect" and rule.get("to") == "HTTP":
            return True
        # An action that is new may forward, or may not.
        if action not in ("redirect", "fixed-response"):
            return None
        if rule.get("everything") is True:
            return False
    return False


def _listeners(asset: Asset) -> list[Mapping[str, Any]]:
    listeners = rows(asset, "listeners")
    if any(listener.get("protocol") not in (*_ENCRYPTED, *_PLAIN) for listener in listeners):
        raise UnknownFactError("A listener has a protocol that is not known here.")
    return listeners


def _logged(asset: Asset) -> Evaluation:
    if required(asset, "type", str) == "gateway":
        return not_applicable("Gateway load balancers keep no access log.")
    on = required(asset, "access_logs", bool)
    return expect(on, "Who asked for what is not logged.", "Access is logged.")


def _distribution_tls(asset: Asset) -> Evaluation:
    if not required(asset, "enabled", bool):
        return not_applicable("The distribution is switched off.")
    # With CloudFront's own certificate the security policy cannot be chosen.
    if not required(asset, "own_certificate", bool):
        return not_applicable("It answers under CloudFront's own name, whose protocols are AWS's choice.")
    policy = required(asset, "minimum_tls", str)
    # What a policy answers is a fact of the file; until when a protocol may be used is another file's
    # (docs/decisions/0017-dates-not-lists.md).
    least = CLOUDFRONT_POLICIES.detail(policy, "least")
    if not isinstance(least, str):
        raise UnknownFactError(f"What the security policy {policy} answers is not known here.")
    ended, unknown = outdated([least], asset)
    if unknown:
        raise UnknownFactError(f"Whether {least} may still be used is not known here.")
    return expect(not ended, f"{least} is still answered ({policy}).", f"{least} is the least that is answered.")


def _https(asset: Asset) -> Evaluation:
    if not required(asset, "enabled", bool):
        return not_applicable("The distribution is switched off.")
    protocols = set(texts(required(asset, "viewer_protocols", list)))
    # One behaviour that lets HTTP in is enough; others may redirect.
    if "allow-all" in protocols:
        return failed("Visitors may read without HTTPS.")
    if not protocols or protocols - {"https-only", "redirect-to-https"}:
        raise UnknownFactError("What visitors are served by has a form that is not known here.")
    return passed("Visitors are served over HTTPS.")


CHECKS = (
    check(
        "elbv2_tls_policy",
        "Load balancer answers outdated TLS",
        Severity.MEDIUM,
        _BALANCER,
        _tls,
        why="TLS 1.0 and 1.1 have known weaknesses, and must not be used any more (RFC 8996).",
        console="EC2, Load Balancers, the load balancer, Listeners, the listener, Security, Edit: a policy with TLS "
        "1.2 and 1.3.",
        command="aws elbv2 modify-listener --listener-arn <listener> --ssl-policy ELBSecurityPolicy-TLS13-1-2-2021-06",
        references=(
            security_hub("ELB.17"),
            aws_docs(
                "Security policies",
                "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html",
            ),
        ),
        time_dependent=True,
    ),
    check(
        "elbv2_plain_http",
        "Load balancer answers HTTP without encryption",
        Severity.MEDIUM,
        _BALANCER,
        _plain_http,
        why="What is sent without encryption can be read and changed on the way, passwords and sessions too.",
        console="EC2, Load Balancers, the load balancer, Listeners, HTTP:80, Edit: redirect to HTTPS.",
        command="aws elbv2 modify-listener --listener-arn <listener> --default-actions "
        "'Type=redirect,RedirectConfig={Protocol=HTTPS,Port=443,StatusCode=HTTP_301}'",
        references=(security_hub("ELB.1"),),
    ),
    check(
        "elbv2_access_logs",
        "Load balancer does not log access",
        Severity.LOW,
        _BALANCER,
        _logged,
        why="After an incident, the log tells who asked for what.",
        console="EC2, Load Balancers, the load balancer, Attributes, Edit: Access logs.",
        command="aws elbv2 modify-load-balancer-attributes --load-balancer-arn <arn> --attributes "
        "Key=access_logs.s3.enabled,Value=true Key=access_logs.s3.bucket,Value=<log bucket>",
        references=(security_hub("ELB.5"),),
    ),
    check(
        "cloudfront_https",
        "Distribution answers without HTTPS",
        Severity.MEDIUM,
        _DISTRIBUTION,
        _https,
        why="Without HTTPS, anybody on the way reads and changes what visitors get.",
        console="CloudFront, the distribution, Behaviors, Edit: Redirect HTTP to HTTPS.",
        command="aws cloudfront update-distribution --id <distribution> --distribution-config file://config.json "
        "--if-match <etag>",
        references=(security_hub("CloudFront.3"),),
    ),
    check(
        "cloudfront_tls",
        "Distribution answers outdated TLS",
        Severity.MEDIUM,
        _DISTRIBUTION,
        _distribution_tls,
        why="TLS 1.0 and 1.1 have known weaknesses, and must not be used any more (RFC 8996).",
        console="CloudFront, the distribution, General, Settings, Edit, Security policy: TLSv1.2_2021 or later.",
        command="aws cloudfront update-distribution --id <distribution> --distribution-config file://config.json "
        "--if-match <etag>",
        references=(security_hub("CloudFront.15"),),
        time_dependent=True,
    ),
)
