"""The guides: filled in, well-formed in their own languages, and silent about what they do not know."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from botocore import xform_name
from botocore.session import Session

from cloudaccounts.contract.identity import ServerIdentity
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.providers.aws import organization_setup, setup_texts
from cloudaccounts.providers.aws.identifiers import parse_role_arn
from cloudaccounts.providers.aws.permissions import PERMISSIONS
from cloudaccounts.providers.aws.provider import PROVIDER
from cloudaccounts.providers.aws.regions import PARTITIONS
from tests.cloudaccounts.providers.aws.conftest import ACCOUNT, EXTERNAL_ID, OWN_ACCOUNT

TEMPLATE_URL = "https://templates.s3.amazonaws.com/cloud accounts & more.yaml"
METHODS = [method.key for method in PROVIDER.methods]


def context(partition: str = "aws", *, template_url: str = "", **fields: Any) -> SetupContext:
    server = ServerIdentity(f"arn:{partition}:iam::{OWN_ACCOUNT}:role/server", OWN_ACCOUNT)
    home = PARTITIONS[partition].home
    given = {"server": server, **fields}
    return SetupContext(ACCOUNT, partition, (home,), EXTERNAL_ID, template_url=template_url, **given)


def guide(key: str, method: str = "cross_account_role", **given: Any) -> SetupGuide:
    return next(guide for guide in PROVIDER.setup_guides(method, context(**given)) if guide.key == key)


class Tagged(yaml.SafeLoader):
    """Reads CloudFormation's short forms (!Ref, !Sub) as pairs."""


Tagged.add_multi_constructor("!", lambda loader, suffix, node: (suffix, node.value))


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_template_is_sound_and_filled_in(partition: str) -> None:
    body = guide("cloudformation", partition=partition).snippets[0].body
    template = yaml.load(body, Tagged)  # noqa: S506 # a SafeLoader with plain constructors
    assert template["Parameters"]["ExternalId"]["Default"] == EXTERNAL_ID
    assert template["Parameters"]["TrustedAccountId"]["Default"] == OWN_ACCOUNT
    role = template["Resources"]["ReaderRole"]["Properties"]
    assert role["MaxSessionDuration"] == 3600
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": ("Ref", "ExternalId")}}
    assert [policy[1].rsplit("policy/", 1)[1] for policy in role["ManagedPolicyArns"]] == [
        "SecurityAudit",
        "job-function/ViewOnlyAccess",
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # cfn-lint's own
@pytest.mark.parametrize("filled_in", [True, False])
def test_amazons_linter_finds_nothing_in_the_template(filled_in: bool) -> None:
    body = setup_texts.cloudformation(EXTERNAL_ID, OWN_ACCOUNT) if filled_in else setup_texts.cloudformation()
    # Here: it takes a second to load, which each process of the suite would pay as it collects.
    from cfnlint import decode as cfn_decode  # type: ignore[import-untyped] # ships no types
    from cfnlint.api import ManualArgs, lint  # type: ignore[import-untyped] # ships no types

    assert cfn_decode.decode_str(body)[1] == []
    assert lint(body, config=ManualArgs(regions=["us-east-1"])) == []


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_trust_policy_names_us_and_requires_the_external_id(partition: str) -> None:
    body = guide("hand", partition=partition).snippets[0].body
    assert json.loads(body) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{OWN_ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
            }
        ],
    }


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "us-east-1.console.aws.amazon.com"),
        ("aws-us-gov", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("aws-cn", "cn-north-1.console.amazonaws.cn"),
    ],
)
def test_the_quick_create_link_opens_the_right_console_filled_in(partition: str, host: str) -> None:
    link = urlsplit(guide("cloudformation", partition=partition, template_url=TEMPLATE_URL).link_url)
    assert link.hostname == host
    path, query = link.fragment.split("?")
    assert path == "/stacks/quickcreate"
    assert parse_qs(query) == {
        "templateURL": [TEMPLATE_URL],
        "stackName": ["cloud-accounts-reader"],
        "param_ExternalId": [EXTERNAL_ID],
        "param_TrustedAccountId": [OWN_ACCOUNT],
    }


def test_without_a_published_template_the_link_opens_the_console_only() -> None:
    made = guide("cloudformation")
    assert made.link_url.endswith("#/stacks/create")
    assert "Download the template" in made.steps[0]


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("method", METHODS)
def test_every_script_is_sound_bash(method: str, partition: str) -> None:
    script = guide("cli", method, partition=partition).snippets[0]
    done = subprocess.run(["bash", "-n"], input=script.body, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"arn:{partition}:iam::aws:policy/SecurityAudit" in script.body
    assert f"arn:{partition}:iam::aws:policy/job-function/ViewOnlyAccess" in script.body


FAKE_AWS = """#!/usr/bin/env bash
case "$1 $2" in
  "sts get-caller-identity") echo "$FAKE_ACCOUNT" ;;
  "iam get-role") grep -q create-role "$LOG" && echo "arn:aws:iam::$FAKE_ACCOUNT:role/made" || exit 1 ;;
  "iam get-user") exit 1 ;;
  "iam create-access-key") printf 'AKIAMADE\\tsecret/made\\n' ;;
esac
printf '%s\\n' "$*" >> "$LOG"
"""


def run(script: str, tmp_path: Path, account: str) -> tuple[subprocess.CompletedProcess[str], str]:
    aws, log = tmp_path / "aws", tmp_path / "log"
    aws.write_text(FAKE_AWS)
    aws.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "LOG": str(log), "FAKE_ACCOUNT": account}
    done = subprocess.run(["bash"], input=script, text=True, capture_output=True, env=environment)
    return done, log.read_text()


def test_the_role_script_makes_the_role_and_prints_its_arn(tmp_path: Path) -> None:
    done, log = run(guide("cli").snippets[0].body, tmp_path, ACCOUNT)
    assert done.returncode == 0, done.stderr
    assert parse_role_arn(done.stdout).name == "made"
    assert EXTERNAL_ID in log
    assert log.count("attach-role-policy") == 2


def test_the_user_script_prints_a_key(tmp_path: Path) -> None:
    done, log = run(guide("cli", "access_keys").snippets[0].body, tmp_path, ACCOUNT)
    assert done.stdout == "AccessKeyId:     AKIAMADE\nSecretAccessKey: secret/made\n"
    assert log.count("attach-user-policy") == 2


@pytest.mark.parametrize("method", METHODS)
def test_a_script_does_nothing_in_another_account(method: str, tmp_path: Path) -> None:
    done, log = run(guide("cli", method).snippets[0].body, tmp_path, "999999999999")
    assert done.returncode == 1
    assert "nothing was done" in done.stderr
    assert log.strip() == "sts get-caller-identity --query Account --output text"


def test_terraform_is_filled_in_and_balanced() -> None:
    body = guide("terraform").snippets[0].body
    assert f'"sts:ExternalId" = "{EXTERNAL_ID}"' in body
    assert f"iam::{OWN_ACCOUNT}:root" in body
    assert body.count("{") == body.count("}")
    assert body.count("(") == body.count(")")


def test_without_an_identity_of_the_server_the_guide_says_what_to_do_first() -> None:
    missing = ServerIdentity(error_code="server_identity_missing", error="This server has none.", remedy="Give it one.")
    guides = PROVIDER.setup_guides("cross_account_role", context(server=missing))
    assert [made.key for made in guides] == ["server-identity"]
    assert "This server has none." in guides[0].intro
    assert guides[0].steps[0] == "Give it one."
    assert not guides[0].snippets
    assert PROVIDER.setup_guides("access_keys", context(server=missing))


def test_a_server_in_another_partition_says_that_roles_cannot_work() -> None:
    elsewhere = ServerIdentity(f"arn:aws:iam::{OWN_ACCOUNT}:role/server", OWN_ACCOUNT)
    guides = PROVIDER.setup_guides("cross_account_role", context("aws-cn", server=elsewhere))
    assert [made.key for made in guides] == ["server-partition"]
    assert "access keys" in guides[0].intro


def test_the_exact_policy_grants_what_is_called_and_nothing_else() -> None:
    """What is called is recorded on the wire: `test_a_scan_asks_nothing_but_the_listed_permissions` (both ways)."""
    policy = json.loads(setup_texts.exact_policy())
    (statement,) = policy["Statement"]
    assert set(statement["Action"]) == {item.action for item in PERMISSIONS} | {"iam:SimulatePrincipalPolicy"}
    assert not any("*" in action for action in statement["Action"])
    # A managed policy has 6,144 characters at most, spaces left out (an inline one of a user 2,048, too few):
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert len("".join(setup_texts.exact_policy().split())) < 6_144
    for method in METHODS:
        assert setup_texts.exact_policy() in [snippet.body for snippet in guide("hand", method).snippets]


def _commands(script: str) -> list[list[str]]:
    lines = script.replace("\\\n", " ").replace("$(", "\n").splitlines()
    return [words for line in lines if (words := line.split("#")[0].split())[:1] == ["aws"]] + [
        line[line.index("aws ") :].split() for line in lines if re.match(r"\s*(if|\|\|) .*aws ", line)
    ]


ORGANIZATION_SCRIPT = organization_setup.stack_set_script("r-root", "us-east-1")


@pytest.mark.parametrize(
    "script", [ORGANIZATION_SCRIPT, *(guide("cli", method).snippets[0].body for method in METHODS)]
)
def test_every_command_and_option_is_one_of_the_sdks_own_models(script: str) -> None:
    """The AWS CLI makes both from the names of operations and parameters; ``--query`` and the like are its own."""
    commands = _commands(script)
    assert len(commands) >= 3
    for _, service, command, *words in commands:
        model = Session().get_service_model(service)
        operation = next(name for name in model.operation_names if xform_name(name, "-") == command)
        shape = model.operation_model(operation).input_shape
        options = {f"--{xform_name(member, '-')}" for member in (shape.members if shape else ())}
        given = {word.split("=")[0] for word in words if word.startswith("--")}
        assert given <= options | {"--query", "--output"}, (command, given - options)


def test_the_stack_sets_script_switches_on_both_sides() -> None:
    """Without CloudFormation's own switch StackSets may not list the organization, and create-stack-set is refused."""
    order = ["enable-aws-service-access", "activate-organizations-access", "create-stack-set", "create-stack-instances"]
    places = [ORGANIZATION_SCRIPT.index(f" {command}") for command in order]
    assert places == sorted(places)
    done = subprocess.run(["bash", "-n"], input=ORGANIZATION_SCRIPT, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
