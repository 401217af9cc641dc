"""Evidence shows what a rule looks at: a deployment's own secret beside it is not shown, whatever it looks like."""

from __future__ import annotations

import base64
import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Fact, Severity, Verdict
from cloudaccounts.provider_kit import posture
from cloudaccounts.provider_kit.evidence import as_json, bounded
from cloudaccounts.provider_kit.evidence_fields import UNREAD
from cloudaccounts.provider_kit.posture import Rule, failed, passed, posture_check
from cloudaccounts.provider_kit.secret_looks import NOT_SHOWN, looks_secret, without_secrets

TYPE = "aws.s3.bucket"
SECRETS = st.one_of(
    st.text(string.ascii_letters + string.digits + "!$%^*-_", min_size=8, max_size=60),
    st.binary(min_size=20, max_size=40).map(lambda raw: base64.b64encode(raw).decode()),
    st.binary(min_size=16, max_size=32).map(bytes.hex),
    st.text(string.ascii_letters, min_size=6, max_size=20).map(lambda word: f"postgres://app:{word}@db.example/x"),
    st.text(string.ascii_letters, min_size=6, max_size=20).map(lambda word: json.dumps({"pw": {"of": word}})),
    st.binary(min_size=30, max_size=60).map(
        lambda raw: f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(raw).decode()}\n-----END PRIVATE KEY-----"
    ),
).map(lambda secret: f"Zq{secret}")
NAMES = st.text(string.ascii_letters + "_", min_size=3, max_size=20).filter(
    lambda name: name not in {"from", "rules", "env", "value", "id", "arn", "name", "type", "kind", "role", "port"}
)


def evidence(rule: Rule, properties: dict[str, Any]) -> list[dict[str, Any]]:
    texts: dict[str, Any] = {"why": "", "console": "", "command": "", "references": ()}
    check = posture_check("x_y", "X", Severity.HIGH, "s3", TYPE, **texts)(rule)
    told = check.evaluate(Asset(TYPE, "s3", "eu-west-1", "arn:x", "x", {}, properties))
    assert told.verdict is Verdict.FAIL
    return as_json(bounded(told.evidence))


def open_rule(asset: Asset) -> Evaluation:
    if any(row.get("from") == "everywhere" for row in posture.rows(asset, "rules")):
        return failed("Open.")
    return passed("Closed.")


def whole(asset: Asset) -> Evaluation:
    """Reads an object and looks at none of its parts."""
    return failed("Set.") if posture.mapping(asset, "policy") else passed("Not set.")


def walks(asset: Asset) -> Evaluation:
    """Looks at all variables, as a rule about their number would."""
    return failed("Many.") if [value for value in posture.mapping(asset, "env").values() if value] else passed("None.")


def pairs(asset: Asset) -> Evaluation:
    wrong = [row for row in posture.rows(asset, "items") if (row.get("name"), row.get("value")) != ("a", "true")]
    return failed("Wrong.") if wrong else passed("Fine.")


@settings(max_examples=150, deadline=None)
@given(SECRETS, NAMES, st.integers(0, 3))
def test_a_secret_beside_what_a_rule_looks_at_is_not_shown(secret: str, name: str, depth: int) -> None:
    hidden: Any = secret
    for _ in range(depth):
        hidden = {name: hidden} if depth % 2 else [{name: hidden}]
    row = {"from": "everywhere", "id": "r-1", name: hidden}
    for told in (
        evidence(open_rule, {"rules": [row, {"from": "home", name: hidden}], name: hidden}),
        evidence(whole, {"policy": {name: hidden}, name: hidden}),
        evidence(walks, {"env": {name: secret, "also": hidden}}),
        evidence(pairs, {"items": [{"name": name, "value": secret}, {"name": "a", "value": hidden}]}),
    ):
        assert secret not in json.dumps(told, ensure_ascii=False)
        assert json.dumps(secret)[1:-1] not in json.dumps(told)
        assert told, "what decided is still named"


def test_what_a_rule_looks_at_is_shown_with_what_names_it() -> None:
    row = {"from": "everywhere", "id": "r-1", "port": 22, "other": "x", "description": "for ana"}
    assert evidence(open_rule, {"rules": [{"from": "home"}, row]}) == [
        {"path": "rules[1]", "value": {"from": "everywhere", "id": "r-1", "port": 22}, "expected": None}
    ]
    assert evidence(whole, {"policy": {"a": 1}}) == [{"path": "policy.a", "value": UNREAD, "expected": None}]
    assert evidence(whole, {"policy": {"a": 1, "b": 2}}) == [{"path": "policy", "value": UNREAD, "expected": None}]
    assert evidence(walks, {"env": {"A": "x", "B": ""}}) == [{"path": "env.A", "value": NOT_SHOWN, "expected": None}]
    switches = [{"name": "a", "value": "false"}, {"name": "b", "value": "TRUE"}, {"name": "c", "value": "hunter2"}]
    shown = {row["name"]: row["value"] for fact in evidence(pairs, {"items": switches}) for row in [fact["value"]]}
    assert shown == {"a": "false", "b": "TRUE", "c": NOT_SHOWN}


FREE = (
    *("description", "userData", "user_data", "customData", "env", "environmentVariables", "appSettings"),
    *("parameters", "tags", "labels", "Annotations", "startup-script"),
)


@pytest.mark.parametrize("name", FREE)
def test_fields_of_free_text_are_never_shown(name: str) -> None:
    for told in ({name: "hunter2"}, {name: {"A": "hunter2"}}, {name: [{"x": {"y": "hunter2"}}]}, {name: 1234}):
        facts = [Fact(name, told[name]), Fact("a", told), Fact(f"x.{name}[0]", "hunter2")]
        written = json.dumps(as_json(bounded(facts)))
        assert "hunter2" not in written
        assert "1234" not in written


def test_a_parameter_that_a_rule_names_is_shown() -> None:
    def by_path(asset: Asset) -> Evaluation:
        return failed("Off.") if posture.value(asset, "parameters.require_ssl") != "on" else passed("On.")

    told = evidence(by_path, {"parameters": {"require_ssl": "off", "other": "hunter2"}})
    assert told == [{"path": "parameters.require_ssl", "value": "off", "expected": None}]


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "https://:hunter2@example.com/",
        "amqp://app:p@ss:word@mq/",
        '{"db": {"password": "hunter2"}}',
        "{\\\"clientSecret\\\": \\\"abcdef\\\"}",
        "Server=x;Pwd=hunter2;",
        "https://x.blob.core.windows.net/c?sv=1&sig=abc%2Fdef",
        "Authorization: Bearer abcdefghijklmnop",
        "cGFzc3dvcmQ9aHVudGVyMg==",
        "8f3Kd0sL/Zq1xW9bT7uYcVnM2pRgJh5EoAi6XyQw",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
    ],
)  # fmt: skip
def test_what_looks_like_a_secret(text: str) -> None:
    assert looks_secret(text)
    assert text not in without_secrets(f"It says {text} there.")


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::111122223333:role/service-role/AWSServiceRoleForAmazonInspector2",
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/Group1/providers/Microsoft.Network/x",
        "projects/shop-prod/locations/global/workloadIdentityPools/GitHub2/providers/Main1",
        "123456789012-compute@developer.gserviceaccount.com",
        "sg-0a1b2c3d4e5f67890",
        "Passwords of 8 characters are enough; at least 14 should be asked for.",
        "serviceAccount:builder@shop-prod.iam.gserviceaccount.com",
        "roles/iam.serviceAccountTokenCreator",
        "The secret is never renewed automatically.",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "iam:CreateAccessKey and secretsmanager:GetSecretValue",
    ],
)
def test_what_does_not(text: str) -> None:
    assert not looks_secret(text)
    assert without_secrets(text) == text
