"""Who may assume a role: anybody, any customer of a shared provider, or whom the policy names."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.providers.aws.policy.document import parse_resource_policy
from cloudaccounts.providers.aws.policy.trust import assumable_by_strangers, other_accounts, trusts_services

OPEN, UNSURE, CLOSED = "open", "unsure", "closed"
OWN, PARTNER = "111122223333", "444455556666"
GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}


COGNITO = (
    "cognito-identity.amazonaws.com",
    "cognito-identity-us-gov.amazonaws.com",
    "cognito-identity.cn-north-1.amazonaws.com.cn",
)
POOL = "eu-west-1:12345678-abcd"


def pool(host: str, amr: str | list[str], **claims: str) -> dict[str, Any]:
    equal = {f"{host}:{claim}": value for claim, value in {"aud": POOL, **claims}.items()}
    return {"StringEquals": equal, "ForAnyValue:StringLike": {f"{host}:amr": amr}}


def trust(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


def federated(host: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    built_in = "amazonaws.com" in host or host in ("accounts.google.com", "graph.facebook.com", "www.amazon.com")
    name = host if built_in else f"arn:aws:iam::{OWN}:oidc-provider/{host}"
    return trust({"Federated": name}, Action="sts:AssumeRoleWithWebIdentity", Condition=condition or {})


def answer(*statements: dict[str, Any]) -> str:
    found = assumable_by_strangers(parse_resource_policy({"Statement": list(statements)}))
    return OPEN if any(one.sure for one in found) else UNSURE if found else CLOSED


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (trust("*"), OPEN),
        (trust({"AWS": "*"}), OPEN),
        (trust({"AWS": "*"}, Condition={"StringEquals": {"sts:ExternalId": "abc"}}), OPEN),
        (trust({"AWS": "*"}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}), CLOSED),
        (trust({"AWS": "*"}, Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}}), CLOSED),
        (trust({"AWS": "*"}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), OPEN),
        (trust("*", Effect="Deny"), CLOSED),
        (trust("*", Action="sts:TagSession"), CLOSED),
        (trust("*", Action=["sts:TagSession", "sts:AssumeRole"]), OPEN),
        (trust({"AWS": PARTNER}), CLOSED),
        (trust({"Service": "ec2.amazonaws.com"}), CLOSED),
        (trust({"Service": "sns.amazonaws.com"}), CLOSED),  # iam:PassRole decides
        (trust({"Federated": f"arn:aws:iam::{OWN}:saml-provider/Okta"}, Action="sts:AssumeRoleWithSAML"), CLOSED),
    ],
)
def test_a_role_is_open_where_the_world_may_assume_it(statement: dict[str, Any], expected: str) -> None:
    assert answer(statement) == expected


def test_what_one_statement_gives_another_may_take_back() -> None:
    outsiders = {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}
    assert answer(trust("*"), trust("*", Effect="Deny", Condition=outsiders)) == CLOSED
    assert answer(federated(GITHUB), trust("*", Effect="Deny", Action="sts:*")) == CLOSED


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, OPEN),
        (AUDIENCE, OPEN),
        ({"StringLike": {f"{GITHUB}:sub": "*"}}, OPEN),
        ({"StringLike": {f"{GITHUB}:sub": "repo:*"}}, OPEN),
        ({"StringLike": {f"{GITHUB}:sub": "repo:acme*/*"}}, OPEN),
        ({"StringLike": {f"{GITHUB}:sub": "*:ref:refs/heads/main"}}, OPEN),
        ({"StringLike": {f"{GITHUB}:sub": ["repo:acme/web:*", "repo:*"]}}, OPEN),
        ({"StringLikeIfExists": {f"{GITHUB}:sub": "repo:acme/web:*"}}, OPEN),
        ({"ForAllValues:StringLike": {f"{GITHUB}:sub": "repo:acme/web:*"}}, OPEN),
        ({"StringNotLike": {f"{GITHUB}:sub": "repo:evil/*"}}, OPEN),
        ({"Null": {f"{GITHUB}:sub": "false"}}, OPEN),
        ({"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}, CLOSED),
        ({"StringLike": {f"{GITHUB}:sub": "repo:acme/web:*"}} | AUDIENCE, CLOSED),
        ({"StringEquals": {f"{GITHUB}:sub": "repo:acme/web:ref:refs/heads/main"}}, CLOSED),
        ({"ForAnyValue:StringLike": {f"{GITHUB}:sub": "repo:acme/web:*"}}, CLOSED),
        ({"StringLike": {f"{GITHUB.upper()}:SUB": "repo:acme/web:*"}}, CLOSED),
        ({"StringLike": {f"{GITHUB}:sub": "repository_owner:acme:*"}}, CLOSED),
        ({"StringLike": {f"{GITHUB}:sub": "workflow:deploy:*"}}, UNSURE),
        ({"StringEquals": {f"{GITHUB}:sub": "environment:prod"}}, UNSURE),  # anybody may customize his claims so
        ({"StringEquals": {f"{GITHUB}:sub": "pull_request"}}, UNSURE),
        ({"StringLike": {f"{GITHUB}:sub": "environment:prod"}}, UNSURE),
        ({"StringEquals": {f"{GITHUB}:sub": ["repo:acme/web:pull_request", "pull_request"]}}, UNSURE),
        ({"StringEquals": {f"{GITHUB}:sub": "environment:prod:repository_owner:acme"}}, CLOSED),
        ({"StringEquals": {f"{GITHUB}:sub": "repository_owner_id:1234"}}, CLOSED),
        ({"StringEquals": {f"{GITHUB}:repository_id": "1234"}}, UNSURE),
        ({"StringRoughly": {f"{GITHUB}:sub": "repo:acme/web:*"}}, UNSURE),
        ({"StringLike": {f"{GITHUB}:sub": "repo:${aws:PrincipalTag/org}/*"}}, UNSURE),
    ],
)
def test_a_repository_of_github_is_named_by_the_subject(condition: dict[str, Any], expected: str) -> None:
    assert answer(federated(GITHUB, condition)) == expected


@pytest.mark.parametrize(
    ("host", "condition", "expected"),
    [
        ("gitlab.com", {}, OPEN),
        ("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:acme/*"}}, CLOSED),
        ("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:*:ref_type:branch:ref:main"}}, OPEN),
        ("app.terraform.io", {"StringEquals": {"app.terraform.io:aud": "aws.workload.identity"}}, OPEN),
        ("app.terraform.io", {"StringLike": {"app.terraform.io:sub": "organization:acme:project:*"}}, CLOSED),
        ("cognito-identity.amazonaws.com", {}, OPEN),
        (
            "cognito-identity.amazonaws.com",
            {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}},
            OPEN,
        ),
        (
            "cognito-identity.amazonaws.com",
            {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:12345678-abcd"}},
            CLOSED,
        ),
        *((host, {}, OPEN) for host in COGNITO),
        *((host, {"StringEquals": {f"{host}:aud": POOL}}, CLOSED) for host in COGNITO),
        *((host, pool(host, "authenticated"), CLOSED) for host in COGNITO),
        *((host, pool(host, "unauthenticated"), OPEN) for host in COGNITO),
        (COGNITO[0], pool(COGNITO[0], ["authenticated", "unauthenticated"]), OPEN),
        (COGNITO[0], pool(COGNITO[0], "un*"), OPEN),
        (COGNITO[0], pool(COGNITO[0], "unauthenticated", sub="eu-west-1:12345678"), CLOSED),
        ("accounts.google.com", {}, OPEN),
        ("accounts.google.com", {"StringEquals": {"accounts.google.com:aud": "66677788899900pro0"}}, CLOSED),
        ("graph.facebook.com", {"StringEquals": {"graph.facebook.com:app_id": "111222333444555"}}, CLOSED),
        ("oidc.eks.eu-west-1.amazonaws.com/id/ABCDEF", {}, CLOSED),
        ("oidc.eks.cn-north-1.amazonaws.com.cn/id/ABCDEF", {}, CLOSED),
        ("cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", {}, CLOSED),
        ("acme.okta.com", {"StringEquals": {"acme.okta.com:aud": "x"}}, CLOSED),
        ("login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", {}, CLOSED),
        ("login.microsoftonline.com/common/v2.0", {}, UNSURE),
        ("login.example.com", {}, UNSURE),
        ("oidc.modal.com", {"StringEquals": {"oidc.modal.com:aud": "oidc.modal.com"}}, UNSURE),
        ("login.app.env0.com", {"StringEquals": {"login.app.env0.com:aud": "https://prod.env0.com"}}, UNSURE),
        ("oidc.modal.com", {"StringLike": {"oidc.modal.com:sub": "modal:*"}}, UNSURE),
        ("oidc.modal.com", {"StringEqualsIfExists": {"oidc.modal.com:sub": "x"}}, UNSURE),
        ("oidc.modal.com", {"StringNotEquals": {"oidc.modal.com:sub": "x"}}, UNSURE),
        ("oidc.modal.com", {"StringEquals": {"oidc.modal.com:workspace_id": "ac-1"}}, CLOSED),
        ("oidc.modal.com", {"StringEquals": {"oidc.modal.com:sub": "modal:workspace_id:ac-1"}}, CLOSED),
        (f"{GITHUB}/acme-enterprise", {}, CLOSED),  # an enterprise's own issuer
    ],
)
def test_customers_of_a_shared_provider_are_told_apart_by_its_claims(
    host: str, condition: dict[str, Any], expected: str
) -> None:
    assert answer(federated(host, condition)) == expected


def test_guests_of_an_identity_pool_are_told_as_such() -> None:
    statement = federated(COGNITO[0], pool(COGNITO[0], "unauthenticated"))
    found = assumable_by_strangers(parse_resource_policy({"Statement": [statement]}))
    assert [one.who for one in found] == ["whoever asks the Cognito identity pool without signing in"]


def test_other_accounts_are_told_with_whether_an_external_id_is_asked_for() -> None:
    bound = {"StringEquals": {"sts:ExternalId": "abc"}}
    policy = parse_resource_policy(
        {
            "Statement": [
                trust({"AWS": [OWN, f"arn:aws:iam::{PARTNER}:root"]}),
                trust({"AWS": "777788889999"}, Condition=bound),
                trust({"AWS": "999900001111"}, Condition={"StringLike": {"sts:ExternalId": "*"}}),
            ]
        }
    )
    assert other_accounts(policy, OWN) == {PARTNER: False, "777788889999": True, "999900001111": False}


def test_what_services_run_with_is_told_from_what_people_assume() -> None:
    assert trusts_services(parse_resource_policy({"Statement": trust({"Service": "ec2.amazonaws.com"})}))
    assert not trusts_services(parse_resource_policy({"Statement": trust({"AWS": OWN})}))
