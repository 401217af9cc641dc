"""Listeners of load balancers: protocols that their policies answer, and what is served without encryption."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.aws.inventory.load_balancers import _fits_everything
from tests.cloudaccounts.providers.aws.checks.examples import BALANCER, answer, http, judge, seen

PASS, FAIL, OTHER, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN


def tls(*protocols: str, name: str | None = "p", listed: Any = "p", more: Any = ()) -> dict[str, Any]:
    listeners = [{"protocol": "HTTPS", "policy": name}, *more]
    return {"listeners": listeners, "policies": {listed: list(protocols)}, **seen()}


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (tls("TLSv1.2", "TLSv1.3"), PASS),
        (tls("TLSv1.3"), PASS),
        (tls("TLSv1.2", more=[{"protocol": "HTTP"}]), PASS),
        (tls("TLSv1", "TLSv1.1", "TLSv1.2"), FAIL),
        (tls("TLSv1.1", "TLSv1.2"), FAIL),
        (tls("SSLv3"), FAIL),
        (tls("TLSv1", "TLSv9"), FAIL),
        (tls("TLSv1.2", "TLSv9"), UNKNOWN),
        (tls(), UNKNOWN),
        (tls("TLSv1.2", name=None), UNKNOWN),
        (tls("TLSv1.2", listed="other"), UNKNOWN),
        (tls("TLSv1.2", more=[{"protocol": "SMOKE"}]), UNKNOWN),
        (tls("TLSv1.2") | {"unreadable": {"policies": "permission_denied"}}, UNKNOWN),
        ({"listeners": [{"protocol": "UDP"}], **seen()}, OTHER),
        ({"listeners": [], **seen()}, OTHER),
    ],
)
def test_what_is_answered_decides(facts: dict[str, Any], verdict: Verdict) -> None:
    assert judge("aws_elbv2_tls_policy", facts).verdict == verdict


TO_HTTPS, FORWARD = answer("redirect", "HTTPS"), answer("forward")


@pytest.mark.parametrize(
    ("listeners", "verdict"),
    [
        ([http(TO_HTTPS)], PASS),
        ([http(answer("fixed-response"))], PASS),
        ([http(answer("redirect", "HTTPS", everything=False), answer("fixed-response"))], PASS),
        ([http(TO_HTTPS, FORWARD)], PASS),  # what comes behind a rule for everything is never tried
        ([{"protocol": "HTTPS", "policy": "p"}], PASS),
        ([http(answer("redirect", "#{protocol}"), FORWARD)], PASS),
        ([http(FORWARD)], FAIL),
        ([http(answer("redirect", "HTTPS", everything=False), FORWARD)], FAIL),
        ([http(answer("authenticate-oidc"))], FAIL),
        ([http(answer("redirect", "HTTP"))], FAIL),
        ([http(answer("dance"))], UNKNOWN),
        ([http()], UNKNOWN),
        ([{"protocol": "HTTP"}], UNKNOWN),
        ([{"protocol": "SMOKE"}], UNKNOWN),
    ],
)
def test_http_may_only_lead_elsewhere(listeners: list[dict[str, Any]], verdict: Verdict) -> None:
    assert judge("aws_elbv2_plain_http", BALANCER | {"listeners": listeners}).verdict == verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [({"type": "network"}, OTHER), ({"type": "gateway"}, OTHER), ({"scheme": "internal"}, OTHER)],
)
def test_what_does_not_speak_http_to_strangers_is_left_alone(facts: dict[str, Any], verdict: Verdict) -> None:
    assert judge("aws_elbv2_plain_http", BALANCER | {"listeners": [http(FORWARD)]} | facts).verdict == verdict


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"Field": "path-pattern", "Values": ["/*"]}, True),
        ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["*"]}}, True),
        ({"Field": "path-pattern", "Values": ["/admin/*"]}, False),
        ({"Field": "host-header", "Values": ["*"]}, False),
    ],
)
def test_a_rule_for_every_path_is_one_for_everything(condition: dict[str, Any], fits: bool) -> None:
    assert _fits_everything(condition) is fits
